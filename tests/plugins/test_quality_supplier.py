"""The supplier agent: published examples of its statistics, and records worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from plugins.quality.proportions import trend, wilson
from plugins.quality.supplier import SupplierAgent

Run = Callable[..., Any]


def record(*months: tuple[str, int, int]) -> list[dict[str, Any]]:
    return [{"month": month, "lots": lots, "rejected": rejected} for month, lots, rejected in months]


STATED: dict[str, Any] = {
    "report_date": "2026-03-02",
    "received_on": "2026-02-27",
    "deliveries": record(("2026-01", 20, 0), ("2026-02", 30, 1)),
}


def read(run: Run, config: dict[str, Any] | None = None, **more: Any) -> Any:
    return run(SupplierAgent(), config or {}, **{**STATED, **more})


# Row: hits, total, the 95 % interval that Newcombe prints for Wilson's method without continuity correction
# (Statistics in Medicine 17, 1998, table I).
NEWCOMBE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("hits", "total", "low", "high"), NEWCOMBE)
def test_wilson_s_intervals_are_those_that_newcombe_printed(hits: int, total: int, low: float, high: float) -> None:
    assert wilson(hits, total, 1.959964) == pytest.approx((low, high), abs=5e-5)


def test_nothing_delivered_leaves_everything_open() -> None:
    assert wilson(0, 0, 1.96) == (0.0, 1.0)
    assert wilson(10, 10, 1.96)[1] == 1.0


def test_a_trend_is_that_of_agresti_s_example() -> None:
    """Malformations by the mother's drinks a day (Agresti, Categorical Data Analysis, table 3.7; scores 0, 0.5, 1.5,
    4, 7): z² = 6.57."""
    groups = [(0, 48, 17_114), (0.5, 38, 14_502), (1.5, 5, 793), (4, 1, 127), (7, 1, 38)]
    assert trend([(score, hits, total) for score, hits, total in groups]) ** 2 == pytest.approx(6.57, abs=0.005)


def test_a_trend_by_hand() -> None:
    """1 of 10, then 3 of 10: share 0.2, scores ±0.5 about the middle: 1 / sqrt(0.2 × 0.8 × 5) = 1.118."""
    assert trend([(0, 1, 10), (1, 3, 10)]) == pytest.approx(1.118, abs=5e-4)
    assert trend([(0, 3, 10), (1, 1, 10)]) == pytest.approx(-1.118, abs=5e-4)


# Row: groups that tell no trend.
NO_TREND = [[], [(0, 0, 10), (1, 0, 10)], [(0, 10, 10), (1, 5, 5)], [(3, 1, 10)]]


@pytest.mark.parametrize("groups", NO_TREND)
def test_where_nothing_varies_there_is_no_trend(groups: list[tuple[float, int, int]]) -> None:
    assert trend(groups) == 0


def test_a_good_supplier(run: Run) -> None:
    """1 of 50: the true share is below 5 % with probability P(at least 2 of 51 at 0.05) = 0.731."""
    result = read(run)
    output = result.output
    assert (output.rating, output.lots, output.rejected, output.rejected_percent) == ("good", 50, 1, 2.0)
    assert (output.low_percent, output.high_percent) == (0.35, 10.5)
    assert result.confidence == 0.731
    assert result.summary == "A good supplier: 1 of 50 lots rejected, so 0.35 to 10.5 % of all."


# Row: lots, rejected, rating.
RATINGS = [
    (50, 1, "good"),
    (50, 5, "fair"),
    (50, 12, "poor"),
    (9, 0, "new"),  # too few for a rating
    (10, 0, "fair"),  # below 5 % with probability 0.431, below 15 % with 0.833
    (10, 1, "fair"),  # below 15 % with 0.508
    (10, 2, "poor"),
]


@pytest.mark.parametrize(("lots", "rejected", "rating"), RATINGS)
def test_the_rating_is_the_band_of_the_middle_of_what_is_probable(
    run: Run, lots: int, rejected: int, rating: str
) -> None:
    assert read(run, deliveries=record(("2026-02", lots, rejected))).output.rating == rating


def test_only_the_last_months_count_and_none_of_the_future(run: Run) -> None:
    deliveries = record(("2025-03", 50, 50), ("2025-04", 10, 1), ("2026-03", 5, 0), ("2026-04", 50, 50))
    output = read(run, deliveries=deliveries).output
    assert (output.lots, output.rejected) == (15, 1)
    assert read(run, {"months": 13}, deliveries=deliveries).output.lots == 65


def test_a_supplier_who_gets_worse_is_told_apart_from_one_who_gets_better(run: Run) -> None:
    months = [f"2025-{month:02d}" for month in range(5, 13)]
    rising = record(*((month, 10, at) for at, month in enumerate(months)))
    falling = record(*((month, 10, 7 - at) for at, month in enumerate(months)))
    worse, better = read(run, deliveries=rising), read(run, deliveries=falling)
    assert (worse.output.worsening, better.output.worsening) == (True, False)
    assert worse.output.trend == -better.output.trend > 3
    assert "it gets worse" in worse.summary


# Row: day of receipt, days left of 14 to give notice.
NOTICE = [("2026-03-02", 14), ("2026-02-16", 0), ("2026-02-15", -1)]


@pytest.mark.parametrize(("received", "left"), NOTICE)
def test_the_days_left_to_give_notice(run: Run, received: str, left: int) -> None:
    result = read(run, received_on=received)
    assert (result.output.notice_days_left, "too late" in result.summary) == (left, left < 0)


def test_corrective_actions_are_overdue_after_their_day_while_open(run: Run) -> None:
    actions = [
        {"due": "2026-03-01"},  # overdue
        {"due": "2026-03-02"},  # due today
        {"due": "2026-01-01", "closed": True},  # done
    ]
    assert read(run, corrective_actions=actions).output.overdue_actions == 1


def test_more_rejected_than_delivered_is_refused(run: Run) -> None:
    with pytest.raises(ValueError, match=r"In 2026-02 more lots were rejected \(2\) than delivered \(1\)"):
        read(run, deliveries=record(("2026-02", 1, 2)))


def test_limits_that_are_not_in_order_are_refused(run: Run) -> None:
    with pytest.raises(ValueError, match="good_percent must be over 0 and below poor_percent"):
        read(run, {"good_percent": 15, "poor_percent": 5})
