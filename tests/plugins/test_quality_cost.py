"""The cost agent: lots worked out by hand, the chances against scipy's figures, and the laws that a choice keeps."""

from __future__ import annotations

from collections.abc import Callable
from math import comb
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.quality.cost import CostAgent
from plugins.quality.options import Lot, Way, choice
from plugins.quality.proportions import mean_share, mean_share_below, share_below

Run = Callable[..., Any]
# 100 parts, all measured, 10 bad. An hour costs 60, so a minute 1.
COSTS = {
    "part_value": 50, "scrap_value": 5, "inspection_minutes": 2, "hourly_rate": 60, "late_per_day": 100,
    "replacement_days": 6,
}  # fmt: skip
REWORK = {
    "procedure": "RW-1", "setup_minutes": 30, "minutes": 8, "material": 1, "yield_percent": 90, "days": 2,
    "times_before": 0,
}  # fmt: skip
LOT: dict[str, Any] = {
    "report_date": "2026-03-02", "due_date": "2026-03-20", "quantity": 100, "measured": 100, "rejected": 10,
    "reworkable": True, "origin": "own_process", "costs": COSTS, "rework": REWORK,
}  # fmt: skip


def reckon(run: Run, config: dict[str, Any] | None = None, **more: Any) -> Any:
    return run(CostAgent(), config or {}, **{**LOT, **more})


def costs_of(output: Any) -> tuple[Any, Any, Any, Any]:
    return output.cheapest, output.rework_cost, output.scrap_cost, output.return_cost


def test_rework_costs_setting_up_work_material_a_second_inspection_and_what_fails(run: Run) -> None:
    """30 + 10 × (8 + 2 + 1 + 10 % of 45) = 185; scrap 10 × 45 = 450."""
    result = reckon(run)
    assert costs_of(result.output) == ("rework", 185, 450, None)
    assert (result.output.saving, result.output.doubt, result.confidence) == (265, 0, 1.0)
    assert result.summary == "Rework costs 185.00, 265.00 less than the next best, for 10 bad parts."


def test_scrap_is_cheaper_where_a_part_is_worth_less_than_the_work(run: Run) -> None:
    """Parts of 12 that fetch 5: rework 30 + 10 × (11 + 0.7) = 147, scrap 10 × 7 = 70."""
    assert costs_of(reckon(run, costs={**COSTS, "part_value": 12}).output) == ("scrap", 147, 70, None)


# Row: what keeps rework from being possible.
NO_REWORK = [
    {"reworkable": False},  # material is missing
    {"rework": None},
    {"rework": {**REWORK, "procedure": " "}},  # nobody approved how
    {"rework": {**REWORK, "times_before": 1}},  # once is enough
]


@pytest.mark.parametrize("more", NO_REWORK)
def test_rework_that_is_not_possible_has_no_price(run: Run, more: dict[str, Any]) -> None:
    output = reckon(run, **more).output
    assert (*costs_of(output), output.saving) == ("scrap", None, 450, None, None)


def test_a_lot_may_be_reworked_as_often_as_the_configuration_says(run: Run) -> None:
    assert reckon(run, {"rework_times_max": 2}, rework={**REWORK, "times_before": 1}).output.cheapest == "rework"


def test_a_return_costs_freight_and_handling_and_is_for_bought_lots_only(run: Run) -> None:
    returns = {"freight": 60, "handling": 40}
    assert costs_of(reckon(run, origin="supplier", returns=returns).output) == ("return", 185, 450, 100)
    assert costs_of(reckon(run, returns=returns).output) == ("rework", 185, 450, None)


def test_a_late_replacement_costs_days(run: Run) -> None:
    """Due in 3 days: new parts take 6, so 3 days at 100 more; rework takes 2."""
    returns = {"freight": 60, "handling": 40}
    output = reckon(run, origin="supplier", returns=returns, due_date="2026-03-05").output
    assert (*costs_of(output), output.days_late) == ("rework", 185, 750, 400, 0)


def test_the_cheapest_way_may_still_be_late(run: Run) -> None:
    result = reckon(run, due_date="2026-03-03")
    assert (result.output.cheapest, result.output.days_late, result.output.rework_cost) == ("rework", 1, 285)
    assert result.summary.endswith(" It is 1 day late.")


def test_parts_that_nobody_measured_are_sorted_and_counted_by_what_the_others_allow(run: Run) -> None:
    """20 of 100 measured, 5 bad: of the other 80 on average 6 in 22, so 5 + 21.82. Sorting 80 × 2 = 160."""
    output = reckon(run, measured=20, rejected=5).output
    assert output.bad_expected == 26.82
    assert output.rework_cost == round(160 + 30 + (5 + 80 * 6 / 22) * 15.5, 2)
    assert output.scrap_cost == round(160 + (5 + 80 * 6 / 22) * 45, 2)
    assert (output.bad_low, output.bad_high) == (14, 42)  # Wilson: 11.19 % to 46.87 % of 80


