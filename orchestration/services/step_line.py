"""The line before a step with limits: who is ahead, how long to wait, and whom to wake when there is room."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from orchestration import queue
from orchestration.models import AgentRun, Circuit, HeldRun, RunStatus, StepState

LOOK_AGAIN: Final = 5.0
"""Seconds after which the first in line looks again by itself; usually a run that ends tells it sooner."""
LONGEST_HOLD: Final = 900.0


def ahead_of(state: StepState, place: HeldRun | None) -> int:
    line = HeldRun.objects.filter(state=state)
    return (line if place is None else line.filter(pk__lt=place.pk)).count()


def wait_for_slot(state: StepState, run: AgentRun, ahead: int) -> float:
    """Seconds until it is worth looking again; the longer, the further behind, so that a long line costs little."""
    if state.concurrency is None:
        return 0.0
    free = state.concurrency - _running(state).exclude(pk=run.pk).count()
    return 0.0 if ahead < free else min(LOOK_AGAIN * (1 + (ahead - max(free, 0)) / state.concurrency), LONGEST_HOLD)


def wait_for_rate(state: StepState, ahead: int, now: datetime) -> float:
    """Seconds until the run's turn. Fills up the row's tokens, unsaved."""
    if state.rate is None:
        return 0.0
    filled = state.refilled_at or now
    per_second = state.rate / 60
    state.tokens = min(state.tokens + max((now - filled).total_seconds(), 0.0) * per_second, burst(state.rate))
    state.refilled_at = max(now, filled)
    return 0.0 if state.tokens >= ahead + 1 else min((ahead + 1 - state.tokens) / per_second, LONGEST_HOLD)


def burst(rate: int) -> float:
    """So many runs may begin at one moment: those of a second."""
    return max(rate / 60, 1.0)


def _running(state: StepState) -> Any:
    rows = AgentRun.objects.filter(step=state.step, status=RunStatus.RUNNING, leased_until__gt=Now())
    return rows.filter(case__workflow_id=state.workflow_id)


def wake(state: StepState) -> None:
    """Have the first in line look again, as many as there is room for; with no limit all of them, by and by."""
    if state.circuit != Circuit.CLOSED and (state.circuit_held or (state.circuit_until or clock()) > clock()):
        return
    waiting = AgentRun.objects.filter(status=RunStatus.PENDING, due_at__gt=Now())
    room = _room(state)
    if room is None:
        waiting.filter(held__state=state).update(due_at=Now())
        return
    for run_id in list(HeldRun.objects.filter(state=state).order_by("id").values_list("run_id", flat=True)[:room]):
        if waiting.filter(pk=run_id).update(due_at=Now(), rung_at=Now()):
            queue.ring_run(run_id)


def _room(state: StepState) -> int | None:
    if state.circuit != Circuit.CLOSED:
        return 1
    rooms = [] if state.concurrency is None else [state.concurrency - _running(state).count()]
    if state.rate is not None:
        wait_for_rate(state, 0, clock())
        rooms.append(int(state.tokens))
    return max(min(rooms), 0) if rooms else None


def clock() -> datetime:
    """The database's clock, read after a lock was waited for. SQLite has that of this machine."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


_dice: Final = random.SystemRandom()  # workers are forks: of any other one they would all have the same copy


def jitter(most: float) -> float:
    return _dice.uniform(0.0, most)
