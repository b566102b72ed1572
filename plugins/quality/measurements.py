"""The agent that judges measurements: inside the tolerance, outside or unclear, how far, how many, how capable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestration.plugin_api import Agent, AgentError, AgentResult, Health, Model, Request

from .capability import Capability, capability
from .figures import counted, exact, exactly, likely, mean, rounded, spread, two_sided
from .tolerance import Tolerance, Verdict, tolerance

Importance = Literal["cosmetic", "minor", "major", "critical"]
Severity = Literal["none", "cosmetic", "minor", "major", "critical"]
RANKS: tuple[Severity, ...] = ("none", "cosmetic", "minor", "major", "critical")
LARGEST = 1e9
_PLACES = 6


class Characteristic(BaseModel):
    """One characteristic of the part as the report gives it; what else the report says is not looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str = Field(title="Characteristic", max_length=120)
    importance: Importance = Field(title="Class of the characteristic")
    unit: str = Field(default="", title="Unit", max_length=20)
    nominal: float = Field(title="Nominal value", ge=-LARGEST, le=LARGEST)
    lower_deviation: float | None = Field(default=None, title="Lower deviation", ge=-LARGEST, le=LARGEST)
    upper_deviation: float | None = Field(default=None, title="Upper deviation", ge=-LARGEST, le=LARGEST)
    uncertainty: float | None = Field(
        default=None,
        title="Expanded uncertainty of the measurement (k = 2)",
        description="Where it is missing, a share of the tolerance is assumed.",
        ge=0,
        le=LARGEST,
    )
    rework_side: Literal["above", "below", "either", "never"] = Field(
        default="never", title="Side of the tolerance from which a part can be reworked"
    )
    values: list[float] = Field(title="Measured values, in the order of manufacture", min_length=1, max_length=200)


class Judged(Model):
    name: str = Field(title="Characteristic")
    importance: Importance = Field(title="Class of the characteristic")
    verdict: Verdict = Field(title="Verdict")
    lower: float | None = Field(default=None, title="Lower limit")
    upper: float | None = Field(default=None, title="Upper limit")
    guard: float = Field(title="Guard band on either side of a limit")
    measured: int = Field(title="Number of values")
    out: int = Field(title="Number of values outside the tolerance, as read")
    unclear: int = Field(title="Number of values too near to a limit to tell")
    share_out_percent: float = Field(title="Share outside the tolerance (%)")
    worst: float = Field(title="Worst value")
    beyond: float = Field(title="How far the worst value is outside (negative: inside)")
    beyond_percent: float = Field(title="The same as a share of the tolerance (%); 0 inside")
    mean: float = Field(title="Mean")
    standard_deviation: float = Field(title="Standard deviation")
    cp: float | None = Field(default=None, title="Cp")
    cpk: float | None = Field(default=None, title="Cpk")
    pp: float | None = Field(default=None, title="Pp")
    ppk: float | None = Field(default=None, title="Ppk")
    ppk_low: float | None = Field(default=None, title="Ppk, lower confidence limit")


