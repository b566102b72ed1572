"""The sample applications: reproducible, varied, and true to what they pretend to be."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from jsonschema_rs import validator_for
from ruamel.yaml import YAML

from plugins.kyc import sample_faults, samples
from plugins.kyc.arrivals import PER_DAY
from plugins.kyc.mrz import decode
from plugins.kyc.sample_person import draw, people
from plugins.kyc.samples import payload, sample_cases

TODAY = date(2026, 3, 2)
PACK = samples.__file__.replace("samples.py", "pack.yaml")


def test_the_same_seed_gives_the_same_cases_whatever_the_count() -> None:
    assert sample_cases(7, 40, today=TODAY)[:15] == sample_cases(7, 15, today=TODAY)
    assert sample_cases(7, 40, today=TODAY)[15:] == sample_cases(7, 25, first=15, today=TODAY)
    assert sample_cases(7, 15, today=TODAY) != sample_cases(8, 15, today=TODAY)


def test_another_day_moves_the_dates_and_changes_nothing_else() -> None:
    """Ages and validities stay, so a demonstration shows the same in a year."""

    def without_dates(case: dict) -> dict:
        case.pop("arrives")
        case["payload"].pop("application_date")
        case["payload"]["applicant"].pop("date_of_birth")
        lines = case["payload"]["document"].pop("mrz").split("\n")
        case["payload"]["document"]["lines"] = len(lines)
        case["payload"].get("contact", {}).pop("email", None)  # has the birth year in it
        return case

    cases = [
        [without_dates(case) for case in sample_cases(3, 60, today=day)] for day in (TODAY, TODAY + timedelta(days=365))
    ]
    differing = [one["reference"] for one, other in zip(*cases, strict=True) if one != other]
    # A listed person's birth date stands still, so what depends on the age may differ.
    assert differing == []


def test_every_payload_fits_the_packs_schema_and_is_plain_json() -> None:
    with open(PACK, encoding="utf-8") as file:
        schema = YAML(typ="safe", pure=True).load(file)["workflow"]["input_schema"]
    validator = validator_for(schema, validate_formats=True)
    for case in sample_cases(11, 400, today=TODAY):
        assert [error.message for error in validator.iter_errors(case["payload"])] == []
        assert json.loads(json.dumps(case)) == case


def test_cases_are_varied() -> None:
    cases = sample_cases(5, 1000, today=TODAY)
    assert len({case["reference"] for case in cases}) == 1000
    assert {case["payload"]["address"]["country"] for case in cases} == set(people())
    assert {case["payload"]["document"]["type"] for case in cases} == {"passport", "identity_card"}
    assert {case["priority"] for case in cases} == {"low", "normal", "high"}
    truths = Counter(case["truth"] for case in cases)
    assert set(truths) == {"approve", "approve_with_limit", "decline"}
    assert min(truths.values()) >= 50
    scripts = {
        "Cyrillic" if "\u0400" <= letter <= "\u04ff" else "Greek" if "\u0370" <= letter <= "\u03ff" else "Han"
        for case in cases
        for letter in case["payload"]["applicant"]["surname"]
        if "\u0370" <= letter <= "\u04ff" or "\u4e00" <= letter <= "\u9fff"
    }
    assert scripts == {"Cyrillic", "Greek", "Han"}


def test_applications_come_every_day_and_most_of_them_after_work() -> None:
    moments = [datetime.fromisoformat(case["arrives"]) for case in sample_cases(1, 3 * PER_DAY, today=TODAY)]
    assert moments == sorted(moments)
    assert all(one.tzinfo is None for one in moments)
    assert Counter(one.date() for one in moments) == {TODAY + timedelta(days=one): PER_DAY for one in range(3)}
    hours = Counter(one.hour for one in moments)
    evening, morning, night = (sum(hours[hour] for hour in some) for some in (range(18, 22), range(7, 11), range(2, 6)))
    assert evening > 2 * morning
    assert morning > 4 * night


@pytest.mark.parametrize("number", range(60))
def test_a_document_without_fault_has_right_check_digits(number: int) -> None:
    draft = draw(random.Random(number), TODAY)
    zone = decode(payload(draft)["document"]["mrz"])
    assert set(zone.checks.values()) == {True}
    assert zone.number == draft.number


def test_a_misread_character_always_shows_in_a_check_digit() -> None:
    for number in range(60):
        draft = draw(random.Random(number), TODAY)
        sample_faults._misread_character(draft)
        assert not all(decode(payload(draft)["document"]["mrz"]).checks.values())


def test_a_minor_is_one_and_is_declined() -> None:
    for number in range(20):
        draft = draw(random.Random(number), TODAY)
        sample_faults._minor(draft)
        assert (TODAY - draft.birth).days < 18 * 365
        assert draft.truth == "decline"
