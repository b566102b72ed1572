"""Exact figures: decimals as they were typed, their mean and spread, and what a normal distribution says of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from itertools import pairwise
from math import sqrt
from statistics import NormalDist

_NORMAL = NormalDist()


@contextmanager
def exactly() -> Iterator[None]:
    """Twenty-eight digits, whatever the thread was set to before and is again afterwards."""
    with localcontext(Context(prec=28, rounding=ROUND_HALF_EVEN)):
        yield


def exact(number: float) -> Decimal:
    """The decimal that was typed: 0.7 is 0.7, not the binary fraction nearest to it."""
    return Decimal(str(number))


def rounded(number: Decimal, places: int) -> float:
    """For an output, which holds plain numbers."""
    return float(round(number, places)) + 0.0  # no negative zero


def mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values)


def spread(values: Sequence[Decimal]) -> Decimal:
    """Standard deviation of a sample (n - 1); 0 for a single value."""
    if len(values) < 2:
        return Decimal(0)
    middle = mean(values)
    return (sum(((value - middle) ** 2 for value in values), Decimal(0)) / (len(values) - 1)).sqrt()


def moving_ranges(values: Sequence[Decimal]) -> list[Decimal]:
    """Distance of each value from the one before."""
    return [abs(after - before) for before, after in pairwise(values)]


def likely(distance: Decimal, deviation: Decimal) -> float:
    """How probable it is that a normal error of this deviation is below the distance."""
    if deviation == 0:
        return 1.0 if distance >= 0 else 0.0
    return _NORMAL.cdf(float(distance / deviation))


def two_sided(level: float) -> float:
    """The normal quantile that leaves `1 - level` outside, half on each side: 1.96 for 0.95."""
    return _NORMAL.inv_cdf((1 + level) / 2)


def tolerance_factor(count: int, share: float, level: float) -> float | None:
    """How many standard deviations from the mean of so many values leave, at this level of confidence, at least this
    share of all on one side (e-Handbook 7.2.6.3, after Natrella); None where the values are too few to tell."""
    if count < 2:
        return None
    of_share, of_level = _NORMAL.inv_cdf(share), _NORMAL.inv_cdf(level)
    a = 1 - of_level**2 / (2 * (count - 1))
    b = of_share**2 - of_level**2 / count
    if a <= 0:
        return None
    return (of_share + sqrt(of_share**2 - a * b)) / a


def counted(number: int, one: str, more: str = "") -> str:
    """1 point, 2 points."""
    return f"{number} {one if number == 1 else more or one + 's'}"