class MeasurementsAgent(Agent):
    name, version, title = "quality.measurements", "1.0", "Judges measurements against the tolerance"
    description = (
        "Compares each value with the limits in decimal arithmetic, with the decision rule of ISO 14253-1: a value "
        "closer to a limit than the guard band proves nothing. Says how far out the worst value is, which share is "
        "out, and how capable the process is (Cp, Cpk, Pp, Ppk)."
    )
    inline = True

    class Input(Model):
        characteristics: list[Characteristic] = Field(title="Characteristics", min_length=1, max_length=20)

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
        capability_least_values: int = Field(default=10, title="Values needed to tell the capability", ge=3, le=200)
        confidence_level: float = Field(default=0.95, title="Level of the limit of Ppk", ge=0.5, le=0.999)

    class Output(Model):
        verdict: Verdict = Field(title="Verdict over all characteristics")
        severity: Severity = Field(title="Highest class of what is outside its tolerance")
        worst_beyond_percent: float = Field(title="Worst value outside the tolerance (% of the tolerance)")
        share_out_percent: float = Field(title="Largest share of values outside the tolerance (%)")
        measured: int = Field(title="Fewest values measured of a characteristic")
        implausible: int = Field(title="Number of values that are not plausible")
        reworkable: bool = Field(title="All that is outside is on a side that can be reworked")
        lowest_ppk: float | None = Field(default=None, title="Lowest Ppk")
        characteristics: list[Judged] = Field(title="Characteristics")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        stated, config = request.input, request.config
        with exactly():
            measured = [_measured(one, config) for one in stated.characteristics]
            found = [(one, _judge(one, config)) for one in measured]
            confidence = min(_certainty(one) for one in measured)
        outside = [judged for _, judged in found if judged.verdict == "nonconforming"]
        open_ = [judged for _, judged in found if judged.verdict == "unclear"]
        severity: Severity = max((one.importance for one in outside), key=RANKS.index, default="none")
        # What is unclear matters where it could make the matter worse than what is proved.
        unclear = any(RANKS.index(one.importance) > RANKS.index(severity) for one in open_)
        indices = [judged.ppk for _, judged in found if judged.ppk is not None]
        output = self.Output(
            verdict="unclear" if unclear else "nonconforming" if outside else "conforming",
            severity=severity,
            worst_beyond_percent=max(one.beyond_percent for _, one in found),
            share_out_percent=max(one.share_out_percent for _, one in found),
            measured=min(one.measured for _, one in found),
            implausible=sum(one.implausible for one in measured),
            reworkable=bool(outside) and all(one.reworkable for one in measured),
            lowest_ppk=min(indices, default=None),
            characteristics=[judged for _, judged in found],
        )
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
    def reworkable(self) -> bool:
        side = self.stated.rework_side
        sides = {self.limits.side(value) for value in self.values} - {""}
        return side == "either" or sides <= {side}


def _measured(stated: Characteristic, config: Any) -> _Measured:
    deviations = [
        None if number is None else exact(number) for number in (stated.lower_deviation, stated.upper_deviation)
    ]
    try:
        limits = tolerance(exact(stated.nominal), *deviations)
    except ValueError as error:
        raise AgentError(f"The characteristic {stated.name!r} cannot be judged: {error}.", permanent=True) from error
    for number in stated.values:
        if not abs(number) <= LARGEST:
            raise AgentError(f"A value of {stated.name!r} is over {LARGEST:g}: {number!r}.", permanent=True)
    values = [exact(number) for number in stated.values]
    if stated.uncertainty is None:
        uncertainty = limits.width * exact(config.assumed_uncertainty_percent) / 100
    else:
        uncertainty = exact(stated.uncertainty)
    worst = max(values, key=limits.beyond)
    far = limits.width * exact(config.implausible_widths)
    return _Measured(
        stated,
        limits,
        values,
        uncertainty,
        uncertainty * exact(config.guard_factor),
        worst,
        sum(limits.beyond(value) > far for value in values),
    )


def _judge(one: _Measured, config: Any) -> Judged:
    limits, values = one.limits, one.values
    out = sum(limits.beyond(value) > 0 for value in values)
    beyond = limits.beyond(one.worst)
    capable = Capability()
    if len(values) >= config.capability_least_values:
        quantile = two_sided(config.confidence_level)
        capable = capability(values, limits.lower, limits.upper, quantile)
    indices = {
        name: None if (index := getattr(capable, name)) is None else rounded(index, 3)
        for name in ("cp", "cpk", "pp", "ppk", "ppk_low")
    }
    return Judged(
        name=one.stated.name,
        importance=one.stated.importance,
        verdict=one.verdict,
        lower=None if limits.lower is None else float(limits.lower),
        upper=None if limits.upper is None else float(limits.upper),
        guard=rounded(one.guard, _PLACES),
        measured=len(values),
        out=out,
        unclear=sum(limits.verdict(value, one.guard) == "unclear" for value in values),
        share_out_percent=rounded(Decimal(100 * out) / len(values), 2),
        worst=float(one.worst),
        beyond=rounded(beyond, _PLACES),
        beyond_percent=rounded(max(Decimal(0), 100 * beyond / limits.width), 2),
        mean=rounded(mean(values), _PLACES),
        standard_deviation=rounded(spread(values), _PLACES),
        **indices,
    )


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
