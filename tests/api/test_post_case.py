"""`POST /cases`: taken in once and for all, decided in the answer where that can be, or refused with every reason."""

import json
import uuid
from typing import Any

import pytest
from rest_framework.test import APIClient

from orchestration.models import Case, CaseContent, CaseEvent, CaseStatus, Client, Decision, Workflow
from tests.api.conftest import Call
from tests.doorbells import answer
from tests.factories import WorkflowFactory

CASES = "/api/v1/cases"
BODY = {"workflow": "greeting", "payload": {"text": "Hi"}}


def test_a_case_is_decided_in_the_answer_when_the_caller_waits(post: Call, greeting: Workflow, bank: Client) -> None:
    answered = post()
    case = Case.objects.get()
    here = f"/api/v1/cases/{case.public_id}"
    assert answered.status_code == 201
    assert (answered["Location"], answered["Preference-Applied"]) == (here, "wait=5")
    assert answered.json() == {
        "id": str(case.public_id),
        "workflow": "greeting",
        "version": 1,
        "reference": None,
        "status": "decided",
        "priority": "normal",
        "outcome": "yes",
        "decided_by": "rules",
        "decision": {
            "outcome": "yes",
            "reasons": Decision.objects.get().content.reasons,
            "decided_at": answered.json()["decided_at"],
        },
        "work_item": None,
        "feedback": None,
        "received_at": case.received_at.isoformat().replace("+00:00", "Z"),
        "decided_at": case.decided_at.isoformat().replace("+00:00", "Z") if case.decided_at else "",
        "links": {
            "self": here,
            "events": f"{here}/events",
            "explanation": f"{here}/explanation",
            "cancel": f"{here}/cancel",
            "feedback": f"{here}/feedback",
            "workflow": "/api/v1/workflows/greeting",
        },
    }
    assert answered.json()["decision"]["reasons"][0]["title"] == "Heard well"
    assert case.client == bank


def test_a_case_for_a_person_says_where_it_lies(post: Call, greeting: Workflow) -> None:
    answered = post(rude=True, priority="high")
    body = answered.json()
    assert (answered.status_code, body["status"], body["priority"], body["decision"]) == (
        201,
        "escalated",
        "high",
        None,
    )
    due = Case.objects.get().work_items.get().due_at
    assert due is not None
    assert body["work_item"] == {
        "kind": "escalation",
        "queue": "people",
        "reason": "The text is rude",
        "due_at": due.isoformat().replace("+00:00", "Z"),
    }


def test_without_waiting_a_case_is_received_and_its_doorbell_rung(post: Call, greeting: Workflow) -> None:
    answered = post(wait=None)
    assert (answered.status_code, answered.json()["status"]) == (201, "received")
    assert not answered.has_header("Preference-Applied")
    assert answer() == 1
    assert Case.objects.get().status == CaseStatus.DECIDED


def test_when_the_time_is_up_the_answer_is_201_all_the_same(post: Call, later: Workflow) -> None:
    answered = post(workflow="later", wait=1)
    assert (answered.status_code, answered.json()["status"], answered.json()["outcome"]) == (201, "received", None)
    assert answered["Preference-Applied"] == "wait=1"


def test_a_held_case_is_not_waited_for(post: Call, greeting: Workflow) -> None:
    Workflow.objects.update(autonomy="paused")
    answered = post(wait=10)
    assert (answered.status_code, answered.json()["status"]) == (201, "held")


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ("wait=3", "wait=3"),
        ("respond-async, wait=3", "wait=3"),
        ('wait="3"', "wait=3"),
        ("wait=999999", "wait=10"),  # bounded
        ("WAIT = 2", "wait=2"),
        ("wait=0", None),
        ("wait=-1", None),  # what cannot be read is passed over, as RFC 7240 says
        ("wait=soon", None),
        ("await=3", None),
    ],
)
def test_prefer_is_read_as_rfc_7240_has_it(
    api: APIClient, greeting: Workflow, prefer: str, applied: str | None
) -> None:
    answered = api.post(CASES, BODY, format="json", HTTP_PREFER=prefer)
    assert (answered.status_code, answered.headers.get("Preference-Applied")) == (201, applied)


def test_reference_and_priority_are_kept(api: APIClient, greeting: Workflow) -> None:
    body = api.post(CASES, {**BODY, "reference": "R-1 ☂", "priority": "urgent"}, format="json").json()
    assert (body["reference"], body["priority"]) == ("R-1 ☂", "urgent")
    case = Case.objects.get()
    assert (case.reference, case.get_posted_priority_display()) == ("R-1 ☂", "Urgent")


@pytest.mark.parametrize("reference", [None, ""])
def test_no_reference_is_null(api: APIClient, greeting: Workflow, reference: str | None) -> None:
    assert api.post(CASES, {**BODY, "reference": reference}, format="json").json()["reference"] is None


# --- Idempotency ------------------------------------------------------------------------------------


