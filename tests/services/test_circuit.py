"""The circuit breaker of a step: when it opens, who tries, when it closes, and what a person may do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orchestration.agents.outcome import Outcome, failed
from orchestration.models import AgentEvent, AgentRun, Client, HeldRun, StepState, Workflow, WorkItem
from orchestration.services import reaper
from orchestration.services import run as runs
from orchestration.services.refusal import Refused
from orchestration.services.step_state import set_circuit
from tests.doorbells import answer
from tests.factories import UserFactory
from tests.services.stepping import BAD, BEGIN, FAR, GOOD, Clock, begin, circuit, end, held, kinds, rung, waiting
from tests.small_workflow import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client.objects.create(name="bank")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Without jitter, which is a part of its own."""
    return Clock().put_in(monkeypatch)


@pytest.fixture
def small(settings: Any) -> None:
    """Opens after two failures of four; 10 s, then 20 s, at most 40 s."""
    settings.CONDUCTOR = {
        **settings.CONDUCTOR, "circuit_attempts": 4, "circuit_window": 60.0, "circuit_pause": 10.0,
        "circuit_longest": 40.0, "circuit_patience": 100.0,
    }  # fmt: skip


def opened(workflow: Workflow, client: Client, *, more: int = 0) -> list[int]:
    """The circuit opened at BEGIN; ids of further runs."""
    ids = waiting(workflow, client, 2 + more)
    for run_id in ids[:2]:
        end(begin(run_id), BAD)
    assert circuit() == ("open", 10)
    AgentRun.objects.filter(pk__in=ids[:2]).update(due_at=FAR)
    return ids[2:]


@pytest.mark.usefixtures("small")
def test_it_opens_runs_wait_one_tries_and_it_closes(client: Client, clock: Clock) -> None:
    ids = opened(publish(use="test.apart", attempts=9), client, more=3)
    assert [begin(run_id) for run_id in ids] == [None, None, None]
    assert held() == ids
    clock.go(10)
    probe = begin(ids[1])
    assert (probe is not None, circuit()[0]) == (True, "half_open")
    assert [begin(ids[0]), begin(ids[2])] == [None, None]
    end(probe)
    assert (circuit(), kinds()) == (("closed", None), ["circuit.opened", "circuit.half_opened", "circuit.closed"])
    assert [begin(run_id) is not None for run_id in (ids[0], ids[2])] == [True, True]
    assert HeldRun.objects.count() == 0


@pytest.mark.usefixtures("small")
def test_each_further_failure_doubles_the_pause_up_to_a_bound(client: Client, clock: Clock) -> None:
    [run_id] = opened(publish(use="test.apart", attempts=9), client, more=1)
    pauses = []
    for _ in range(4):
        clock.now = StepState.objects.get().circuit_until
        run = begin(run_id)
        end(run, BAD)
        pauses.append((StepState.objects.get().circuit_until - clock.now).total_seconds())
    assert pauses == [20, 40, 40, 40]


@pytest.mark.usefixtures("small")
def test_a_run_that_tries_and_is_lost_counts_as_failed_and_keeps_nobody_waiting(client: Client, clock: Clock) -> None:
    ids = opened(publish(use="test.apart", attempts=9), client, more=2)
    clock.go(10)
    assert begin(ids[0]) is not None
    _, until = circuit()
    assert until == 10 + 20 + 20  # its time limit and a little more
    AgentRun.objects.filter(pk=ids[0]).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert runs._claim(ids[0]) is None
    assert circuit() == ("open", 30)
    clock.go(20)
    assert begin(ids[1]) is not None


@pytest.mark.usefixtures("small")
def test_another_run_tries_when_the_one_that_tried_is_given_up_for_lost(client: Client, clock: Clock) -> None:
    ids = opened(publish(use="test.apart", attempts=9), client, more=2)
    clock.go(10)
    lost = begin(ids[0])
    clock.go(39.9)
    assert begin(ids[1]) is None
    clock.go(0.1)
    probe = begin(ids[1])
    assert probe is not None
    end(lost, BAD)  # it was not lost, but it is not the one that tries any more
    assert circuit()[0] == "half_open"
    end(probe)
    assert circuit()[0] == "closed"


@pytest.mark.usefixtures("small")
def test_a_run_that_was_kept_waiting_too_long_fails_over_without_a_try(client: Client, clock: Clock) -> None:
    workflow = publish(use="test.apart", attempts=9)
    [run_id] = opened(workflow, client, more=1)
    set_circuit(workflow=workflow, step="hear", state="open", user=None, reason="maintenance")
    assert begin(run_id) is None
    due = AgentRun.objects.get(pk=run_id).due_at
    assert due == BEGIN + timedelta(seconds=100)
    clock.go(99.9)
    assert begin(run_id) is None
    clock.go(0.1)
    assert begin(run_id) is None
    run = AgentRun.objects.get(pk=run_id)
    assert (run.status, run.error_kind, run.attempts, held()) == ("failed", "circuit-open", 0, [])
    answer()
    item = WorkItem.objects.get(case=run.case)
    assert (item.reason, "The circuit of step hear is open" in item.content.detail) == ("agent-failed", True)


