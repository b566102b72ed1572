"""The language-model agent against an endpoint on this machine: the call, the form, confidence and cost."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from .asking import GOOD, OUTPUT, evidence
from .asking import ask_model as ask
from .chat_endpoint import completion, fault, serving


def test_the_answer_becomes_the_output_and_the_models_own_confidence_is_taken_out() -> None:
    with serving(completion(GOOD)) as endpoint:
        outcome = ask(endpoint, price_in=2.0, price_out=10.0)
    assert (outcome.status, outcome.output, outcome.confidence) == (
        "succeeded",
        OUTPUT,
        0.8,
    )
    assert outcome.summary == "small answered category: billing; urgent: True."
    assert evidence(outcome) == {
        "model": "small-1",
        "form asked for by": "json_schema",
        "tokens in": 12,
        "tokens out": 5,
        "cost": pytest.approx(74e-6),
        "answers needed": 1,
    }
    assert outcome.cost == pytest.approx((12 * 2 + 5 * 10) / 1_000_000)


def test_the_call_is_what_the_configuration_says() -> None:
    with serving(completion(GOOD)) as endpoint:
        ask(endpoint, api_key="sk-very-secret", system="You sort mail.", seed=7, temperature=0.5, max_tokens=90)
    (body,), (headers,) = endpoint.bodies, endpoint.headers
    assert {name: body[name] for name in ("model", "seed", "temperature", "max_tokens")} == {
        "model": "small",
        "seed": 7,
        "temperature": 0.5,
        "max_tokens": 90,
    }
    assert headers["authorization"] == "Bearer sk-very-secret"
    assert headers["idempotency-key"] == "run-1-1-1-json_schema"
    assert body["messages"][0]["content"].startswith("You sort mail.\n\nWhat stands between <fact-")
    form = body["response_format"]["json_schema"]
    assert form["strict"] is True
    assert form["schema"]["required"] == ["category", "urgent", "order", "answer_confidence"]
    assert form["schema"]["properties"]["order"] == {"type": ["string", "null"]}
    assert form["schema"]["additionalProperties"] is False


def test_temperature_may_be_left_out() -> None:
    with serving(completion(GOOD)) as endpoint:
        ask(endpoint, temperature=None)
    assert "temperature" not in endpoint.bodies[0]


def test_a_null_that_only_strictness_asked_for_is_left_out() -> None:
    with serving(completion({**GOOD, "order": None})) as endpoint:
        assert ask(endpoint).output == OUTPUT


def test_without_a_form_the_answer_is_one_text() -> None:
    with serving(completion({"answer": "Forty-two.", "answer_confidence": 0.5})) as endpoint:
        assert ask(endpoint, output_schema=None).output == {"answer": "Forty-two."}


def tool_call(document: Any) -> Any:
    call = {"id": "t", "type": "function", "function": {"name": "answer", "arguments": json.dumps(document)}}
    return completion(None, finish="tool_calls", tool_calls=[call])


WAYS = [
    # what the endpoint takes, how the form was asked for in the end, calls made
    ("response_format.json_schema", "json_schema", 1),
    ("tools", "tool", 2),
    ("response_format.json_object", "json_object", 3),
    ("nothing", "text", 4),
]


@pytest.mark.parametrize(("taken", "mode", "calls"), WAYS, ids=[mode for _, mode, _ in WAYS])
def test_the_form_is_asked_for_in_the_first_way_the_endpoint_takes(taken: str, mode: str, calls: int) -> None:
    def answer(body: dict[str, Any]) -> Any:
        given = f"response_format.{body['response_format']['type']}" if "response_format" in body else "nothing"
        given = "tools" if "tools" in body else given
        if given != taken:
            return fault(400, f"{given} is not supported by this model")
        return tool_call(GOOD) if given == "tools" else completion(GOOD)

    with serving(answer) as endpoint:
        outcome = ask(endpoint)
    assert (outcome.output, evidence(outcome)["form asked for by"]) == (OUTPUT, mode)
    assert len(endpoint.bodies) == calls


def test_an_endpoint_that_takes_no_way_at_all_is_a_permanent_failure_with_its_first_words() -> None:
    with serving(fault(400, "temperature 0.3 is not allowed"), fault(400, "other")) as endpoint:
        outcome = ask(endpoint)
    assert (outcome.permanent, outcome.error) == (
        True,
        "The endpoint answered 400: temperature 0.3 is not allowed. No way of asking for the form was taken.",
    )


def test_a_question_too_long_for_the_model_is_not_asked_in_other_ways() -> None:
    with serving(fault(400, "8193 tokens are too many", "context_length_exceeded")) as endpoint:
        outcome = ask(endpoint)
    assert (outcome.permanent, len(endpoint.bodies)) == (True, 1)


def test_an_endpoint_that_wants_the_newer_name_of_max_tokens_gets_it() -> None:
    def answer(body: dict[str, Any]) -> Any:
        if "max_tokens" in body:
            return fault(400, "Unsupported parameter: use 'max_completion_tokens' instead.")
        return completion({**GOOD, "order": str(body["max_completion_tokens"])})

    with serving(answer) as endpoint:
        assert ask(endpoint, max_tokens=77).output["order"] == "77"  # type: ignore[index]


def tokens(*pairs: tuple[str, float]) -> dict[str, Any]:
    return {"content": [{"token": text, "logprob": one, "bytes": list(text.encode())} for text, one in pairs]}


def test_confidence_is_the_geometric_mean_of_the_probabilities_of_values() -> None:
    parts = [
        ('{"', -9.0),
        ("category", -9.0),
        ('":', -9.0),
        (' "', math.log(0.9)),
        ("bill", math.log(0.4)),
        ("ing", math.log(0.9)),
        ('"', math.log(0.9)),
        (', "urgent": ', -9.0),
        ("true", math.log(0.5)),
        ("}", -9.0),
    ]
    text = "".join(part for part, _ in parts)
    with serving(completion(text, logprobs=tokens(*parts))) as endpoint:
        outcome = ask(endpoint, confidence="logprobs")
    assert endpoint.bodies[0]["logprobs"] is True
    assert outcome.output == OUTPUT
    assert outcome.confidence == pytest.approx((0.9**3 * 0.4 * 0.5) ** (1 / 5))


WITHOUT = {"category": "other", "urgent": False}


@pytest.mark.parametrize("logprobs", [None, {"content": None}, {"content": []}, "x", {"content": [1, None]}])
def test_without_token_probabilities_there_is_no_confidence(logprobs: Any) -> None:
    with serving(completion(WITHOUT, logprobs=logprobs)) as endpoint:
        outcome = ask(endpoint, confidence="logprobs")
    assert (outcome.output, outcome.confidence) == (WITHOUT, None)


def test_confidence_may_be_done_without() -> None:
    with serving(completion(WITHOUT)) as endpoint:
        outcome = ask(endpoint, confidence="none")
    assert (outcome.output, outcome.confidence) == (WITHOUT, None)
    assert "answer_confidence" not in endpoint.sent


def test_a_count_of_tokens_that_is_not_told_is_not_made_up() -> None:
    with serving(completion(GOOD, usage=None)) as endpoint:
        outcome = ask(endpoint, price_in=5.0)
    assert (outcome.cost, evidence(outcome)["tokens in"]) == (0.0, "not told by the endpoint")


@pytest.mark.parametrize("usage", [(-5, 3), ("many", 3), (True, 3), (10**30, 3), (2.5, 3)])
def test_a_mad_count_of_tokens_costs_nothing(usage: Any) -> None:
    with serving(completion(GOOD, usage=usage)) as endpoint:
        assert ask(endpoint, price_in=1e6, price_out=1.0).cost == pytest.approx(3e-6)


@pytest.mark.slow
def test_it_works_in_a_process_of_its_own_with_its_limits() -> None:
    with serving(completion(GOOD)) as endpoint:
        outcome = ask(endpoint, seconds=60, isolate=True)
    assert (outcome.status, outcome.output) == ("succeeded", OUTPUT)


def test_the_same_run_is_asked_in_the_same_words_on_every_attempt() -> None:
    asked: Callable[..., Any] = lambda body: completion(GOOD)  # noqa: E731
    with serving(asked) as endpoint:
        ask(endpoint)
        ask(endpoint)
    assert endpoint.bodies[0] == endpoint.bodies[1]
