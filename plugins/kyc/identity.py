"""The agent that reads an identity document's machine-readable zone and compares it with the application."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field

from orchestration.plugin_api import Agent, AgentResult, Model, Request

from .countries import is_known, two_letters
from .mrz import Mrz, MrzError, decode
from .mrz_dates import birth_date, expiry_date
from .names import name_score
from .transliteration import unknown_letters

Problem = Literal[
    "unreadable",
    "check_digit_number",
    "check_digit_birth",
    "check_digit_expiry",
    "check_digit_optional",
    "check_digit_composite",
    "unknown_state",
    "date_incomplete",
    "century_unclear",
    "expired",
    "type_differs",
    "name_differs",
    "name_not_comparable",
    "name_shortened",
    "birth_date_differs",
    "nationality_differs",
]

# How much confidence is left after each problem. An expired document is read no worse for being expired.
_LEFT = {
    "check_digit_number": 0.4,
    "check_digit_birth": 0.4,
    "check_digit_expiry": 0.4,
    "check_digit_optional": 0.7,
    "check_digit_composite": 0.6,
    "unknown_state": 0.7,
    "date_incomplete": 0.5,
    "century_unclear": 0.8,
    "type_differs": 0.8,
    "name_not_comparable": 0.5,
    "name_shortened": 0.95,
}
_OLDEST = 100  # with two digits for the year, a person of 100 cannot be told from a newborn


class IdentityAgent(Agent):
    """Judges as of `application_date`, never by the clock: the same input always gives the same output."""

    name, version, title = "kyc.identity", "1.0", "Reads the identity document and compares it"
    description = (
        "Reads the machine-readable zone of a passport or identity card (ICAO 9303 TD3 and TD1), verifies its "
        "check digits and expiry as of the application date, and compares name, birth date and nationality."
    )
    inline = True

    class Input(Model):
        surname: str = Field(title="Surname on the application", max_length=200)
        given_names: str = Field(default="", title="Given names on the application", max_length=200)
        date_of_birth: date = Field(title="Birth date on the application")
        nationality: str = Field(title="Nationality on the application (two letters)", max_length=2)
        document_type: Literal["passport", "identity_card"] = Field(title="Kind of document")
        mrz: str = Field(title="Machine-readable zone as scanned", max_length=400)
        application_date: date = Field(title="Day as of which the document is judged")

    class Config(Model):
        same_name: float = Field(default=85, title="Score from which two names count as the same", ge=0, le=100)

    class Output(Model):
        readable: bool = Field(title="Readable")
        document_valid: bool = Field(title="Valid document")
        check_digits_ok: bool | None = Field(default=None, title="Check digits right")
        expired: bool | None = Field(default=None, title="Expired")
        days_expired: int | None = Field(default=None, title="Days since expiry (0 while valid)", ge=0)
        document_type: Literal["passport", "identity_card", "other"] | None = Field(
            default=None, title="Kind of document printed"
        )
        document_number: str | None = Field(default=None, title="Document number")
        issuing_state: str | None = Field(default=None, title="Issuing state as printed")
        nationality: str | None = Field(default=None, title="Nationality (two letters)")
        surname: str | None = Field(default=None, title="Surname as printed")
        given_names: str | None = Field(default=None, title="Given names as printed")
        sex: Literal["F", "M", "X"] | None = Field(default=None, title="Sex as printed (X: unspecified)")
        birth_date: date | None = Field(default=None, title="Birth date on the document")
        expiry_date: date | None = Field(default=None, title="Expiry date")
        name_score: float | None = Field(default=None, title="Likeness of the names", ge=0, le=100)
        birth_date_matches: bool | None = Field(default=None, title="Birth dates agree")
        nationality_matches: bool | None = Field(default=None, title="Nationalities agree")
        problems: list[Problem] = Field(default_factory=list, title="Problems found")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        stated, config = request.input, request.config
        try:
            zone = decode(stated.mrz)
        except MrzError as error:
            output = self.Output(readable=False, document_valid=False, problems=["unreadable"])
            return AgentResult(output, 0.0, f"The machine-readable zone cannot be read: it {error}.")
        born = birth_date(zone.birth, stated.application_date)
        ends = expiry_date(zone.expiry, stated.application_date)
        score = name_score(stated.surname, stated.given_names, zone)
        kind = _kind(zone)
        nationality = two_letters(zone.nationality)
        birth_matches = _birth_matches(stated, born)
        days = None if ends is None else max(0, (stated.application_date - ends).days)
        found: dict[str, bool] = {f"check_digit_{name}": not right for name, right in zone.checks.items()}
        found |= {
            "unknown_state": not (is_known(zone.issuer) and is_known(zone.nationality)),
            "date_incomplete": born is None or ends is None,
            "century_unclear": born is not None and birth_matches is None,
            "expired": days is not None and days > 0,
            "type_differs": kind != stated.document_type,
            "name_differs": score < config.same_name,
            "name_not_comparable": unknown_letters(stated.surname) or unknown_letters(stated.given_names),
            "name_shortened": zone.name_truncated,
            "birth_date_differs": birth_matches is False,
            "nationality_differs": nationality != stated.nationality,
        }
        problems: list[Any] = [problem for problem, there in found.items() if there]
        output = self.Output(
            readable=True,
            document_valid=all(zone.checks.values()) and days == 0 and not found["unknown_state"],
            check_digits_ok=all(zone.checks.values()),
            expired=None if days is None else days > 0,
            days_expired=days,
            document_type=kind,
            document_number=zone.number,
            issuing_state=zone.issuer,
            nationality=nationality,
            surname=zone.surname,
            given_names=zone.given_names,
            sex=zone.sex,
            birth_date=born,
            expiry_date=ends,
            name_score=score,
            birth_date_matches=birth_matches,
            nationality_matches=nationality == stated.nationality,
            problems=problems,
        )
        confidence = 1.0
        for problem in problems:
            confidence *= _LEFT.get(problem, 1.0)
        return AgentResult(
            output, round(confidence, 3), _summary(zone, problems, score), _evidence(zone, stated, output)
        )


def _kind(zone: Mrz) -> Literal["passport", "identity_card", "other"]:
    if zone.format == "TD3":
        return "passport" if zone.code.startswith("P") else "other"
    return "identity_card" if zone.code[:1] in ("I", "A", "C") and zone.code != "AC" else "other"


def _birth_matches(stated: IdentityAgent.Input, born: date | None) -> bool | None:
    if born is None:
        return None
    same = born == stated.date_of_birth
    if not same and stated.application_date.year - stated.date_of_birth.year >= _OLDEST:
        return None if f"{born:%y%m%d}" == f"{stated.date_of_birth:%y%m%d}" else False
    return same


def _summary(zone: Mrz, problems: list[str], score: float) -> str:
    words = "passport" if zone.format == "TD3" else "identity card"
    if not problems:
        return f"Valid {words} of {zone.issuer}; name, birth date and nationality agree."
    listed = ", ".join(problem.replace("_", " ") for problem in problems)
    return f"{words.capitalize()} of {zone.issuer}: {listed} (name score {score:g})."


def _evidence(zone: Mrz, stated: Any, output: Any) -> tuple[dict[str, Any], ...]:
    return (
        {
            "what": "Name on the document",
            "value": f"{zone.given_names} {zone.surname}".strip(),
            "compared_with": f"{stated.given_names} {stated.surname}".strip(),
            "score": output.name_score,
        },
        {
            "what": "Birth date on the document",
            "value": str(output.birth_date or zone.birth),
            "compared_with": str(stated.date_of_birth),
        },
        {
            "what": "Expiry date",
            "value": str(output.expiry_date or zone.expiry),
            "compared_with": str(stated.application_date),
        },
        {
            "what": "Wrong check digits",
            "value": ", ".join(name for name, right in zone.checks.items() if not right) or "none",
        },
    )
