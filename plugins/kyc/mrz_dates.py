"""The century of two-digit years in a machine-readable zone, judged from a given day."""

from __future__ import annotations

from datetime import date

_DOCUMENT_YEARS = 50  # no document is valid for longer, and none that ended longer ago is shown


def birth_date(text: str, on: date) -> date | None:
    """The latest day that fits YYMMDD and is not after `on`; None where a part is unknown or wrong."""
    days = _candidates(text, on.year)
    return max((day for day in days if day <= on), default=None)


def expiry_date(text: str, on: date) -> date | None:
    """The day that fits YYMMDD within 50 years of `on`; None where a part is unknown or wrong."""
    days = _candidates(text, on.year)
    near = [day for day in days if abs(day.year - on.year) <= _DOCUMENT_YEARS]
    return min(near, default=None, key=lambda day: abs((day - on).days))


def _candidates(text: str, year: int) -> list[date]:
    if len(text) != 6 or not (text.isascii() and text.isdigit()):
        return []
    century = year // 100 * 100
    years, month, day = int(text[:2]), int(text[2:4]), int(text[4:])
    found = []
    for start in (century - 100, century, century + 100):
        try:
            found.append(date(start + years, month, day))
        except ValueError:
            continue
    return found
