"""Taking cases in: once and for all, or not at all."""

from typing import Any

import pytest

from orchestration.models import Case, CaseContent, CaseEvent, Client, WebhookDelivery, WebhookEndpoint, WorkItem
from orchestration.services import case as cases
from orchestration.services.refusal import Refused
from tests.doorbells import answer
from tests.small_workflow import publish, rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client.objects.create(name="bank")


def test_the_same_key_and_body_give_the_same_case(client: Client) -> None:
    asked = {
        "client": client,
        "workflow": publish(),
        "payload": {"text": "a"},
        "idempotency_key": "k",
        "body_digest": "d",
    }
    first, second = cases.accept(**asked), cases.accept(**asked)
    assert (first.replayed, second.replayed, first.case.pk) == (False, True, second.case.pk)
    assert Case.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(client: Client) -> None:
    asked: dict[str, Any] = {"client": client, "workflow": publish(), "payload": {"text": "a"}, "idempotency_key": "k"}
    cases.accept(**asked, body_digest="d")
    with pytest.raises(cases.KeyReused):
        cases.accept(**asked, body_digest="e")


def test_two_clients_may_use_the_same_key(client: Client) -> None:
    asked: dict[str, Any] = {
        "workflow": publish(),
        "payload": {"text": "a"},
        "idempotency_key": "k",
        "body_digest": "d",
    }
    cases.accept(client=client, **asked)
    cases.accept(client=Client.objects.create(name="other"), **asked)
    assert Case.objects.count() == 2


@pytest.mark.parametrize("decide_now", [True, False])
def test_a_key_that_a_racing_post_has_just_used_is_found(
    client: Client, decide_now: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {
        "client": client,
        "workflow": publish(),
        "payload": {"text": "a"},
        "idempotency_key": "k",
        "body_digest": "d",
    }
    first = cases.accept(**asked)
    really, calls = cases._replayed, []

    def late(*args: Any) -> Any:
        calls.append(args)
        return None if len(calls) == 1 else really(*args)

    monkeypatch.setattr(cases, "_replayed", late)
    assert cases.accept(**asked, decide_now=decide_now).case.pk == first.case.pk
    assert (Case.objects.count(), CaseContent.objects.count()) == (1, 1)


def test_a_payload_off_the_schema_is_refused_with_every_error_and_nothing_is_stored(client: Client) -> None:
    with pytest.raises(cases.PayloadRefused) as refused:
        cases.accept(client=client, workflow=publish(), payload={"rude": 3, "extra": 1, "until": "yesterday"})
    assert sorted(problem.pointer for problem in refused.value.problems) == ["", "", "/rude", "/until"]
    assert (Case.objects.count(), CaseEvent.objects.count()) == (0, 0)


def test_cancelling_ends_a_case_and_its_open_item_and_again_changes_nothing(client: Client) -> None:
    cases.accept(client=client, workflow=publish(), payload={"text": "a", "rude": True}, decide_now=True)
    case = Case.objects.get()
    for _ in range(2):
        assert cases.cancel(case_id=case.pk, actor="client: bank").status == "cancelled"
    assert WorkItem.objects.get().status == "cancelled"
    assert CaseEvent.objects.filter(name="case.cancelled").count() == 1


def test_a_decided_case_cannot_be_cancelled(client: Client) -> None:
    case = cases.accept(client=client, workflow=publish(), payload={"text": "a"}, decide_now=True).case
    with pytest.raises(Refused, match="decided"):
        cases.cancel(case_id=case.pk, actor="client: bank")


def test_outside_systems_are_told_in_the_transaction_of_the_event(client: Client) -> None:
    every = WebhookEndpoint.objects.create(client=client, url="https://bank.example/hook")
    WebhookEndpoint.objects.create(client=client, url="https://bank.example/other", events=["case.cancelled"])
    WebhookEndpoint.objects.create(client=Client.objects.create(name="x"), url="https://x.example/")
    cases.accept(client=client, workflow=publish(), payload={"text": "a"}, decide_now=True)
    assert list(WebhookDelivery.objects.values_list("endpoint", "name")) == [(every.pk, "case.decided")]


def opening(workflow: str, **more: Any) -> dict[str, Any]:
    action = {
        "open_case": {"workflow": workflow, "as": "second", "payload": {"text": "case.text"}, "wait": True, **more}
    }
    return {"key": "ask", "title": "Ask another", "priority": 9, "when": "always", "then": [action]}


def test_a_parent_waits_for_its_child_and_goes_on(client: Client) -> None:
    publish(slug="second")
    parent = publish(rules=[*rules(), opening("second")])
    case = cases.accept(client=client, workflow=parent, payload={"text": "a"}, decide_now=True).case
    child = Case.objects.get(parent=case)
    assert (case.status, case.waits_for, child.status, child.depth) == ("waiting", "child", "received", 1)
    answer()
    for row in (case, child):
        row.refresh_from_db()
    assert (case.status, child.status) == ("decided", "decided")


def test_a_cancelled_child_ends_the_wait(client: Client) -> None:
    publish(slug="second")
    parent = publish(rules=[*rules(), opening("second")])
    case = cases.accept(client=client, workflow=parent, payload={"text": "a"}, decide_now=True).case
    cases.cancel(case_id=Case.objects.get(parent=case).pk, actor="client: bank")
    answer()
    case.refresh_from_db()
    assert case.status == "decided"


def test_cancelling_a_parent_cancels_the_child_it_waits_for(client: Client) -> None:
    publish(slug="second")
    parent = publish(rules=[*rules(), opening("second")])
    case = cases.accept(client=client, workflow=parent, payload={"text": "a"}, decide_now=True).case
    cases.cancel(case_id=case.pk, actor="client: bank")
    assert set(Case.objects.values_list("status", flat=True)) == {"cancelled"}


def test_cases_that_open_each_other_end_with_a_person(client: Client) -> None:
    workflow = publish()  # the workflow must exist before a version may open its cases
    workflow = publish(rules=[*rules(), opening("greeting")])
    cases.accept(client=client, workflow=workflow, payload={"text": "a"})
    answer()
    assert Case.objects.count() == 6  # depth 0 to 5
    deepest = Case.objects.get(depth=5)
    item = WorkItem.objects.get(case=deepest)
    assert (deepest.status, item.reason) == ("escalated", "child-refused")
    assert "5 deep" in item.content.detail


def test_a_child_whose_payload_is_refused_escalates_the_parent(client: Client) -> None:
    publish(slug="second")
    parent = publish(rules=[*rules(), opening("second", payload={"text": "case.rude"})])
    case = cases.accept(client=client, workflow=parent, payload={"text": "a"}, decide_now=True).case
    assert (case.status, WorkItem.objects.get().reason) == ("escalated", "child-refused")


def test_a_refused_child_escalates_though_the_same_rules_would_decide(client: Client) -> None:
    publish(slug="second")
    parent = publish(rules=[*rules(), opening("second", payload={"text": "case.rude"}, wait=False)])
    case = cases.accept(client=client, workflow=parent, payload={"text": "a"}, decide_now=True).case
    assert (case.status, WorkItem.objects.get().reason) == ("escalated", "child-refused")
