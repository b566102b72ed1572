"""What the agent that calls a service makes of answers of another form, and of those that tell a fault."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from .asking import CALLBACK, told
from .asking import ask_service as ask
from .local_server import Answer, serving

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


PROMISES = [
    ({"expires_in": 0}, "expires_in"),
    ({"expires_in": 1e9}, "expires_in"),
    ({"note": "x" * 1001}, "note"),
    ({"cost": -1}, "cost"),
]


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