def test_the_same_key_and_body_give_the_same_case(api: APIClient, greeting: Workflow) -> None:
    headers = {"HTTP_IDEMPOTENCY_KEY": "k 1", "HTTP_PREFER": "wait=5"}
    first = api.post(CASES, BODY, format="json", **headers)
    again = api.post(
        CASES, '{"payload" : {"text":"\\u0048i"}, "workflow":"greeting"}', content_type="application/json", **headers
    )
    assert (first.status_code, again.status_code, first.json()) == (201, 200, again.json())
    assert (first.has_header("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (False, "true")
    assert again["Location"] == first["Location"]
    assert Case.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(api: APIClient, greeting: Workflow) -> None:
    api.post(CASES, BODY, format="json", HTTP_IDEMPOTENCY_KEY="k")
    again = api.post(CASES, {**BODY, "priority": "low"}, format="json", HTTP_IDEMPOTENCY_KEY="k")
    assert (again.status_code, again.json()["type"]) == (409, "urn:conductor:problem:idempotency-key-reused")
    assert Case.objects.count() == 1


def test_another_client_may_use_the_same_key(api: APIClient, stranger: APIClient, greeting: Workflow) -> None:
    codes = [one.post(CASES, BODY, format="json", HTTP_IDEMPOTENCY_KEY="k").status_code for one in (api, stranger)]
    assert codes == [201, 201]
    assert Case.objects.count() == 2


def test_a_key_is_kept_when_the_workflow_has_gone_on(api: APIClient, greeting: Workflow) -> None:
    api.post(CASES, BODY, format="json", HTTP_IDEMPOTENCY_KEY="k")
    Workflow.objects.update(published_version=None)
    assert api.post(CASES, BODY, format="json", HTTP_IDEMPOTENCY_KEY="k").status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "ä"])
def test_a_key_that_is_empty_too_long_or_not_printable_is_refused(api: APIClient, greeting: Workflow, key: str) -> None:
    answered = api.post(CASES, BODY, format="json", HTTP_IDEMPOTENCY_KEY=key)
    assert (answered.status_code, answered.json()["type"]) == (400, "urn:conductor:problem:parameter-invalid")
    assert Case.objects.count() == 0


def test_a_refused_body_does_not_use_its_key_up(api: APIClient, greeting: Workflow) -> None:
    wrong = {**BODY, "payload": {}}
    assert api.post(CASES, wrong, format="json", HTTP_IDEMPOTENCY_KEY="k").status_code == 422
    assert api.post(CASES, BODY, format="json", HTTP_IDEMPOTENCY_KEY="k").status_code == 201


# --- Refused ----------------------------------------------------------------------------------------


def test_a_payload_off_the_schema_is_refused_with_every_error_and_nothing_is_stored(
    api: APIClient, greeting: Workflow
) -> None:
    payload = {"text": 3, "rude": "no", "until": "yesterday", "extra": 1}
    answered = api.post(CASES, {"workflow": "greeting", "payload": payload}, format="json", HTTP_PREFER="wait=5")
    body = answered.json()
    assert (answered.status_code, answered["Content-Type"]) == (422, "application/problem+json")
    assert {name: body[name] for name in ("type", "title", "status", "instance")} == {
        "type": "urn:conductor:problem:payload-invalid",
        "title": "The payload does not fit the workflow's input schema",
        "status": 422,
        "instance": "/api/v1/cases",
    }
    assert sorted(error["pointer"] for error in body["errors"]) == [
        "/payload",
        "/payload/rude",
        "/payload/text",
        "/payload/until",
    ]
    assert all(error["detail"] for error in body["errors"])
    assert (Case.objects.count(), CaseContent.objects.count(), CaseEvent.objects.count()) == (0, 0, 0)


def test_an_unknown_workflow_is_404(api: APIClient, greeting: Workflow) -> None:
    answered = api.post(CASES, {**BODY, "workflow": "nobody"}, format="json")
    assert (answered.status_code, answered.json()["detail"]) == (404, "There is no workflow 'nobody'.")


def test_a_workflow_without_a_published_version_is_409(api: APIClient) -> None:
    WorkflowFactory(slug="empty")
    answered = api.post(CASES, {"workflow": "empty", "payload": {}}, format="json")
    assert (answered.status_code, answered.json()["type"]) == (409, "urn:conductor:problem:not-published")


def test_a_refusal_names_the_request_as_the_logs_do(api: APIClient, greeting: Workflow) -> None:
    answered = api.post(CASES, {}, format="json")
    assert answered.json()["request_id"] == answered["X-Request-ID"]
    assert uuid.UUID(answered["X-Request-ID"])


@pytest.mark.parametrize("wait", [None, 5])
def test_a_case_costs_few_queries(
    post: Call, greeting: Workflow, django_assert_max_num_queries: Any, wait: int | None
) -> None:
    post(wait=wait)  # loads the version
    with django_assert_max_num_queries(8 if wait is None else 28):
        assert json.loads(post(wait=wait).content)["status"] == ("received" if wait is None else "decided")
