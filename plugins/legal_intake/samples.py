"""Invented calls of realistic variety, drawn reproducibly from a seed, with the outcome that is right."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from .arrivals import arrival
from .sample_call import Call, draw, talk
from .sample_turns import turn


def sample_cases(seed: int, count: int, *, first: int = 0, today: date | None = None) -> list[dict[str, Any]]:
    """`count` calls, from number `first` on, of `today` (default: the real one) or the day before, which all dates
    move with.

    Each is `{reference, payload, priority, truth, arrives}`; `truth` is the outcome a careful person would decide on,
    knowing more than the payload shows. Case number n of a seed is always the same.
    """
    day = today or date.today()
    return [sample_call(seed, number, day)[0] for number in range(first, first + count)]


def sample_call(seed: int, number: int, today: date) -> tuple[dict[str, Any], Call]:
    """One sample case, and the call it was made from."""
    rng = random.Random(f"legal_intake/{seed}/{number}")  # noqa: S311
    call = draw(rng, today - timedelta(days=rng.randrange(2)))
    turn(call)
    case = {
        "reference": f"CALL-{seed}-{number + 1:05d}",
        "payload": payload(call),
        "priority": rng.choices(("normal", "high", "low", "urgent"), (91, 5, 3, 1))[0],
        "truth": call.truth,
        "arrives": arrival(number, rng.random(), today),
    }
    return case, call


def payload(call: Call) -> dict[str, Any]:
    """The call as the telephone system and the form post it: what was not stated is left out."""
    matter = {
        "stated_area": call.stated_area,
        "amount": call.amount,
        "jurisdictions": call.jurisdictions,
        "documents": call.documents,
        "proceedings": call.proceedings,
        "opponent_represented": call.represented,
        "state": call.state,
    }
    whole: dict[str, Any] = {
        "call_date": call.day.isoformat(),
        "caller": call.caller,
        "opponents": call.opponents,
        "claims": call.claims,
        "matter": {name: value for name, value in matter.items() if value is not None},
        "transcript": _transcript(call),
    }
    if call.related:
        whole["related"] = call.related
    return whole


def _transcript(call: Call) -> list[dict[str, str]]:
    """Greeting, questions and answers, farewell; the firm asks something every second time or so."""
    rng, words = call.rng, talk()
    lines = [
        {"speaker": "firm", "text": "Good day, you have reached the office. May I ask for your name?"},
        {"speaker": "caller", "text": rng.choice(words["greetings"]).format(caller=call.caller["name"])},
    ]
    questions = iter(rng.sample(words["questions"], len(words["questions"])))
    for number, line in enumerate(call.said):
        if number == 0 or call.chance(0.4):
            lines.append({"speaker": "firm", "text": next(questions, "I see.")})
        lines.append({"speaker": "caller", "text": line})
    lines.append({"speaker": "firm", "text": "Thank you, I have noted that."})
    lines.append({"speaker": "caller", "text": rng.choice(words["farewells"])})
    return lines
