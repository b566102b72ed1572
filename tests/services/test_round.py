"""Rounds of a case against the database: what is recorded, and what happens when things go wrong midway."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from orchestration.models import (
    AgentAttempt,
    AgentRun,
    Autonomy,
    Case,
    CaseStatus,
    Client,
    Decision,
    Evaluation,
    RuleHit,
    Workflow,
    WorkItem,
)
from orchestration.services import reaper
from orchestration.services import round as rounds
from orchestration.services import work_item as items
from tests.doorbells import answer
from tests.factories import UserFactory
from tests.services.posting import events, post
from tests.small_workflow import publish, rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client.objects.create(name="bank")


@pytest.mark.parametrize("now", [True, False], ids=["within the post", "by a worker"])
def test_a_clear_case_is_decided_and_everything_is_recorded(client: Client, now: bool) -> None:
    case = post(publish(), client, now=now)
    if not now:
        assert (case.status, answer()) == ("received", 1)
        case.refresh_from_db()
    assert (case.status, case.outcome, case.decided_by, case.leased_until) == ("decided", "yes", "rules", None)
    assert [e.step["kind"] for e in Evaluation.objects.filter(case=case)] == ["run", "decide"]
    run = AgentRun.objects.get(case=case)
    assert (run.status, run.confidence, run.attempts, run.installed_version) == ("succeeded", 0.9, 1, "1.0")
    assert (run.content.input, run.content.output) == ({"text": "hello"}, {"text": "hello", "length": 5})
    assert list(AgentAttempt.objects.filter(run=run).values_list("number", "status", "isolated")) == [
        (1, "succeeded", False)
    ]
    decision = Decision.objects.get(case=case)
    assert (decision.source, decision.outcome, decision.probability) == ("rules", "yes", 0.5)
    assert decision.drawn is (decision.draw < 0.5)
    assert [reason["rule"] for reason in decision.content.reasons] == ["yes"]
    assert set(RuleHit.objects.values_list("rule", "role")) == {("hear", "other"), ("yes", "terminal")}
    assert events(case) == ["case.received", "agent_run.finished", "case.decided"]
    assert case.last_event == 3


def test_an_agent_apart_runs_by_its_own_doorbell_and_wakes_the_case(client: Client) -> None:
    case = post(publish(use="test.apart"), client)
    assert case.status == "received"
    rounds.run_case(case_id=case.pk)
    case.refresh_from_db()
    assert (case.status, case.waits_for, case.leased_until) == ("waiting", "runs", None)
    answer()
    case.refresh_from_db()
    assert (case.status, case.outcome) == ("decided", "yes")
    assert AgentAttempt.objects.get().isolated


def test_a_case_that_rules_escalate_waits_for_a_person(client: Client) -> None:
    case = post(publish(config={"confidence": 0.3}), client)
    item = WorkItem.objects.get(case=case)
    assert (case.status, item.kind, item.reason, item.queue.slug) == (
        "escalated", "escalation", "Not sure what was heard", "people",
    )  # fmt: skip
    assert timedelta(hours=3, minutes=59) < item.due_at - timezone.now() < timedelta(hours=4, minutes=1)
    assert events(case)[-1] == "case.escalated"


def test_a_permanent_failure_escalates_and_names_the_step(client: Client) -> None:
    case = post(publish(use="test.refusing", attempts=3), client)
    item = WorkItem.objects.get(case=case)
    assert (case.status, item.reason) == ("escalated", "agent-failed")
    assert "hear" in item.content.detail
    assert "no such account" in item.content.detail
    assert AgentRun.objects.get().attempts == 1


def test_a_passing_failure_is_tried_again_after_a_pause(client: Client) -> None:
    case = post(publish(use="test.flaky", config={"failures": 1}, attempts=2), client)
    assert (case.status, case.waits_for) == ("waiting", "runs")
    AgentRun.objects.update(due_at=Now())
    assert reaper.reap() == 1
    answer()
    case.refresh_from_db()
    assert case.status == "decided"
    assert list(AgentAttempt.objects.values_list("number", "status", "isolated")) == [
        (1, "failed", False), (2, "succeeded", True),
    ]  # fmt: skip


def test_money_that_failed_attempts_used_counts_in_the_budget(client: Client) -> None:
    """The first attempt is inline, the others take place in processes of their own."""
    case = post(publish(use="test.flaky", config={"failures": 2, "cost": 1.0}, attempts=3, budget=2.5), client)
    for _ in range(2):
        AgentRun.objects.filter(status="pending").update(due_at=Now())
        reaper.reap()
        answer()
    case.refresh_from_db()
    assert (AgentRun.objects.get().cost, case.status, WorkItem.objects.get().reason) == (
        3.0, "escalated", "budget-used-up",
    )  # fmt: skip


def test_money_of_runs_that_failed_before_the_case_was_sent_back_counts_too(client: Client) -> None:
    case = post(publish(use="test.flaky", config={"failures": 1, "cost": 1.0}, attempts=1, budget=1.5), client)
    anna = UserFactory(group="Workflow Specialist")
    for _ in range(2):
        item = items.claim(work_item_id=WorkItem.objects.get(status="open").pk, user=anna)
        items.send_back(work_item_id=item.pk, user=anna, corrections={}, human={}, note="again")
        answer()
    case.refresh_from_db()
    assert list(AgentRun.objects.values_list("status", "cost")) == [("failed", 1.0)] * 2
    assert WorkItem.objects.latest("id").reason == "budget-used-up"


def test_when_attempts_are_used_up_the_failure_stands(client: Client) -> None:
    case = post(publish(use="test.flaky", config={"failures": 9}, attempts=2), client)
    AgentRun.objects.update(due_at=Now())
    reaper.reap()
    answer()
    case.refresh_from_db()
    assert (case.status, WorkItem.objects.get().reason) == ("escalated", "agent-failed")
    assert AgentAttempt.objects.count() == 2


def test_an_agent_that_is_not_installed_any_more_escalates(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    workflow = publish()
    monkeypatch.setattr("orchestration.services.run.registry", lambda: _Empty())
    case = post(workflow, client)
    assert case.status == "escalated"
    assert "test.echo" in WorkItem.objects.get().content.detail


class _Empty:
    agents: dict[str, Any] = {}

    def why_not(self, name: str) -> str:
        return f"no package has {name}"


@pytest.mark.parametrize(
    ("autonomy", "status", "kind", "proposal"),
    [
        ("supervised", CaseStatus.ESCALATED, "approval", "yes"),
        ("manual", CaseStatus.ESCALATED, "escalation", ""),
    ],
)
def test_autonomy_decides_what_becomes_of_a_decide_step(
    client: Client, autonomy: str, status: str, kind: str, proposal: str
) -> None:
    case = post(publish(autonomy=autonomy), client)
    item = WorkItem.objects.get()
    assert (case.status, item.kind, item.proposal, Decision.objects.count()) == (status, kind, proposal, 0)


def test_a_paused_workflow_holds_its_cases(client: Client) -> None:
    case = post(publish(autonomy=Autonomy.PAUSED.value), client)
    assert (case.status, answer(), events(case)) == ("held", 0, ["case.received", "case.held"])


def test_a_doorbell_for_a_case_that_is_done_or_gone_does_nothing(client: Client) -> None:
    case = post(publish(), client)
    rounds.run_case(case_id=case.pk)
    rounds.run_case(case_id=case.pk + 1)
    assert Evaluation.objects.count() == 2


def test_a_wait_holds_the_case_until_it_is_due(client: Client) -> None:
    pause = {"key": "pause", "title": "Sleep on it", "priority": 8, "when": "always", "then": [{"wait": {"for": "2d"}}]}
    case = post(publish(rules=[*rules(), pause]), client)
    assert (case.status, case.waits_for) == ("waiting", "time")
    assert abs(case.due_at - case.received_at - timedelta(days=2)) < timedelta(seconds=1)
    rounds.run_case(case_id=case.pk)
    assert reaper.reap() == 0
    Case.objects.update(due_at=Now() - timedelta(seconds=1), received_at=Now() - timedelta(days=3))
    case.effects.update(due_at=Now() - timedelta(seconds=1))
    assert reaper.reap() == 1
    answer()
    case.refresh_from_db()
    assert case.status == "decided"
    assert events(case) == ["case.received", "agent_run.finished", "case.paused", "case.woken", "case.decided"]


def test_a_notice_is_given_once(client: Client) -> None:
    tell = {"key": "tell", "title": "Tell", "priority": 30, "when": "always", "then": [{"notify": {"name": "seen"}}]}
    case = post(publish(rules=[*rules(), tell]), client)
    assert events(case).count("case.notified") == 1


def test_the_same_facts_are_not_run_twice_by_two_rounds(client: Client) -> None:
    again = {"key": "again", "title": "Listen again", "priority": 2, "when": "always", "then": [{"run": ["hear"]}]}
    post(publish(rules=[*rules(), again]), client)
    assert AgentRun.objects.count() == 1


def test_the_budget_ends_in_an_escalation(client: Client) -> None:
    case = post(publish(config={"cost": 2.0}, budget=1.5), client)
    assert (case.status, WorkItem.objects.get().reason) == ("escalated", "budget-used-up")


def test_a_priority_is_raised_once(client: Client) -> None:
    hurry = {"key": "hurry", "title": "H", "priority": 30, "when": "always", "then": [{"prioritise": "high"}]}
    case = post(publish(rules=[*rules(), hurry]), client)
    assert (case.status, events(case).count("case.prioritised")) == ("decided", 1)


def test_pausing_a_workflow_does_not_decide_its_cases_under_way(client: Client) -> None:
    workflow = publish(autonomy="supervised")
    case = post(workflow, client, now=False)
    Workflow.objects.update(autonomy="paused")
    rounds.run_case(case_id=case.pk)
    assert (WorkItem.objects.get().kind, Decision.objects.count()) == ("approval", 0)


def test_the_reaper_releases_cases_that_were_held_when_the_pause_ended(client: Client) -> None:
    workflow = publish(autonomy="paused")
    case = post(workflow, client)
    assert reaper.reap() == 0
    Workflow.objects.update(autonomy="automatic")
    assert reaper.reap() == 1
    answer()
    case.refresh_from_db()
    assert (case.status, events(case)[1:3]) == ("decided", ["case.held", "case.released"])


def test_one_rule_may_give_two_notices(client: Client) -> None:
    both = [{"notify": {"name": "a"}}, {"notify": {"name": "b"}}]
    tell = {"key": "tell", "title": "Tell", "priority": 30, "when": "always", "then": both}
    case = post(publish(rules=[*rules(), tell]), client)
    assert (case.status, events(case).count("case.notified")) == ("decided", 2)
