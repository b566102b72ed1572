"""Runs of a limited step, taken through a worker's motions one by one, with a clock that the test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from orchestration.agents.outcome import Outcome, failed
from orchestration.models import AgentEvent, AgentRun, Client, HeldRun, StepState, Workflow
from orchestration.services import round as rounds
from orchestration.services import run as runs
from tests.services.posting import post

BEGIN = datetime(2050, 1, 1, tzinfo=UTC)  # after the real clock, which claims go by: who is held back is not due
GOOD = Outcome("succeeded", output={"text": "hello", "length": 5}, confidence=0.9)
BAD = failed("exception", "no route")
FAR = datetime(2099, 1, 1, tzinfo=UTC)


class Clock:
    """The database's clock, as far as limits and circuits look at it."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        return self.now

    def put_in(self, patch: pytest.MonkeyPatch) -> Clock:
        for module in ("step_state", "step_line"):
            patch.setattr(f"orchestration.services.{module}.clock", self)
        patch.setattr("orchestration.services.step_state.jitter", lambda most: 0.0)
        return self

    def go(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def waiting(workflow: Workflow, client: Client, count: int) -> list[int]:
    """Ids of so many runs that wait for a worker, in the order they were asked for; no doorbell is left."""
    for _ in range(count):
        rounds.run_case(case_id=post(workflow, client, now=False).pk)
    OrmQ.objects.all().delete()
    return list(AgentRun.objects.filter(status="pending").order_by("id").values_list("pk", flat=True))[-count:]


def begin(run_id: int) -> AgentRun | None:
    """As a worker does that answers the run's doorbell; a run that is held back is answered when it is due."""
    AgentRun.objects.filter(pk=run_id, status="pending").update(due_at=timezone.now())
    claimed = runs._claim(run_id)
    return claimed[0] if claimed else None


def end(run: AgentRun, outcome: Outcome = GOOD) -> None:
    runs.finish(run, outcome)
    runs.pass_on(run)


def held() -> list[int]:
    return list(HeldRun.objects.order_by("id").values_list("run_id", flat=True))


def rung() -> list[int]:
    """The runs that doorbells ring for; they are taken away."""
    found = [row.task["args"][0] for row in OrmQ.objects.order_by("id") if row.task["func"].endswith("run_agent")]
    OrmQ.objects.all().delete()
    return found


def kinds() -> list[str]:
    return list(AgentEvent.objects.order_by("id").values_list("kind", flat=True))


def circuit() -> tuple[str, float | None]:
    """Its state, and in how many seconds since BEGIN it may be tried."""
    state = StepState.objects.get()
    return state.circuit, state.circuit_until and (state.circuit_until - BEGIN).total_seconds()
