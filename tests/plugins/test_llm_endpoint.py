"""What the language-model agent makes of an endpoint that is busy, broken, slow, endless, or something else."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from orchestration.agents.runner import check
from plugins.llm import endpoint as endpoint_module
from plugins.llm.config import Config

from .asking import GOOD, MODEL, OUTPUT, told
from .asking import ask_model as ask
from .chat_endpoint import completion, fault, serving
from .local_server import Answer, Server, nobody


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_a_fault_that_may_pass_is_tried_again_within_the_attempt(status: int) -> None:
    with serving(fault(status, Retry_After="0"), completion(GOOD)) as endpoint:
        outcome = ask(endpoint)
    assert (outcome.output, len(endpoint.bodies)) == (OUTPUT, 2)
    first, second = endpoint.headers
    assert first["idempotency-key"] == second["idempotency-key"]


def test_without_a_word_on_when_the_pause_is_short() -> None:
    with serving(fault(500), completion(GOOD)) as endpoint:
        assert ask(endpoint).output == OUTPUT


def test_a_long_pause_is_left_to_the_queue() -> None:
    with serving(fault(429, "slow down", Retry_After="120"), completion(GOOD)) as endpoint:
        outcome = ask(endpoint)
    assert told(outcome) == ("The endpoint answered 429: slow down.", False, 120.0)
    assert len(endpoint.bodies) == 1


def test_a_pause_may_be_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=30), usegmt=True)
    with serving(fault(503, Retry_After=later)) as endpoint:
        seconds = told(ask(endpoint))[2]
    assert seconds is not None
    assert 1_700 < seconds <= 1_800


@pytest.mark.parametrize("pause", ["soon", "nan", "inf", ""])
def test_a_pause_that_is_none_is_not_heeded(pause: str) -> None:
    with serving(fault(503, Retry_After=pause)) as endpoint:
        assert told(ask(endpoint, retries=0)) == ("The endpoint answered 503: no.", False, None)


def test_a_fault_that_stays_fails_after_the_retries() -> None:
    with serving(fault(500, "out of order", Retry_After="0")) as endpoint:
        outcome = ask(endpoint, retries=2)
    assert (told(outcome), len(endpoint.bodies)) == (("The endpoint answered 500: out of order.", False, 0.0), 3)


def test_an_answer_that_was_paid_for_costs_also_when_the_next_question_fails() -> None:
    with serving(completion("prose"), fault(401)) as endpoint:
        outcome = ask(endpoint, price_in=2.0, price_out=10.0)
    assert told(outcome)[0] == "The endpoint answered 401: no. Look at api_key."
    assert outcome.cost == pytest.approx((12 * 2 + 5 * 10) / 1e6)


@pytest.mark.parametrize("choices", [[], [{"index": 0, "finish_reason": "stop"}], None])
def test_an_answer_that_says_nothing_but_was_counted_costs(choices: Any) -> None:
    usage = {"prompt_tokens": 12, "completion_tokens": 5}
    with serving(Answer({"choices": choices, "usage": usage})) as endpoint:
        outcome = ask(endpoint, price_in=2.0, price_out=10.0)
    assert told(outcome)[0] == "No usable answer from small, asked twice (empty): the answer was empty."
    assert outcome.cost == pytest.approx(2 * (12 * 2 + 5 * 10) / 1e6)


FINAL = [
    # status, words of the endpoint, what the reader is told
    (401, "bad key", "The endpoint answered 401: bad key. Look at api_key."),
    (403, "", "The endpoint answered 403. Look at the rights of the API key."),
    (404, "no model", "The endpoint answered 404: no model. Look at base_url (it usually ends in /v1) and model."),
    (413, "too big", "The endpoint answered 413: too big. Give the step less, or choose a model that takes more."),
]


@pytest.mark.parametrize(("status", "words", "text"), FINAL, ids=[str(status) for status, _, _ in FINAL])
def test_a_fault_that_stays_for_ever_is_permanent_and_asked_once(status: int, words: str, text: str) -> None:
    with serving(fault(status, words)) as endpoint:
        outcome = ask(endpoint)
    assert (told(outcome), len(endpoint.bodies)) == ((text, True, None), 1)
    assert ['"My bill is wrong!"' in outcome.transcript, "[assistant]" in outcome.transcript] == [True, False]


def test_a_redirect_is_not_followed() -> None:
    with serving(completion(GOOD)) as other, serving(Answer(status=307, headers={"Location": other.url})) as endpoint:
        outcome = ask(endpoint, api_key="sk-very-secret")
    assert told(outcome) == ("The endpoint answered 307: it is elsewhere. Correct base_url.", True, None)
    assert other.bodies == []


def test_an_endpoint_that_hangs_costs_no_more_than_the_timeout() -> None:
    with serving(Answer(hang=True)) as endpoint:
        outcome = ask(endpoint, timeout=0.6, retries=0)
    assert told(outcome) == ("The endpoint gave no whole answer within 0.6 seconds.", False, None)


def test_an_answer_that_drips_for_ever_is_cut_at_the_timeout() -> None:
    with serving(Answer(b"{", drip=True)) as endpoint:
        outcome = ask(endpoint, timeout=0.6, retries=0)
    assert told(outcome) == ("The endpoint gave no whole answer within 0.6 seconds.", False, None)


def test_an_answer_that_is_cut_off_on_its_way_is_asked_for_again() -> None:
    cut = Answer(json.dumps(completion(GOOD).body).encode(), cut=True)
    with serving(cut, completion(GOOD)) as endpoint:
        assert ask(endpoint).output == OUTPUT
    with serving(cut) as endpoint:
        text, permanent, _ = told(ask(endpoint, retries=0))
    assert (text.startswith("The endpoint cannot be reached (RemoteProtocolError: peer closed"), permanent) == (
        True,
        False,
    )


def test_the_deadline_of_the_attempt_comes_before_the_timeout() -> None:
    with serving(Answer(hang=True)) as endpoint:
        outcome = ask(endpoint, seconds=1.2, timeout=60, retries=0)
    assert outcome.error.startswith("The endpoint gave no whole answer within 0.")


def test_without_time_left_nothing_is_asked() -> None:
    with serving(completion(GOOD)) as endpoint:
        outcome = ask(endpoint, seconds=0.2)
    assert told(outcome)[0] == "No time was left to ask the model. Give the step a longer timeout."
    assert endpoint.bodies == []


def test_a_very_long_answer_is_not_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_module, "ANSWER_BYTES", 50_000)
    with serving(completion("x" * 60_000)) as endpoint:
        outcome = ask(endpoint)
    text = "The endpoint's answer is longer than 50,000 bytes. Lower max_tokens, or look at base_url."
    assert (told(outcome), len(endpoint.bodies)) == ((text, False, None), 1)


def test_a_packed_answer_is_not_unpacked() -> None:
    bomb = Answer(gzip.compress(b" " * 10_000_000), headers={"Content-Encoding": "gzip"})
    with serving(bomb) as endpoint:
        outcome = ask(endpoint)
    assert "is packed, though it was asked for unpacked" in told(outcome)[0]
    assert endpoint.headers[0]["accept-encoding"] == "identity"


NO_COMPLETION = [
    # an answer that is none, with the type it says it has
    Answer(b"<html>Welcome</html>", content_type="text/html"),
    Answer(b"<html>", content_type="application/json"),
    Answer({"choices": []}),
    Answer({"choices": [{"message": None}]}),
    Answer({"choices": {"a": 1}}),
    Answer({"object": "list"}),
    Answer([1, 2]),
    Answer(b""),
    Answer(b"\xff\xfe\x00"),
    Answer(b"[" * 100_000),
    Answer(b'data: {"choices": [{"delta": {"content": "{"}}]}\n\ndata: {"cho', content_type="text/event-stream"),
]


@pytest.mark.parametrize("answer", NO_COMPLETION, ids=[repr(one.body)[:30] for one in NO_COMPLETION])
def test_what_is_no_chat_completion_is_told_with_its_type(answer: Answer) -> None:
    with serving(answer) as endpoint:
        text, permanent, _ = told(ask(endpoint))
    assert text == (
        f"The endpoint's answer is no chat completion ({answer.content_type}). "
        "Look at base_url: it usually ends in /v1."
    )
    assert permanent is False


def test_a_completion_of_the_wrong_content_type_is_taken_all_the_same() -> None:
    with serving(Answer(completion(GOOD).body, content_type="text/plain")) as endpoint:
        assert ask(endpoint).output == OUTPUT


def test_an_endpoint_that_is_not_there_is_tried_again_later() -> None:
    text, permanent, _ = told(ask(Server(nobody(), []), retries=0))
    assert text.startswith("The endpoint cannot be reached (ConnectError: ")
    assert permanent is False


def test_the_key_is_in_no_word_of_a_failure() -> None:
    with serving(fault(401, "Incorrect API key provided: sk-very-secret.")) as endpoint:
        outcome = ask(endpoint, api_key="sk-very-secret")
    assert outcome.error == "The endpoint answered 401: Incorrect API key provided: [secret]. Look at api_key."
    assert "sk-very-secret" not in repr(Config(base_url=endpoint.url, model="m", prompt="p", api_key="sk-very-secret"))


@pytest.fixture
def without_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)


@pytest.mark.usefixtures("without_openai")
def test_without_the_library_the_failure_names_the_cure() -> None:
    cure = "The library openai is not installed here. Install it: pip install django-conductor[llm]"
    assert told(ask(Server(nobody(), []))) == (cure, True, None)
    config = {"base_url": nobody(), "model": "small", "prompt": "p"}
    assert check(MODEL, config=config).message == cure


@pytest.mark.slow
def test_without_the_library_it_is_listed_all_the_same() -> None:
    script = (
        "import sys; sys.modules['openai'] = None\n"
        "from orchestration.agents.registry import registry\n"
        "print('llm.prompt' in registry().agents, [one.name for one in registry().failures])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "True []\n"


def offered(*names: str) -> Answer:
    return Answer({"object": "list", "data": [{"id": name, "object": "model"} for name in names]})


HEALTH = [
    # what the endpoint answers to the list of models, ok, the message
    (offered("large", "small"), True, ""),
    (offered("small:latest"), True, ""),
    (offered("large", "huge"), False, "The endpoint does not offer “small”. Set model to one it has, such as large, "),
    (offered(), True, "The endpoint answers. It lists no models, so the model's name was not checked."),
    (fault(404), True, "The endpoint answers. It lists no models"),
    (Answer(b"<html>"), True, "The endpoint answers. It lists no models"),
    (fault(401, "who?"), False, "The endpoint answered 401: who?. Look at api_key."),
    (fault(503), False, "The endpoint answered 503: no."),
    (fault(400), False, "The endpoint answered 400: no."),
]


@pytest.mark.parametrize(("answer", "ok", "message"), HEALTH)
def test_check_asks_which_models_there_are(answer: Any, ok: bool, message: str) -> None:
    with serving(answer) as endpoint:
        health = check(MODEL, config={"base_url": endpoint.url, "model": "small", "prompt": "p"})
    assert (health.ok, health.message[: len(message)]) == (ok, message)
    assert endpoint.bodies == []  # nothing was asked of a model


def test_check_tells_when_nobody_is_there() -> None:
    health = check(MODEL, config={"base_url": nobody(), "model": "small", "prompt": "p"})
    assert (health.ok, health.message[:29]) == (False, "The endpoint cannot be reache")


def test_one_agent_serves_many_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    def answer(body: dict[str, Any]) -> Answer:
        number = body["messages"][1]["content"].split("number ")[1].split('"')[0]
        return completion({**GOOD, "order": number})

    with serving(answer) as endpoint, ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(ask, endpoint, {"message": f"number {n}"}) for n in range(12)]
        assert [one.result().output["order"] for one in asked] == [str(n) for n in range(12)]  # type: ignore[index]
