"""Whether a run is tried any more, how long a try may take, and whether in a process of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import DatabaseError

from orchestration.agents.outcome import Outcome, failed
from orchestration.models import AgentAttempt, AgentRun, Isolation
from orchestration.models.case import FINAL
from orchestration.services.agent_state import state_of, switched_off
from orchestration.services.rule_set import loaded

MARGIN: Final = timedelta(seconds=15)
"""How long a run's lease outlives its time limit."""


def over_or_limit(row: AgentRun) -> tuple[Outcome | None, timedelta]:
    """Why the run is not tried any more, if so; and how long a try may take."""
    if row.case.status in FINAL:
        return failed("not-wanted", "The case was closed before the agent could run.", permanent=True), MARGIN
    if off := switched_off(state_of(row.agent)):
        return off, MARGIN
    try:
        version = loaded(row.version_id)
    except DatabaseError:
        raise
    except Exception as error:
        text = f"The version of the case cannot be used on this machine: {error}"[:500]
        return failed("exception", text, permanent=True), MARGIN
    over = None
    if row.attempts >= version.steps[row.step].attempts:
        text = f"The process was lost in attempt {row.attempts}, which was the last."
        over = failed("vanished", text, permanent=True)
    return over, version.timeouts[row.step]


def is_isolated(row: AgentRun) -> bool:
    """Whether a try outside the deciding step takes place in a process of its own; always after one that was lost,
    as it may have taken its worker down."""
    if state_of(row.agent).isolation != Isolation.WORKER:
        return True
    return row.attempts > 1 and AgentAttempt.objects.filter(run=row, status="vanished").exists()
