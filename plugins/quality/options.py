"""Ways to dispose of a lot, what each costs by the share of bad parts, which is cheapest, and how sure that is.

Every way costs `fixed + slope * bad`, where `bad` is the number of bad parts in the lot: those found, and of those not
measured the true share, which few measurements leave open (see `proportions`). So the way that is cheapest may change
with the share. `choice` weighs this exactly: which way is cheapest on average, how probable it is that it is cheapest
in truth, and how much dearer it is on average than if one knew the share: what measuring more parts would be worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from .proportions import mean_share, mean_share_below, share_below

Name = Literal["rework", "scrap", "return"]
Key = tuple[Name, bool]
"""Outcome of a way, and whether bad parts are sorted out first."""


@dataclass(frozen=True, slots=True)
class Way:
    """Costs of one way to dispose of a lot: `fixed`, and `slope` for each bad part."""

    fixed: float
    slope: float

    def cost(self, bad: float) -> float:
        return self.fixed + self.slope * bad


@dataclass(frozen=True, slots=True)
class Lot:
    """`measured` of `quantity` parts, `rejected` among them."""

    quantity: int
    measured: int
    rejected: int

    def bad(self, share: float) -> float:
        """Bad parts if this share of those not measured is bad."""
        return self.rejected + (self.quantity - self.measured) * share

    @property
    def expected(self) -> float:
        return self.bad(mean_share(self.rejected, self.measured))


@dataclass(frozen=True, slots=True)
class Choice:
    """`probability`: that no other outcome is cheaper; `doubt`: see above."""

    cheapest: Key
    probability: float
    doubt: float


def choice(lot: Lot, ways: Mapping[Key, Way]) -> Choice:
    """Of at least one way; of equally cheap ones the first."""
    average = {key: way.cost(lot.expected) for key, way in ways.items()}
    best = min(average, key=lambda key: average[key])
    if lot.quantity == lot.measured:
        return Choice(best, 1.0, 0.0)
    probability = least = 0.0
    for low, high in pairwise(_turning_points(lot, list(ways.values()))):
        middle = (low + high) / 2
        cost = {key: way.cost(lot.bad(middle)) for key, way in ways.items()}
        winner = min(cost, key=lambda key: cost[key])
        weight = share_below(high, lot.rejected, lot.measured) - share_below(low, lot.rejected, lot.measured)
        moment = mean_share_below(high, lot.rejected, lot.measured) - mean_share_below(low, lot.rejected, lot.measured)
        way = ways[winner]
        least += way.cost(lot.rejected) * weight + way.slope * (lot.quantity - lot.measured) * moment
        if min(amount for key, amount in cost.items() if key[0] == best[0]) == cost[winner]:
            probability += weight
    return Choice(best, min(1.0, probability), max(0.0, average[best] - least))


def _turning_points(lot: Lot, ways: Sequence[Way]) -> list[float]:
    """0, 1 and the shares between at which two ways cost the same."""
    points = {0.0, 1.0}
    for at, one in enumerate(ways):
        for other in ways[at + 1 :]:
            if one.slope != other.slope:
                bad = (other.fixed - one.fixed) / (one.slope - other.slope)
                points.add((bad - lot.rejected) / (lot.quantity - lot.measured))
    return sorted(point for point in points if 0 <= point <= 1)
