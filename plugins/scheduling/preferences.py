"""Which times, days and providers a patient would like, out of what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from .words import plain

Part = Literal["early", "morning", "afternoon", "evening"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_PARTS: tuple[tuple[Part, str], ...] = (
    ("early", r"early (?:in the )?morning|early as possible in the day|first thing|before work|before nine|before 9"),
    ("morning", r"mornings?"),
    ("afternoon", r"afternoons?|after lunch"),
    ("evening", r"evenings?|after work"),
)
_UNWANTED = re.compile(r"\b(?:not|no|can't do|cannot do|except|anything but|never)(?: \w+){0,2}$")
_NOT_BEFORE = re.compile(rf"\b(?:not before|no earlier than|any time after|from) ({'|'.join(_MONTHS)}) (\d{{1,2}})\b")


@dataclass(frozen=True, slots=True)
class Preferences:
    part_of_day: Any = None
    weekdays: tuple[Any, ...] = ()
    provider: str | None = None
    not_before: date | None = None


def read_preferences(text: str, today: date, providers: Sequence[str]) -> Preferences:
    """The wishes in a text; a date without a year is the next one from `today` on."""
    said = plain(text)
    part = next((part for part, words in _PARTS if _wanted(said, words)), None)
    return Preferences(part, _weekdays(said), _provider(said, providers), _not_before(said, today))


def _wanted(said: str, words: str) -> bool:
    return any(not _UNWANTED.search(said[: match.start()].rstrip()) for match in re.finditer(rf"\b(?:{words})\b", said))


def _weekdays(said: str) -> tuple[str, ...]:
    if re.search(r"\bweekdays?\b", said):
        return tuple(day[:3] for day in _DAYS[:5])
    return tuple(day[:3] for day in _DAYS if _wanted(said, f"{day}s?"))


def _provider(said: str, providers: Sequence[str]) -> str | None:
    return next(
        (name for name in providers if re.search(rf"\b(?:dr\.?|doctor) {re.escape(plain(name))}\b", said)), None
    )


def _not_before(said: str, today: date) -> date | None:
    found = _NOT_BEFORE.search(said)
    if found:
        for year in (today.year, today.year + 1):
            try:
                day = date(year, _MONTHS.index(found[1]) + 1, int(found[2]))
            except ValueError:
                continue
            if day >= today:
                return day
    if re.search(r"\bnot (?:before )?(?:this week)\b|\bnot before next week\b", said):
        return today + timedelta(days=7 - today.weekday())
    return None