OUTCOMES = [
    # what two attempts of four came to, and whether it opens
    (failed("exception", "x"), True),
    (failed("time-limit", "x"), True),
    (failed("vanished", "x"), True),
    (failed("memory", "x"), True),
    (failed("exited", "x"), True),
    (failed("agent", "busy"), True),
    (failed("agent", "no such account", permanent=True), False),
    (failed("input", "x", permanent=True), False),
    (failed("config", "x", permanent=True), False),
    (failed("output", "x"), False),
    (failed("not-installed", "x", permanent=True), False),
    (GOOD, False),
]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("outcome", "opens"), OUTCOMES, ids=[f"{o.error_kind}-{o.permanent}" for o, _ in OUTCOMES])
def test_only_reasons_of_the_agent_open_it(client: Client, clock: Clock, outcome: Outcome, opens: bool) -> None:
    for run_id in waiting(publish(use="test.apart", attempts=9), client, 2):
        end(begin(run_id), outcome)
    assert StepState.objects.filter(circuit="open").exists() is opens


@pytest.mark.usefixtures("small")
def test_failures_outside_the_window_or_too_far_back_do_not_count(client: Client, clock: Clock) -> None:
    ids = waiting(publish(use="test.apart", attempts=9), client, 9)
    outcomes = [(BAD, 0), (GOOD, 0), (GOOD, 0), (GOOD, 0), (BAD, 61), (BAD, 61), (GOOD, 0), (GOOD, 0), (BAD, 0)]
    for run_id, (outcome, seconds) in zip(ids, outcomes, strict=True):
        clock.go(seconds)
        assert StepState.objects.filter(circuit="open").count() == 0
        end(begin(run_id), outcome)
    assert circuit()[0] == "open"


@pytest.mark.usefixtures("small")
def test_after_good_attempts_the_step_costs_no_write_any_more(client: Client, clock: Clock) -> None:
    ids = waiting(publish(use="test.apart", attempts=9), client, 6)
    end(begin(ids[0]), BAD)
    for run_id in ids[1:5]:
        end(begin(run_id))
    assert StepState.objects.get().recent == []
    changed = StepState.objects.get().changed_at
    clock.go(1)
    end(begin(ids[5]))
    assert StepState.objects.get().changed_at == changed


@pytest.mark.usefixtures("small")
def test_a_circuit_that_another_agent_opened_does_not_count(client: Client, clock: Clock) -> None:
    workflow = publish(use="test.apart", attempts=9)
    [run_id] = opened(workflow, client, more=1)
    AgentRun.objects.filter(pk=run_id).update(agent="test.refusing")
    run = begin(run_id)
    assert run is not None
    end(run, BAD)
    assert (StepState.objects.get().agent, circuit()) == ("test.refusing", ("closed", None))


@pytest.mark.usefixtures("small")
@pytest.mark.usefixtures("small")
def test_what_another_agent_does_well_does_not_close_it(client: Client, clock: Clock) -> None:
    """Versions of one workflow may use different agents in one step."""
    workflow = publish(use="test.apart", attempts=9)
    [other] = opened(workflow, client, more=1)
    AgentRun.objects.filter(pk=other).update(agent="test.later")
    end(begin(other), GOOD)
    assert (circuit(), StepState.objects.get().agent) == (("open", 10), "test.apart")


def test_a_person_opens_it_and_it_stays_open_until_a_person_closes_it(client: Client, clock: Clock) -> None:
    workflow, arne = publish(use="test.apart", attempts=9), UserFactory(first_name="Arne", last_name="Holm")
    ids = waiting(workflow, client, 2)
    set_circuit(workflow=workflow, step="hear", state="open", user=arne, reason="maintenance")
    clock.go(50)
    assert [begin(run_id) for run_id in ids] == [None, None]
    AgentRun.objects.filter(pk__in=ids).update(due_at=FAR, rung_at="2020-01-01T00:00Z")
    set_circuit(workflow=workflow, step="hear", state="closed", user=arne, reason="done")
    reaper.reap()
    assert rung() == ids
    assert all(begin(run_id) is not None for run_id in ids)
    assert list(AgentEvent.objects.order_by("id").values_list("kind", "actor", "about")) == [
        ("circuit.opened", "Arne Holm", {"reason": "maintenance"}),
        ("circuit.closed", "Arne Holm", {"reason": "done"}),
    ]


@pytest.mark.usefixtures("small")
def test_a_person_has_it_tried_before_its_time(client: Client, clock: Clock) -> None:
    workflow = publish(use="test.apart", attempts=9)
    ids = opened(workflow, client, more=2)
    set_circuit(workflow=workflow, step="hear", state="half_open", user=None, reason="")
    assert [begin(run_id) is not None for run_id in ids] == [True, False]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reason": " "}, "Say why"),
        ({"state": "ajar"}, "closed, open or half_open"),
        ({"step": "listen"}, "has no step “listen”"),
    ],
    ids=["without a reason", "no such state", "no such step"],
)
def test_a_circuit_that_cannot_be_is_refused(changed: dict[str, Any], said: str) -> None:
    workflow = publish(use="test.apart")
    with pytest.raises(Refused) as refused:
        set_circuit(**{"workflow": workflow, "step": "hear", "state": "open", "user": None, "reason": "x", **changed})
    assert said in refused.value.message
    assert StepState.objects.count() == 0
