"""Control charts against published examples: factors, limits and capability, and what the agent says of a process."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import exp, lgamma, sqrt
from statistics import NormalDist
from typing import Any

import pytest

from plugins.quality.capability import indices, least_index
from plugins.quality.chart import FACTORS, chart
from plugins.quality.control_chart import ControlChartAgent
from plugins.quality.figures import tolerance_factor
from plugins.quality.runs import signals

Run = Callable[..., Any]
WESTERN_ELECTRIC = [f"western_electric_{number}" for number in (1, 2, 3, 4)]
FLOWRATE = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]  # e-Handbook 6.3.2.2

# Inside diameters of piston rings in mm, 25 samples of five (Montgomery, Introduction to Statistical Quality Control,
# table 6.3), in thousandths from 74.
PISTON_RINGS = [
    74 + thousandth / 1000
    for thousandth in (
        30, 2, 19, -8, 8, -5, -8, 1, 11, 4, -12, 24, 21, 5, 2, 2, -4, -7, 15, 9, -8, 7, 15, -11, 14, 9, -6, -3, -15, -7,
        -5, 6, -6, 0, 5, -15, 3, -7, 15, -12, 8, -5, 9, 5, 4, -2, 0, -10, 7, -5, -6, -2, -6, -5, -10, 4, 0, 7, 0, -4,
        -17, 2, -2, -3, 12, 6, -33, -6, 0, -16, 12, 14, -2, -1, 7, 0, -16, 5, -2, -4, -6, 12, -14, 5, 7, 6, 10, 18, 3,
        0, -16, 2, 3, 5, -3, 0, 10, 13, 20, 3, -18, 1, 15, 5, -4, 4, -1, -10, 6, 9, 10, -11, -10, 9, 14, 15, 8, -7, 0,
        10, -18, -16, -5, 17, 13,
    )
]  # fmt: skip
DRAWN = {"name": "Diameter", "nominal": 74, "lower_deviation": -0.05, "upper_deviation": 0.05}


def decimals(values: list[float]) -> list[Decimal]:
    return [Decimal(str(round(value, 6))) for value in values]


# --- Factors ----------------------------------------------------------------------------------------

NORMAL = NormalDist()
GRID = [at / 20 for at in range(-120, 121)]


def range_moments(count: int) -> tuple[float, float]:
    """Mean and deviation of the range of so many standard normal values (d2 and d3), by integrating numerically."""
    below = [NORMAL.cdf(x) for x in GRID]
    step = GRID[1] - GRID[0]
    mean = step * sum(1 - one**count - (1 - one) ** count for one in below)
    square = 0.0
    for at, low in enumerate(below):
        for high in below[at:]:
            weight = 0.5 if high == low else 1.0
            square += weight * (1 - high**count - (1 - low) ** count + (high - low) ** count)
    return mean, sqrt(2 * step * step * square - mean**2)


@pytest.mark.parametrize("count", FACTORS)
def test_the_factors_of_a_chart_are_those_of_the_normal_distribution(count: int) -> None:
    """The tables print them rounded to three places."""
    printed = [float(factor) for factor in FACTORS[count]]
    c4 = sqrt(2 / (count - 1)) * exp(lgamma(count / 2) - lgamma((count - 1) / 2))
    d2, d3 = range_moments(count)
    wide, off = 3 * d3 / d2, 3 * sqrt(1 - c4**2) / c4
    exactly = [
        3 / (d2 * sqrt(count)), 3 / (c4 * sqrt(count)), d2, max(0, 1 - wide), 1 + wide, max(0, 1 - off), 1 + off,
    ]  # fmt: skip
    assert printed == pytest.approx(exactly, abs=0.0011)


# --- Limits and capability --------------------------------------------------------------------------


def test_individual_values_have_the_limits_of_the_handbook_s_example() -> None:
    drawn = chart(decimals(FLOWRATE), size=1, by_deviation=False, baseline=0)
    assert (float(drawn.centre), round(float(drawn.upper), 2), round(float(drawn.lower), 2)) == (50.81, 55.80, 45.82)
    assert float(sum(drawn.spreads) / 9) == pytest.approx(1.8778, abs=5e-5)
    assert signals(drawn, WESTERN_ELECTRIC) == []


# Row: by standard deviation, the limits that Montgomery prints for means and for the spread.
PRINTED = [
    (False, 73.988, 74.014, 0.049),  # X-bar and R: A2 = 0.577, D4 = 2.114 or 2.115 of R-bar 0.023
    (True, 73.988, 74.014, 0.0196),  # X-bar and S: A3 = 1.427, B4 = 2.089 of s-bar 0.0094
]


@pytest.mark.parametrize(("by_deviation", "lower", "upper", "most"), PRINTED)
def test_subgroups_have_the_limits_of_montgomery_s_piston_rings(
    by_deviation: bool, lower: float, upper: float, most: float
) -> None:
    drawn = chart(decimals(PISTON_RINGS), size=5, by_deviation=by_deviation, baseline=0)
    assert [len(drawn.points), round(float(drawn.centre), 3)] == [25, 74.001]
    assert [float(drawn.lower), float(drawn.upper)] == pytest.approx([lower, upper], abs=1.1e-3)
    assert float(drawn.spread_upper) == pytest.approx(most, abs=6e-4)


def test_the_agent_says_that_montgomery_s_process_is_in_control_and_capable(run: Run) -> None:
    """He prints a Cp of 1.68 with R-bar/d2 rounded to 0.0099; unrounded it is 1.66 or 1.67."""
    values = [float(value) for value in decimals(PISTON_RINGS)]
    result = run(ControlChartAgent(), characteristic="Diameter", characteristics=[DRAWN], values=values,
                 subgroup_size=5)  # fmt: skip
    output = result.output
    assert (output.in_control, output.on_report, output.kind, output.points) == (True, True, "xbar_r", 25)
    assert output.cp == pytest.approx(1.68, abs=0.02)
    assert output.cpk < output.cp  # the mean is 74.001, not 74
    assert result.summary.startswith("The process is in control (25 points, limits 73.98")


def test_capability_is_that_of_the_handbook_s_example() -> None:
    """e-Handbook 6.1.6: limits 8 and 20, mean 16, deviation 2: Cp 1.0, Cpk 0.6667."""
    cp, cpk = indices(Decimal(16), Decimal(2), Decimal(8), Decimal(20))
    assert (cp, round(cpk, 4)) == (1, Decimal("0.6667"))
    assert indices(Decimal(16), Decimal(2), None, Decimal(20)) == (None, cpk)


def test_the_confidence_limit_of_capability_is_that_of_montgomery_s_example() -> None:
    """Cpk 1.33 of 20 values: at least 0.88 at 95 % on two sides."""
    assert round(least_index(Decimal("1.33"), 20, 1.96), 2) == Decimal("0.88")


# Row: values, share, level, the one-sided factor.
TOLERANCE_FACTORS = [
    (43, 0.90, 0.99, 1.8752),  # e-Handbook 7.2.6.3, the example, by the same approximation
    (10, 0.95, 0.95, 2.911),  # Natrella's table A-7 has the exact factor; the approximation is a little lower
    (50, 0.95, 0.95, 2.065),
    (20, 0.99, 0.95, 3.295),
]


@pytest.mark.parametrize(("count", "share", "level", "printed"), TOLERANCE_FACTORS)
def test_tolerance_factors_are_those_of_the_tables(count: int, share: float, level: float, printed: float) -> None:
    assert tolerance_factor(count, share, level) == pytest.approx(printed, rel=0.03)


def test_the_handbook_s_tolerance_factor_is_met_exactly() -> None:
    assert round(tolerance_factor(43, 0.90, 0.99) or 0, 4) == 1.8752


def test_one_or_two_values_have_no_tolerance_factor() -> None:
    assert (tolerance_factor(1, 0.95, 0.9), tolerance_factor(2, 0.95, 0.95)) == (None, None)


# --- The agent --------------------------------------------------------------------------------------

STABLE = [
    10.0,
    10.2,
    9.9,
    10.1,
    9.8,
    10.0,
    10.1,
    9.9,
    10.2,
    9.8,
    10.0,
    10.1,
    9.9,
    10.0,
    10.1,
    9.8,
    10.2,
    9.9,
    10.0,
    10.1,
]


def judged(run: Run, values: list[float], config: dict[str, Any] | None = None, **more: Any) -> Any:
    stated = {"characteristic": "Width", "characteristics": [], "values": values, **more}
    return run(ControlChartAgent(), {"baseline": 20, **(config or {})}, **stated)


def test_a_shift_after_the_baseline_is_told_with_its_points(run: Run) -> None:
    result = judged(run, [*STABLE, 10.9, 10.9, 10.9])
    assert (result.output.in_control, result.output.recent_signals) == (False, 5)  # rule 1 thrice, rule 2 twice
    assert {one["value"] for one in result.evidence} == {"point 21: 10.9", "point 22: 10.9", "point 23: 10.9"}
    assert "a point beyond three sigma" in result.summary


def test_what_was_long_ago_does_not_count(run: Run) -> None:
    values = [*STABLE, 10.9, *STABLE[:8]]
    output = judged(run, values).output
    assert (output.in_control, output.recent_signals, [one.point for one in output.signals]) == (True, 0, [21])
    assert judged(run, values, {"recent": 9}).output.in_control is False


def test_too_few_points_are_no_answer(run: Run) -> None:
    result = judged(run, STABLE[:11])
    assert (result.output.enough, result.output.in_control, result.confidence) == (False, None, 0.0)


def test_values_that_do_not_vary_are_no_answer(run: Run) -> None:
    """A gauge too coarse or values copied: a later shift could not be told from the limits, which are one line."""
    result = judged(run, [10.0] * 20 + [10.5])
    assert (result.output.enough, result.output.in_control, result.confidence) == (False, None, 0.0)
    assert result.summary.startswith("The values do not vary")


def test_confidence_is_how_well_so_many_points_tell_the_limits(run: Run) -> None:
    """One less the relative error of sigma: sqrt(0.83 / 19) of 20 single values, sqrt(0.138 / 25) of 25 fives."""
    values = [float(value) for value in decimals(PISTON_RINGS)]
    assert judged(run, STABLE).confidence == pytest.approx(0.791, abs=5e-4)
    assert judged(run, values, {"baseline": 0}, subgroup_size=5).confidence == pytest.approx(0.926, abs=5e-4)


def test_only_a_process_in_control_has_a_cpk(run: Run) -> None:
    width = {"name": "Width", "nominal": 10, "lower_deviation": -1, "upper_deviation": 1}
    steady = judged(run, STABLE, characteristics=[width]).output
    shifted = judged(run, [*STABLE, 10.9], characteristics=[width]).output
    assert (steady.cpk is None, shifted.cpk, shifted.ppk is None) == (False, None, False)
    assert judged(run, STABLE).output.ppk is None  # the characteristic is not on the report


def test_a_subgroup_that_is_not_whole_is_refused(run: Run) -> None:
    with pytest.raises(Exception, match="20 values are not whole subgroups of 3"):
        judged(run, STABLE, subgroup_size=3)


def test_a_subgroup_that_spreads_too_far_is_out_of_control(run: Run) -> None:
    groups = [[10.0, 10.1, 9.9], [9.9, 10.1, 10.0]] * 7
    wide = [*groups, [9.5, 10.0, 10.5]]
    output = judged(run, [value for group in wide for value in group], {"baseline": 14}, subgroup_size=3).output
    assert (output.in_control, output.spreads_out, output.recent_signals) == (False, 1, 0)
