"""Runs agents: one call is one attempt, and whatever the agent does, the answer is an Outcome."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestration.agents.allowed import MEMORY
from orchestration.agents.attempt import Work, judged
from orchestration.agents.attempt import attempt as attempt_here
from orchestration.agents.check import check
from orchestration.agents.found import Found
from orchestration.agents.isolated import attempt_isolated
from orchestration.agents.outcome import ERROR_KINDS, ErrorKind, Outcome, failed
from orchestration.agents.registry import Registry
from orchestration.agents.text import ERROR_CHARACTERS, clean
from orchestration.plugin_api import AgentResult


def run(
    found: Found,
    *,
    input: Mapping[str, Any],
    config: Mapping[str, Any],
    idempotency_key: str,
    attempt: int,
    timeout: timedelta,
    isolate: bool,
    memory: int = MEMORY,
    callback: Mapping[str, str] | None = None,
) -> Outcome:
    """One attempt. `attempt` counts from 1.

    Not isolated, the agent runs in this thread and `timeout` is soft: a result that comes too late is a
    failure, but is waited for. Isolated, it runs in a process of its own; `timeout` covers that process's start
    too and ends it and all it has started, `memory` (bytes) limits its address space. `callback` is
    what an agent needs to return `Pending`.
    """
    started = time.monotonic()
    deadline = datetime.now(UTC) + timeout
    seconds = timeout.total_seconds()
    work = Work(input, config, idempotency_key, attempt, deadline, callback)
    if isolate:
        return _lasting(attempt_isolated(found, work, seconds=seconds, memory=memory), time.monotonic() - started)
    outcome = attempt_here(found, work)
    duration = time.monotonic() - started
    if duration > seconds and outcome.status != "failed":
        outcome = failed(
            "time-limit",
            f"{found.name} took {duration:.1f} seconds, longer than its {seconds:g}.",
            transcript=outcome.transcript,
            cost=outcome.cost,
        )
    return _lasting(outcome, duration)


def receive(
    found: Found, result: AgentResult, *, config: Mapping[str, Any] | None = None, secrets: Iterable[str] = ()
) -> Outcome:
    """The result that an outside party posted for a pending run, checked like one that `run` returned.

    `config` is the step's, as the version holds it: some agents' output depends on it. `secrets` are taken out of
    texts.
    """
    return judged(found, result, config or {}, secrets)


def not_installed(name: str, registry: Registry) -> Outcome:
    """The outcome of a step whose agent is not there; another machine or a later moment may have it."""
    return failed("not-installed", clean(registry.why_not(name), ERROR_CHARACTERS))


def _lasting(outcome: Outcome, duration: float) -> Outcome:
    """Set in place: nobody else has it yet."""
    outcome.duration = duration
    return outcome


__all__ = ["ERROR_KINDS", "MEMORY", "ErrorKind", "Outcome", "check", "not_installed", "receive", "run"]
