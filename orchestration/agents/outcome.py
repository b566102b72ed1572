"""What one attempt of an agent came to, told apart by a closed list of error kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from pydantic import TypeAdapter

Status = Literal["succeeded", "failed", "pending"]
ErrorKind = Literal[
    "",  # nothing failed
    "input",  # the input does not fit the agent's Input
    "config",  # the configuration does not fit the agent's Config
    "output",  # what the agent gave back cannot be used
    "agent",  # the agent raised AgentError
    "exception",  # the agent raised anything else
    "time-limit",  # the attempt took longer than it may
    "memory",  # the attempt needed more memory than it may
    "processes",  # the attempt had more processes at once than it may
    "disk",  # the attempt wrote more than it may
    "exited",  # the agent ended its own process
    "vanished",  # the process was killed from outside, or crashed
    "not-installed",  # no usable agent of that name on this machine
    "not-wanted",  # the case was closed before the agent could run
    "expired",  # the outside party that the agent waited for posted no result in time
    "switched-off",  # somebody switched the agent off
    "circuit-open",  # the step's circuit stayed open for longer than the run could wait
]
FILE_TOO_LARGE: Final = "The agent wrote a file that grew too large."
ERROR_KINDS: Final[tuple[str, ...]] = tuple(kind for kind in get_args(ErrorKind) if kind)


@dataclass(slots=True)
class Outcome:
    """One attempt. `output` is plain JSON that fits the agent's output schema, None unless succeeded.

    `permanent`: trying again cannot help. `retry_after`, `expires_in` (of a pending run) and `duration` are
    seconds. `error` is one sentence for the reader of the case page, "" unless failed. `cost` counts failed or not.
    """

    status: Status
    output: dict[str, Any] | None = None
    confidence: float | None = None
    summary: str = ""
    evidence: tuple[Mapping[str, Any], ...] = field(default=())
    transcript: str = ""
    cost: float = 0.0
    error_kind: ErrorKind = ""
    error: str = ""
    permanent: bool = False
    retry_after: float | None = None
    expires_in: float | None = None
    duration: float = 0.0


WRITTEN: Final = TypeAdapter(Outcome)
"""Writes an outcome as one line of JSON and reads it back."""


def failed(
    kind: ErrorKind,
    error: str,
    *,
    permanent: bool = False,
    retry_after: float | None = None,
    transcript: str = "",
    cost: float = 0.0,
) -> Outcome:
    return Outcome(
        "failed",
        error_kind=kind,
        error=error,
        permanent=permanent,
        retry_after=retry_after,
        transcript=transcript,
        cost=cost,
    )
