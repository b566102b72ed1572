"""Answers that come before the waiting is recorded, after processes were lost, too late, or not at all."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now

from orchestration.agents.outcome import Outcome, failed
from orchestration.models import (
    AgentAttempt,
    AgentRun,
    Case,
    CaseContent,
    CaseEvent,
    CaseEventContent,
    Client,
    RunStatus,
    Workflow,
    WorkItem,
)
from orchestration.services import answer as answers
from orchestration.services import case as cases
from orchestration.services import move, reaper
from orchestration.services import run as runs
from orchestration.services.agent_state import switch
from orchestration.services.answer import Answer, TooLate
from tests.doorbells import answer as answer_doorbells
from tests.factories import UserFactory
from tests.services.awaiting import GOOD, NOTE, WAITING, Told, as_of, lost, take_in, waiting_case
from tests.services.posting import events, post
from tests.small_workflow import publish, publish_again, rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client.objects.create(name="bank")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    return Told(monkeypatch)


def test_an_answer_that_comes_before_the_waiting_is_recorded_wins(client: Client, told: Told) -> None:
    case = post(publish(use="test.later"), client)

    def answered_meanwhile(given: dict[str, Any]) -> Outcome:
        run = AgentRun.objects.select_related("case__content").get()
        assert run.status == RunStatus.RUNNING
        answers.take_in(run=run, token=given["callback"]["token"], answer=GOOD)
        return WAITING

    told.outcomes = [answered_meanwhile]
    answer_doorbells()
    run = AgentRun.objects.get()
    assert (as_of(case), run.status, run.installed_version) == (("decided", "yes"), "succeeded", "1.0")
    assert list(AgentAttempt.objects.values_list("number", "status")) == [(1, "succeeded")]
    assert events(case) == ["case.received", "agent_run.finished", "case.decided"]


def test_a_workerlost_after_the_party_was_told_is_followed_by_a_try_with_the_same_key_and_token(
    client: Client, told: Told
) -> None:
    told.outcomes = [lost]
    case = waiting_case(client, attempts=2)
    AgentRun.objects.update(leased_until=Now() - timedelta(seconds=1))
    runs.run_agent(run_id=AgentRun.objects.get().pk)
    assert told[0]["idempotency_key"] == told[1]["idempotency_key"]
    assert told[0]["callback"] == told[1]["callback"]
    assert list(AgentAttempt.objects.values_list("number", "status")) == [(1, "vanished"), (2, "pending")]
    take_in(case, token=told[0]["callback"]["token"])  # the answer to the first call
    answer_doorbells()
    assert as_of(case) == ("decided", "yes")


def test_an_answer_after_the_worker_waslost_ends_the_run_without_another_try(client: Client, told: Told) -> None:
    told.outcomes = [lost]
    case = waiting_case(client, attempts=2)
    assert AgentRun.objects.get().status == "running"
    take_in(case)
    AgentRun.objects.filter(status="running").update(leased_until=Now() - timedelta(seconds=1))
    runs.run_agent(run_id=AgentRun.objects.get().pk)
    answer_doorbells()
    assert (as_of(case), len(told)) == (("decided", "yes"), 1)


def test_an_answer_between_two_tries_ends_the_run(client: Client, told: Told) -> None:
    told.outcomes = [failed("time-limit", "took too long")]
    case = waiting_case(client, attempts=2)
    assert AgentRun.objects.get().status == "pending"
    take_in(case)
    AgentRun.objects.filter(status="pending").update(due_at=Now())
    reaper.reap()
    answer_doorbells()
    assert (as_of(case), len(told)) == (("decided", "yes"), 1)
    assert list(AgentAttempt.objects.values_list("number", "status")) == [(1, "failed")]


def test_an_answer_after_a_worker_was_lost_in_giving_the_run_up_counts_no_try_twice(
    client: Client, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first try ended; the worker that found the agent switched off has claimed the run, and is gone."""
    told.outcomes = [failed("time-limit", "took too long")]
    case = waiting_case(client, attempts=2)
    switch(agent="test.later", on=False, user=None, reason="wrong answers")
    with monkeypatch.context() as patched:
        patched.setattr(runs, "finish", lambda *_, **__: lost({}))
        runs.run_agent(run_id=AgentRun.objects.get().pk)
    assert AgentRun.objects.get().status == "running"
    take_in(case)
    answer_doorbells()
    assert as_of(case) == ("decided", "yes")
    assert list(AgentAttempt.objects.values_list("number", "status")) == [(1, "failed")]


