"""Feedback over REST: what really happened after a case was decided."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from orchestration.models import Case, Feedback, Workflow
from orchestration.services import feedback
from tests.api.conftest import Call
from tests.factories import UserFactory
from tests.small_workflow import publish


@pytest.fixture
def address(post: Call, greeting: Workflow) -> str:
    """Of a decided case."""
    location: str = post()["Location"]
    return location


def tell(api: APIClient, address: str, body: Any, key: str | None = None) -> Any:
    headers = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
    return api.post(f"{address}/feedback", body, format="json", **headers)


def test_it_is_taken_in_once_and_shown_with_the_case(api: APIClient, address: str) -> None:
    decided = api.get(address).json()
    assert decided["feedback"] is None
    body = {"value": "kept", "happened_at": "2026-03-02T13:00:00+01:00", "note": "on time"}
    answered = tell(api, decided["links"]["self"], body)
    assert (answered.status_code, answered["Location"]) == (201, address)
    shown = dict(answered.json()["feedback"])
    assert shown.pop("received_at").endswith("Z")
    assert shown == {"value": "kept", "happened_at": "2026-03-02T12:00:00Z", "note": "on time", "by": "client"}
    again = tell(api, address, body)
    assert (again.status_code, again["Idempotency-Replayed"]) == (200, "true")
    assert again.json() == answered.json() == api.get(address).json()
    assert {**answered.json(), "feedback": None} == decided
    assert Feedback.objects.count() == 1


def test_a_correction_is_one_more_and_the_list_shows_the_newest(api: APIClient, address: str) -> None:
    assert [tell(api, address, {"value": value}).status_code for value in ("kept", "broken")] == [201, 201]
    assert api.get("/api/v1/cases").json()["results"][0]["feedback"]["value"] == "broken"
    events = api.get(f"{address}/events").json()["results"]
    assert [(row["name"], row["actor"], row["about"]) for row in events[-2:]] == [
        ("feedback.received", "client: bank", {"value": "kept", "corrects": False}),
        ("feedback.received", "client: bank", {"value": "broken", "corrects": True}),
    ]


def test_an_idempotency_key_tells_a_late_repeat_from_a_correction(api: APIClient, address: str) -> None:
    answers = [tell(api, address, {"value": value}, key) for value, key in (("kept", "1"), ("broken", "2"))]
    answers.append(tell(api, address, {"value": "kept", "note": None}, "1"))
    assert [one.status_code for one in answers] == [201, 201, 200]
    assert answers[-1].json()["feedback"]["value"] == "broken"
    refused = tell(api, address, {"value": "broken"}, "1")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:conductor:problem:idempotency-key-reused")
    assert tell(api, address, {"value": "kept"}, "ä").status_code == 400


def test_a_repeat_under_a_key_of_its_own_is_no_correction_later(api: APIClient, address: str) -> None:
    posts = (("kept", "1"), ("kept", "2"), ("broken", "3"), ("kept", "2"))
    answers = [tell(api, address, {"value": value}, key) for value, key in posts]
    assert [one.status_code for one in answers] == [201, 200, 201, 200]
    assert answers[-1].json()["feedback"]["value"] == "broken"


def test_what_a_person_wrote_stays_inside(api: APIClient, address: str) -> None:
    case, sam = Case.objects.select_related("workflow").get(), UserFactory(username="sam", is_superuser=True)
    feedback.take_in(case=case, value="broken", note="secret words", user=sam)
    answered = api.get(address)
    assert answered.json()["feedback"]["value"] == "broken"
    assert (answered.json()["feedback"]["by"], answered.json()["feedback"]["note"]) == ("person", None)
    everything = answered.content + api.get(f"{address}/events").content
    assert b"sam" not in everything
    assert b"secret words" not in everything


# Row: what does not fit (the form of the body, or the feedback), the body, and each place that is wrong with it.
BAD: list[tuple[str, Any, dict[str, str]]] = [
    ("body", [], {"": "must be an object"}),
    ("body", {}, {"/value": "is required"}),
    ("body", {"value": None, "note": 5}, {"/value": "must be a string", "/note": "must be a string"}),
    ("body", {"value": "kept", "when": 1}, {"/when": "is not a known field; known are value, happened_at, note"}),
    *(
        ("body", {"value": "kept", "happened_at": moment}, {"/happened_at": words})
        for words in ["must be a date and time with its offset, as 2026-11-22T09:30:00Z"]
        for moment in (
            "",
            "yesterday",
            "2026-03-02",  # no time
            "2026-03-02T12:00:00",  # no offset
            "2026-03-02 12:00:00Z",  # no T
            "2026-02-30T12:00:00Z",  # no such day
            "0001-01-01T00:00:00+14:00",  # before the first day in UTC
            "2026-03-02T12:00:00" + "0" * 60,
        )
    ),
    ("body", {"value": "kept", "happened_at": 5}, {"/happened_at": "must be a string"}),
    ("feedback", {"value": ""}, {"/value": "must be one of kept, broken"}),
    ("feedback", {"value": "lost"}, {"/value": "must be one of kept, broken"}),
    (
        "feedback",
        {"value": "KEPT", "happened_at": "2999-01-01T00:00:00Z", "note": "x" * 1_001},
        {
            "/value": "must be one of kept, broken",
            "/happened_at": "is in the future; feedback tells what has happened",
            "/note": "is longer than 1,000 characters",
        },
    ),
    ("feedback", {"value": "kept", "happened_at": "1066-10-14T09:00:00Z"}, {"/happened_at": "is before 1900"}),
    ("feedback", {"value": "kept", "note": "a\x00b"}, {"/note": "holds a control character"}),
]


@pytest.mark.parametrize(("kind", "body", "errors"), BAD)
def test_bad_feedback_names_every_place(
    api: APIClient, address: str, kind: str, body: Any, errors: dict[str, str]
) -> None:
    refused = tell(api, address, body)
    assert (refused.status_code, refused.json()["type"]) == (422, f"urn:conductor:problem:{kind}-invalid")
    assert {one["pointer"]: one["detail"] for one in refused.json()["errors"]} == errors
    assert not Feedback.objects.exists()


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"rude": True}, "case-not-decided", "The case is with a person and not decided yet."),
        ({"workflow": "silent"}, "feedback-not-declared", "The workflow silent takes no feedback. For it to do so, "),
    ],
)
def test_a_case_that_cannot_have_any_is_409(
    api: APIClient, post: Call, greeting: Workflow, given: dict[str, Any], kind: str, said: str
) -> None:
    publish(slug="silent", feedback=())
    refused = tell(api, post(**given)["Location"], {"value": "kept"})
    assert (refused.status_code, refused.json()["type"]) == (409, f"urn:conductor:problem:{kind}")
    assert refused.json()["detail"].startswith(said)


def test_correcting_in_a_loop_is_409(api: APIClient, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "MOST", 1)
    answers = [tell(api, address, {"value": value}) for value in ("kept", "broken", "kept")]
    assert [one.status_code for one in answers] == [201, 409, 200]
    assert answers[1].json()["type"] == "urn:conductor:problem:feedback-full"


def test_what_is_no_json_or_too_much_of_it_is_refused(api: APIClient, address: str) -> None:
    for body, kind, status in (
        ("{", "application/json", 400),
        ("value=kept", "application/x-www-form-urlencoded", 415),
        (f'{{"value": "kept", "note": "{"x" * 300_000}"}}', "application/json", 413),
    ):
        assert api.post(f"{address}/feedback", body, content_type=kind).status_code == status
    assert not Feedback.objects.exists()


def test_the_workflow_says_what_can_be_told(api: APIClient, greeting: Workflow) -> None:
    publish(slug="silent", feedback=())
    told = [api.get(f"/api/v1/workflows/{slug}").json()["feedback"] for slug in ("greeting", "silent")]
    assert told == [["kept", "broken"], []]


@pytest.mark.parametrize("given", [{"value": "kept"}, {"value": "broken"}])
def test_telling_costs_the_same_however_much_was_told_before(
    api: APIClient, address: str, django_assert_max_num_queries: Any, given: dict[str, Any]
) -> None:
    for value in ("kept", "broken", "kept"):
        tell(api, address, {"value": value})
    with django_assert_max_num_queries(16):
        tell(api, address, given)
