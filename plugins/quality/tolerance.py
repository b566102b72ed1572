"""A tolerance with its guard band: whether a measured value is proved to be inside, outside, or neither.

The decision rule is that of ISO 14253-1. Around each limit lies a zone as wide as the guard band on either side, in
which the uncertainty of the measurement leaves the answer open. Inside the tolerance and outside this zone a value
is proved to conform, beyond it it is proved not to.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Verdict = Literal["conforming", "unclear", "nonconforming"]
Side = Literal["above", "below", ""]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Limits; one may be missing, not both. `width`: of the tolerance, or from nominal to the only limit."""

    lower: Decimal | None
    upper: Decimal | None
    width: Decimal

    def beyond(self, value: Decimal) -> Decimal:
        """How far the value is outside; negative: how far it is inside, from the nearest limit."""
        distances = []
        if self.lower is not None:
            distances.append(self.lower - value)
        if self.upper is not None:
            distances.append(value - self.upper)
        return max(distances)

    def side(self, value: Decimal) -> Side:
        """On which side the value is outside."""
        if self.upper is not None and value > self.upper:
            return "above"
        return "below" if self.lower is not None and value < self.lower else ""

    def verdict(self, value: Decimal, guard: Decimal) -> Verdict:
        beyond = self.beyond(value)
        return "nonconforming" if beyond > guard else "conforming" if beyond <= -guard else "unclear"


def tolerance(nominal: Decimal, lower_deviation: Decimal | None, upper_deviation: Decimal | None) -> Tolerance:
    """From the deviations on the drawing: 20 +0.021/0. Raises ValueError with what is wrong about them."""
    if lower_deviation is None and upper_deviation is None:
        raise ValueError("it has neither a lower nor an upper deviation; give at least one")
    lower = None if lower_deviation is None else nominal + lower_deviation
    upper = None if upper_deviation is None else nominal + upper_deviation
    if lower is not None and upper is not None:
        if lower >= upper:
            raise ValueError("its lower deviation is not below its upper deviation")
        return Tolerance(lower, upper, upper - lower)
    width = abs(lower_deviation if lower_deviation is not None else upper_deviation or Decimal(0))
    if width == 0:
        raise ValueError("its only limit is the nominal value, so there is no tolerance to compare with")
    return Tolerance(lower, upper, width)
