"""When reports come in: three shifts, most after a first inspection, fewer at night, none at the weekend."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

PER_DAY = 60
_PROFILE = (  # reports in each hour of a working day, beginning at midnight; shifts change at 6, 14 and 22
    1.2, 1, 0.8, 0.8, 1, 1.6, 4.6, 5.2, 4.4, 3.6, 3.4, 3, 2.2, 3.2, 4.4, 4, 3, 2.4, 2, 1.8, 1.6, 2.2, 1.8, 1.4,
)  # fmt: skip


def arrival(number: int, within: float, today: date) -> datetime:
    """Local date-time of this report, counted from 0; `within` (0 to below 1) is its place between its neighbours.

    Every day brings exactly `PER_DAY` reports. Day 0 is today; Saturdays and Sundays after it are left out.
    """
    days, place = divmod(number, PER_DAY)
    return datetime.combine(_working_day(today, days), _quantile((place + within) / PER_DAY))


def _working_day(today: date, days: int) -> date:
    day = today
    for _ in range(days):
        day += timedelta(days=3 if day.weekday() == 4 else 2 if day.weekday() == 5 else 1)
    return day


def _quantile(share: float) -> time:
    """The time of day by which this share of the day's reports has come in."""
    left = share * sum(_PROFILE)
    for hour, reports in enumerate(_PROFILE):
        if left < reports:
            second = min(3599, int(3600 * left / reports))
            return time(hour, second // 60, second % 60)
        left -= reports
    return time(23, 59, 59)
