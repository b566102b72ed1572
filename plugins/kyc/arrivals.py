"""When applications come in: on the bank's web site on every day, most after work, fewer at night."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

PER_DAY = 200
_PROFILE = (  # applications in each hour of a day, beginning at midnight
    2, 1, 0.6, 0.5, 0.5, 0.8, 2, 4, 7, 9, 10, 10, 14, 12, 9, 8, 9, 12, 16, 20, 21, 16, 10, 5,
)  # fmt: skip


def arrival(number: int, within: float, today: date) -> datetime:
    """Local date-time of this application, counted from 0; `within` (0 to below 1) is its place between its neighbours.

    Every day brings exactly `PER_DAY` applications; day 0 is today.
    """
    days, place = divmod(number, PER_DAY)
    return datetime.combine(today + timedelta(days=days), _quantile((place + within) / PER_DAY))


def _quantile(share: float) -> time:
    """The time of day by which this share of the day's applications has come in."""
    left = share * sum(_PROFILE)
    for hour, applications in enumerate(_PROFILE):
        if left < applications:
            second = min(3599, int(3600 * left / applications))
            return time(hour, second // 60, second % 60)
        left -= applications
    return time(23, 59, 59)
