"""Rounds of a case when processes, versions or the database let it down midway."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models.functions import Now
from django.utils import timezone

from orchestration import queue
from orchestration.models import (
    AgentAttempt,
    AgentRun,
    Case,
    Client,
    Decision,
    Evaluation,
    WorkItem,
)
from orchestration.services import case as cases
from orchestration.services import round as rounds
from orchestration.services import turn as turns
from orchestration.services.turn import claim
from tests.doorbells import answer
from tests.services.posting import post
from tests.small_workflow import publish, rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client.objects.create(name="bank")


def test_after_a_process_was_lost_on_a_case_its_agents_run_in_processes_of_their_own(client: Client) -> None:
    case = post(publish(), client, now=False)
    turn = claim(case.pk, at_hand=False)
    assert turn is not None
    rounds.run_inline(turn, turn.evaluate())  # the agent has run; then the process is lost
    Case.objects.update(leased_until=Now() - timedelta(seconds=1))
    rounds.run_case(case_id=case.pk)
    case.refresh_from_db()
    assert (case.status, case.waits_for) == ("waiting", "runs")
    answer()
    case.refresh_from_db()
    assert case.status == "decided"
    assert list(AgentAttempt.objects.values_list("number", "status", "isolated")) == [(1, "succeeded", True)]


def test_a_process_that_comes_back_after_its_lease_writes_nothing(client: Client) -> None:
    case = post(publish(), client, now=False)
    late = claim(case.pk, at_hand=False)
    assert late is not None
    Case.objects.update(leased_until=Now() - timedelta(seconds=1))
    answer()
    rounds.carry_on(late)
    assert Decision.objects.count() == 1
    assert [e.step["kind"] for e in Evaluation.objects.all()] == ["run", "decide"]


def test_something_from_outside_during_a_round_is_seen_before_it_is_recorded(client: Client) -> None:
    case = post(publish(), client, now=False)
    turn = claim(case.pk, at_hand=False)
    assert turn is not None
    cases.cancel(case_id=case.pk, actor="client: bank")
    rounds.carry_on(turn)
    case.refresh_from_db()
    assert (case.status, Evaluation.objects.count()) == ("cancelled", 0)


def test_a_case_that_never_gets_on_is_given_up_to_a_person(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    case = post(publish(), client, now=False)
    monkeypatch.setattr("orchestration.services.turn.advanced", _broken)
    for _ in range(10):
        Case.objects.filter(status="running").update(due_at=Now())
        rounds.run_case(case_id=case.pk)
    case.refresh_from_db()
    item = WorkItem.objects.get()
    assert (case.status, item.reason) == ("escalated", "gave-up")
    assert "ZeroDivisionError: broken engine" in item.content.detail


def test_a_case_is_accepted_even_when_its_first_round_breaks(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    workflow = publish()
    monkeypatch.setattr("orchestration.services.turn.advanced", _broken)
    case = post(workflow, client)
    assert (case.status, case.fault) == ("received", "ZeroDivisionError: broken engine")
    monkeypatch.undo()
    answer()
    case.refresh_from_db()
    assert case.status == "decided"


def _broken(*_: Any) -> Any:
    raise ZeroDivisionError("broken engine")


def test_a_version_that_cannot_be_compiled_any_more_ends_with_a_person(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = post(publish(), client, now=False)
    monkeypatch.setattr("orchestration.services.turn.loaded", _broken)
    for _ in range(8):
        Case.objects.filter(status="running").update(due_at=Now())
        rounds.run_case(case_id=case.pk)
    case.refresh_from_db()
    assert (case.status, WorkItem.objects.get().reason) == ("escalated", "gave-up")
    assert "ZeroDivisionError: broken engine" in WorkItem.objects.get().content.detail


def test_a_case_that_is_kept_while_agents_run_stays_leased_and_its_attempt_counted(client: Client) -> None:
    hurry = {"key": "hurry", "title": "H", "priority": 30, "when": "always", "then": [{"prioritise": "high"}]}
    case = post(publish(rules=[*rules(), hurry]), client, now=False)
    turn = claim(case.pk, at_hand=False)
    assert turn is not None
    assert rounds.record(turn, turn.evaluate())  # its inline agents would run now
    case.refresh_from_db()
    assert (case.attempts, case.leased_until > timezone.now(), case.priority) == (1, True, 2)
    assert not Case.objects.claimable().exists()
    rounds.run_inline(turn, turn.evaluate())


def test_a_run_whose_last_process_was_lost_ends_though_ending_it_was_interrupted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration.services import run

    case = post(publish(use="test.apart", attempts=1), client)
    rounds.run_case(case_id=case.pk)
    row = AgentRun.objects.get()
    AgentRun.objects.update(status="running", attempts=1, leased_until=Now() - timedelta(seconds=1))
    monkeypatch.setattr(run, "finish", lambda *_, **__: None)  # the process is lost before it ends the run
    run.run_agent(run_id=row.pk)
    monkeypatch.undo()
    AgentRun.objects.update(leased_until=Now() - timedelta(seconds=1))
    run.run_agent(run_id=row.pk)
    row.refresh_from_db()
    assert (row.status, row.error_kind, row.tries.count()) == ("failed", "vanished", 1)
    answer()
    case.refresh_from_db()
    assert case.status == "escalated"


def test_a_fault_after_the_case_was_stored_doubles_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first = {"key": "first", "title": "First", "priority": 40, "when": "always", "then": [{"prioritise": "high"}]}
    workflow = publish(rules=[first, *rules()])
    monkeypatch.setattr("orchestration.services.step.decide_by_rules", _not_unique)
    accepted = cases.accept(
        client=client, workflow=workflow, payload={"text": "a"}, decide_now=True, idempotency_key="k", body_digest="d"
    )
    case = Case.objects.get()
    assert (accepted.replayed, accepted.case.pk, case.leased_until) == (False, case.pk, None)
    assert case.fault == "IntegrityError: one of its kind"
    monkeypatch.undo()
    Case.objects.update(due_at=Now())
    rounds.run_case(case_id=case.pk)
    answer()
    case.refresh_from_db()
    assert case.status == "decided"


def test_a_case_whose_writing_was_undone_is_taken_in_all_the_same(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = {"open_case": {"workflow": "second", "as": "s", "payload": {"text": "case.text"}, "wait": True}}
    publish(slug="second")
    parent = publish(rules=[{"key": "ask", "title": "Ask", "priority": 9, "when": "always", "then": [asking]}])
    rings = iter([ZeroDivisionError("no bell")])
    real = queue.ring

    def ring(case_id: int) -> None:
        for error in rings:
            raise error
        real(case_id)

    monkeypatch.setattr("orchestration.queue.ring", ring)
    case = post(parent, client)
    assert (case.status, case.fault, case.content.payload["text"]) == (
        "received",
        "ZeroDivisionError: no bell",
        "hello",
    )
    assert list(Case.objects.all()) == [case]


def _not_unique(*_: Any) -> Any:
    raise IntegrityError("one of its kind\nDETAIL: a value of the case")


def test_a_case_whose_lease_was_renewed_meanwhile_is_not_taken(client: Client) -> None:
    case = post(publish(), client, now=False)
    turn = claim(case.pk, at_hand=False)
    assert turn is not None
    Case.objects.update(leased_until=Now() - timedelta(seconds=1))
    seen = turns._load(case.pk)
    assert seen is not None
    Case.objects.update(leased_until=Now() + timedelta(seconds=60), rounds=1)  # the first process records a round
    assert turns._take(seen) is False
    assert Case.objects.get().lease_token == 1


def test_a_new_case_is_decided_without_being_taken_first(client: Client) -> None:
    case = post(publish(), client, now=False)
    turn = claim(case.pk)
    assert turn is not None
    case.refresh_from_db()
    assert (turn.taken, case.status, case.lease_token) == (False, "received", 0)
    rounds.carry_on(turn)
    case.refresh_from_db()
    assert (turn.taken, case.status, case.attempts, case.leased_until) == (True, "decided", 0, None)


def test_of_two_that_work_on_a_new_case_one_gets_through(client: Client) -> None:
    case = post(publish(), client, now=False)
    first, second = claim(case.pk), claim(case.pk)
    assert first is not None
    assert second is not None
    rounds.carry_on(first)
    with pytest.raises(turns.Stale):
        rounds.carry_on(second)
    rounds.run_case(case_id=case.pk)
    assert Decision.objects.count() == 1
    assert [e.step["kind"] for e in Evaluation.objects.all()] == ["run", "decide"]


def test_a_new_case_that_somebody_took_meanwhile_is_left_to_him(client: Client) -> None:
    case = post(publish(), client, now=False)
    late, holder = claim(case.pk), claim(case.pk, at_hand=False)
    assert late is not None
    assert holder is not None
    with pytest.raises(turns.Stale):
        rounds.carry_on(late)
    rounds.carry_on(holder)
    assert Decision.objects.count() == 1


def test_a_new_case_whose_round_breaks_is_taken_and_its_attempt_counted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = post(publish(), client, now=False)
    monkeypatch.setattr("orchestration.services.turn.advanced", _broken)
    rounds.run_case(case_id=case.pk)
    case.refresh_from_db()
    assert (case.status, case.attempts, case.fault) == ("running", 1, "ZeroDivisionError: broken engine")


def test_a_new_case_that_was_rung_for_again_is_taken_since_a_process_may_have_been_lost_on_it(client: Client) -> None:
    case = post(publish(), client, now=False)
    Case.objects.update(rung_at=Now())
    turn = claim(case.pk)
    assert turn is not None
    assert (turn.taken, turn.case.attempts) == (True, 1)


def test_a_new_case_whose_agents_run_elsewhere_is_taken(client: Client) -> None:
    turn = claim(post(publish(use="test.apart"), client, now=False).pk)
    assert turn is not None
    assert turn.taken
