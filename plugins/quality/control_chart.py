"""The agent that draws a control chart of a process and tells whether it is in control."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, get_args

from pydantic import Field

from orchestration.plugin_api import Agent, AgentError, AgentResult, Health, Model, Request

from .capability import Capability, capability
from .characteristic import LARGEST, Drawn, limits_of
from .chart import Chart, Kind, chart
from .figures import counted, exact, exactly, rounded, two_sided
from .runs import Signal, signals

Rule = Literal[
    "western_electric_1",
    "western_electric_2",
    "western_electric_3",
    "western_electric_4",
    "nelson_3",
    "nelson_4",
    "nelson_7",
    "nelson_8",
]
_WORDS: dict[str, str] = {
    "western_electric_1": "a point beyond three sigma",
    "western_electric_2": "two of three points beyond two sigma on one side",
    "western_electric_3": "four of five points beyond one sigma on one side",
    "western_electric_4": "eight points in a row on one side of the centre",
    "nelson_3": "six points in a row rising or falling",
    "nelson_4": "fourteen points in a row alternating",
    "nelson_7": "fifteen points in a row within one sigma",
    "nelson_8": "eight points in a row beyond one sigma",
}
_PLACES = 6
# Relative variance of the estimate of sigma, times the number of points: for moving ranges of two, and
# (d3 / d2)² for the mean range of a subgroup. That of the standard deviation is a little smaller still.
_ERROR = {1: 0.83, 2: 0.571, 3: 0.275, 4: 0.183, 5: 0.138, 6: 0.112, 7: 0.095, 8: 0.083, 9: 0.074, 10: 0.067}


class Found(Model):
    rule: Rule = Field(title="Rule")
    point: int = Field(title="Point, counted from 1")


class ControlChartAgent(Agent):
    name, version, title = "quality.control_chart", "1.0", "Tells whether the process is in control"
    description = (
        "Draws a chart of individual values or of subgroup means and looks for the patterns of the Western Electric "
        "rules, if wished also for Nelson's. What was long ago does not count against the process. Says how "
        "capable the process is of keeping the tolerance."
    )
    inline = True

    class Input(Model):
        characteristic: str = Field(title="Characteristic on the chart", max_length=120)
        characteristics: list[Drawn] = Field(title="Characteristics of the report", max_length=20)
        values: list[float] = Field(title="Values of the process, in time order", min_length=1, max_length=500)
        subgroup_size: int = Field(default=1, title="Values in a subgroup (1: individual values)", ge=1, le=10)

    class Config(Model):
        rules: tuple[Rule, ...] = Field(default=get_args(Rule)[:4], title="Rules", min_length=1, max_length=8)
        spread: Literal["range", "deviation"] = Field(
            default="range", title="Spread of subgroups by range or by standard deviation"
        )
        baseline: int = Field(default=0, title="Points from which the limits come (0: all of them)", ge=0, le=500)
        recent: int = Field(default=8, title="Last points in which a pattern counts", ge=1, le=500)
        least_points: int = Field(default=12, title="Points needed for an answer", ge=2, le=500)
        confidence_level: float = Field(default=0.95, title="Level of the limit of Ppk", ge=0.5, le=0.999)

    class Output(Model):
        enough: bool = Field(title="There are enough points for an answer, and they vary")
        in_control: bool | None = Field(default=None, title="The process is in control")
        on_report: bool = Field(title="The characteristic on the chart is one of the report")
        kind: Kind = Field(title="Kind of chart")
        points: int = Field(title="Number of points")
        centre: float = Field(title="Centre line")
        lower: float = Field(title="Lower control limit")
        upper: float = Field(title="Upper control limit")
        sigma: float = Field(title="Sigma of the points")
        spread_upper: float = Field(title="Upper limit of the spread")
        spreads_out: int = Field(title="Recent spreads outside their limits")
        signals: list[Found] = Field(default_factory=list, title="Patterns, recent ones first")
        recent_signals: int = Field(title="Number of recent patterns")
        cp: float | None = Field(default=None, title="Cp")
        cpk: float | None = Field(default=None, title="Cpk")
        pp: float | None = Field(default=None, title="Pp")
        ppk: float | None = Field(default=None, title="Ppk")
        ppk_low: float | None = Field(default=None, title="Ppk, lower confidence limit")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        stated, config = request.input, request.config
        for number in stated.values:
            if not abs(number) <= LARGEST:
                raise AgentError(f"A value of the process is over {LARGEST:g}: {number!r}.", permanent=True)
        with exactly():
            values = [exact(number) for number in stated.values]
            try:
                drawn = chart(values, stated.subgroup_size, config.spread == "deviation", config.baseline)
            except ValueError as error:
                raise AgentError(f"There is no control chart: {error}.", permanent=True) from error
            found = signals(drawn, config.rules)
            first = len(drawn.points) - config.recent
            recent = [one for one in found if one.point > first]
            wide = _wide(drawn, config.recent)
            on_report = [one for one in stated.characteristics if one.name == stated.characteristic]
            # Without variation (a gauge too coarse, values copied) there are no limits to judge by.
            enough = len(drawn.points) >= config.least_points and drawn.sigma > 0
            in_control = not recent and not wide if enough else None
            capable = Capability()
            if on_report:
                limits = limits_of(on_report[0])
                within = drawn.sigma * Decimal(stated.subgroup_size).sqrt() if in_control else Decimal(0)
                quantile = two_sided(config.confidence_level)
                capable = capability(values, within, limits.lower, limits.upper, quantile)
            output = self.Output(
                on_report=bool(on_report),
                enough=enough,
                in_control=in_control,
                spreads_out=wide,
                recent_signals=len(recent),
                **_drawn(drawn, found),
                **_indices(capable),
            )
        used = min(config.baseline or output.points, output.points)
        confidence = _confidence(used, stated.subgroup_size) if output.enough else 0.0
        evidence = tuple(
            {"what": _WORDS[one.rule], "value": f"point {one.point}: {drawn.points[one.point - 1]:.6g}"}
            for one in recent
        )
        return AgentResult(output, confidence, _summary(output, recent), evidence)

    def check(self, config: Any) -> Health:
        if config.baseline and config.baseline < config.least_points:
            return Health(
                False,
                f"baseline ({config.baseline}) is below least_points ({config.least_points}), so limits would come "
                "from too few points. Raise it, or set it to 0.",
            )
        if len(set(config.rules)) < len(config.rules):
            return Health(False, "A rule is named twice. Name each once.")
        return Health(True, counted(len(config.rules), "rule"))


def _wide(drawn: Chart, recent: int) -> int:
    """Recent spreads outside their limits. Moving ranges are left out: they tell nothing that the values do not, and
    each shares a value with the next (Roes, Does and Schurink, 1993)."""
    if drawn.kind == "individuals":
        return 0
    return sum(not drawn.spread_lower <= one <= drawn.spread_upper for one in drawn.spreads[-recent:])


def _drawn(drawn: Chart, found: list[Signal]) -> dict[str, Any]:
    def shown(number: Decimal) -> float:
        return rounded(number, _PLACES)

    latest = sorted(found, key=lambda one: -one.point)[:50]
    return {
        "kind": drawn.kind,
        "points": len(drawn.points),
        "centre": shown(drawn.centre),
        "lower": shown(drawn.lower),
        "upper": shown(drawn.upper),
        "sigma": shown(drawn.sigma),
        "spread_upper": shown(drawn.spread_upper),
        "signals": [Found(rule=one.rule, point=one.point) for one in latest],  # type: ignore[arg-type]
    }


def _indices(capable: Capability) -> dict[str, Any]:
    indices = {name: getattr(capable, name) for name in ("cp", "cpk", "pp", "ppk", "ppk_low")}
    return {name: None if index is None else rounded(index, 3) for name, index in indices.items()}


def _confidence(points: int, size: int) -> float:
    """One minus the relative standard error of sigma: how well so many points tell where the limits are."""
    error: float = (_ERROR[size] / (points - 1 if size == 1 else points)) ** 0.5
    return round(max(0.0, 1 - error), 3)


def _summary(output: Any, recent: list[Signal]) -> str:
    drawn = f"{counted(output.points, 'point')}, limits {output.lower:.6g} to {output.upper:.6g}"
    if output.sigma == 0:
        return f"The values do not vary, so they do not tell whether the process is in control ({drawn})."
    if not output.enough:
        return f"Too few points to tell whether the process is in control ({drawn})."
    if output.in_control:
        return f"The process is in control ({drawn})."
    words = list(dict.fromkeys(_WORDS[one.rule] for one in recent))
    words += [f"{counted(output.spreads_out, 'spread')} outside the limits"] if output.spreads_out else []
    return f"The process is not in control: {'; '.join(words)} ({drawn})."
