"""An outside party posts the result of a run: every answer it can get, and what is stored with it."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db.models.functions import Now
from rest_framework.test import APIClient

from orchestration.agents.outcome import Outcome
from orchestration.agents.registry import registry
from orchestration.models import AgentRun, Case, CaseEvent, Client
from orchestration.services import case as cases
from orchestration.services import reaper
from orchestration.services import run as runs
from orchestration.services.callback import give_token
from tests.api.conftest import api_of
from tests.doorbells import answer
from tests.factories import bearer
from tests.small_workflow import publish

pytestmark = pytest.mark.django_db

GOOD = {"output": {"text": "hello", "length": 5}, "confidence": 0.9}
Send = Callable[..., Any]


@pytest.fixture
def run(bank: Client, monkeypatch: pytest.MonkeyPatch) -> AgentRun:
    """A run that waits for an outside party, of a case of `bank`."""
    waiting = Outcome("pending", summary="By post", expires_in=3600.0)
    monkeypatch.setattr(runs, "run_plugin", lambda *_, **__: waiting)
    workflow = publish(use="test.later", attempts=2)
    cases.accept(client=bank, workflow=workflow, payload={"text": "hello"})
    answer()
    return AgentRun.objects.select_related("case__content").get()


@pytest.fixture
def token(run: AgentRun) -> str:
    return give_token(run)


@pytest.fixture
def send(run: AgentRun, token: str) -> Send:
    """send(body): post it as the outside party would; `token` and `run_id` are the right ones unless given."""
    right = {"token": token, "run_id": run.public_id}

    def call(body: Any = GOOD, **given: Any) -> Any:
        one = {**right, **given}
        api = api_of(one["token"] and f"Bearer {one['token']}")
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        address = f"/api/v1/agent-runs/{one['run_id']}/result"
        headers = {"X-Forwarded-For": one["forwarded"]} if one.get("forwarded") else None
        content_type = one.get("content_type", "application/json")
        return api.generic("POST", address, text, content_type=content_type, headers=headers)

    return call


def told(answered: Any) -> tuple[int, str]:
    assert answered["Content-Type"] == "application/problem+json"
    return answered.status_code, answered.json()["type"].removeprefix("urn:conductor:problem:")


def stored() -> tuple[Any, ...]:
    """All that is known of the case but its history."""
    case = Case.objects.values().get()
    return AgentRun.objects.values().get(), {name: case[name] for name in case if name != "last_event"}


def noted() -> list[str]:
    """What the history says of posts that changed nothing."""
    names = CaseEvent.objects.order_by("number").values_list("name", flat=True)
    return [name for name in names if name not in ("case.received", "agent_run.awaited", "agent_run.finished")]


def test_a_good_result_is_taken_in_and_the_case_decided(send: Send, run: AgentRun) -> None:
    answered = send()
    assert (answered.status_code, answered.json()) == (200, {"id": str(run.public_id), "status": "succeeded"})
    answer()
    case = Case.objects.get()
    assert (case.status, case.outcome) == ("decided", "yes")


def test_everything_that_may_be_posted_is_kept(send: Send) -> None:
    more = {
        "summary": "Found", "evidence": [{"what": "entry", "value": 7}], "transcript": "looked it up", "cost": 0.25,
    }  # fmt: skip
    assert send({**GOOD, **more}).status_code == 200
    run = AgentRun.objects.get()
    assert (run.confidence, run.cost, run.content.output) == (0.9, 0.25, GOOD["output"])
    assert (run.content.summary, run.content.evidence, run.content.transcript) == (
        "Found", [{"what": "entry", "value": 7}], "looked it up",
    )  # fmt: skip


def test_null_is_as_good_as_leaving_out(send: Send) -> None:
    nothing = dict.fromkeys(("confidence", "summary", "evidence", "transcript", "cost"))
    assert send({**nothing, "output": GOOD["output"]}).status_code == 200
    assert AgentRun.objects.get().confidence is None


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"message": "Closed today"}, "pending"),  # tried again
        ({"message": "Closed today", "permanent": False}, "pending"),
        ({"message": "No such company", "permanent": True}, "failed"),
    ],
)
def test_an_error_fails_the_run_or_has_it_tried_again(send: Send, error: dict[str, Any], status: str) -> None:
    answered = send({"error": error, "cost": 2})
    assert (answered.status_code, answered.json()["status"]) == (200, status)
    run = AgentRun.objects.get()
    assert (run.status, run.content.errors[-1]["text"], run.cost) == (status, error["message"], 2.0)


def test_a_result_posted_again_is_409_and_changes_nothing(send: Send) -> None:
    assert send().status_code == 200
    before = stored()
    for body in (GOOD, {"error": {"message": "Oh no", "permanent": True}}):
        assert told(send(body)) == (409, "already-answered")
    assert (stored(), noted()) == (before, ["agent_run.answered_again"])


def test_after_an_error_that_may_pass_the_token_is_spent_too(send: Send) -> None:
    assert send({"error": {"message": "Closed today"}}).json()["status"] == "pending"
    before = stored()
    assert told(send()) == (409, "already-answered")
    assert stored() == before


@pytest.mark.parametrize("how", ["expired", "cancelled"])
def test_a_late_result_is_410_and_on_record(send: Send, how: str) -> None:
    if how == "expired":
        AgentRun.objects.update(due_at=Now() - timedelta(seconds=1))
        reaper.reap()
    else:
        cases.cancel(case_id=Case.objects.get().pk, actor="client: bank")
    run = AgentRun.objects.values().get()
    assert [told(send()) for _ in range(3)] == [(410, "too-late")] * 3
    assert AgentRun.objects.values().get() == run
    event = CaseEvent.objects.get(name="agent_run.answered_late")
    assert event.content.content["result"]["output"] == GOOD["output"]


def test_a_wrong_token_and_an_unknown_run_look_alike(send: Send, run: AgentRun, token: str) -> None:
    before = stored()
    others = [
        {"token": token[:-1]},
        {"token": token + "x"},
        {"token": "ü"},
        {"token": bearer(run.case.client, scopes=["cases:write"]).removeprefix("Bearer ")},  # an API key is none
        {"run_id": uuid.uuid4()},  # the right token, for no run
        {"token": "wrong", "run_id": uuid.uuid4()},
        {"token": None},
    ]
    answers = [send(**one) for one in others]
    assert [told(one) for one in answers] == [(401, "token-missing-or-invalid")] * len(others)
    assert {one["WWW-Authenticate"] for one in answers} == {'Bearer realm="conductor"'}
    bodies = {json.dumps({**one.json(), "instance": "", "request_id": ""}, sort_keys=True) for one in answers}
    assert len(bodies) == 1
    assert (stored(), noted()) == (before, ["agent_run.token_refused"])


def test_whether_the_token_is_right_is_seen_before_the_body_is_read(send: Send) -> None:
    for body in ("{", b"\xff", " " * 1_000_000, {"output": 1}):
        assert told(send(body, token="wrong")) == (401, "token-missing-or-invalid")


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ("{", 400, "not-json"),
        (b"\xff", 400, "not-json"),
        ('{"output": {"length": NaN}}', 400, "not-json"),
        ("[" * 50_000, 400, "not-json"),
        (json.dumps({**GOOD, "transcript": "x" * 300_000}), 413, "body-too-large"),
    ],
    ids=["no end", "no UTF-8", "NaN", "deep", "large"],
)
def test_what_cannot_be_read_is_refused_and_the_token_still_good(
    send: Send, body: str | bytes, status: int, kind: str
) -> None:
    before = stored()
    assert told(send(body)) == (status, kind)
    assert stored() == before
    assert send().status_code == 200


def test_another_media_type_is_415(send: Send) -> None:
    assert told(send(content_type="text/plain")) == (415, "media-type-not-supported")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ([], [""]),
        ("null", [""]),
        ({}, [""]),  # neither a result nor an error
        ({"output": None}, ["/output"]),
        ({"output": []}, ["/output"]),
        ({**GOOD, "more": 1}, [""]),
        ({**GOOD, "confidence": 1.1}, ["/confidence"]),
        ({**GOOD, "confidence": "high", "cost": -1}, ["/confidence", "/cost"]),
        ({**GOOD, "summary": "x" * 1001}, ["/summary"]),
        ({**GOOD, "evidence": ["entry"]}, ["/evidence/0"]),
        ({**GOOD, "evidence": [{}] * 1001}, ["/evidence"]),
        ({"output": {"text": "\ud800", "length": 1}}, ["/output/text"]),
        ({"output": {"text": "a", "length": 1e300}}, ["/output/length"]),
        ({"error": "oh no"}, ["/error"]),
        ({"error": {}}, ["/error"]),
        ({"error": {"message": ""}}, ["/error/message"]),
        ({"error": {"message": "x" * 2001}}, ["/error/message"]),
        ({"error": {"message": "x", "permanent": "yes", "code": 7}}, ["/error", "/error/permanent"]),
        ({**GOOD, "error": {"message": "both"}}, [""]),
    ],
)
def test_a_body_of_the_wrong_form_is_422_and_every_place_named(send: Send, body: Any, pointers: list[str]) -> None:
    before = stored()
    answered = send(body)
    assert told(answered) == (422, "body-invalid")
    assert sorted({error["pointer"] for error in answered.json()["errors"]}) == pointers
    assert stored() == before


def test_a_result_that_does_not_fit_the_agent_is_422_and_the_token_still_good(send: Send) -> None:
    before = stored()
    answered = send({"output": {"text": 1, "more": "x"}})
    assert told(answered) == (422, "result-invalid")
    assert answered.json()["errors"] == [
        {"pointer": "/output/text", "detail": "Input should be a valid string"},
        {"pointer": "/output/length", "detail": "Field required"},
        {"pointer": "/output/more", "detail": "Extra inputs are not permitted"},
    ]
    assert stored() == before
    assert send().status_code == 200


def test_where_the_agent_is_not_installed_the_result_may_be_sent_again(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = registry()
    with monkeypatch.context() as patched:
        patched.setattr("orchestration.services.answer.registry", lambda: _Without(present))
        assert told(send()) == (503, "agent-missing")
    assert send().status_code == 200


class _Without:
    agents: dict[str, Any] = {}

    def __init__(self, present: Any) -> None:
        self.why_not = present.why_not


def test_only_posting_is_possible(run: AgentRun, token: str) -> None:
    api = api_of(f"Bearer {token}")
    for method in ("get", "put", "delete", "options"):
        assert told(getattr(api, method)(f"/api/v1/agent-runs/{run.public_id}/result")) == (405, "method-not-allowed")
    assert told(api.post("/api/v1/agent-runs/7/result")) == (404, "not-found")


@time_machine.travel("2026-03-01T12:00:50Z", tick=False)
def test_whoever_tries_many_tokens_is_slowed_down(send: Send, settings: Any) -> None:
    settings.CONDUCTOR = {**settings.CONDUCTOR, "rate": "3/min"}
    assert [send(token=f"guess {n}").status_code for n in range(5)] == [401, 401, 401, 429, 429]
    assert send()["Retry-After"] == "10"
    settings.CONDUCTOR = {**settings.CONDUCTOR, "rate": ""}
    assert send().status_code == 200


FORWARDED = [
    # proxies, what callers write into X-Forwarded-For, and what comes of four guesses at a limit of three
    (0, ["1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4"], [401, 401, 401, 429]),
    (1, ["1.1.1.1", "2.2.2.2", "3.3.3.3", "4.4.4.4"], [401, 401, 401, 401]),
    (1, ["1.1.1.1, 9.9.9.9", "2.2.2.2, 9.9.9.9", "9.9.9.9", "3.3.3.3,9.9.9.9"], [401, 401, 401, 429]),
    (2, ["1.1.1.1, 9.9.9.9, 7.7.7.7", "9.9.9.9, 7.7.7.7", "2.2.2.2, 9.9.9.9, 7.7.7.7", "8.8.8.8, 7.7.7.7"],
     [401, 401, 401, 401]),
    (2, ["1.1.1.1, 9.9.9.9, 7.7.7.7"] * 4, [401, 401, 401, 429]),
    (1, [""] * 4, [401, 401, 401, 429]),
]  # fmt: skip


@pytest.mark.parametrize(("proxies", "forwarded", "codes"), FORWARDED)
@time_machine.travel("2026-03-01T12:00:50Z", tick=False)
def test_behind_a_proxy_an_address_is_what_the_trusted_proxies_saw(
    send: Send, settings: Any, proxies: int, forwarded: list[str], codes: list[int]
) -> None:
    settings.CONDUCTOR = {**settings.CONDUCTOR, "rate": "3/min"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    assert [send(token="guess", forwarded=one).status_code for one in forwarded] == codes


@time_machine.travel("2026-03-01T12:00:50Z", tick=False)
def test_without_a_cache_a_result_goes_through(send: Send, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def __getattr__(self, name: str) -> Any:
            raise ConnectionError("no cache")

    settings.CONDUCTOR = {**settings.CONDUCTOR, "rate": "1/min"}
    monkeypatch.setattr("orchestration.api.agent_run.cache", Gone())
    assert [send(token="wrong").status_code, send().status_code] == [401, 200]


def test_the_client_sees_that_its_case_waits_and_that_it_was_answered(send: Send, api: APIClient) -> None:
    case = api.get(f"/api/v1/cases/{Case.objects.get().public_id}").json()
    assert case["status"] == "waiting"
    send()
    found = api.get(case["links"]["events"]).json()["results"]
    assert [(event["name"], event["actor"]) for event in found[1:]] == [
        ("agent_run.awaited", "agent: test.later"), ("agent_run.finished", "outside party"),
    ]  # fmt: skip
    assert "token" not in json.dumps(found)
