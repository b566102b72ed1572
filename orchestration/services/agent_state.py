"""The state of agents: switched on or off, where they run, how well they are. It counts for all versions at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from orchestration.agents.outcome import Outcome, failed
from orchestration.agents.registry import registry
from orchestration.models import AgentRun, AgentState, Isolation, RunStatus, StepState
from orchestration.plugin_api import Health
from orchestration.services import agent_health
from orchestration.services.agent_event import record
from orchestration.services.refusal import Refused

KEPT_FOR: Final = 1.0
"""Seconds for which a process goes by what it read; so long a switch takes to reach every process."""

MEMORY: Final = (64, 1_048_576)
"""MiB that an agent in a process of its own may be given."""

REASON_CHARACTERS: Final = 500


@dataclass(frozen=True, slots=True)
class State:
    """What is set and known of one agent; an agent nobody has touched has the defaults."""

    agent: str
    enabled: bool = True
    isolation: str = ""
    memory_mib: int | None = None
    health_ok: bool | None = None
    health_message: str = ""
    checked_at: datetime | None = None
    changed_at: datetime | None = None


def state_of(agent: str) -> State:
    """The agent's state, at most about a second old."""
    return _all().get(agent) or State(agent)


def states(names: Iterable[str]) -> dict[str, State]:
    """The states of these agents, at most about a second old."""
    known = _all()
    return {name: known.get(name) or State(name) for name in names}


def switch(*, agent: str, on: bool, user: User | None, reason: str) -> State:
    """Switch the agent on or off. Off: its runs fail over to their step's `on_failure`; those under way finish.

    Raises Refused: an agent that neither is installed nor was ever run, no reason for switching off.
    """
    _refuse_unknown(agent)
    reason = reason.strip()[:REASON_CHARACTERS]
    if not on and not reason:
        raise Refused("Say why the agent is switched off: people with its cases will ask.")
    with transaction.atomic():
        AgentState.objects.get_or_create(agent=agent)
        changed = AgentState.objects.filter(agent=agent, enabled=not on).update(enabled=on, changed_at=Now())
        if changed:
            kind = "agent.switched_on" if on else "agent.switched_off"
            record(kind, agent=agent, user=user, about={"reason": reason} if reason else {})
    if changed:
        # Runs that wait, be it for a second attempt or in a line, are looked at now.
        AgentRun.objects.filter(agent=agent, status=RunStatus.PENDING).update(due_at=Now())
    forget_all()
    return state_of(agent)


def set_isolation(*, agent: str, isolation: str, memory_mib: int | None, user: User | None) -> State:
    """Set where the agent runs, and its memory in a process of its own (None: as in the settings).

    Raises Refused: an unknown place, `inline` for an agent that does not declare it or whose steps have limits, memory
    out of bounds.
    """
    _refuse_unknown(agent)
    if isolation not in Isolation.values:
        known = ", ".join(f"“{one}”" for one in Isolation.values if one)
        raise Refused(f"“{isolation}” is no place to run an agent in. Choose one of {known}, or leave it empty.")
    found = registry().agents.get(agent)
    if isolation == Isolation.INLINE and not (found and found.inline):
        raise Refused(f"{agent} does not declare that it may run within the deciding step. Choose another place.")
    if found and found.inline and isolation in (Isolation.DECLARED, Isolation.INLINE):
        _refuse_limited(agent)
    if memory_mib is not None and not MEMORY[0] <= memory_mib <= MEMORY[1]:
        raise Refused(f"The memory is a number of MiB from {MEMORY[0]:,} to {MEMORY[1]:,}.")
    with transaction.atomic():
        AgentState.objects.get_or_create(agent=agent)
        before = AgentState.objects.select_for_update().get(agent=agent)
        seen = {"isolation": before.isolation, "memory_mib": before.memory_mib}
        wanted = {"isolation": isolation, "memory_mib": memory_mib}
        if seen != wanted:
            AgentState.objects.filter(agent=agent).update(**wanted, changed_at=Now())
            record("agent.isolation_changed", agent=agent, user=user, about={"from": seen, "to": wanted})
    forget_all()
    return state_of(agent)


def check_agent(*, agent: str, config: Mapping[str, Any] | None = None, user: User | None = None) -> Health:
    """Ask the agent whether it can work, with this configuration or else with those of published versions.

    It answers from a process of its own, within a limit of time. The answer is recorded unless a configuration was
    given, which may be somebody's draft.
    """
    health = agent_health.ask(agent, config)
    if config is None:
        agent_health.note(agent, health, user=user)
        forget_all()
    return health


def switched_off(state: State) -> Outcome | None:
    """What becomes of a run whose agent is switched off; None where it is on."""
    if state.enabled:
        return None
    return failed("switched-off", f"The agent {state.agent} is switched off.", permanent=True)


def forget_all() -> None:
    """Have this process read the states anew."""
    global _read
    with _lock:
        _read = None


_lock = threading.Lock()
_read: tuple[float, Mapping[str, State]] | None = None


def _all() -> Mapping[str, State]:
    """Every state there is: few rows, read once a second however many cases are decided."""
    global _read
    read = _read
    if read is not None and time.monotonic() - read[0] < KEPT_FOR:
        return read[1]
    begun = time.monotonic()
    names = ("agent", "enabled", "isolation", "memory_mib", "health_ok", "health_message", "checked_at", "changed_at")
    found = {row[0]: State(*row) for row in AgentState.objects.order_by().values_list(*names)}
    with _lock:
        if _read is read:  # nobody has changed or read them meanwhile
            _read = (begun, found)
    return found


def _refuse_limited(agent: str) -> None:
    """Within the deciding step nobody counts who runs at the same time."""
    limited = StepState.objects.filter(agent=agent).exclude(concurrency=None, rate=None, circuit_held=False)
    if found := limited.select_related("workflow").first():
        what = "a circuit that is held open" if found.circuit_held else "limits"
        raise Refused(
            f"Step {found.step} of {found.workflow.title} has {what}, which would not count within the deciding step. "
            "Take that away first."
        )


def _refuse_unknown(agent: str) -> None:
    if agent in registry().agents or AgentState.objects.filter(agent=agent).exists():
        return
    if not AgentRun.objects.filter(agent=agent).exists():
        raise Refused(registry().why_not(agent))
