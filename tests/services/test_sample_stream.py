"""The stream of sample cases: in order, without end, of all workflows, and nothing drawn before its turn."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orchestration.services.sample_stream import Arriving, Samples, begun, installed

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOURS = (7, 9, 9, 10, 14, 20)


class Drawn:
    """Six cases a day at `HOURS`; remembers what was drawn."""

    def __init__(self) -> None:
        self.numbers: list[tuple[int, int]] = []

    def __call__(self, seed: int, count: int, *, first: int = 0, today: date | None = None) -> list[dict[str, Any]]:
        assert today is not None
        self.numbers += [(seed, number) for number in range(first, first + count)]
        return [self._case(seed, number, today) for number in range(first, first + count)]

    def _case(self, seed: int, number: int, today: date) -> dict[str, Any]:
        days, place = divmod(number, len(HOURS))
        day = today + timedelta(days=days)
        return {"reference": f"{seed}/{number}", "arrives": f"{day}T{HOURS[place]:02}:00:00"}


def a_workflow(zone: str = "Europe/Berlin") -> Samples:
    return Samples("one", ZoneInfo(zone), Drawn())


# Row: the workflow's zone, the moment, the numbers of the next cases.
NEXT = [
    ("UTC", "2026-03-02T00:00+00:00", ["1/0", "1/1"]),  # midnight: the whole day
    ("UTC", "2026-03-02T09:30+00:00", ["1/3", "1/4"]),
    ("UTC", "2026-03-02T20:00+00:00", ["2/0", "2/1"]),  # the last one has just come in: tomorrow, with another seed
    ("America/New_York", "2026-03-02T12:30+00:00", ["1/1", "1/2"]),  # half past seven in the morning there
    ("America/New_York", "2026-03-02T02:30+00:00", ["2/0", "2/1"]),  # half past nine in the evening before
]


@pytest.mark.parametrize(("zone", "now", "expected"), NEXT)
def test_it_begins_with_what_comes_next_by_the_clock_of_the_workflow(zone: str, now: str, expected: list[str]) -> None:
    stream = a_workflow(zone).arriving(datetime.fromisoformat(now), seed=1)
    assert [one.case["reference"] for one in islice(stream, 2)] == expected


def test_earlier_cases_of_the_day_come_before_as_far_as_there_are_any() -> None:
    def references(earlier: int) -> list[str]:
        return [one.case["reference"] for one in islice(a_workflow("UTC").arriving(NOW, seed=1, earlier=earlier), 2)]

    assert references(0) == ["1/4", "1/5"]
    assert references(3) == ["1/1", "1/2"]
    assert references(10) == ["1/0", "1/1"]


def test_days_follow_each_other_each_with_a_seed_of_its_own() -> None:
    found = list(islice(a_workflow("UTC").arriving(NOW, seed=1), 2 + 6 + 6 + 1))
    assert [one.case["reference"] for one in found[1:4]] == ["1/5", "2/0", "2/1"]
    assert len({one.case["reference"] for one in found}) == len(found)
    assert [one.due for one in found] == sorted(one.due for one in found)
    assert found[-1].due == datetime(2026, 3, 5, 7, tzinfo=UTC)


def test_what_really_happened_is_known_after_some_outcomes() -> None:
    samples = Samples("one", ZoneInfo("UTC"), Drawn(), ("book",))
    one = next(samples.arriving(NOW, seed=1))
    assert one.feedback("book") is None
    told = Arriving(one.due, {**one.case, "feedback": "attended"}, one.feedback_on)
    assert [told.feedback(outcome) for outcome in ("book", "cancelled", None)] == ["attended", None, None]
    assert {one.slug: one.feedback_on for one in installed() if one.feedback_on} == {
        "patient-scheduling": ("book", "rescheduled")
    }


def test_no_more_is_drawn_than_is_soon_needed() -> None:
    samples = a_workflow("UTC")
    list(islice(samples.arriving(NOW, seed=1), 1))
    assert isinstance(samples.draw, Drawn)
    assert len(samples.draw.numbers) < 20


def test_every_bundled_workflow_is_there_from_the_start_and_none_crowds_out_another() -> None:
    every = installed()
    now = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
    start, rest = begun(every, now, seed=1, each=3)
    assert Counter(one.case["workflow"] for one in start) == {
        "kyc-onboarding": 3, "legal-intake": 3, "non-conformance": 3, "patient-scheduling": 3,
    }  # fmt: skip
    following = list(islice(rest, 120))
    dues = [one.due for one in start + following]
    assert dues == sorted(dues)
    # Within the day each comes as often as in real life: the clinic most, the factory least.
    assert len(Counter(one.case["workflow"] for one in following)) == 4
    assert min(Counter(one.case["workflow"] for one in following).values()) >= 5
    references = [one.case["reference"] for one in start + following]
    assert len(set(references)) == len(references)
