"""When calls come in: many in the morning and early afternoon, fewer at noon, hardly any at night."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

PER_DAY = 120
_PROFILE = (  # calls in each hour of a working day, beginning at midnight
    0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.5, 2, 9, 15, 16, 13, 6, 7, 13, 13, 10, 6, 3, 1.5, 1, 0.5, 0.3, 0.2,
)  # fmt: skip


def arrival(number: int, within: float, today: date) -> str:
    """ISO local date-time of this call, counted from 0. `within` (0 to below 1) is its place between its neighbours.

    Every day brings exactly `PER_DAY` calls. Day 0 is today; Saturdays and Sundays after it are left out.
    """
    days, place = divmod(number, PER_DAY)
    share = (place + within) / PER_DAY
    return datetime.combine(_working_day(today, days), _quantile(share)).isoformat()


def _working_day(today: date, days: int) -> date:
    day = today
    for _ in range(days):
        day += timedelta(days=3 if day.weekday() == 4 else 2 if day.weekday() == 5 else 1)
    return day


def _quantile(share: float) -> time:
    """The time of day by which this share of the day's calls has come in."""
    left = share * sum(_PROFILE)
    for hour, calls in enumerate(_PROFILE):
        if left < calls:
            second = min(3599, int(3600 * left / calls))
            return time(hour, second // 60, second % 60)
        left -= calls
    return time(23, 59, 59)
