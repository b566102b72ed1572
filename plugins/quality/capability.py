"""Capability of a process against its tolerance: Cp, Cpk, Pp and Ppk.

With limits L and U, mean m and standard deviation s (NIST/SEMATECH e-Handbook of Statistical Methods, 6.1.6):

    Cp  = (U - L) / 6s                              needs both limits
    Cpk = min((U - m) / 3s, (m - L) / 3s)           the one there is where only one limit is

Pp and Ppk are the same with the standard deviation of all values; Cp and Cpk take that within subgroups, which drift
does not widen. Only a process in control has a Cp and Cpk; Pp and Ppk merely tell what it has made so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from .figures import mean, spread


@dataclass(frozen=True, slots=True)
class Capability:
    cp: Decimal | None = None
    cpk: Decimal | None = None
    pp: Decimal | None = None
    ppk: Decimal | None = None
    ppk_low: Decimal | None = None


def capability(
    values: Sequence[Decimal], within: Decimal, lower: Decimal | None, upper: Decimal | None, quantile: float
) -> Capability:
    """`within`: the deviation within subgroups, 0 for none to tell; `quantile`: see `least_index`. Empty where the
    values do not vary."""
    overall = spread(values)
    if overall == 0:
        return Capability()
    middle = mean(values)
    cp, cpk = indices(middle, within, lower, upper) if within else (None, None)
    pp, ppk = indices(middle, overall, lower, upper)
    return Capability(cp, cpk, pp, ppk, least_index(ppk, len(values), quantile))


def indices(
    middle: Decimal, deviation: Decimal, lower: Decimal | None, upper: Decimal | None
) -> tuple[Decimal | None, Decimal]:
    """Cp (None with one limit) and Cpk."""
    sides = []
    if upper is not None:
        sides.append((upper - middle) / (3 * deviation))
    if lower is not None:
        sides.append((middle - lower) / (3 * deviation))
    both = None if lower is None or upper is None else (upper - lower) / (6 * deviation)
    return both, min(sides)


def least_index(index: Decimal, count: int, quantile: float) -> Decimal:
    """Lower confidence limit of Cpk: Cpk - z sqrt(1 / 9n + Cpk² / 2(n - 1)), from the same page."""
    error = (1 / (9 * Decimal(count)) + index**2 / (2 * (Decimal(count) - 1))).sqrt()
    return index - Decimal(str(quantile)) * error
