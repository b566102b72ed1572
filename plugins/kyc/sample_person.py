"""Draws one invented applicant: person, document, address, contact, finances, all faultless."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import phonenumbers

from .countries import three_letters
from .mrz import encode
from .transliteration import to_mrz

HOME = "DE"
NEIGHBOURS = ("AT", "CH", "CZ", "DK", "FR", "NL", "PL")
RAISED = ("AE", "NG", "PA")
_ABROAD = 0.26  # share of applicants living in another country
_FOREIGN = 0.2  # share of applicants at home with another nationality
_NUMBER = "CFGHJKLMNPRTVWXYZ0123456789"
_SOURCES = {
    "salary": 62,
    "pension": 12,
    "business": 10,
    "savings": 6,
    "investments": 4,
    "inheritance": 3,
    "gift": 1.5,
    "crypto": 0.8,
    "other": 0.7,
}
_MAILBOXES = ("gmail.com", "gmx.de", "web.de", "outlook.com", "t-online.de", "proton.me", "example.com")


@dataclass
class Draft:
    """An application in the making. What is typed may differ from what the document prints."""

    rng: random.Random
    applied: date
    nationality: str
    surname: str
    given_names: str
    sex: str
    birth: date
    expiry: date
    document_type: str
    number: str
    typed_surname: str
    typed_given_names: str
    typed_birth: date
    address: dict[str, str]
    contact: dict[str, str]
    income: int
    turnover: int
    source: str
    exposed: bool = False
    owners: list[dict[str, Any]] = field(default_factory=list)
    truth: str = ""
    spoil_zone: Callable[[str], str] | None = None

    def zone(self) -> str:
        """The machine-readable zone that the document prints."""
        card = self.document_type == "identity_card"
        state = three_letters(self.nationality)
        return encode(
            format="TD1" if card else "TD3",
            code="ID" if card else "P",
            issuer=state,
            number=self.number,
            surname=self.surname,
            given_names=self.given_names,
            nationality=state,
            birth=self.birth,
            sex=self.sex,
            expiry=self.expiry,
        )

    def chance(self, share: float) -> bool:
        return self.rng.random() < share


@cache
def people() -> dict[str, dict[str, Any]]:
    """Names and places of each country."""
    text = (Path(__file__).parent / "sample_people.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    del loaded["about"]
    return loaded


def draw(rng: random.Random, applied: date) -> Draft:
    """A faultless application received that day, and the outcome its risk deserves."""
    abroad = [code for code in people() if code != HOME]
    weights = [people()[code]["weight"] for code in abroad]
    lives_in = rng.choices(abroad, weights)[0] if rng.random() < _ABROAD else HOME
    nationality = rng.choices(abroad, weights)[0] if rng.random() < _FOREIGN else lives_in
    pool = people()[nationality]
    sex = rng.choice("FM")
    given_names = rng.choice(pool["female" if sex == "F" else "male"])
    surname = rng.choice(pool["surnames"])
    card = pool["card"] and rng.random() < 0.6
    length = rng.choice((9, 9, 9, 9, 11)) if card else 9
    birth = applied - timedelta(days=rng.randrange(19 * 366, 84 * 365))
    source = rng.choices(tuple(_SOURCES), tuple(_SOURCES.values()))[0]
    income = round(rng.lognormvariate(10.5, 0.45), -2)
    if source == "pension":
        birth = applied - timedelta(days=rng.randrange(63 * 366, 90 * 365))
        income = round(income * 0.55, -2)
    turnover = round(income * rng.uniform(0.4, 1.3), -2)
    if source == "business":
        turnover = round(income * rng.uniform(0.8, 2.5), -2)
    if source in ("inheritance", "investments") and rng.random() < 0.25:
        turnover = round(rng.uniform(150_000, 420_000), -3)
        income = round(turnover / rng.uniform(1.2, 2.8), -3)
    draft = Draft(
        rng=rng,
        applied=applied,
        nationality=nationality,
        surname=surname,
        given_names=given_names,
        sex=sex,
        birth=birth,
        expiry=applied + timedelta(days=rng.randrange(20, 3600)),
        document_type="identity_card" if card else "passport",
        number="".join(rng.choice(_NUMBER) for _ in range(length)),
        typed_surname=surname,
        typed_given_names=given_names,
        typed_birth=birth,
        address=_address(rng, lives_in),
        contact={},
        income=int(income),
        turnover=int(turnover),
        source=source,
    )
    _type_name(draft)
    draft.contact = _contact(draft, lives_in)
    draft.truth = risk_outcome(draft)
    return draft


def risk_outcome(draft: Draft) -> str:
    """What somebody careful grants this risk when everything else holds."""
    doubtful = draft.source in ("gift", "crypto", "other")
    if draft.exposed or (doubtful and draft.turnover >= 25_000):
        return "approve_with_limit" if draft.chance(0.75) else "decline"
    raised = draft.nationality in RAISED or draft.address["country"] in RAISED
    return "approve_with_limit" if doubtful or raised or draft.turnover >= 150_000 else "approve"


def phone(rng: random.Random, country: str) -> str:
    """A number that the country's numbering plan allows."""
    example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    if example is None:
        raise ValueError(f"no numbering plan is known for {country}")
    number, text = example, str(example.national_number)
    for _ in range(50):
        tail = "".join(rng.choice("0123456789") for _ in range(5))
        drawn = phonenumbers.parse(f"+{example.country_code}{text[:-5]}{tail}")
        if phonenumbers.is_valid_number(drawn):
            number = drawn
            break
    style = rng.choice((phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL))
    return phonenumbers.format_number(number, style)


def _type_name(draft: Draft) -> None:
    """People type their names as they please: without marks, without further given names, in Latin letters."""
    latin = not all(ord(letter) < 0x250 for letter in draft.surname)
    if latin and draft.chance(0.7):
        draft.typed_surname = to_mrz(draft.surname).title()
        draft.typed_given_names = to_mrz(draft.given_names).title()
    elif draft.chance(0.12):
        plain = str.maketrans("äöüÄÖÜéèçñåøłśęóáíúčšřžěý", "aouAOUeecnaolseoaiucsrzey")
        draft.typed_surname = draft.surname.translate(plain)
        draft.typed_given_names = draft.given_names.translate(plain)
    if " " in draft.given_names and draft.chance(0.5):
        draft.typed_given_names = draft.typed_given_names.split()[0]
    if draft.chance(0.04):
        draft.typed_surname = draft.typed_surname.upper()
    native = people()[draft.nationality].get("native_names")
    if native and draft.chance(0.1):
        draft.typed_surname, draft.typed_given_names = draft.rng.choice(native).split()


def _address(rng: random.Random, country: str) -> dict[str, str]:
    pool = people()[country]
    place = rng.choice(pool["places"])
    return {
        "street_address": rng.choice(pool["streets"]).replace("{n}", str(rng.randrange(1, 190))),
        "city": place["city"],
        "country_area": place["country_area"],
        "postal_code": rng.choice(place["postal_codes"]) if place["postal_codes"] else "",
        "country": country,
    }


def _contact(draft: Draft, country: str) -> dict[str, str]:
    rng = draft.rng
    name = to_mrz(draft.surname).lower().replace(" ", "-")
    first = to_mrz(draft.given_names).lower().split()[0]
    local = rng.choice((f"{first}.{name}", f"{first[0]}.{name}", f"{name}{draft.birth.year % 100:02d}"))
    contact = {"phone": phone(rng, country), "email": f"{local}@{rng.choice(_MAILBOXES)}"}
    if rng.random() < 0.06:
        del contact[rng.choice(("phone", "email"))]
    return contact
