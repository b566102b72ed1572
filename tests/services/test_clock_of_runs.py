"""When runs are due is told by the database's clock, whatever the clock of the machine that asks says."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from orchestration.agents.outcome import failed
from orchestration.models import AgentRun, Client
from orchestration.services import round as rounds
from orchestration.services import run as runs
from tests.doorbells import answer
from tests.services.awaiting import WAITING, Told
from tests.services.posting import post
from tests.small_workflow import publish

pytestmark = pytest.mark.django_db

SOON = {"due_at__gt": Now() - timedelta(minutes=1), "due_at__lt": Now() + timedelta(minutes=1)}


@pytest.fixture(autouse=True)
def _an_hour_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = SimpleNamespace(now=lambda: timezone.now() + timedelta(hours=1))
    monkeypatch.setattr(runs, "timezone", ahead)


def test_a_run_may_begin_when_it_is_asked_for() -> None:
    rounds.run_case(case_id=post(publish(use="test.later"), Client.objects.create(name="bank")).pk)
    assert AgentRun.objects.filter(status="pending", rung_at__lte=Now(), **SOON).count() == 1
    assert AgentRun.objects.claimable().count() == 1


@pytest.mark.parametrize("use", ["test.later", "test.flaky"], ids=["apart", "inline"])
def test_a_run_that_failed_is_tried_again_after_its_pause(monkeypatch: pytest.MonkeyPatch, use: str) -> None:
    Told(monkeypatch).outcomes = [failed("agent", "busy", retry_after=5.0)]
    post(publish(use=use, attempts=3), Client.objects.create(name="bank"))
    answer()
    assert AgentRun.objects.filter(status="pending", attempts=1, **SOON).count() == 1


def test_an_outside_party_has_the_time_that_was_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    Told(monkeypatch).outcomes = [WAITING]
    post(publish(use="test.later"), Client.objects.create(name="bank"))
    answer()
    later = {name: value + timedelta(hours=1) for name, value in SOON.items()}
    assert AgentRun.objects.filter(status="awaiting", **later).count() == 1
