"""Limits of a step: who may begin, who waits in line, in which order, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from orchestration.models import AgentAttempt, AgentEvent, AgentRun, Client, HeldRun, StepState
from orchestration.services import reaper
from orchestration.services import run as runs
from orchestration.services.agent_state import set_isolation
from orchestration.services.case import cancel
from orchestration.services.refusal import Refused
from orchestration.services.step_state import set_limits
from orchestration.services.turn import pause
from tests.doorbells import answer
from tests.factories import UserFactory
from tests.services.stepping import BEGIN, GOOD, Clock, begin, end, held, rung, waiting
from tests.small_workflow import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client.objects.create(name="bank")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Without jitter, which is a part of its own."""
    return Clock().put_in(monkeypatch)


def test_a_step_without_limits_or_failures_leaves_no_trace(client: Client) -> None:
    for run_id in waiting(publish(use="test.apart"), client, 2):
        run = begin(run_id)
        assert run is not None
        end(run)
    assert (StepState.objects.count(), HeldRun.objects.count(), AgentEvent.objects.count()) == (0, 0, 0)


def test_only_so_many_run_at_once_and_the_others_keep_their_tries(client: Client) -> None:
    workflow = publish(use="test.apart")
    ids = waiting(workflow, client, 4)
    set_limits(workflow=workflow, step="hear", concurrency=2, rate=None, user=None)
    begun = [begin(run_id) for run_id in ids]
    assert [run is not None for run in begun] == [True, True, False, False]
    assert held() == ids[2:]
    for run in AgentRun.objects.filter(pk__in=ids[2:]):
        assert (run.status, run.attempts, run.leased_until) == ("pending", 0, None)
        assert timedelta(seconds=5) <= run.due_at - BEGIN <= timedelta(seconds=10)
    assert (AgentAttempt.objects.count(), rung()) == (0, [])


def test_a_run_that_ends_wakes_the_first_in_line_and_nobody_else(client: Client) -> None:
    workflow = publish(use="test.apart")
    ids = waiting(workflow, client, 4)
    set_limits(workflow=workflow, step="hear", concurrency=1, rate=None, user=None)
    first, *others = [begin(run_id) for run_id in ids]
    assert (first is not None, others) == (True, [None, None, None])
    end(first)
    assert rung() == [ids[1]]
    assert reaper.reap() == 0  # the case of the first was rung for already; nobody else is due
    second = begin(ids[1])
    assert (second is not None, held()) == (True, ids[2:])


def test_who_comes_later_does_not_overtake_the_line(client: Client) -> None:
    workflow = publish(use="test.apart")
    ids = waiting(workflow, client, 3)
    set_limits(workflow=workflow, step="hear", concurrency=1, rate=None, user=None)
    first = begin(ids[0])
    assert begin(ids[1]) is None
    end(first)
    assert begin(ids[2]) is None  # there is room, but ids[1] was there before
    assert (begin(ids[1]) is not None, held()) == (True, [ids[2]])


def test_the_whole_line_is_worked_off_in_order_by_doorbells_alone(client: Client) -> None:
    workflow = publish(use="test.apart")
    set_isolation(agent="test.apart", isolation="worker", memory_mib=None, user=None)
    ids = waiting(workflow, client, 12)
    set_limits(workflow=workflow, step="hear", concurrency=2, rate=None, user=None)
    first, *_ = [begin(run_id) for run_id in ids]
    assert held() == ids[2:]
    AgentRun.objects.filter(pk=ids[1]).update(leased_until=timezone.now())
    end(first)
    answer()
    assert HeldRun.objects.count() == 0
    order = AgentAttempt.objects.exclude(run_id=ids[1]).order_by("id").values_list("run_id", flat=True)
    assert list(order) == [ids[0], *ids[2:]]


def test_the_slot_of_a_lost_process_is_free_when_its_lease_has_ended(client: Client) -> None:
    workflow = publish(use="test.apart")
    ids = waiting(workflow, client, 2)
    set_limits(workflow=workflow, step="hear", concurrency=1, rate=None, user=None)
    assert begin(ids[0]) is not None
    assert begin(ids[1]) is None
    AgentRun.objects.filter(pk=ids[0]).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert begin(ids[1]) is not None
    assert runs._claim(ids[0]) is None  # the lost one waits for its second try behind the other
    lost = AgentRun.objects.get(pk=ids[0])
    assert (lost.status, lost.attempts, lost.leased_until, held()) == ("pending", 1, None, [ids[0]])
    assert list(AgentAttempt.objects.values_list("run", "status")) == [(ids[0], "vanished")]


def test_a_lost_process_that_comes_back_finds_its_run_taken_away(client: Client) -> None:
    workflow = publish(use="test.apart")
    ids = waiting(workflow, client, 2)
    set_limits(workflow=workflow, step="hear", concurrency=1, rate=None, user=None)
    lost = begin(ids[0])
    AgentRun.objects.filter(pk=ids[0]).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert begin(ids[1]) is not None
    assert runs._claim(ids[0]) is None
    assert runs.finish(lost, GOOD) is False
    assert AgentRun.objects.get(pk=ids[0]).status == "pending"


def test_runs_of_another_step_or_workflow_take_no_slot(client: Client) -> None:
    limited, free = publish(use="test.apart", slug="one"), publish(use="test.apart", slug="two")
    set_limits(workflow=limited, step="hear", concurrency=1, rate=None, user=None)
    assert all(begin(run_id) is not None for run_id in waiting(free, client, 2))
    assert [begin(run_id) is not None for run_id in waiting(limited, client, 2)] == [True, False]


