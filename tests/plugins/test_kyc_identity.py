"""The identity agent: what it says about documents against applications."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from plugins.kyc.identity import IdentityAgent
from plugins.kyc.mrz import encode

PASSPORT = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
CARD = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
GERMAN = encode(
    format="TD1", code="ID", issuer="D", number="L01X00T47", surname="Müller", given_names="Käthe",
    nationality="D", birth=date(1983, 8, 12), sex="F", expiry=date(2031, 8, 1),
)  # fmt: skip
APPLICATION = {
    "surname": "Müller",
    "given_names": "Käthe",
    "date_of_birth": "1983-08-12",
    "nationality": "DE",
    "document_type": "identity_card",
    "mrz": GERMAN,
    "application_date": "2026-03-02",
}


def test_a_faultless_card_is_valid_and_agrees(run) -> None:
    result = run(IdentityAgent(), **APPLICATION)
    assert result.output.model_dump(mode="json") == {
        "readable": True,
        "document_valid": True,
        "check_digits_ok": True,
        "expired": False,
        "days_expired": 0,
        "document_type": "identity_card",
        "document_number": "L01X00T47",
        "issuing_state": "D",
        "nationality": "DE",
        "surname": "MUELLER",
        "given_names": "KAETHE",
        "sex": "F",
        "birth_date": "1983-08-12",
        "expiry_date": "2031-08-01",
        "name_score": 100.0,
        "birth_date_matches": True,
        "nationality_matches": True,
        "problems": [],
    }
    assert result.confidence == 1.0
    assert result.summary == "Valid identity card of D; name, birth date and nationality agree."


@pytest.mark.parametrize(
    ("mrz", "kind", "number"), [(PASSPORT, "passport", "L898902C3"), (CARD, "identity_card", "D23145890")]
)
def test_the_specimens_agree_with_their_holder(run, mrz: str, kind: str, number: str) -> None:
    stated = APPLICATION | {
        "surname": "Eriksson", "given_names": "Anna Maria", "date_of_birth": "1974-08-12", "mrz": mrz,
        "document_type": kind, "application_date": "2012-04-15", "nationality": "SE",
    }  # fmt: skip
    output = run(IdentityAgent(), **stated).output
    assert (output.document_valid, output.document_number, output.name_score) == (True, number, 100)
    # Utopia is no country that an application could name.
    assert (output.nationality, output.problems) == (None, ["nationality_differs"])


@pytest.mark.parametrize(
    ("change", "problems", "confidence"),
    [
        # the last day of validity still counts
        ({"application_date": "2031-08-01"}, [], 1.0),
        ({"application_date": "2031-08-02"}, ["expired"], 1.0),
        ({"surname": "Baumgartner"}, ["name_differs"], 1.0),
        ({"date_of_birth": "1983-12-08"}, ["birth_date_differs"], 1.0),
        ({"nationality": "AT"}, ["nationality_differs"], 1.0),
        ({"document_type": "passport"}, ["type_differs"], 0.8),
        # a script without a transliteration: 0.5, and the name scores nothing
        ({"surname": "山本", "given_names": "花子"}, ["name_differs", "name_not_comparable"], 0.5),
        # one character of the number changed: its own digit 0.4 and the composite 0.6
        ({"mrz": GERMAN.replace("L01X00T47", "L01X00T48")}, ["check_digit_number", "check_digit_composite"], 0.24),
        # a state code that does not exist; no check digit covers it
        ({"mrz": GERMAN.replace("IDD<<", "IDQQQ")}, ["unknown_state"], 0.7),
    ],
)  # fmt: skip
def test_each_problem_is_named(run, change: dict, problems: list[str], confidence: float) -> None:
    result = run(IdentityAgent(), **(APPLICATION | change))
    assert (result.output.problems, result.confidence) == (problems, confidence)


def test_days_since_expiry_are_counted_from_the_application(run) -> None:
    output = run(IdentityAgent(), **(APPLICATION | {"application_date": "2031-08-31"})).output
    assert (output.days_expired, output.expired, output.document_valid) == (30, True, False)


def test_a_zone_that_cannot_be_read_is_a_finding_and_no_failure(run) -> None:
    result = run(IdentityAgent(), **(APPLICATION | {"mrz": GERMAN[:-3]}))
    assert result.output.model_dump(exclude_none=True) == {
        "readable": False,
        "document_valid": False,
        "problems": ["unreadable"],
    }
    assert result.confidence == 0.0
    assert result.summary.startswith("The machine-readable zone cannot be read: it has lines of [30, 30, 27]")


def test_a_birth_date_of_which_only_the_year_is_known_does_not_match(run) -> None:
    lines = GERMAN.split("\n")
    lines[1] = "83<<<<8" + lines[1][7:]
    output = run(IdentityAgent(), **(APPLICATION | {"mrz": "\n".join(lines)})).output
    assert (output.birth_date, output.birth_date_matches) == (None, None)
    assert "date_incomplete" in output.problems


def test_the_century_of_somebody_over_a_hundred_is_left_open(run) -> None:
    zone = encode(
        format="TD3", code="P", issuer="FRA", number="12AB34567", surname="Calment", given_names="Jeanne",
        nationality="FRA", birth=date(1921, 2, 21), sex="F", expiry=date(2030, 1, 1),
    )  # fmt: skip
    stated = APPLICATION | {
        "surname": "Calment", "given_names": "Jeanne", "date_of_birth": "1921-02-21", "nationality": "FR",
        "document_type": "passport", "mrz": zone,
    }  # fmt: skip
    output = run(IdentityAgent(), **stated).output
    assert (output.birth_date, output.birth_date_matches) == (date(2021, 2, 21), None)
    assert output.problems == ["century_unclear"]


@pytest.mark.parametrize(
    ("code", "kind"), [("ID", "identity_card"), ("C", "identity_card"), ("AC", "other"), ("V", "other")]
)  # AC marks crew members, V a visa
def test_only_passports_and_identity_cards_count_as_such(run, code: str, kind: str) -> None:
    mrz = GERMAN.replace("IDD<<", f"{code:<<2}D<<")
    assert run(IdentityAgent(), **(APPLICATION | {"mrz": mrz})).output.document_type == kind


def test_the_score_of_the_same_name_is_a_setting(run) -> None:
    stated = APPLICATION | {"surname": "Muller", "given_names": "Kathe"}
    assert run(IdentityAgent(), {"same_name": 99}, **stated).output.problems == ["name_differs"]
    assert run(IdentityAgent(), {"same_name": 85}, **stated).output.problems == []


@pytest.mark.parametrize(
    "change",
    [{"application_date": "yesterday"}, {"date_of_birth": None}, {"document_type": "library card"}, {"more": 1}],
)
def test_input_that_does_not_fit_is_refused(run, change: dict) -> None:
    with pytest.raises(ValidationError):
        run(IdentityAgent(), **(APPLICATION | change))
