"""What the language-model agent makes of a model's words: taken, mended once, or a failure that tells its kind."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .asking import GOOD, OUTPUT, evidence
from .asking import ask_model as ask
from .chat_endpoint import completion, serving

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
    assert (outcome.output, len(endpoint.bodies)) == (OUTPUT, 1)


UNUSABLE = [
    # the answer, the kind, what the model is told, whether another attempt can help
    (completion("It is about billing."), "not JSON", "the answer is prose, not one JSON object", True),
    (completion(f"Here you are: {json.dumps(GOOD)}"), "not JSON", "the answer is prose", True),
    (completion("Das ist eine Rechnung, 急ぎ."), "not JSON", "the answer is prose", True),
    (completion('{"category": "bill'), "broken JSON", "the answer is broken JSON: Unterminated string", True),
    (completion("{'category': 'billing'}"), "broken JSON", "Expecting property name", True),
    (completion('{"category": NaN}'), "broken JSON", "NaN is not JSON", True),
    (completion("[" * 25_000), "not JSON", "nested too deeply", True),
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
    assert outcome.output == OUTPUT
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
        outcome = ask(endpoint, price_in=2.0, price_out=10.0)
    assert outcome.cost == pytest.approx(2 * (12 * 2 + 5 * 10) / 1e6)
    assert (outcome.error_kind, outcome.permanent, len(endpoint.bodies)) == ("agent", not again, 2)
    assert outcome.error.startswith(f"No usable answer from small, asked twice ({kind}): ")
    assert told in outcome.error
    said = bad.body["choices"][0]["message"]
    transcript, _, used = outcome.transcript.rpartition("\n\n[used]\n")
    assert used == "2 answers, 24 tokens in, 10 tokens out, cost 0.000148"
    turns = transcript.split("\n\n[assistant]\n")
    assert [turns[1].partition("\n\n[user]\n")[0], turns[2]] == 2 * [said["content"] or said.get("refusal") or ""]
    assert len(outcome.error) < 1_000
