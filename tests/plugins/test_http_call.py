"""The agent that calls a service: what goes out, what comes back, and what is made of faults."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from orchestration.agents.found import Refused, found_from
from orchestration.agents.frozen import frozen_step
from orchestration.agents.outcome import Outcome
from orchestration.agents.runner import check, receive, run
from orchestration.plugin_api import AgentResult
from orchestration.rules.language import AgentStep
from plugins.http import line
from plugins.http.call import CallAgent
from plugins.http.signature import signed

from .local_server import Answer, Server, serving

FOUND = found_from(
    CallAgent, name="http.call", entry_point="plugins.http.call:CallAgent", distribution="d", distribution_version="1"
)
KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
FORM = {
    "type": "object",
    "properties": {"score": {"type": "integer", "minimum": 0}},
    "required": ["score"],
    "additionalProperties": False,
}
FACTS = {"name": "Ada", "loan": 5}
CALLBACK = {"url": "http://127.0.0.1/api/v1/agent-runs/7/result", "token": "one-time-token"}


def settings(server: Server | None = None, **more: Any) -> dict[str, Any]:
    own = {"url": server.url if server else "https://example.com/x", "secret": SECRET, "output_schema": FORM}
    return {**own, "allow_private_addresses": True, **more}


def ask(server: Server, *, seconds: float = 30, callback: Any = None, facts: Any = FACTS, **more: Any) -> Outcome:
    return run(
        FOUND,
        input=facts,
        config=settings(server, **more),
        idempotency_key="run-1",
        attempt=2,
        timeout=timedelta(seconds=seconds),
        isolate=False,
        callback=callback,
    )


def told(outcome: Outcome) -> tuple[str, bool, float | None]:
    assert (outcome.status, outcome.error_kind) == ("failed", "agent")
    return outcome.error, outcome.permanent, outcome.retry_after


def ok(**body: Any) -> Answer:
    return Answer({"output": {"score": 7}, **body})


def test_the_signature_is_that_of_the_published_test_vector() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed(key, id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_the_service_gets_the_facts_and_nothing_else() -> None:
    before = datetime.now(UTC)
    with serving(ok()) as server:
        ask(server, callback=CALLBACK)
    (body,) = server.bodies
    deadline = datetime.fromisoformat(body.pop("deadline"))
    assert body == {"input": FACTS, "idempotency_key": "run-1", "attempt": 2, "callback": CALLBACK}
    assert timedelta(seconds=29) < deadline - before < timedelta(seconds=60)


def test_each_call_is_signed_over_the_bytes_that_are_sent() -> None:
    with serving(ok()) as server:
        ask(server, facts={"name": "Łukasz 😀", "note": "</script>\u2028"})
    (headers,), (raw,) = server.headers, server.raw
    content = f"run-1.{headers['webhook-timestamp']}.".encode() + raw
    signature = base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
    assert (headers["webhook-id"], headers["webhook-signature"]) == ("run-1", f"v1,{signature}")
    assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60


def test_an_answer_at_once_is_the_result() -> None:
    extras = {"confidence": 0.75, "summary": "Fine", "evidence": [{"what": "a"}], "transcript": "t", "cost": 0.5}
    with serving(ok(**extras, more="passed over")) as server:
        outcome = ask(server)
    assert (outcome.status, outcome.output, outcome.confidence) == ("succeeded", {"score": 7}, 0.75)
    assert (outcome.summary, outcome.evidence, outcome.transcript, outcome.cost) == ("Fine", ({"what": "a"},), "t", 0.5)


def test_only_the_output_is_needed() -> None:
    with serving(ok()) as server:
        outcome = ask(server)
    assert (outcome.output, outcome.confidence, outcome.summary, outcome.cost) == ({"score": 7}, None, "", 0.0)


def test_a_promise_makes_the_run_wait() -> None:
    with serving(Answer({"note": "The underwriter", "expires_in": 600}, 202)) as server:
        outcome = ask(server, callback=CALLBACK)
    assert (outcome.status, outcome.summary, outcome.expires_in) == ("pending", "The underwriter", 600.0)


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_a_promise_needs_no_words(body: bytes) -> None:
    with serving(Answer(body, 202)) as server:
        outcome = ask(server, callback=CALLBACK)
    assert (outcome.summary, outcome.expires_in) == ("The service will answer later.", 86_400.0)


def test_a_promise_without_a_callback_is_a_failure() -> None:
    with serving(Answer({}, 202)) as server:
        outcome = ask(server)
    assert server.bodies[0]["callback"] is None
    assert (outcome.error_kind, outcome.permanent) == ("output", True)


def test_an_output_of_another_form_is_a_misfit_at_once_and_later() -> None:
    with serving(Answer({"output": {"score": -1}})) as server:
        outcome = ask(server)
    text = "The output does not fit http.call: score: the value is less than the minimum of 0."
    assert (outcome.error_kind, outcome.error) == ("output", text)
    assert receive(FOUND, AgentResult(output={"score": -1}), config=settings()).error == text
    assert receive(FOUND, AgentResult(output={"score": 1}), config=settings()).output == {"score": 1}


def test_a_result_posted_later_is_not_taken_without_the_form() -> None:
    outcome = receive(FOUND, AgentResult(output={"score": 1}))
    assert (outcome.status, outcome.error_kind) == ("failed", "config")


def test_the_form_is_frozen_with_the_step() -> None:
    assert frozen_step(AgentStep("a", "http.call", config=settings()), FOUND).output_schema == FORM
    with pytest.raises(Refused, match="output_schema is missing: say which form the answer has"):
        frozen_step(AgentStep("a", "http.call"), FOUND)


OTHER_FORMS = [
    # the body of a 200, what is told
    (b"", "the whole: Invalid JSON"),
    (b"<html>", "the whole: Invalid JSON"),
    (b'{"output": ', "the whole: Invalid JSON"),
    (b"[" * 200_000, "the whole: Invalid JSON"),
    (b"\xff", "the whole: Invalid JSON"),
    ([], "the whole: Input should be an object"),
    ({}, "output: Field required"),
    ({"output": None}, "output: Input should be an object"),
    ({"output": [1]}, "output: Input should be an object"),
    ({"output": {}, "confidence": 1.1}, "confidence: Input should be less than or equal to 1"),
    (b'{"output": {}, "confidence": NaN}', "confidence: Input should be a finite number"),
    ({"output": {}, "confidence": "0.9"}, "confidence: Input should be a valid number"),
    ({"output": {}, "cost": -1}, "cost: Input should be greater than or equal to 0"),
    ({"output": {}, "evidence": {"a": 1}}, "evidence: Input should be a valid array"),
    ({"output": {}, "summary": 5}, "summary: Input should be a valid string"),
]


@pytest.mark.parametrize(("body", "text"), OTHER_FORMS, ids=[text for _, text in OTHER_FORMS])
def test_an_answer_of_another_form_is_told_by_its_place(body: Any, text: str) -> None:
    with serving(Answer(body)) as server:
        error, permanent, _ = told(ask(server))
    assert error.startswith(f"The service's answer 200 has another form than agreed: {text}")
    assert permanent is False


PROMISES = [({"expires_in": 0}, "expires_in"), ({"expires_in": 1e9}, "expires_in"), ({"note": "x" * 1001}, "note")]


@pytest.mark.parametrize(("body", "place"), PROMISES)
def test_a_promise_of_another_form_is_refused(body: Any, place: str) -> None:
    with serving(Answer(body, 202)) as server:
        assert f"202 has another form than agreed: {place}: " in told(ask(server, callback=CALLBACK))[0]


FAULTS = [
    # the answer, what the reader is told, permanent, when to try again
    (Answer({"title": "No income", "detail": "It needs one."}, 422), "422: No income: It needs one.", True, None),
    (Answer({"error": "gone"}, 410), "410: gone.", True, None),
    (Answer(b"<html>no</html>", 404, content_type="text/html"), "404.", True, None),
    (Answer({"title": 5}, 400), "400.", True, None),
    (Answer([], 401), "401.", True, None),
    (Answer({"title": "Busy"}, 429, {"Retry-After": "30"}), "429: Busy.", False, 30.0),
    (Answer(b"", 503, {"Retry-After": "x"}), "503.", False, None),
    (Answer(b"", 500, {"Retry-After": "nan"}), "500.", False, None),
    (Answer(b"", 500, {"Retry-After": "-5"}), "500.", False, 0.0),
    (Answer(b"", 408), "408.", False, None),
    (Answer(b"", 204), "204. Only 200 and 202 are understood.", True, None),
]


@pytest.mark.parametrize(("answer", "text", "permanent", "after"), FAULTS, ids=[text for _, text, _, _ in FAULTS])
def test_a_fault_is_permanent_or_tried_again_as_its_status_says(
    answer: Answer, text: str, permanent: bool, after: float | None
) -> None:
    with serving(answer) as server:
        assert told(ask(server)) == (f"The service answered {text}", permanent, after)
    assert len(server.bodies) == 1


def test_a_pause_may_be_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=30), usegmt=True)
    with serving(Answer(b"", 503, {"Retry-After": later})) as server:
        after = told(ask(server))[2]
    assert after is not None
    assert 1_700 < after <= 1_800


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with serving(ok()) as other, serving(Answer(b"", status, {"Location": other.url})) as server:
        text, permanent, _ = told(ask(server))
    assert text == f"The service answered {status}: it is elsewhere. No redirect is followed. Correct url."
    assert (permanent, other.paths) == (True, [])


def test_a_very_long_answer_is_not_taken_in() -> None:
    with serving(ok(transcript="x" * line.ANSWER_BYTES)) as server:
        assert told(ask(server)) == ("The service answered with more than 1,048,576 bytes.", True, None)


def test_a_packed_answer_is_not_unpacked() -> None:
    packed = gzip.compress(json.dumps({"output": {"score": 1}}).encode())
    with serving(Answer(packed, headers={"Content-Encoding": "gzip"})) as server:
        outcome = ask(server)
    assert told(outcome) == ("The service packed its answer, though it was asked not to.", True, None)
    assert server.headers[0]["accept-encoding"] == "identity"


@pytest.mark.parametrize("answer", [Answer(hang=True), Answer(b"{", drip=True)], ids=["hangs", "drips"])
def test_a_service_that_does_not_end_costs_no_more_than_the_timeout(answer: Answer) -> None:
    with serving(answer) as server:
        assert told(ask(server, timeout=0.5)) == ("The service gave no whole answer within 0.5 seconds.", False, None)


def test_the_deadline_comes_before_the_timeout() -> None:
    with serving(Answer(hang=True)) as server:
        outcome = ask(server, seconds=1.0, timeout=60)
    assert told(outcome)[0].startswith("The service gave no whole answer within 0.")
    with serving(ok()) as server:
        assert told(ask(server, seconds=0.3))[0].startswith("No time was left")
    assert server.bodies == []


def nobody() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/"


def test_a_service_that_is_not_there_may_be_there_later() -> None:
    text, permanent, _ = told(ask(Server(nobody(), [])))
    assert (text.startswith("The service cannot be reached (ConnectError: "), permanent) == (True, False)


def test_too_many_facts_are_not_sent() -> None:
    with serving(ok()) as server:
        text, permanent, _ = told(ask(server, facts={"all": "x" * 2**20}))
    assert text.startswith("The facts take 1,048,")
    assert (permanent, server.bodies) == (True, [])


def test_further_headers_and_the_access_token_are_sent() -> None:
    with serving(ok()) as server:
        ask(server, headers={"X-Tenant": "bank 7"}, bearer="token-of-ours")
    (headers,) = server.headers
    assert (headers["x-tenant"], headers["authorization"]) == ("bank 7", "Bearer token-of-ours")
    assert headers["host"] == server.url.split("/")[2]


def test_no_secret_is_in_any_word_of_a_failure() -> None:
    said = {"title": f"You sent token-of-ours, your secret is {SECRET}"}
    with serving(Answer(said, 403)) as server:
        outcome = ask(server, bearer="token-of-ours")
    assert outcome.error == "The service answered 403: You sent [secret], your secret is [secret]."
    config = CallAgent.Config.model_validate(settings(bearer="token-of-ours"))
    assert [secret for secret in (SECRET, "token-of-ours") if secret in repr(config)] == []


@pytest.mark.parametrize("isolate", [pytest.param(True, marks=pytest.mark.slow)])
def test_it_works_in_a_process_of_its_own_with_its_limits(isolate: bool) -> None:
    with serving(ok()) as server:
        outcome = run(
            FOUND, input=FACTS, config=settings(server), idempotency_key="k", attempt=1,
            timeout=timedelta(seconds=60), isolate=isolate,
        )  # fmt: skip
    assert (outcome.status, outcome.output) == ("succeeded", {"score": 7})


HEALTH = [
    (Answer(b"", 204), True, ""),
    (Answer(b"", 503), False, "The service's health address answered 503. Have a look at the service."),
    (Answer(b"", 302, {"Location": "/x"}), False, "The service's health address answered 302. Have a look at"),
]


@pytest.mark.parametrize(("answer", "ok", "message"), HEALTH)
def test_check_asks_the_health_address_and_nothing_else(answer: Answer, ok: bool, message: str) -> None:
    with serving(answer) as server:
        health = check(FOUND, config=settings(server, health_url=f"{server.url}/health"))
    assert (health.ok, health.message[: len(message)]) == (ok, message)
    assert server.paths == ["GET /v1/health"]


def test_check_without_a_health_address_asks_nobody() -> None:
    health = check(FOUND, config=settings())
    assert (health.ok, health.message) == (True, "No health_url is set, so the service was not asked.")
    assert "cannot be reached" in check(FOUND, config=settings(health_url=nobody())).message


WRONG = [
    # a setting, what is told
    ({"url": "ftp://x/y"}, "url: String should match pattern"),
    ({"url": "file:///etc/passwd"}, "url: String should match pattern"),
    ({"url": "https://user:word@example.com/"}, "url: String should match pattern"),
    ({"url": "https://example.com\\@evil.example/"}, "url: String should match pattern"),
    ({"url": "https://example.com/#part"}, "url: String should match pattern"),
    ({"url": "https://example.com:99999/"}, "url: Value error, is no address"),
    ({"url": "https://exa\u202emple.com:0/"}, "url: Value error, is no address"),
    ({"url": "https://[::1/"}, "url: Value error, is no address"),
    ({"secret": "hunter2"}, "secret: Value error, is no secret for signing. Make one"),
    ({"secret": "whsec_" + base64.b64encode(b"x" * 23).decode()}, "secret: Value error, is no secret"),
    ({"secret": "whsec_" + base64.b64encode(b"x" * 65).decode()}, "secret: Value error, is no secret"),
    ({"headers": {"Webhook-Id": "1"}}, "headers: Value error, Webhook-Id is set by the call itself"),
    ({"headers": {"Host": "x"}}, "headers: Value error, Host is set by the call itself"),
    ({"headers": {"authorization": "x"}}, "headers: Value error, Authorization belongs into “bearer”"),
    ({"headers": {"X-A": "1\r\nX-B: 2"}}, "headers.X-A: String should match pattern"),
    ({"headers": {"X A": "1"}}, "headers.X A.[key]: String should match pattern"),
    ({"bearer": "a\nb"}, "bearer: Value error, holds a character that no token has"),
    ({"output_schema": {"type": "array"}}, "output_schema: Value error, needs the type"),
    ({"output_schema": {"type": "object", "required": 1}}, "output_schema: Value error, is not JSON Schema"),
    ({"timeout": 0}, "timeout: Input should be greater than 0"),
]


@pytest.mark.parametrize(("setting", "text"), WRONG, ids=[text for _, text in WRONG])
def test_a_wrong_setting_is_named_with_its_fault(setting: dict[str, Any], text: str) -> None:
    health = check(FOUND, config=settings(**setting))
    assert health.ok is False
    assert text in health.message
