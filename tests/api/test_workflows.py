"""Workflows over REST: what they take, and what their rules say of given facts."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from orchestration.models import Case, Evaluation, Workflow
from tests.factories import WorkflowFactory

HERE = "/api/v1/workflows/greeting"


def test_workflows_are_listed_by_slug(api: APIClient, greeting: Workflow) -> None:
    WorkflowFactory(slug="empty", title="Empty")
    assert api.get("/api/v1/workflows").json() == {
        "results": [
            {
                "slug": "empty",
                "title": "Empty",
                "objective": "",
                "version": None,
                "links": {"self": "/api/v1/workflows/empty", "evaluate": "/api/v1/workflows/empty/evaluate"},
            },
            {
                "slug": "greeting",
                "title": "Greeting",
                "objective": "Answer greetings",
                "version": 1,
                "links": {"self": HERE, "evaluate": f"{HERE}/evaluate"},
            },
        ],
        "next": None,
    }


def test_a_workflow_says_what_it_takes_and_gives(api: APIClient, greeting: Workflow) -> None:
    found = api.get(HERE).json()
    assert (found["outcomes"], found["version"]) == (["yes", "no"], 1)
    assert list(found["input_schema"]["properties"]) == ["text", "rude", "until"]
    assert list(found["human_fields"]["properties"]) == ["trusted"]


def test_the_example_can_be_posted_as_it_is(api: APIClient, greeting: Workflow) -> None:
    example = api.get(HERE).json()["example"]
    answered = api.post("/api/v1/cases", {"workflow": "greeting", "payload": example}, format="json")
    assert answered.status_code == 201


def test_a_workflow_without_a_published_version_has_no_schema(api: APIClient) -> None:
    WorkflowFactory(slug="empty")
    found = api.get("/api/v1/workflows/empty").json()
    assert (found["version"], found["outcomes"], found["input_schema"], found["example"]) == (None, [], None, None)


def test_an_unknown_workflow_is_404(api: APIClient) -> None:
    for answered in (api.get("/api/v1/workflows/nobody"), api.post("/api/v1/workflows/nobody/evaluate", {})):
        assert (answered.status_code, answered.json()["detail"]) == (404, "There is no workflow 'nobody'.")


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_two_queries(
    api: APIClient, greeting: Workflow, django_assert_num_queries: Any, count: int
) -> None:
    WorkflowFactory.create_batch(count)
    api.get("/api/v1/workflows")
    with django_assert_num_queries(2):
        assert len(api.get("/api/v1/workflows").json()["results"]) == count + 1


# --- Evaluate ---------------------------------------------------------------------------------------


def test_given_facts_are_evaluated_and_nothing_is_stored(api: APIClient, greeting: Workflow) -> None:
    given = {
        "case": {"text": "Hi"},
        "agents": {"hear": {"output": {"text": "Hi", "length": 2}, "confidence": 0.7}},
        "now": "2026-03-01T12:00:00Z",
    }
    answered = api.post(f"{HERE}/evaluate", given, format="json")
    found = answered.json()
    assert (answered.status_code, found["now"], found["derived"]) == (200, "2026-03-01T12:00:00Z", {})
    assert found["matched"] == ["hear", "doubt", "yes"]
    assert (found["step"]["kind"], found["step"]["queue"], found["step"]["reason"]) == (
        "escalate",
        "people",
        "Not sure what was heard",
    )
    assert [rule["rule"] for rule in found["explanation"]] == ["rude", "hear", "doubt", "yes"]
    assert (Case.objects.count(), Evaluation.objects.count()) == (0, 0)


def test_the_time_is_the_servers_unless_given(api: APIClient, greeting: Workflow) -> None:
    found = api.post(f"{HERE}/evaluate", {"case": {"text": "Hi"}}, format="json").json()
    assert (found["step"]["kind"], found["step"]["run"]) == ("run", ["hear"])
    assert found["now"].startswith("20")


@pytest.mark.parametrize(
    ("given", "pointers"),
    [
        ([], [""]),
        ("x", [""]),
        ({"cases": {}}, ["/cases"]),
        ({"case": []}, ["/case"]),
        ({"case": None}, ["/case"]),
        ({"agents": {"hear": 7}}, ["/agents/hear"]),
        ({"now": "yesterday"}, ["/now"]),
        ({"now": 7}, ["/now"]),
        ({"case": {"a": 2**54}, "meta": 1}, ["/case/a", "/meta"]),
    ],
)
def test_malformed_facts_are_422_with_the_place(
    api: APIClient, greeting: Workflow, given: Any, pointers: list[str]
) -> None:
    answered = api.generic("POST", f"{HERE}/evaluate", json.dumps(given), content_type="application/json")
    assert (answered.status_code, answered.json()["type"]) == (422, "urn:conductor:problem:facts-invalid")
    assert sorted(error["pointer"] for error in answered.json()["errors"]) == pointers


STRANGE = [None, True, 7, 1.5, "x", [], ["x"], {}, {"x": []}, "\x00", [[{}]]]


@pytest.mark.parametrize("value", STRANGE, ids=json.dumps)
def test_strange_facts_never_break_the_evaluation(api: APIClient, greeting: Workflow, value: Any) -> None:
    givens = [
        value,
        {"case": value},
        {"case": {"text": value, "rude": value, "until": value}},
        {"agents": value},
        {"agents": {"hear": value}},
        {"agents": {"hear": {"output": value}}},
        {"agents": {"hear": {"status": value}}},
        {"agents": {"hear": {"confidence": value, "output": {"text": value}}}},
        {"human": value},
        {"human": {"trusted": value}},
        {"children": value},
        {"children": {"a": value}},
        {"children": {"a": {"status": value, "outcome": value}}},
        {"meta": value},
        {"meta": {"now": value, "received_at": value, "priority": value}},
        {"now": value},
    ]
    for given in givens:
        answered = api.generic("POST", f"{HERE}/evaluate", json.dumps(given), content_type="application/json")
        assert answered.status_code in (200, 422), given


def test_an_unpublished_workflow_is_not_evaluated(api: APIClient) -> None:
    WorkflowFactory(slug="empty")
    answered = api.post("/api/v1/workflows/empty/evaluate", {}, format="json")
    assert (answered.status_code, answered.json()["type"]) == (409, "urn:conductor:problem:not-published")
