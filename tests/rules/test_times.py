"""Dates, moments and durations are read strictly and counted by the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.rules.times import (
    as_day,
    as_moment,
    parse_duration,
    parse_period,
    period_length,
    shifted_day,
    shifted_moment,
)

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30s", timedelta(seconds=30)),
        ("20m", timedelta(minutes=20)),
        ("4h", timedelta(hours=4)),
        ("3d", timedelta(days=3)),
    ],
)
def test_durations_have_one_number_and_one_unit(text, length):
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", ["", "3", "d", "3 d", "-3d", "0s", "3w", "6mo", "1.5h", "99999d", "٣d", 3, None])
def test_other_durations_are_refused_with_an_example(text):
    with pytest.raises(ValueError, match=r"3d\.|usable"):
        parse_duration(text)


def test_periods_are_days_months_or_years():
    assert [parse_period(text) for text in ("30d", "6mo", "18y")] == [(30, "d"), (6, "mo"), (18, "y")]


@pytest.mark.parametrize("text", ["6m", "4h", "", "1y6mo", "-1d", 18, None])
def test_other_periods_are_refused(text):
    with pytest.raises(ValueError, match="18y"):
        parse_period(text)


def test_lengths_order_durations_and_periods_alike():
    texts = ["30s", "20m", "4h", "1d", "29d", "1mo", "12mo", "367d", "18y"]
    assert sorted(texts, key=period_length) == texts
    assert period_length("12mo") == period_length("1y")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-31T10:00:00Z", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31t10:00:00z", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31 10:00", datetime(2026, 1, 31, 9, tzinfo=UTC)),  # in the zone
        ("2026-07-31T10:00:00", datetime(2026, 7, 31, 8, tzinfo=UTC)),  # in summer time
        ("2026-01-31T10:00:00.1234567-05:30", datetime(2026, 1, 31, 15, 30, 0, 123456, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),  # a leap second
        ("2026-03-29T02:30:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # a time that the clocks skip
        ("2026-10-25T02:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # one that comes twice: the first
    ],
)
def test_moments_are_read_in_utc(text, utc):
    assert as_moment(text, BERLIN) == utc


@pytest.mark.parametrize(
    "text",
    ["2026-01-31", "2026-02-30T10:00:00Z", "2026-01-31T24:00:00Z", "20260131T100000Z", "now", "", 5, None],
)
def test_what_is_no_moment_is_none(text):
    assert as_moment(text, BERLIN) is None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00"])
def test_moments_at_the_edge_of_the_calendar_do_no_harm(text):
    assert as_moment(text, BERLIN) is None


def test_days_are_read_strictly():
    assert as_day("2024-02-29") == date(2024, 2, 29)
    assert [as_day(text) for text in ("2025-02-29", "2026-W01-1", "26-01-31", "２０２６-01-31", "", 5)] == [None] * 6


@pytest.mark.parametrize(
    ("day", "count", "unit", "expected"),
    [
        (date(2024, 1, 31), 1, "mo", date(2024, 2, 29)),
        (date(2025, 1, 31), 1, "mo", date(2025, 2, 28)),
        (date(2024, 2, 29), -1, "y", date(2023, 2, 28)),
        (date(2026, 1, 15), -1, "mo", date(2025, 12, 15)),
        (date(2026, 12, 31), 2, "mo", date(2027, 2, 28)),
        (date(2026, 3, 1), -1, "d", date(2026, 2, 28)),
        (date(2026, 3, 1), -99999, "y", date.min),
        (date(2026, 3, 1), 99999, "mo", date.max),
        (date(2026, 3, 1), 9999999, "d", date.max),
    ],
)
def test_months_and_years_stay_within_their_month(day, count, unit, expected):
    assert shifted_day(day, count, unit) == expected


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 1200))
def test_a_later_month_is_reached_exactly(day, months):
    later = shifted_day(day, months, "mo")
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day


def test_a_moment_keeps_its_time_of_day_across_summer_time():
    noon = datetime(2026, 3, 28, 11, 0, tzinfo=UTC)  # 12:00 in Berlin
    assert shifted_moment(noon, 1, "d", BERLIN) == datetime(2026, 3, 29, 10, 0, tzinfo=UTC)  # 12:00 too
    assert shifted_moment(noon, 1, "d", ZoneInfo("UTC")) == noon + timedelta(days=1)
