"""Rules for control charts: patterns of points that chance alone seldom makes.

Western Electric (Statistical Quality Control Handbook, 1956), numbered as there:

    1  one point beyond three sigma
    2  two of three consecutive points beyond two sigma on the same side
    3  four of five consecutive points beyond one sigma on the same side
    4  eight consecutive points on the same side of the centre

Nelson (Journal of Quality Technology 16, 1984) has eight; those that go further, with his numbers:

    3  six points in a row steadily rising or falling
    4  fourteen points in a row alternating up and down
    7  fifteen points in a row within one sigma
    8  eight points in a row beyond one sigma, on either side

A point on a line belongs to the inner zone, one on the centre to no side. A pattern is told at each point that
completes or continues it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from .chart import Chart


@dataclass(frozen=True, slots=True)
class Signal:
    """`point` counts from 1."""

    rule: str
    point: int


def signals(chart: Chart, rules: Sequence[str]) -> list[Signal]:
    """Every pattern, rule by rule in the order given. Without any variation there is nothing to tell."""
    if chart.sigma == 0:
        return []
    distances = [(point - chart.centre) / chart.sigma for point in chart.points]
    return [Signal(rule, at + 1) for rule in rules for at in _RULES[rule](distances)]


def _beyond(most: int, window: int, sigmas: int) -> Callable[[Sequence[Decimal]], Iterator[int]]:
    """`most` of `window` points beyond so many sigma on one side; the last one is among them."""

    def find(distances: Sequence[Decimal]) -> Iterator[int]:
        for at, distance in enumerate(distances):
            side = 1 if distance > 0 else -1
            recent = distances[max(0, at - window + 1) : at + 1]
            if side * distance > sigmas and sum(side * one > sigmas for one in recent) >= most:
                yield at

    return find


def _row_of(length: int, belongs: Callable[[Decimal], bool]) -> Callable[[Sequence[Decimal]], Iterator[int]]:
    def find(distances: Sequence[Decimal]) -> Iterator[int]:
        row = 0
        for at, distance in enumerate(distances):
            row = row + 1 if belongs(distance) else 0
            if row >= length:
                yield at

    return find


def _steady(distances: Sequence[Decimal]) -> Iterator[int]:
    """Six points, so five steps in one direction."""
    row = direction = 0
    for at, (before, after) in enumerate(pairwise(distances), start=1):
        step = (after > before) - (after < before)
        row = row + 1 if step and step == direction else abs(step)
        direction = step
        if row >= 5:
            yield at


def _alternating(distances: Sequence[Decimal]) -> Iterator[int]:
    """Fourteen points, so thirteen steps, each against the one before."""
    row = direction = 0
    for at, (before, after) in enumerate(pairwise(distances), start=1):
        step = (after > before) - (after < before)
        row = row + 1 if step and step == -direction else abs(step)
        direction = step
        if row >= 13:
            yield at


_RULES: Final[dict[str, Callable[[Sequence[Decimal]], Iterator[int]]]] = {
    "western_electric_1": _beyond(1, 1, 3),
    "western_electric_2": _beyond(2, 3, 2),
    "western_electric_3": _beyond(4, 5, 1),
    "western_electric_4": _beyond(8, 8, 0),
    "nelson_3": _steady,
    "nelson_4": _alternating,
    "nelson_7": _row_of(15, lambda distance: abs(distance) <= 1),
    "nelson_8": _row_of(8, lambda distance: abs(distance) > 1),
}
