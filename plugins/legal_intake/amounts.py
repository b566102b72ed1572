"""Amounts of money that are spoken of: `12,000 euros`, `EUR 12.000,50`, `3 thousand euros`."""

from __future__ import annotations

import re

_GROUPED = r"\d{1,3}(?:[.,' ]\d{3}){1,3}(?:[.,]\d{2})?"
_PLAIN = r"\d{1,9}(?:[.,]\d{1,2})?"
_NUMBER = rf"(?<![\d.,])(?:{_GROUPED}|{_PLAIN})"
_AMOUNT = re.compile(
    rf"(?:\b(?:eur|euros?)|€)\s?({_NUMBER})(?![\d])(\s(?:thousand|million))?"
    rf"|({_NUMBER})(?![\d])(\s(?:thousand|million))?\s?(?:(?:eur|euros?)\b|€)",
    re.IGNORECASE,
)
_TIMES = {"thousand": 1_000, "million": 1_000_000}


def amounts(text: str) -> list[float]:
    """Every amount in euros, in the order of the text. A point or comma before three digits separates thousands."""
    found = []
    for match in _AMOUNT.finditer(text):
        number, scale = match[1] or match[3], (match[2] or match[4] or "").strip().lower()
        found.append(_value(number) * _TIMES.get(scale, 1))
    return found


def _value(number: str) -> float:
    whole, cents = number, ""
    if len(number) > 3 and number[-3] in ".,":
        whole, cents = number[:-3], number[-2:]
    elif len(number) > 2 and number[-2] in ".,":
        whole, cents = number[:-2], number[-1:]
    return float(f"{re.sub(r'[^0-9]', '', whole)}.{cents or 0}")
