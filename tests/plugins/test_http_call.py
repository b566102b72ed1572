"""The agent that calls a service: what goes out, and what is taken in."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestration.agents.found import Refused
from orchestration.agents.frozen import frozen_step
from orchestration.agents.runner import receive
from orchestration.plugin_api import AgentResult
from orchestration.rules.language import AgentStep
from plugins.http import line
from plugins.http.call import CallAgent
from plugins.http.signature import signed

from .asking import CALLBACK, KEY, LOAN, SCORED, SECRET, SERVICE, service_config, told
from .asking import ask_service as ask
from .local_server import Answer, Server, nobody, serving


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
    assert body == {"input": LOAN, "idempotency_key": "run-1", "attempt": 2, "callback": CALLBACK}
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
    promise = {"note": "The underwriter", "expires_in": 600, "transcript": "put on the pile", "cost": 0.02}
    with serving(Answer(promise, 202)) as server:
        outcome = ask(server, callback=CALLBACK)
    assert (outcome.status, outcome.summary, outcome.expires_in) == ("pending", "The underwriter", 600.0)
    assert (outcome.transcript, outcome.cost) == ("put on the pile", 0.02)


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
    assert receive(SERVICE, AgentResult(output={"score": -1}), config=service_config()).error == text
    assert receive(SERVICE, AgentResult(output={"score": 1}), config=service_config()).output == {"score": 1}


def test_a_result_posted_later_is_not_taken_without_the_form() -> None:
    outcome = receive(SERVICE, AgentResult(output={"score": 1}))
    assert (outcome.status, outcome.error_kind) == ("failed", "config")


def test_the_form_is_frozen_with_the_step() -> None:
    assert frozen_step(AgentStep("a", "http.call", config=service_config()), SERVICE).output_schema == SCORED
    with pytest.raises(Refused, match="output_schema is missing: say which form the answer has"):
        frozen_step(AgentStep("a", "http.call"), SERVICE)


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


def test_an_answer_that_is_cut_off_on_its_way_may_come_whole_later() -> None:
    with serving(Answer({"output": {"score": 7}}, cut=True)) as server:
        text, permanent, _ = told(ask(server))
    assert text.startswith("The service cannot be reached (RemoteProtocolError: peer closed connection")
    assert permanent is False


def test_the_deadline_comes_before_the_timeout() -> None:
    with serving(Answer(hang=True)) as server:
        outcome = ask(server, seconds=1.0, timeout=60)
    assert told(outcome)[0].startswith("The service gave no whole answer within 0.")
    with serving(ok()) as server:
        assert told(ask(server, seconds=0.3))[0].startswith("No time was left")
    assert server.bodies == []


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
    config = CallAgent.Config.model_validate(service_config(bearer="token-of-ours"))
    assert [secret for secret in (SECRET, "token-of-ours") if secret in repr(config)] == []


@pytest.mark.slow
def test_it_works_in_a_process_of_its_own_with_its_limits() -> None:
    with serving(ok()) as server:
        outcome = ask(server, seconds=60, isolate=True)
    assert (outcome.status, outcome.output) == ("succeeded", {"score": 7})
