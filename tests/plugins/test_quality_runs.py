"""Rules for control charts: each on patterns drawn by hand, and all by how often a process in control alarms."""

from __future__ import annotations

from decimal import Decimal
from itertools import count, pairwise
from statistics import NormalDist
from typing import Any

import pytest

from plugins.quality.chart import Chart
from plugins.quality.runs import Signal, signals


def in_sigmas(*points: float) -> Chart:
    return Chart(
        "individuals",
        tuple(Decimal(str(point)) for point in points),
        Decimal(0),
        Decimal(1),
        (),
        Decimal(0),
        Decimal(0),
    )


# Row: the rule's number, the points in sigmas, the points at which it alarms.
PATTERNS = [
    (1, (0, 3.1, 0), [2]),  # beyond three sigma
    (1, (0, 3, -3), []),  # on the limit is not beyond it
    (1, (-3.2, -3.1), [1, 2]),  # on the other side, and again
    (2, (2.1, 2.1), [2]),  # two of two
    (2, (2.1, 0, 2.1), [3]),  # two of three, one between
    (2, (2.1, 0, 0, 2.1), []),  # two of four
    (2, (2.1, -2.1), []),  # on both sides
    (2, (2.1, 2.1, 0), [2]),  # the point at hand must be one of them
    (2, (2, 2, 2), []),  # on the line
    (3, (1.1, 1.1, 0, 1.1, 1.1), [5]),  # four of five
    (3, (1.1, 1.1, 1.1, 1.1), [4]),  # four of four
    (3, (1.1, 1.1, 0, 0, 1.1, 1.1), []),  # four of six
    (3, (-1.5, -1.5, 1.5, -1.5, -1.5), [5]),  # one on the other side
    (4, (0.1,) * 7, []),  # seven in a row
    (4, (0.1,) * 9, [8, 9]),  # eight, and a ninth
    (4, (0.1,) * 4 + (0,) + (0.1,) * 4, []),  # one on the centre
    (4, (0.1,) * 7 + (-0.1,) * 8, [15]),  # crossed
]  # fmt: skip


@pytest.mark.parametrize(("number", "points", "alarms"), PATTERNS)
def test_western_electric_rules(number: int, points: tuple[float, ...], alarms: list[int]) -> None:
    rule = f"western_electric_{number}"
    assert signals(in_sigmas(*points), [rule]) == [Signal(rule, at) for at in alarms]


# Row: the rule's number, the points in sigmas, the points at which it alarms.
NELSON = [
    (3, (0, 0.1, 0.2, 0.3, 0.4), []),  # five points rising
    (3, (0, 0.1, 0.2, 0.3, 0.4, 0.5), [6]),  # six
    (3, (0.5, 0.4, 0.3, 0.2, 0.1, 0, -0.1), [6, 7]),  # falling, and on
    (3, (0, 0.1, 0.2, 0.2, 0.3, 0.4, 0.5), []),  # a step that is none
    (4, (0.1, -0.1) * 6 + (0.1,), []),  # thirteen alternating
    (4, (0.1, -0.1) * 7, [14]),  # fourteen
    (7, (0.5, -1) * 7, []),  # fourteen within one sigma
    (7, (0.5, -1) * 7 + (1,), [15]),  # fifteen, also on the line
    (8, (1.5, -1.5) * 3 + (1.5,), []),  # seven beyond one sigma
    (8, (1.5, -1.5) * 4, [8]),  # eight, on either side
]


@pytest.mark.parametrize(("number", "points", "alarms"), NELSON)
def test_nelson_s_rules(number: int, points: tuple[float, ...], alarms: list[int]) -> None:
    rule = f"nelson_{number}"
    assert signals(in_sigmas(*points), [rule]) == [Signal(rule, at) for at in alarms]


# Row: rules, and the average number of points until a process in control alarms (Champ and Woodall, Technometrics 29,
# 1987, table 1, with limits that are known).
RUN_LENGTHS = [
    ((1,), 370.40),
    ((1, 2), 225.44),
    ((1, 3), 166.05),
    ((1, 4), 152.73),
    ((1, 2, 3, 4), 91.75),
]


@pytest.mark.parametrize(("numbers", "published"), RUN_LENGTHS)
def test_false_alarms_are_as_rare_as_champ_and_woodall_published(numbers: tuple[int, ...], published: float) -> None:
    assert run_length([f"western_electric_{number}" for number in numbers]) == pytest.approx(published, abs=0.02)


def run_length(rules: list[str]) -> float:
    """Followed exactly, by the zones in which the next point may fall, with the rules themselves telling alarms."""
    normal = NormalDist()
    edges = [float("-inf"), -3, -2, -1, 0, 1, 2, 3, float("inf")]
    zones = [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5]
    chances = [normal.cdf(high) - normal.cdf(low) for low, high in pairwise(edges)]

    def state(past: tuple[float, ...]) -> tuple[Any, ...]:
        """What of the past can matter: of two points which are beyond two sigma, of four beyond one, of seven sides."""
        sides = tuple(point > 0 for point in past)
        row = next((at for at, side in enumerate(reversed(sides)) if side != sides[-1]), len(sides))
        far = [int(point / 2) for point in past[-2:]] if "western_electric_2" in rules else []
        off = [(point > 1) - (point < -1) for point in past[-4:]] if "western_electric_3" in rules else []
        return tuple(far), tuple(off), (sides[-1:], row) if "western_electric_4" in rules else ()

    known: dict[tuple[Any, ...], tuple[float, ...]] = {state(()): ()}
    moves: dict[tuple[Any, ...], list[tuple[tuple[Any, ...], float]]] = {}
    open_ = list(known)
    while open_:
        here = open_.pop()
        moves[here] = []
        for zone, chance in zip(zones, chances, strict=True):
            past = (*known[here], zone)[-8:]
            if any(one.point == len(past) for one in signals(in_sigmas(*past), rules)):
                continue
            there = state(past[-7:])
            if there not in known:
                known[there] = past[-7:]
                open_.append(there)
            moves[here].append((there, chance))
    weights, length, before, ratio = {state(()): 1.0}, 0.0, 1.0, 0.0
    for steps in count():
        alive = sum(weights.values())
        if steps > 50 and abs(alive / before - ratio) < 1e-13:
            return length + alive / (1 - ratio)  # from here on a geometric series
        length, before, ratio = length + alive, alive, alive / before
        after: dict[tuple[Any, ...], float] = {}
        for here, weight in weights.items():
            for there, chance in moves[here]:
                after[there] = after.get(there, 0.0) + weight * chance
        weights = after
    raise AssertionError
