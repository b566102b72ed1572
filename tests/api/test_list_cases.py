"""Looking at cases: one, and lists with filters and a cursor that stays put."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from rest_framework.test import APIClient

from orchestration.models import Case, Workflow
from tests.api.conftest import Call
from tests.small_workflow import publish

CASES = "/api/v1/cases"


@pytest.fixture
def five(post: Call, greeting: Workflow) -> list[str]:
    """Ids of five cases, oldest first: decided, escalated, decided, received, escalated."""
    given: list[dict[str, Any]] = [{}, {"rude": True}, {}, {"wait": None}, {"rude": True}]
    return [post(**one).json()["id"] for one in given]


def ids(answered: Any) -> list[str]:
    assert answered.status_code == 200, answered.json()
    return [row["id"] for row in answered.json()["results"]]


def test_a_case_is_shown_as_it_was_answered(api: APIClient, post: Call, greeting: Workflow) -> None:
    for given in ({}, {"rude": True}):
        answered = post(**given)
        assert api.get(answered["Location"]).json() == answered.json()


def test_cases_are_listed_newest_first_as_they_are_shown(api: APIClient, five: list[str]) -> None:
    answered = api.get(CASES)
    assert ids(answered) == five[::-1]
    assert answered.json()["next"] is None
    for row in answered.json()["results"]:
        assert row == api.get(row["links"]["self"]).json()


def test_pages_follow_each_other_without_gap_or_double_while_cases_come_in(
    api: APIClient, post: Call, five: list[str]
) -> None:
    seen, address = [], f"{CASES}?limit=2"
    while address:
        answered = api.get(address)
        seen.append(ids(answered))
        address = answered.json()["next"]
        post()
    assert seen == [[five[4], five[3]], [five[2], five[1]], [five[0]]]


def test_the_next_page_keeps_the_filters(api: APIClient, five: list[str]) -> None:
    first = api.get(f"{CASES}?limit=1&status=decided&workflow=greeting")
    assert ids(first) == [five[2]]
    second = api.get(first.json()["next"])
    assert (ids(second), second.json()["next"]) == ([five[0]], None)


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({"status": "decided"}, [2, 0]),
        ({"status": "cancelled"}, []),
        ({"outcome": "yes"}, [2, 0]),
        ({"outcome": "no"}, []),
        ({"workflow": "greeting", "status": "received"}, [3]),
        ({"workflow": "nobody"}, []),
        ({"reference": "R-1"}, []),
        ({"reference": ""}, [4, 3, 2, 1, 0]),
        ({"limit": "200"}, [4, 3, 2, 1, 0]),
        ({"received_after": "2020-01-01"}, [4, 3, 2, 1, 0]),
        ({"received_after": "2100-01-01T00:00:00Z"}, []),
    ],
)
def test_filters(api: APIClient, five: list[str], query: dict[str, str], places: list[int]) -> None:
    assert ids(api.get(CASES, query)) == [five[place] for place in places]


def test_a_reference_finds_each_of_its_cases(api: APIClient, greeting: Workflow) -> None:
    bodies = [{"workflow": "greeting", "payload": {"text": "Hi"}, "reference": one} for one in ("ä &+%", "b", "ä &+%")]
    made = [api.post(CASES, body, format="json").json()["id"] for body in bodies]
    assert ids(api.get(CASES, {"reference": "ä &+%"})) == [made[2], made[0]]


def test_received_after_is_exact_and_knows_offsets(api: APIClient, post: Call, greeting: Workflow) -> None:
    with time_machine.travel(datetime(2026, 3, 1, 12, 0, tzinfo=UTC), tick=False):
        post(wait=None)
    for given, count in (
        ("2026-03-01T11:59:59.999999Z", 1),
        ("2026-03-01T12:00:00Z", 0),
        ("2026-03-01T13:59:59+02:00", 1),
        ("2026-03-01T14:00:00+02:00", 0),
        ("2026-03-01T12:00:00", 0),  # UTC
        ("2026-03-01", 1),
        ("2026-03-02", 0),
    ):
        assert len(ids(api.get(CASES, {"received_after": given}))) == count, given
    assert len(ids(api.get(f"{CASES}?received_after=2026-03-01T13:59:59+02:00"))) == 1  # a plus not escaped


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("status=open", "must be one of held, received, running, waiting, escalated, decided, cancelled"),
        ("received_after=soon", "must be a date and time such as 2026-11-22T09:30:00Z, or a date"),
        ("received_after=2026-02-30", "must be a date and time such as 2026-11-22T09:30:00Z, or a date"),
        ("received_after=0001-01-01T00:00:00%2B14:00", "is out of range"),
        ("limit=0", "must be a whole number from 1 to 200"),
        ("limit=201", "must be a whole number from 1 to 200"),
        ("limit=ten", "must be a whole number from 1 to 200"),
        ("limit=%C2%B2", "must be a whole number from 1 to 200"),
        ("cursor=x", "is not a cursor that this API gave out"),
        ("cursor=", "is not a cursor that this API gave out"),
        ("cursor=" + base64.urlsafe_b64encode(bytes(16)).decode(), "is not a cursor that this API gave out"),
        ("reference=%00", "must be a text of at most 200 characters without control characters"),
        ("outcome=" + "x" * 201, "must be a text of at most 200 characters without control characters"),
        ("workflow=a&workflow=b", "is given more than once"),
        (
            "state=decided",
            "is not a known parameter; known are cursor, limit, outcome, received_after, reference, status, workflow",
        ),
    ],
)
def test_a_bad_parameter_is_400_and_named(api: APIClient, query: str, detail: str) -> None:
    answered = api.get(f"{CASES}?{query}")
    assert (answered.status_code, answered.json()["type"]) == (400, "urn:conductor:problem:parameter-invalid")
    assert answered.json()["detail"] == f"The query parameter {query.partition('=')[0]!r} {detail}."


def test_a_cursor_of_another_client_is_none(api: APIClient, stranger: APIClient, five: list[str]) -> None:
    following = api.get(f"{CASES}?limit=1").json()["next"]
    assert stranger.get(following).status_code == 400


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_costs_the_same_however_long_it_is(
    api: APIClient, post: Call, greeting: Workflow, django_assert_num_queries: Any, count: int
) -> None:
    publish(slug="other")
    for _ in range(count):
        post()
        post(rude=True, workflow="other")
    cursor = {"cursor": api.get(f"{CASES}?limit=1").json()["next"].partition("cursor=")[2].partition("&")[0]}
    with django_assert_num_queries(4):  # key, cases, decisions with feedback, work items
        assert len(ids(api.get(CASES))) == 2 * count
    with django_assert_num_queries(5 if count > 1 else 4):  # the cursor's case; work items only where there are some
        assert len(ids(api.get(f"{CASES}?{urlencode(cursor)}"))) == 2 * count - 1


@pytest.mark.parametrize(("given", "queries"), [({}, 3), ({"rude": True}, 3), ({"wait": None}, 2)])
def test_a_case_costs_three_queries_at_most(
    api: APIClient, post: Call, greeting: Workflow, django_assert_num_queries: Any, given: dict[str, Any], queries: int
) -> None:
    case = post(**given)["Location"]
    with django_assert_num_queries(queries):  # key, case; decision with feedback, or work item
        assert api.get(case).status_code == 200


def test_the_decision_that_holds_is_the_last_one(api: APIClient, post: Call, greeting: Workflow) -> None:
    from orchestration.models import Decision, DecisionContent

    answered = post()
    case = Case.objects.get()
    first = Decision.objects.get()
    later = first.decided_at + timedelta(days=1)
    second = Decision.objects.create(
        case=case, version_id=case.version_id, source="person", outcome="no", supersedes=first, decided_at=later
    )
    DecisionContent.objects.create(decision=second, reasons=[], note="looked again")
    assert api.get(answered["Location"]).json()["decision"] == {
        "outcome": "no",
        "reasons": [],
        "decided_at": later.isoformat().replace("+00:00", "Z"),
    }