def test_a_run_in_line_whose_case_was_closed_gives_its_place_up(client: Client) -> None:
    workflow = publish(use="test.apart")
    ids = waiting(workflow, client, 3)
    set_limits(workflow=workflow, step="hear", concurrency=1, rate=None, user=None)
    first, *_ = [begin(run_id) for run_id in ids]
    cancel(case_id=AgentRun.objects.get(pk=ids[1]).case_id, actor="client: bank")
    end(first)
    assert rung() == [ids[1]]
    assert begin(ids[1]) is None
    assert AgentRun.objects.get(pk=ids[1]).error_kind == "not-wanted"
    assert (rung(), held()) == ([ids[2]], [ids[2]])


def test_a_limit_that_is_lifted_lets_the_whole_line_go(client: Client) -> None:
    workflow = publish(use="test.apart")
    ids = waiting(workflow, client, 5)
    set_limits(workflow=workflow, step="hear", concurrency=1, rate=None, user=None)
    for run_id in ids:
        begin(run_id)
    AgentRun.objects.filter(pk__in=ids).update(rung_at=F("created_at"))
    set_limits(workflow=workflow, step="hear", concurrency=None, rate=None, user=None)
    reaper.reap()
    assert rung() == ids[1:]
    assert all(begin(run_id) is not None for run_id in ids[1:])
    assert HeldRun.objects.count() == 0


def test_so_many_begin_a_minute_each_at_its_turn(client: Client, clock: Clock) -> None:
    workflow = publish(use="test.apart")
    ids = waiting(workflow, client, 4)
    set_limits(workflow=workflow, step="hear", concurrency=None, rate=30, user=None)
    assert [begin(run_id) is not None for run_id in ids] == [True, False, False, False]
    due = AgentRun.objects.filter(pk__in=ids[1:]).order_by("id").values_list("due_at", flat=True)
    assert [(moment - BEGIN).total_seconds() for moment in due] == [2, 4, 6]
    clock.go(1.9)
    assert begin(ids[1]) is None
    clock.go(0.1)
    assert begin(ids[2]) is None  # it is the turn of ids[1]
    assert begin(ids[1]) is not None
    clock.go(60)
    assert [begin(run_id) is not None for run_id in ids[2:]] == [True, False]  # what was not used is lost


def test_those_of_a_second_may_begin_at_one_moment(client: Client, clock: Clock) -> None:
    workflow = publish(use="test.apart")
    ids = waiting(workflow, client, 5)
    set_limits(workflow=workflow, step="hear", concurrency=None, rate=180, user=None)
    assert [begin(run_id) is not None for run_id in ids] == [True, True, True, False, False]


def test_limits_of_both_kinds_hold_together(client: Client, clock: Clock) -> None:
    workflow = publish(use="test.apart")
    ids = waiting(workflow, client, 3)
    set_limits(workflow=workflow, step="hear", concurrency=1, rate=60, user=None)
    first = begin(ids[0])
    clock.go(5)
    assert begin(ids[1]) is None  # the slot is taken
    end(first)
    assert rung() == [ids[1]]
    second = begin(ids[1])
    end(second)
    assert begin(ids[2]) is None  # too soon
    clock.go(1)
    assert begin(ids[2]) is not None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"concurrency": 0}, "From 1 to 10,000"),
        ({"concurrency": 10_001}, "From 1 to 10,000"),
        ({"rate": 0}, "From 1 to 1,000,000"),
        ({"step": "listen"}, "has no step “listen”"),
    ],
    ids=["none at once", "too many at once", "none a minute", "no such step"],
)
def test_limits_that_cannot_be_are_refused(changed: dict[str, Any], said: str) -> None:
    workflow = publish(use="test.apart")
    with pytest.raises(Refused) as refused:
        set_limits(**{"workflow": workflow, "step": "hear", "concurrency": 1, "rate": 1, "user": None, **changed})
    assert said in refused.value.message
    assert StepState.objects.count() == 0


def test_a_step_within_the_deciding_step_has_limits_only_once_it_is_isolated() -> None:
    workflow = publish(use="test.echo")
    with pytest.raises(Refused):
        set_limits(workflow=workflow, step="hear", concurrency=1, rate=None, user=None)
    set_isolation(agent="test.echo", isolation="worker", memory_mib=None, user=None)
    assert set_limits(workflow=workflow, step="hear", concurrency=1, rate=None, user=None).concurrency == 1


def test_changed_limits_are_on_record(client: Client) -> None:
    workflow, arne = publish(use="test.apart"), UserFactory(first_name="Arne", last_name="Holm")
    for _ in range(2):
        set_limits(workflow=workflow, step="hear", concurrency=3, rate=60, user=arne)
    event = AgentEvent.objects.get()
    assert (event.agent, event.workflow, event.step, event.kind, event.actor, event.about) == (
        "test.apart", workflow, "hear", "limits.changed", "Arne Holm",
        {"from": {"concurrency": None, "rate": None}, "to": {"concurrency": 3, "rate": 60}},
    )  # fmt: skip


def test_the_pause_before_the_next_try_is_any_part_of_a_doubling_bound() -> None:
    for attempts, bound in [(1, 1), (2, 2), (5, 16), (9, 256), (10, 300), (99, 300)]:
        found = [pause(attempts, None).total_seconds() for _ in range(300)]
        assert 0 <= min(found) < bound / 10
        assert bound * 0.9 < max(found) <= bound


def test_what_the_agent_asks_for_is_kept_within_a_bound(settings: Any) -> None:
    settings.CONDUCTOR = {**settings.CONDUCTOR, "longest_retry_after": 600.0}
    for asked, at_least in [(10.0, 10), (599.0, 599), (86_400.0, 600)]:
        found = [pause(1, asked).total_seconds() for _ in range(100)]
        assert at_least <= min(found) < max(found) <= at_least * 1.1
