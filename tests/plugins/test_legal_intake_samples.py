"""The sample calls: reproducible, varied, true to what they pretend to be, and coming in as calls do."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import validator_for
from ruamel.yaml import YAML

from plugins.legal_intake import samples
from plugins.legal_intake.arrivals import PER_DAY
from plugins.legal_intake.practice_area import AREAS
from plugins.legal_intake.register import load, spelling_of
from plugins.legal_intake.sample_call import people
from plugins.legal_intake.sample_turns import _TURNS
from plugins.legal_intake.samples import sample_call, sample_cases

TODAY = date(2026, 3, 2)  # a Monday
HERE = Path(samples.__file__).parent


def test_the_same_seed_gives_the_same_cases_whatever_the_count() -> None:
    assert sample_cases(7, 40, today=TODAY)[:15] == sample_cases(7, 15, today=TODAY)
    assert sample_cases(7, 40, today=TODAY)[15:] == sample_cases(7, 25, first=15, today=TODAY)
    assert sample_cases(7, 15, today=TODAY) != sample_cases(8, 15, today=TODAY)


def test_another_day_moves_the_dates_and_changes_nothing_else() -> None:
    """Ages and days left stay, so a demonstration shows the same in a year. What the register says stands still."""
    known = {entry.party.date_of_birth.isoformat() for entry in load(HERE / "parties_invented.csv").entries
             if entry.party.date_of_birth}  # fmt: skip

    def told(day: date) -> list[Any]:
        found = []
        for case in sample_cases(3, 80, today=day):
            case.pop("arrives")  # leaves out weekends, wherever they lie
            text = json.dumps(case)

            def offset(match: re.Match[str], day: date = day) -> str:
                return match[0] if match[0] in known else f"{(date.fromisoformat(match[0]) - day).days} days"

            found.append(re.sub(r"\d{4}-\d\d-\d\d", offset, text))
        return found

    assert told(TODAY) == told(TODAY + timedelta(days=365))


def test_every_payload_fits_the_packs_schema_and_is_plain_json() -> None:
    schema = YAML(typ="safe", pure=True).load((HERE / "pack.yaml").read_text(encoding="utf-8"))["workflow"][
        "input_schema"
    ]
    validator = validator_for(schema, validate_formats=True)
    for case in sample_cases(11, 400, today=TODAY):
        assert [error.message for error in validator.iter_errors(case["payload"])] == []
        assert json.loads(json.dumps(case)) == case


def test_calls_are_varied() -> None:
    drawn = [sample_call(5, number, TODAY) for number in range(1000)]
    cases = [case for case, _ in drawn]
    assert len({case["reference"] for case in cases}) == 1000
    assert {call.area for _, call in drawn} == set(AREAS)
    assert {case["priority"] for case in cases} == {"low", "normal", "high", "urgent"}
    assert {one["kind"] for case in cases for one in [case["payload"]["caller"], *case["payload"]["opponents"]]} == {
        "person", "company",
    }  # fmt: skip
    truths = Counter(case["truth"] for case in cases)
    assert set(truths) == {"accept_matter", "offer_consultation", "decline", "refer_out"}
    assert min(truths.values()) >= 30
    transcripts = {json.dumps(case["payload"]["transcript"]) for case in cases}
    assert len(transcripts) >= 990


def test_every_turn_happens() -> None:
    turns = {sample_call(5, number, TODAY)[1].turn for number in range(1500)}
    named = {turn.__name__.removeprefix("_") for turn in _TURNS if turn}
    assert turns == named | {"", "much_paper", "complex"}


def test_no_ordinary_name_is_one_of_the_register() -> None:
    """Else routine calls would meet conflicts that nobody meant."""
    listed = {
        spelling
        for entry in load(HERE / "parties_invented.csv").entries
        for spelling in spelling_of(entry.party.kind, entry.party.name)
    }
    pools = people()
    names = [f"{given} {surname}" for given in pools["given_names"] for surname in pools["surnames"]]
    used = {spelling for name in names for spelling in spelling_of("person", name)}
    for pool in ("companies", "landlords", "dealers", "insurers", "authorities"):
        used |= {spelling for name in pools[pool] for spelling in spelling_of("company", name)}
    assert used & listed == set()


def arrivals(count: int, today: date = TODAY) -> list[datetime]:
    return [datetime.fromisoformat(case["arrives"]) for case in sample_cases(1, count, today=today)]


def test_calls_come_in_one_after_the_other_the_same_number_every_day() -> None:
    found = arrivals(3 * PER_DAY)
    assert found == sorted(found)
    assert all(moment.tzinfo is None for moment in found)
    assert Counter(moment.date() for moment in found) == {TODAY + timedelta(days=one): PER_DAY for one in range(3)}


def test_calls_follow_the_working_day() -> None:
    hours = Counter(moment.hour for moment in arrivals(10 * PER_DAY))
    morning, noon, afternoon = hours[9] + hours[10], hours[12] + hours[13], hours[14] + hours[15]
    night = sum(hours[hour] for hour in (*range(6), *range(21, 24)))
    assert morning > 2 * noon
    assert afternoon > 1.5 * noon
    assert night < 0.03 * 10 * PER_DAY


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2026-03-05", ["2026-03-05", "2026-03-06", "2026-03-09"]),  # Thursday, Friday, Monday
        ("2026-03-07", ["2026-03-07", "2026-03-09", "2026-03-10"]),  # a Saturday is today all the same
        ("2026-03-08", ["2026-03-08", "2026-03-09", "2026-03-10"]),
    ],
)
def test_weekends_after_today_bring_no_calls(today: str, expected: list[str]) -> None:
    days = dict.fromkeys(moment.date().isoformat() for moment in arrivals(3 * PER_DAY, date.fromisoformat(today)))
    assert list(days) == expected
