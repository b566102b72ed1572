"""What goes into a round and what comes out of it: the case's progress and the next step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A recorded run of a step. `input_digest` None stands for a given run, which fits any input."""

    step: str
    status: str  # pending | succeeded | failed
    agent_version: str = ""
    config_digest: str | None = None
    input_digest: str | None = None
    output: Mapping[str, Any] = field(default_factory=dict)
    confidence: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class WaitRecord:
    """A wait that a rule started: `until` is the fact's value for `wait: {until: fact}`, else None."""

    rule: str
    due: datetime
    until: str | None = None


@dataclass(frozen=True, slots=True)
class ChildRecord:
    """A child case that a rule opened; `refused` tells why it could not be opened."""

    rule: str
    as_: str
    status: str  # a case status, or "refused"
    outcome: str | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """What has happened on a case so far, as far as `advance` must know it.

    `runs` leaves out failed runs from before the case was last sent back. `salt` keys input digests.
    `rounds` counts the rounds already taken, `cost` the money the runs have used.
    """

    runs: tuple[RunRecord, ...] = ()
    waits: tuple[WaitRecord, ...] = ()
    children: tuple[ChildRecord, ...] = ()
    notified: frozenset[str] = frozenset()  # keys of rules that have notified
    rounds: int = 0
    cost: float = 0.0
    salt: bytes = b""


@dataclass(frozen=True, slots=True)
class PlannedRun:
    step: str
    input: Mapping[str, Any]
    input_digest: str
    config_digest: str


@dataclass(frozen=True, slots=True)
class Prioritised:
    rule: str
    priority: str


@dataclass(frozen=True, slots=True)
class Notified:
    rule: str
    name: str


@dataclass(frozen=True, slots=True)
class ChildOpened:
    rule: str
    as_: str
    workflow: str
    payload: Mapping[str, Any]
    wait: bool


Effect = Prioritised | Notified | ChildOpened


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a decision or escalation was given: the rule, its title, and the values that mattered, in words."""

    rule: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """The next step of a case, with what led to it.

    kind `run`: `runs` to start, `awaited` names all steps that must end before the next round.
    kind `decide`: `outcome`, `note`. kind `escalate`: `queue` ("" = the workflow's first), `reason`,
    `detail`, `priority`. kind `wait`: `rule`, and either `due` (with `until`) or `child` (its `as`).
    """

    kind: str
    rule: str = ""  # key of the rule that gave the terminal action; "" when none did
    reasons: tuple[Reason, ...] = ()
    runs: tuple[PlannedRun, ...] = ()
    awaited: tuple[str, ...] = ()
    outcome: str = ""
    note: str = ""
    queue: str = ""
    reason: str = ""
    detail: str = ""
    priority: str | None = None
    due: datetime | None = None
    until: str | None = None
    child: str = ""
    effects: tuple[Effect, ...] = ()
    matched: tuple[str, ...] = ()  # rules true in the last pass, in walk order
    derived: Mapping[str, Any] = field(default_factory=dict)
