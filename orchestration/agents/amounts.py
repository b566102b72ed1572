"""Numbers that agents give: read carefully, None for what is no number or out of bounds."""

from __future__ import annotations

import math
from numbers import Real
from typing import Final

LONGEST_WAIT: Final = 90 * 86_400.0
"""Seconds that anything of a run may be put off."""


def number_of(value: object) -> float | None:
    if type(value) is float:
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None


def seconds_of(value: object) -> float | None:
    number = number_of(value)
    return min(number, LONGEST_WAIT) if number is not None and number >= 0 else None


def money_of(value: object) -> float | None:
    number = number_of(value)
    return number if number is not None and number >= 0 else None


def shown(value: object) -> str:
    """For an error text: other values than numbers and words may be large, or say something of the case."""
    return repr(value)[:80] if isinstance(value, Real | str) else f"a {type(value).__name__}"
