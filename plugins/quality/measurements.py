"""The agent that judges measurements: inside the tolerance, outside or unclear, how far, and how many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any, Literal

from pydantic import Field

from orchestration.plugin_api import Agent, AgentError, AgentResult, Health, Model, Request

from .characteristic import LARGEST, Characteristic, Importance, limits_of
from .figures import counted, exact, exactly, likely, mean, rounded, spread, tolerance_factor
from .tolerance import Tolerance, Verdict

Severity = Literal["none", "minor", "major", "critical"]
RANKS: tuple[Severity, ...] = ("none", "minor", "major", "critical")
_PLACES = 6


class Judged(Model):
    name: str = Field(title="Characteristic")
    importance: Importance = Field(title="Class of the characteristic")
    verdict: Verdict = Field(title="Verdict")
    lower: float | None = Field(default=None, title="Lower limit")
    upper: float | None = Field(default=None, title="Upper limit")
    guard: float = Field(title="Guard band on either side of a limit")
    gauge_percent: float = Field(title="Expanded uncertainty (% of the tolerance)")
    measured: int = Field(title="Number of values")
    out: int = Field(title="Number of values outside the tolerance, as read")
    unclear: int = Field(title="Number of values too near to a limit to tell")
    worst: float = Field(title="Worst value")
    beyond: float = Field(title="How far the worst value is outside (negative: inside)")
    beyond_percent: float = Field(title="The same as a share of the tolerance (%); 0 inside")
    reach_percent: float | None = Field(
        default=None,
        title="How far the lot reaches outside, with the parts nobody measured (% of the tolerance)",
        description="None where too few were measured to tell.",
    )
    mean: float = Field(title="Mean")
    standard_deviation: float = Field(title="Standard deviation")


class MeasurementsAgent(Agent):
    name, version, title = "quality.measurements", "1.0", "Judges measurements against the tolerance"
    description = (
        "Compares each value with the limits in decimal arithmetic, with the decision rule of ISO 14253-1: a value "
        "closer to a limit than the guard band proves nothing. Says how far out the worst value is and how far the "
        "parts nobody measured may be, how many are not proved to conform, and whether the gauge is fit."
    )
    inline = True

    class Input(Model):
        characteristics: list[Characteristic] = Field(title="Characteristics", min_length=1, max_length=20)
        quantity: int = Field(title="Parts in the lot", ge=1, le=10_000_000)

    class Config(Model):
        guard_factor: float = Field(
            default=1.0,
            title="Guard band, in expanded uncertainties",
            description="1: ISO 14253-1 to 2013. 0.825: 95 % for one limit and k = 2, as in 2017. 0: none.",
            ge=0,
            le=3,
        )
        assumed_uncertainty_percent: float = Field(
            default=10, title="Uncertainty where none is stated (% of the tolerance)", ge=0, le=50
        )
        implausible_widths: float = Field(
            default=10, title="Tolerances outside from which a value is not plausible", ge=1, le=1000
        )
        lot_share: float = Field(
            default=0.95, title="Share of the lot that counts for how far it reaches", ge=0.5, le=0.999
        )
        lot_confidence: float = Field(default=0.9, title="Confidence in how far the lot reaches", ge=0.5, le=0.999)

    class Output(Model):
        verdict: Verdict = Field(title="Verdict over all characteristics")
        severity: Severity = Field(title="Highest class of what is proved to be outside its tolerance")
        unclear_class: Severity = Field(title="Highest class of what is too near to a limit to tell")
        worst_beyond_percent: float = Field(title="Worst value outside the tolerance (% of the tolerance)")
        reach_percent: float | None = Field(
            default=None,
            title="How far the lot reaches outside in major and critical characteristics (% of the tolerance)",
        )
        minor_reach_percent: float | None = Field(
            default=None, title="The same in minor characteristics (% of the tolerance)"
        )
        measured: int = Field(title="Parts measured")
        rejected: int = Field(title="Parts among them that are not proved to conform")
        implausible: int = Field(title="Number of values that are not plausible")
        gauge_percent: float = Field(title="Largest expanded uncertainty (% of the tolerance)")
        reworkable: bool = Field(title="All that is outside is on a side that can be reworked")
        characteristics: list[Judged] = Field(title="Characteristics")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        stated, config = request.input, request.config
        with exactly():
            measured = [_measured(one, stated.quantity, config) for one in stated.characteristics]
            found = [_judged(one, _reach(one, stated.quantity, config)) for one in measured]
            parts = _parts(measured)
        output = self.Output(
            verdict=_overall(found),
            severity=_highest([one for one in found if one.verdict == "nonconforming"]),
            unclear_class=_highest([one for one in found if one.verdict == "unclear"]),
            worst_beyond_percent=max(one.beyond_percent for one in found),
            reach_percent=_furthest([one.reach_percent for one in found if one.importance != "minor"]),
            minor_reach_percent=_furthest([one.reach_percent for one in found if one.importance == "minor"]),
            measured=len(parts),
            rejected=sum(parts),
            implausible=sum(one.implausible for one in measured),
            gauge_percent=max(one.gauge_percent for one in found),
            reworkable=any(one.out for one in found) and all(one.reworkable for one in measured),
            characteristics=found,
        )
        confidence = min(map(_certainty, measured))
        return AgentResult(output, round(confidence, 3), _summary(output), tuple(map(_evidence, measured)))

    def check(self, config: Any) -> Health:
        if config.guard_factor == 0:
            return Health(True, "Without a guard band: values on a limit are judged as read.")
        if config.assumed_uncertainty_percent == 0:
            return Health(
                False,
                "assumed_uncertainty_percent is 0, so a value without a stated uncertainty counts as exact. "
                "Set it to what your gauges reach, for example 10.",
            )
        return Health(True, f"Guard band of {config.guard_factor:g} expanded uncertainties.")


@dataclass(frozen=True)
class _Measured:
    """A characteristic with its limits and what its values say."""

    stated: Characteristic
    limits: Tolerance
    values: Sequence[Decimal]
    uncertainty: Decimal
    guard: Decimal
    worst: Decimal
    implausible: int

    @property
    def verdict(self) -> Verdict:
        """By the worst value: one that is proved to be outside is enough, one that is unclear leaves it open."""
        return self.limits.verdict(self.worst, self.guard)

    @property
    def rejected(self) -> list[bool]:
        """Part by part: a value that is not proved to conform."""
        return [self.limits.verdict(value, self.guard) != "conforming" for value in self.values]

    @property
    def reworkable(self) -> bool:
        side = self.stated.rework_side
        sides = {self.limits.side(value) for value in self.values} - {""}
        return side == "either" or sides <= {side}


def _measured(stated: Characteristic, quantity: int, config: Any) -> _Measured:
    limits = limits_of(stated)
    if len(stated.values) > quantity:
        told = f"{counted(len(stated.values), 'value')} of {stated.name!r} for {counted(quantity, 'part')}"
        raise AgentError(f"There are {told}; give one for each part that was measured.", permanent=True)
    for number in stated.values:
        if not abs(number) <= LARGEST:
            raise AgentError(f"A value of {stated.name!r} is over {LARGEST:g}: {number!r}.", permanent=True)
    values = [exact(number) for number in stated.values]
    if stated.uncertainty is None:
        uncertainty = limits.width * exact(config.assumed_uncertainty_percent) / 100
    else:
        uncertainty = exact(stated.uncertainty)
    far = limits.width * exact(config.implausible_widths)
    return _Measured(
        stated,
        limits,
        values,
        uncertainty,
        uncertainty * exact(config.guard_factor),
        max(values, key=limits.beyond),
        sum(limits.beyond(value) > far for value in values),
    )


def _judged(one: _Measured, reach: float | None) -> Judged:
    limits, values = one.limits, one.values
    beyond = limits.beyond(one.worst)
    return Judged(
        name=one.stated.name,
        importance=one.stated.importance,
        verdict=one.verdict,
        lower=None if limits.lower is None else float(limits.lower),
        upper=None if limits.upper is None else float(limits.upper),
        guard=rounded(one.guard, _PLACES),
        gauge_percent=rounded(100 * one.uncertainty / limits.width, 2),
        measured=len(values),
        out=sum(limits.beyond(value) > 0 for value in values),
        unclear=sum(limits.verdict(value, one.guard) == "unclear" for value in values),
        worst=float(one.worst),
        beyond=rounded(beyond, _PLACES),
        beyond_percent=rounded(max(Decimal(0), 100 * beyond / limits.width), 2),
        reach_percent=reach,
        mean=rounded(mean(values), _PLACES),
        standard_deviation=rounded(spread(values), _PLACES),
    )


def _parts(measured: Sequence[_Measured]) -> list[bool]:
    """Which parts are not proved to conform: for any reason where all characteristics were measured on all parts, else
    for the characteristic with the largest share."""
    if len({len(one.values) for one in measured}) == 1:
        return [any(reasons) for reasons in zip(*(one.rejected for one in measured), strict=True)]
    return max((one.rejected for one in measured), key=lambda rejected: sum(rejected) / len(rejected))


def _furthest(reaches: Sequence[float | None]) -> float | None:
    return max((reach for reach in reaches if reach is not None), default=0.0) if None not in reaches else None


def _reach(one: _Measured, quantity: int, config: Any) -> float | None:
    """The worst value, or the one-sided tolerance limit of the parts nobody measured where that is further out; never
    below 0. None where too few were measured to tell."""
    ends = [one.worst]
    if len(one.values) < quantity:
        factor = tolerance_factor(len(one.values), config.lot_share, config.lot_confidence)
        if factor is None:
            return None
        middle, far = mean(one.values), exact(factor) * spread(one.values)
        ends += [middle - far, middle + far]
    reach = max(Decimal(0), *(100 * one.limits.beyond(end) / one.limits.width for end in ends))
    # Upwards: what is outside by ever so little is outside.
    return float(reach.quantize(Decimal("0.01"), ROUND_CEILING))


def _overall(found: Sequence[Judged]) -> Verdict:
    """What is unclear leaves it open where it could make the matter worse than what is proved."""
    outside = _highest([one for one in found if one.verdict == "nonconforming"])
    unclear = _highest([one for one in found if one.verdict == "unclear"])
    if RANKS.index(unclear) > RANKS.index(outside):
        return "unclear"
    return "conforming" if outside == "none" else "nonconforming"


def _highest(found: Sequence[Judged]) -> Severity:
    return max((one.importance for one in found), key=RANKS.index, default="none")


def _certainty(one: _Measured) -> float:
    """How probable it is that the worst value truly lies on the side of the limit on which it was read."""
    return likely(abs(one.limits.beyond(one.worst)), one.uncertainty / 2)


def _summary(output: Any) -> str:
    if output.verdict == "conforming":
        return f"{counted(len(output.characteristics), 'characteristic')} measured, everything within tolerance."
    if output.verdict == "unclear":
        names = ", ".join(one.name for one in output.characteristics if one.verdict == "unclear")
        return f"Too near to a limit to tell: {names}."
    outside = [one for one in output.characteristics if one.verdict == "nonconforming"]
    worst = max(outside, key=lambda one: (RANKS.index(one.importance), one.beyond_percent))
    return (
        f"{worst.name} ({worst.importance}) is outside its tolerance by up to {worst.beyond_percent:g} % of it, "
        f"{worst.out} of {counted(worst.measured, 'value')}."
    )


def _evidence(one: _Measured) -> dict[str, Any]:
    limits = [("at least", one.limits.lower), ("at most", one.limits.upper)]
    words = ", ".join(f"{word} {limit}" for word, limit in limits if limit is not None)
    unit = f" {one.stated.unit}" if one.stated.unit else ""
    return {
        "what": f"{one.stated.name} ({one.stated.importance}): {words}{unit}, guard band {one.guard.normalize():f}",
        "value": f"worst {one.worst}{unit}: {one.verdict}",
        "weight": round(_certainty(one), 3),
    }
