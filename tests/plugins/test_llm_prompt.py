"""The language-model agent against an endpoint on this machine: answers, forms, repair, confidence, cost."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from orchestration.agents.found import found_from
from orchestration.agents.outcome import Outcome
from orchestration.agents.runner import run
from plugins.llm.prompt import PromptAgent

from .chat_endpoint import Endpoint, completion, fault, serving

FOUND = found_from(
    PromptAgent, name="llm.prompt", entry_point="plugins.llm.prompt:PromptAgent", distribution="d",
    distribution_version="1",
)  # fmt: skip
FORM = {
    "type": "object",
    "properties": {
        "category": {"enum": ["billing", "delivery", "other"]},
        "urgent": {"type": "boolean"},
        "order": {"type": "string", "maxLength": 12},
    },
    "required": ["category", "urgent"],
}
GOOD = {"category": "billing", "urgent": True, "answer_confidence": 0.8}
FACTS = {"message": "My bill is wrong!"}


def ask(endpoint: Endpoint, facts: dict[str, Any] = FACTS, *, seconds: float = 30, **config: Any) -> Outcome:
    asked = {"base_url": endpoint.url, "model": "small", "prompt": "Sort this: {{ message }}", "output_schema": FORM}
    return run(
        FOUND,
        input=facts,
        config={**asked, **config},
        idempotency_key="run-1",
        attempt=1,
        timeout=timedelta(seconds=seconds),
        isolate=False,
    )


def evidence(outcome: Outcome) -> dict[str, Any]:
    return {entry["what"]: entry["value"] for entry in outcome.evidence}


def test_the_answer_becomes_the_output_and_the_models_own_confidence_is_taken_out() -> None:
    with serving(completion(GOOD)) as endpoint:
        outcome = ask(endpoint, price_in=2.0, price_out=10.0)
    assert (outcome.status, outcome.output, outcome.confidence) == (
        "succeeded",
        {"category": "billing", "urgent": True},
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
        assert ask(endpoint).output == {"category": "billing", "urgent": True}


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
    assert (outcome.output, evidence(outcome)["form asked for by"]) == ({"category": "billing", "urgent": True}, mode)
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


TAKEN = {
    # what the model wrote, all of it the same answer
    "plain": json.dumps(GOOD),
    "in a code fence": f"```json\n{json.dumps(GOOD)}\n```",
    "in a fence without a name": f"```\n{json.dumps(GOOD, indent=2)}\n```",
    "after its thoughts": f'<think>Is {{"category": "other"}} right?</think>\n\n{json.dumps(GOOD)}',
    "with white space and a mark": f"\n \ufeff{json.dumps(GOOD)} \n",
}


@pytest.mark.parametrize("text", TAKEN.values(), ids=TAKEN)
def test_the_same_answer_in_other_clothes_is_taken_at_once(text: str) -> None:
    with serving(completion(text)) as endpoint:
        outcome = ask(endpoint)
    assert (outcome.output, len(endpoint.bodies)) == ({"category": "billing", "urgent": True}, 1)


UNUSABLE = [
    # the answer, the kind, what the model is told, whether another attempt can help
    (completion("It is about billing."), "not JSON", "the answer is prose, not one JSON object", True),
    (completion(f"Here you are: {json.dumps(GOOD)}"), "not JSON", "the answer is prose", True),
    (completion("Das ist eine Rechnung, 急ぎ."), "not JSON", "the answer is prose", True),
    (completion('{"category": "bill'), "broken JSON", "the answer is broken JSON: Unterminated string", True),
    (completion("{'category': 'billing'}"), "broken JSON", "Expecting property name", True),
    (completion('{"category": NaN}'), "broken JSON", "NaN is not JSON", True),
    (completion("[" * 100_000), "not JSON", "nested too deeply", True),
    (completion("[1]"), "not JSON", "a JSON list, not an object", True),
    (completion(""), "empty", "the answer was empty", True),
    (completion(None), "empty", "the answer was empty", True),
    (completion('{"categ', finish="length"), "cut off", "cut off at max_tokens", False),
    (completion(None, refusal="I can't help with that."), "refusal", "the model refused: I can't help", False),
    (completion("", finish="content_filter"), "filtered", "content filter held the answer back", False),
    (completion({**GOOD, "category": "tax"}), "other form", 'category: the value is not one of "billing"', True),
    (completion({**GOOD, "note": "x"}), "other form", "('note' was unexpected)", True),
    (completion({"urgent": True, "answer_confidence": 1}), "other form", '"category" is a required property', True),
    (completion({"category": "other", "urgent": True}), "other form", '"answer_confidence" is a required', True),
    (completion({**GOOD, "answer_confidence": 80}), "other form", "answer_confidence: the value is greater", True),
    (
        completion('{"category": "other", "urgent": true, "answer_confidence": 1e999}'),
        "other form",
        "the value is not of",
        True,
    ),
    (completion({**GOOD, "answer_confidence": "high"}), "other form", "answer_confidence: the value is not of", True),
    (completion({**GOOD, "order": "x" * 13}), "other form", "order: the value is longer than 12", True),
]
NAMES = [f"{kind}: {told}" for _, kind, told, _ in UNUSABLE]


@pytest.mark.parametrize(("bad", "kind", "told", "again"), UNUSABLE, ids=NAMES)
def test_an_unusable_answer_is_mended_once(bad: Any, kind: str, told: str, again: bool) -> None:
    with serving(bad, completion(GOOD)) as endpoint:
        outcome = ask(endpoint)
    assert outcome.output == {"category": "billing", "urgent": True}
    assert evidence(outcome)["answers needed"] == 2
    assert (evidence(outcome)["tokens in"], evidence(outcome)["tokens out"]) == (24, 10)
    asked = endpoint.bodies[1]["messages"]
    assert [one["role"] for one in asked] == ["system", "user", "assistant", "user"]
    assert told in asked[3]["content"]
    assert told in outcome.transcript


@pytest.mark.parametrize(("bad", "kind", "told", "again"), UNUSABLE, ids=NAMES)
def test_an_answer_that_stays_unusable_is_a_failure_that_tells_its_kind(
    bad: Any, kind: str, told: str, again: bool
) -> None:
    with serving(bad) as endpoint:
        outcome = ask(endpoint)
    assert (outcome.error_kind, outcome.permanent, len(endpoint.bodies)) == ("agent", not again, 2)
    assert outcome.error.startswith(f"No usable answer from small, asked twice ({kind}): ")
    assert told in outcome.error
    assert len(outcome.error) < 1_000


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
    assert outcome.output == {"category": "billing", "urgent": True}
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


@pytest.mark.parametrize("isolate", [pytest.param(True, marks=pytest.mark.slow)])
def test_it_works_in_a_process_of_its_own_with_its_limits(isolate: bool) -> None:
    with serving(completion(GOOD)) as endpoint:
        outcome = run(
            FOUND,
            input=FACTS,
            config={"base_url": endpoint.url, "model": "small", "prompt": "{{ message }}", "output_schema": FORM},
            idempotency_key="run-1",
            attempt=1,
            timeout=timedelta(seconds=60),
            isolate=isolate,
        )
    assert (outcome.status, outcome.output) == ("succeeded", {"category": "billing", "urgent": True})


def test_the_same_run_is_asked_in_the_same_words_on_every_attempt() -> None:
    asked: Callable[..., Any] = lambda body: completion(GOOD)  # noqa: E731
    with serving(asked) as endpoint:
        ask(endpoint)
        ask(endpoint)
    assert endpoint.bodies[0] == endpoint.bodies[1]
