"""Shewhart control charts: centre line, limits and sigma of individual values or of subgroup means.

Individuals (e-Handbook 6.3.2.2): sigma = mean moving range / d2 of two values; limits at three sigma.
X-bar and R (6.3.2.1): limits at A2 times the mean range; X-bar and S: at A3 times the mean standard deviation.
Ranges lie between D3 and D4 times their mean, standard deviations between B3 and B4 times theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from .figures import mean, moving_ranges, spread

Kind = Literal["individuals", "xbar_r", "xbar_s"]


class Factors(NamedTuple):
    """Factors of one subgroup size, as the tables print them (ASTM Manual 7, Montgomery)."""

    a2: Decimal
    a3: Decimal
    d2: Decimal
    d3_limit: Decimal
    d4_limit: Decimal
    b3: Decimal
    b4: Decimal


def _row(text: str) -> Factors:
    return Factors(*map(Decimal, text.split()))


FACTORS: Final = {
    # n: A2    A3    d2    D3    D4    B3    B4
    2: _row("1.880 2.659 1.128 0     3.267 0     3.267"),
    3: _row("1.023 1.954 1.693 0     2.575 0     2.568"),
    4: _row("0.729 1.628 2.059 0     2.282 0     2.266"),
    5: _row("0.577 1.427 2.326 0     2.114 0     2.089"),
    6: _row("0.483 1.287 2.534 0     2.004 0.030 1.970"),
    7: _row("0.419 1.182 2.704 0.076 1.924 0.118 1.882"),
    8: _row("0.373 1.099 2.847 0.136 1.864 0.185 1.815"),
    9: _row("0.337 1.032 2.970 0.184 1.816 0.239 1.761"),
    10: _row("0.308 0.975 3.078 0.223 1.777 0.284 1.716"),
}


@dataclass(frozen=True, slots=True)
class Chart:
    """`points` are values or subgroup means, `sigma` their standard deviation (a third of the way to a limit).

    `spreads` are the moving ranges, ranges or standard deviations beside them, with limits of their own; a
    moving range belongs to the second of its two points.
    """

    kind: Kind
    points: tuple[Decimal, ...]
    centre: Decimal
    sigma: Decimal
    spreads: tuple[Decimal, ...]
    spread_lower: Decimal
    spread_upper: Decimal

    @property
    def lower(self) -> Decimal:
        return self.centre - 3 * self.sigma

    @property
    def upper(self) -> Decimal:
        return self.centre + 3 * self.sigma


def chart(values: Sequence[Decimal], size: int, by_deviation: bool, baseline: int) -> Chart:
    """The chart of values in time order, in subgroups of `size` (1 to 10).

    Centre line and limits come from the first `baseline` points; 0: from all. Raises ValueError where the last
    subgroup is not whole, or there are fewer than two points.
    """
    if size == 1:
        points, spreads = tuple(values), tuple(moving_ranges(values))
    else:
        groups = [values[at : at + size] for at in range(0, len(values), size)]
        if len(groups[-1]) < size:
            raise ValueError(f"{len(values)} values are not whole subgroups of {size}")
        points = tuple(map(mean, groups))
        spreads = tuple(spread(group) if by_deviation else max(group) - min(group) for group in groups)
    used = min(baseline or len(points), len(points))
    if used < 2:
        raise ValueError("a chart needs at least two points")
    centre = mean(points[:used])
    usual = mean(spreads[: used - 1] if size == 1 else spreads[:used])
    factors = FACTORS[max(size, 2)]
    if size > 1 and by_deviation:
        return Chart("xbar_s", points, centre, factors.a3 * usual / 3, spreads, factors.b3 * usual, factors.b4 * usual)
    sigma = usual / factors.d2 if size == 1 else factors.a2 * usual / 3
    low, high = factors.d3_limit * usual, factors.d4_limit * usual
    return Chart("individuals" if size == 1 else "xbar_r", points, centre, sigma, spreads, low, high)