def test_a_worthless_lot_is_scrapped_unsorted(run: Run) -> None:
    """100 parts at 0.50 are less than sorting them."""
    cheap = {**COSTS, "part_value": 0.5, "scrap_value": 0}
    output = reckon(run, measured=10, rejected=2, costs=cheap).output
    assert (output.cheapest, output.sort_first, output.scrap_cost) == ("scrap", False, 50)
    assert reckon(run, measured=10, rejected=2).output.sort_first is True


# --- Chances ----------------------------------------------------------------------------------------

# Row: share, bad, measured, scipy.stats.beta(bad + 1, measured - bad + 1).cdf(share) of scipy 1.17.1.
BETA = [
    (0.05, 0, 13, 0.5123250209),
    (0.10, 3, 30, 0.3761696214),
    (0.50, 5, 10, 0.5),
    (0.30, 40, 200, 0.9991945552),
    (0.9, 10, 10, 0.3138105961),
]  # fmt: skip


@pytest.mark.parametrize(("share", "bad", "measured", "expected"), BETA)
def test_chances_are_those_of_the_beta_distribution(share: float, bad: int, measured: int, expected: float) -> None:
    assert share_below(share, bad, measured) == pytest.approx(expected, abs=1e-9)


def test_chances_are_binomial_sums() -> None:
    """P(share < 0.2 | 2 of 9) = P(at least 3 of 10 at 0.2)."""
    expected = sum(comb(10, k) * 0.2**k * 0.8 ** (10 - k) for k in range(3, 11))
    assert share_below(0.2, 2, 9) == pytest.approx(expected, abs=1e-12)


def test_a_share_is_expected_by_laplace_s_rule_and_its_parts_add_up() -> None:
    assert mean_share(5, 20) == 6 / 22
    assert mean_share_below(1.0, 5, 20) == 6 / 22
    low = mean_share_below(0.25, 5, 20)
    steps = [(at + 0.5) / 20_000 for at in range(5_000)]
    density = 21 * comb(20, 5)
    assert low == pytest.approx(sum(x * density * x**5 * (1 - x) ** 15 for x in steps) / 20_000, abs=1e-8)


def test_doubt_is_what_knowing_the_share_would_save() -> None:
    """One way costs 50, the other as many as there are bad ones among 100 of which one was measured and good.

    The share then has density 2 (1 - x), so 99 x is 33 on average; what is over 50 costs 99 ∫ (x - b) 2 (1 - x) dx
    from b = 50/99, which is 99 (1 - b)³ / 3; the first way wins with probability (1 - b)².
    """
    b = 50 / 99
    chosen = choice(Lot(100, 1, 0), {("return", False): Way(50, 0), ("scrap", True): Way(0, 1)})
    assert chosen.cheapest == ("scrap", True)
    assert chosen.doubt == pytest.approx(99 * (1 - b) ** 3 / 3, abs=1e-9)
    assert chosen.probability == pytest.approx(1 - (1 - b) ** 2, abs=1e-9)


MONEY = st.integers(0, 500).map(float)


@settings(max_examples=60, deadline=None)
@given(
    lot=st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 200)),
    costs=st.lists(st.tuples(MONEY, MONEY), min_size=1, max_size=4),
)
def test_a_choice_is_cheapest_on_average_and_knowing_is_never_worth_less_than_nothing(
    lot: tuple[int, int, int], costs: list[tuple[float, float]]
) -> None:
    bad, good, rest = lot
    ways = {(name, False): Way(*cost) for name, cost in zip("abcd", costs, strict=False)}
    known = Lot(bad + good + rest, bad + good, bad)
    chosen = choice(known, ways)  # type: ignore[arg-type]
    average = {key: way.cost(known.expected) for key, way in ways.items()}
    assert average[chosen.cheapest] == min(average.values())
    assert 0 <= chosen.probability <= 1
    # Knowing all saves no more than the choice costs, nor more than the dearest way can differ from it.
    assert 0 <= chosen.doubt <= average[chosen.cheapest] + 1e-6
    if rest == 0 or len(ways) == 1:
        assert chosen.doubt == pytest.approx(0, abs=1e-6)


# Row: what does not fit.
MISFITS = [
    {"measured": 101},  # more measured than there are
    {"rejected": 101},
    {"costs": {**COSTS, "scrap_value": 51}},  # scrap worth more than a part
    {"rework": {**REWORK, "yield_percent": 101}},
    {"costs": {**COSTS, "part_value": float("inf")}},
]


@pytest.mark.parametrize("more", MISFITS)
def test_figures_that_do_not_fit_are_refused(run: Run, more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        reckon(run, **more)
