"""An undecided case goes on under another version, wherever it stands, and whoever works on it meanwhile."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orchestration.models import Case, CaseEvent, Client, Decision, Workflow, WorkflowVersion, WorkItem
from orchestration.services import round as rounds
from orchestration.services import work_item as items
from orchestration.services.case import cancel
from orchestration.services.move import move, versions_for
from orchestration.services.refusal import Refused
from orchestration.services.turn import claim
from tests.doorbells import answer
from tests.factories import UserFactory
from tests.services.posting import events, post
from tests.small_workflow import document, publish, publish_again, rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client.objects.create(name="bank")


@pytest.fixture
def anna() -> User:
    return UserFactory(group="Orchestration Architect")


def saying_no() -> list[dict[str, Any]]:
    """The small workflow's rules with another end."""
    return [*rules()[:-1], {"key": "no", "title": "Never", "when": "always", "then": [{"decide": {"outcome": "no"}}]}]


def test_a_case_that_was_not_taken_up_is_decided_under_the_version_it_moved_to(client: Client, anna: User) -> None:
    workflow = publish()
    case = post(workflow, client, now=False)
    second = publish_again(workflow, rules=saying_no())
    moved = move(case_id=case.pk, version_id=second.pk, user=anna)
    assert (moved.version, moved.status) == (second, "received")
    answer()
    case.refresh_from_db()
    assert (case.status, case.outcome) == ("decided", "no")
    assert Decision.objects.get().version == second
    event = CaseEvent.objects.get(name="case.moved")
    assert (event.about, event.user, event.number) == ({"from": 1, "to": 2}, anna, 2)


def test_a_process_that_works_on_the_case_writes_nothing_under_the_old_version(client: Client, anna: User) -> None:
    workflow = publish()
    case = post(workflow, client, now=False)
    late = claim(case.pk, at_hand=False)
    assert late is not None
    move(case_id=case.pk, version_id=publish_again(workflow, rules=saying_no()).pk, user=anna)
    rounds.carry_on(late)
    assert Decision.objects.count() == 0
    answer()
    case.refresh_from_db()
    assert case.outcome == "no"


def test_a_case_with_a_person_stays_there_and_follows_the_new_version_when_sent_back(
    client: Client, anna: User
) -> None:
    workflow = publish()
    case = post(workflow, client, rude=True)
    second = publish_again(workflow, rules=saying_no())
    assert move(case_id=case.pk, version_id=second.pk, user=anna).status == "escalated"
    item = items.claim(work_item_id=WorkItem.objects.get().pk, user=anna)
    items.send_back(work_item_id=item.pk, user=anna, corrections={"rude": False}, human={}, note="")
    answer()
    case.refresh_from_db()
    assert (case.status, case.outcome) == ("decided", "no")
    assert events(case).count("agent_run.finished") == 1


def test_a_waiting_case_is_looked_at_again(client: Client, anna: User) -> None:
    wait = {"key": "wait", "title": "Wait", "priority": 30, "when": "always", "then": [{"wait": {"for": "30d"}}]}
    workflow = publish(rules=[wait, *rules()])
    case = post(workflow, client)
    assert case.status == "waiting"
    before = case.woken_at
    moved = move(case_id=case.pk, version_id=publish_again(workflow, rules=rules()).pk, user=anna)
    assert (moved.status, moved.waits_for, moved.due_at) == ("running", "", None)
    assert before < moved.woken_at <= timezone.now()
    answer()
    case.refresh_from_db()
    assert (case.status, case.outcome) == ("decided", "yes")


def test_what_agents_found_counts_on(client: Client, anna: User) -> None:
    workflow = publish(use="test.apart")
    case = post(workflow, client, now=False)
    answer(at_most=2)  # the round that asks for the agent, and the agent
    second = publish_again(workflow, use="test.apart", rules=saying_no())
    move(case_id=case.pk, version_id=second.pk, user=anna)
    answer()
    case.refresh_from_db()
    assert (case.outcome, events(case).count("agent_run.finished")) == ("no", 1)


def test_only_versions_that_were_published_can_be_chosen(client: Client, anna: User) -> None:
    workflow, other = publish(), publish(slug="other")
    case = post(workflow, client, rude=True)
    second = publish_again(workflow)
    draft = WorkflowVersion.objects.create(workflow=workflow, number=9, digest="d", content={})
    assert list(versions_for(case)) == [second]
    for wrong in (draft.pk, other.published_version_id, case.version_id, 0):
        with pytest.raises(Refused, match="Choose another version"):
            move(case_id=case.pk, version_id=wrong, user=anna)
    assert (Case.objects.get(pk=case.pk).version_id, events(case)[-1]) == (case.version_id, "case.escalated")


def test_facts_that_do_not_fit_the_other_version_keep_the_case_where_it_is(client: Client, anna: User) -> None:
    workflow = publish()
    case = post(workflow, client, rude=True)
    schema = document()["workflow"]["input_schema"] | {"required": ["text", "until"]}
    second = publish_again(workflow, input_schema=schema)
    with pytest.raises(Refused, match=r"does not fit version 2\. .*until"):
        move(case_id=case.pk, version_id=second.pk, user=anna)


def test_what_is_over_and_who_may_not_are_refused(client: Client, anna: User) -> None:
    workflow = publish()
    decided, cancelled = post(workflow, client), post(workflow, client, rude=True)
    cancel(case_id=cancelled.pk, actor="client: bank")
    second = publish_again(workflow)
    for case in (decided, cancelled):
        with pytest.raises(Refused, match="keeps its version"):
            move(case_id=case.pk, version_id=second.pk, user=anna)
    with pytest.raises(Refused, match="You may not move cases"):
        move(case_id=decided.pk, version_id=second.pk, user=UserFactory(group="Workflow Specialist"))


def test_workflows_are_not_mixed_up(client: Client, anna: User, greeting: Workflow) -> None:
    case = post(greeting, client, rude=True)
    assert list(versions_for(case)) == []
