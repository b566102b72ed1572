"""The measurements agent: ISO 14253-1 at and around each limit, and figures worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.plugin_api import AgentError
from plugins.quality.measurements import MeasurementsAgent
from plugins.quality.tolerance import tolerance

Run = Callable[..., Any]
# A shaft of 20 h7 (ISO 286: 0/-0.021), measured with U = 0.002.
SHAFT: dict[str, Any] = {
    "name": "Diameter", "importance": "major", "nominal": 20, "lower_deviation": -0.021, "upper_deviation": 0,
    "uncertainty": 0.002, "values": [19.99],
}  # fmt: skip


def judge(run: Run, *characteristics: dict[str, Any], quantity: int = 0, config: dict[str, Any] | None = None) -> Any:
    """Where no quantity is given every part was measured."""
    quantity = quantity or max(len(one["values"]) for one in characteristics)
    return run(MeasurementsAgent(), config or {}, characteristics=list(characteristics), quantity=quantity)


# Row: the value, the verdict with U = 0.002: proved inside up to a limit less U, proved outside beyond a limit plus U.
VERDICTS = [
    (19.998, "conforming"),  # upper limit less U, exactly
    (19.9981, "unclear"),
    (20.0, "unclear"),  # on the limit
    (20.002, "unclear"),  # upper limit plus U, exactly
    (20.0021, "nonconforming"),
    (19.981, "conforming"),  # lower limit 19.979 plus U
    (19.9809, "unclear"),
    (19.977, "unclear"),
    (19.9769, "nonconforming"),
]


@pytest.mark.parametrize(("value", "verdict"), VERDICTS)
def test_a_value_closer_to_a_limit_than_its_uncertainty_proves_nothing(run: Run, value: float, verdict: str) -> None:
    assert judge(run, {**SHAFT, "values": [value]}).output.verdict == verdict


# Row: the guard band in uncertainties, verdict at 20.0017, which is 0.85 U outside.
BANDS = [(1, "unclear"), (0.825, "nonconforming"), (0, "nonconforming")]


@pytest.mark.parametrize(("factor", "verdict"), BANDS)
def test_the_guard_band_is_what_the_configuration_says(run: Run, factor: float, verdict: str) -> None:
    assert judge(run, {**SHAFT, "values": [20.0017]}, config={"guard_factor": factor}).output.verdict == verdict


def test_without_a_guard_band_a_value_on_the_limit_conforms(run: Run) -> None:
    assert judge(run, {**SHAFT, "values": [20.0]}, config={"guard_factor": 0}).output.verdict == "conforming"


def test_decimals_are_compared_as_they_were_typed(run: Run) -> None:
    """In binary fractions 0.1 + 0.2 is more than 0.3."""
    stated = {**SHAFT, "nominal": 0.1, "lower_deviation": -0.1, "upper_deviation": 0.2, "values": [0.3]}
    assert judge(run, {**stated, "uncertainty": 0}).output.verdict == "conforming"


def test_confidence_is_the_probability_that_the_worst_value_lies_where_it_was_read(run: Run) -> None:
    """U is two standard deviations; one U outside is normal(2) = 0.977, on the limit 0.5."""
    assert judge(run, {**SHAFT, "values": [19.99, 20.002]}).confidence == 0.977
    assert judge(run, {**SHAFT, "values": [20.0]}).confidence == 0.5
    assert judge(run, {**SHAFT, "values": [20.0], "uncertainty": 0}).confidence == 1.0


def test_where_no_uncertainty_is_stated_a_share_of_the_tolerance_is_assumed(run: Run) -> None:
    stated = {name: value for name, value in SHAFT.items() if name != "uncertainty"}
    output = judge(run, stated, config={"assumed_uncertainty_percent": 20}).output
    assert (output.gauge_percent, output.characteristics[0].guard) == (20.0, 0.0042)


def test_the_worst_value_and_the_figures_of_a_characteristic(run: Run) -> None:
    """Values 10, 12, 14 of 11 ±2: worst 14, by 1 of 4; mean 12, deviation 2."""
    stated = {**SHAFT, "nominal": 11, "lower_deviation": -2, "upper_deviation": 2, "values": [10, 12, 14]}
    output = judge(run, {**stated, "uncertainty": 0.5}).output
    judged = output.characteristics[0]
    assert (judged.worst, judged.beyond, judged.beyond_percent) == (14, 1, 25)
    assert (judged.mean, judged.standard_deviation, judged.out, judged.unclear) == (12, 2, 1, 0)
    assert (output.severity, output.measured, output.rejected, output.gauge_percent) == ("major", 3, 1, 12.5)


# Row: what is proved outside, what is unclear, the verdict, and the class that decides.
TOGETHER = [
    ([], [], "conforming", "none", "none"),
    (["minor"], [], "nonconforming", "minor", "none"),
    (["minor", "major"], [], "nonconforming", "major", "none"),
    ([], ["minor"], "unclear", "none", "minor"),
    (["minor"], ["major"], "unclear", "minor", "major"),  # could be worse than what is proved
    (["major"], ["minor"], "nonconforming", "major", "minor"),  # could not
    (["critical"], ["critical"], "nonconforming", "critical", "critical"),
]


@pytest.mark.parametrize(("outside", "unclear", "verdict", "severity", "unclear_class"), TOGETHER)
def test_what_is_unclear_matters_where_it_could_be_worse(
    run: Run, outside: list[str], unclear: list[str], verdict: str, severity: str, unclear_class: str
) -> None:
    stated = [SHAFT]
    stated += [{**SHAFT, "importance": one, "values": [20.01]} for one in outside]
    stated += [{**SHAFT, "importance": one, "values": [20.0]} for one in unclear]
    output = judge(run, *stated).output
    assert (output.verdict, output.severity, output.unclear_class) == (verdict, severity, unclear_class)


def test_a_part_counts_once_however_many_of_its_characteristics_are_bad(run: Run) -> None:
    """Of three parts the second is bad in both, the third in one."""
    one, other = {**SHAFT, "values": [19.99, 20.01, 19.99]}, {**SHAFT, "name": "x", "values": [19.99, 20.01, 20.01]}
    output = judge(run, one, other).output
    assert (output.measured, output.rejected) == (3, 2)


def test_where_other_parts_were_measured_the_largest_share_counts(run: Run) -> None:
    one, other = {**SHAFT, "values": [19.99, 20.01]}, {**SHAFT, "name": "x", "values": [19.99, 20.01, 20.01]}
    output = judge(run, one, other, quantity=9).output
    assert (output.measured, output.rejected) == (3, 2)


# Row: side from which a part can be reworked, values, whether all that is outside can be.
REWORK = [
    ("above", [20.01, 19.99], True),
    ("above", [20.01, 19.96], False),  # one is too small
    ("either", [20.01, 19.96], True),
    ("never", [20.01], False),
    ("above", [19.99], False),  # nothing to rework
]


@pytest.mark.parametrize(("side", "values", "reworkable"), REWORK)
def test_only_material_that_is_still_there_can_be_taken_off(
    run: Run, side: str, values: list[float], reworkable: bool
) -> None:
    output = judge(run, {**SHAFT, "rework_side": side, "values": values}).output
    assert output.reworkable is reworkable


def test_a_lot_measured_whole_reaches_as_far_as_its_worst_part(run: Run) -> None:
    stated = {**SHAFT, "nominal": 11, "lower_deviation": -2, "upper_deviation": 2, "values": [10, 12, 14]}
    output = judge(run, stated).output
    assert (output.reach_percent, output.minor_reach_percent) == (25, 0)


def test_parts_that_nobody_measured_may_reach_further(run: Run) -> None:
    """43 values with mean 0 and deviation 1; at 90 % of the lot and 99 % confidence k is 1.8752 (e-Handbook 7.2.6.3).
    The limit is 1, the tolerance 2 wide: 0.8752 outside is 43.76 %."""
    edge = (42 / 42) ** 0.5
    values = [edge, -edge] * 21 + [0]
    stated = {**SHAFT, "importance": "minor", "nominal": 0, "lower_deviation": -1, "upper_deviation": 1}
    output = judge(run, {**stated, "values": values}, quantity=100,
                   config={"lot_share": 0.90, "lot_confidence": 0.99}).output  # fmt: skip
    assert (output.reach_percent, output.minor_reach_percent) == (0, 43.76)


def test_each_characteristic_says_how_far_its_own_values_reach(run: Run) -> None:
    """One is measured on all ten parts and a tenth outside, the other on two of them, which tell nothing."""
    wide = {**SHAFT, "nominal": 0, "lower_deviation": -1, "upper_deviation": 1}
    whole, few = {**wide, "values": [0.0] * 9 + [1.2]}, {**wide, "name": "x", "importance": "minor", "values": [0, 0]}
    output = judge(run, whole, few, config={"lot_confidence": 0.95}).output
    assert [one.reach_percent for one in output.characteristics] == [10, None]
    assert (output.reach_percent, output.minor_reach_percent) == (10, None)


def test_more_values_than_parts_are_refused(run: Run) -> None:
    with pytest.raises(AgentError, match="There are 3 values of 'Diameter' for 2 parts; give one for each part"):
        judge(run, {**SHAFT, "values": [19.99] * 3}, quantity=2)


def test_what_is_outside_by_ever_so_little_reaches_outside(run: Run) -> None:
    """0.000001 of 0.021 is 0.0048 %; rounded to nothing it could be used as is."""
    output = judge(run, {**SHAFT, "uncertainty": 0, "values": [20.000001]}).output
    assert (output.verdict, output.reach_percent) == ("nonconforming", 0.01)


def test_one_part_of_many_does_not_tell_how_far_the_lot_reaches(run: Run) -> None:
    assert judge(run, SHAFT, quantity=2).output.reach_percent is None


def test_a_value_ten_tolerances_outside_is_not_plausible(run: Run) -> None:
    """0.021 wide: 20.21 is just ten outside, 20.211 further; a point in the wrong place is far further."""
    for value, count in ((20.21, 0), (20.211, 1), (1.999, 1)):
        assert judge(run, {**SHAFT, "values": [value]}).output.implausible == count


# Row: deviations, what is wrong with them.
FAULTY = [
    ({"lower_deviation": None, "upper_deviation": None}, "neither a lower nor an upper deviation"),
    ({"lower_deviation": 0.1, "upper_deviation": 0.1}, "its lower deviation is not below its upper deviation"),
    ({"lower_deviation": None, "upper_deviation": 0}, "its only limit is the nominal value"),
]


@pytest.mark.parametrize(("deviations", "told"), FAULTY)
def test_a_tolerance_that_is_none_is_refused_by_name(run: Run, deviations: dict[str, Any], told: str) -> None:
    with pytest.raises(AgentError, match=f"The characteristic 'Diameter' cannot be judged: .*{told}") as raised:
        judge(run, {**SHAFT, **deviations})
    assert raised.value.permanent


def test_one_limit_is_enough(run: Run) -> None:
    """Flatness 0.05: 0.06 is outside by a fifth of it."""
    flatness = {**SHAFT, "nominal": 0, "lower_deviation": None, "upper_deviation": 0.05, "values": [0.06]}
    output = judge(run, flatness).output
    assert (output.verdict, output.worst_beyond_percent, output.characteristics[0].lower) == ("nonconforming", 20, None)


def test_the_summary_names_the_gravest_first(run: Run) -> None:
    minor = {**SHAFT, "name": "Chamfer", "importance": "minor", "values": [21]}
    assert judge(run, minor, {**SHAFT, "values": [20.0021]}).summary == (
        "Diameter (major) is outside its tolerance by up to 10 % of it, 1 of 1 value."
    )
    assert judge(run, {**SHAFT, "values": [20.0]}).summary == "Too near to a limit to tell: Diameter."
    assert judge(run, SHAFT).summary == "1 characteristic measured, everything within tolerance."


@given(
    value=st.decimals(-5, 5, places=3), guard=st.decimals(0, 1, places=3), wider=st.decimals(0, 1, places=3)
)  # fmt: skip
def test_a_wider_guard_band_never_proves_more(value: Decimal, guard: Decimal, wider: Decimal) -> None:
    limits = tolerance(Decimal(0), Decimal(-2), Decimal(2))
    before, after = limits.verdict(value, guard), limits.verdict(value, guard + wider)
    assert after in (before, "unclear")
