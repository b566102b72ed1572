"""The sample requests: reproducible, varied, valid, and following a day at the desk."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest
from jsonschema_rs import validator_for
from ruamel.yaml import YAML

from orchestration.rules.pack import load
from plugins import scheduling
from plugins.scheduling.arrivals import PER_DAY
from plugins.scheduling.history import HELD_OUT, history, true_risk
from plugins.scheduling.samples import FEEDBACK_ON, sample_cases

TODAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def cases() -> list[dict]:
    return sample_cases(5, 950, today=TODAY)


def test_the_same_seed_gives_the_same_cases_whatever_the_count() -> None:
    assert sample_cases(7, 40, today=TODAY)[:15] == sample_cases(7, 15, today=TODAY)
    assert sample_cases(7, 40, today=TODAY)[15:] == sample_cases(7, 25, first=15, today=TODAY)
    assert sample_cases(7, 15, today=TODAY) != sample_cases(8, 15, today=TODAY)


def test_every_payload_fits_the_packs_schema_and_is_plain_json(cases: list[dict]) -> None:
    text = (Path(scheduling.__file__).parent / "pack.yaml").read_text(encoding="utf-8")
    validator = validator_for(YAML(typ="safe", pure=True).load(text)["workflow"]["input_schema"], validate_formats=True)
    for case in cases:
        assert [error.message for error in validator.iter_errors(case["payload"])] == []
        assert json.loads(json.dumps(case)) == case


def test_requests_follow_the_rhythm_of_a_day(cases: list[dict]) -> None:
    moments = [datetime.fromisoformat(case["arrives"]) for case in cases]
    assert moments == sorted(moments)
    assert Counter(one.date() for one in moments) == {
        date(2026, 3, 2): PER_DAY,
        date(2026, 3, 3): PER_DAY,
        date(2026, 3, 4): 950 - 2 * PER_DAY,
    }
    hours = Counter(one.hour for one in moments)
    assert hours[9] > 1.8 * hours[12]
    assert hours[14] > 1.2 * hours[12]
    assert sum(hours[hour] for hour in range(5)) < 20
    assert all(one.tzinfo is None for one in moments)


def test_cases_are_varied(cases: list[dict]) -> None:
    assert len({case["reference"] for case in cases}) == len(cases)
    truths = Counter(case["truth"] for case in cases)
    outcomes = {"book", "rescheduled", "cancelled", "offer_alternatives", "waitlist", "call_back", "emergency_care"}
    assert set(truths) == outcomes
    assert min(truths.values()) >= 15
    assert {case["priority"] for case in cases} <= {"low", "normal", "high", "urgent"}
    assert {case["payload"]["channel"] for case in cases} == {"phone", "web"}
    assert len({case["payload"].get("transcript") for case in cases}) > 300


def test_feedback_is_there_where_an_appointment_comes_about(cases: list[dict]) -> None:
    for case in cases:
        if case["truth"] in ("book", "rescheduled"):
            assert case["feedback"] in ("attended", "no_show")
        elif case["truth"] != "offer_alternatives":
            assert case["feedback"] is None
    told = [case["feedback"] for case in cases if case["feedback"]]
    assert 0.05 < told.count("no_show") / len(told) < 0.2


def test_feedback_is_what_the_pack_declares_on_outcomes_that_it_has() -> None:
    workflow = load((Path(scheduling.__file__).parent / "pack.yaml").read_text(encoding="utf-8")).content
    assert workflow.feedback == ("attended", "no_show")
    assert set(FEEDBACK_ON) < set(workflow.outcomes)


def test_the_history_has_the_structure_it_is_said_to_have() -> None:
    """Drawn outcomes agree with the chance they are drawn from, in early slots and by day."""
    for early in (True, False):
        drawn = [(visit, away) for visit, away in history("held out", HELD_OUT) if (visit.hour < 9) == early]
        expected = sum(true_risk(visit) for visit, _ in drawn) / len(drawn)
        assert sum(away for _, away in drawn) / len(drawn) == pytest.approx(expected, abs=0.02)