def test_a_run_that_nobody_answers_expires_and_its_case_goes_on(client: Client, told: Told) -> None:
    told.outcomes = [replace(WAITING, transcript="letter sent", cost=0.25)]
    case = waiting_case(client, attempts=3)
    AgentRun.objects.update(due_at=Now() - timedelta(seconds=1))
    assert reaper.reap() == 1
    assert reaper.reap() == 0
    run = AgentRun.objects.get()
    assert (run.status, run.error_kind, run.finished_at is None, run.content.sealed) == (
        "failed", "expired", False, True,
    )  # fmt: skip
    assert (run.content.summary, run.content.transcript, run.cost) == (NOTE, "letter sent", 0.25)
    event = CaseEvent.objects.get(name="agent_run.finished")
    assert (event.actor, event.about["error_kind"]) == ("worker", "expired")
    answer_doorbells()
    assert (as_of(case)[0], WorkItem.objects.get().reason, len(told)) == ("escalated", "agent-failed", 1)
    assert "Nobody answered in time." in WorkItem.objects.get().content.detail


def test_a_rule_may_go_on_where_nobody_answered(client: Client, told: Told) -> None:
    quiet = {"key": "quiet", "title": "Nobody answered", "priority": 7,
             "when": {"fact": "agents.hear.status", "op": "eq", "value": "failed"},
             "then": [{"decide": {"outcome": "no"}}]}  # fmt: skip
    publish(use="test.later", on_failure="continue", rules=[*rules(), quiet])
    case = waiting_case(client)
    AgentRun.objects.update(due_at=Now())
    reaper.reap()
    answer_doorbells()
    assert as_of(case) == ("decided", "no")


def test_a_result_after_the_end_is_recorded_once_and_changes_nothing(client: Client, told: Told) -> None:
    case = waiting_case(client)
    AgentRun.objects.update(due_at=Now() - timedelta(seconds=1))
    reaper.reap()
    answer_doorbells()
    before = (AgentRun.objects.values().get(), as_of(case))
    for _ in range(3):
        with pytest.raises(TooLate):
            take_in(case)
    assert (AgentRun.objects.values().get(), as_of(case)) == before
    event = CaseEvent.objects.get(name="agent_run.answered_late")
    assert (event.about["status"], event.actor, case.last_event) == ("failed", "outside party", event.number)
    assert CaseEventContent.objects.get(event=event).content == {
        "note": "Found in the register",
        "result": {"output": {"text": "hello", "length": 5}, "confidence": 0.9, "error": ""},
    }


def test_a_result_for_a_cancelled_case_is_recorded_and_its_run_given_up(client: Client, told: Told) -> None:
    case = waiting_case(client)
    cases.cancel(case_id=case.pk, actor="client: bank")
    with pytest.raises(TooLate):
        take_in(case)
    assert AgentRun.objects.get().status == "awaiting"
    assert reaper.reap() == 1
    run = AgentRun.objects.get()
    assert (run.status, run.error_kind) == ("failed", "not-wanted")
    assert "closed before the outside party answered" in run.content.errors[0]["text"]
    assert (as_of(case)[0], answer_doorbells()) == ("cancelled", 1)
    assert events(case)[2:] == ["case.cancelled", "agent_run.answered_late", "agent_run.finished"]
    assert as_of(case)[0] == "cancelled"


def test_a_late_result_that_does_not_even_fit_is_too_late_all_the_same(client: Client, told: Told) -> None:
    case = waiting_case(client)
    cases.cancel(case_id=case.pk, actor="client: bank")
    with pytest.raises(TooLate):
        take_in(case, Answer(output={"anything": 1}))
    assert events(case)[-1] == "agent_run.answered_late"


def test_a_late_result_for_an_erased_case_leaves_no_content(client: Client, told: Told) -> None:
    case = waiting_case(client)
    cases.cancel(case_id=case.pk, actor="client: bank")
    CaseContent.objects.filter(case=case).update(erased_at=Now())
    with pytest.raises(TooLate):
        take_in(case)
    assert events(case)[-1] == "agent_run.answered_late"
    assert not CaseEventContent.objects.filter(event__name="agent_run.answered_late").exists()


def test_a_case_that_waits_for_a_party_goes_on_waiting_when_it_is_moved(client: Client, told: Told) -> None:
    case = waiting_case(client)
    user: User = UserFactory(group="Orchestration Architect")
    workflow = Workflow.objects.get(slug="greeting")
    version = publish_again(workflow, use="test.later")
    move.move(case_id=case.pk, version_id=version.pk, user=user)
    answer_doorbells()
    assert (as_of(case)[0], case.waits_for, AgentRun.objects.get().status) == ("waiting", "runs", "awaiting")
    take_in(case)
    answer_doorbells()
    assert (as_of(case), len(told)) == (("decided", "yes"), 1)


def test_one_run_that_cannot_be_given_up_does_not_keep_the_others(
    client: Client, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = waiting_case(client), waiting_case(client)
    AgentRun.objects.update(due_at=Now())
    real = answers.write_outcome

    def write_outcome(case: Case, *args: Any, **named: Any) -> None:
        if case.pk == first.pk:
            raise ZeroDivisionError("broken row")
        real(case, *args, **named)

    monkeypatch.setattr(answers, "write_outcome", write_outcome)
    assert reaper.reap() == 1
    assert [run.status for run in AgentRun.objects.order_by("id")] == ["awaiting", "failed"]
    monkeypatch.undo()
    assert answers.give_up_overdue(at_most=9) == 1
    assert second.pk != first.pk
