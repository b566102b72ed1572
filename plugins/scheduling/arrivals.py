"""When requests come in: most from eight to eleven, fewer at noon, a second wave after it, hardly any at night."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

PER_DAY = 450
_PROFILE = (  # requests in each hour of a day, beginning at midnight
    1, 0.6, 0.4, 0.4, 0.6, 2, 8, 26, 58, 62, 50, 38, 24, 36, 42, 36, 28, 16, 9, 6, 4, 3, 2, 1.4,
)  # fmt: skip


def arrival(number: int, within: float, today: date) -> datetime:
    """Local date-time of this request, counted from 0; `within` (0 to below 1) is its place between its neighbours.

    Every day brings exactly `PER_DAY` requests; day 0 is today.
    """
    days, place = divmod(number, PER_DAY)
    return datetime.combine(today + timedelta(days=days), _quantile((place + within) / PER_DAY))


def _quantile(share: float) -> time:
    """The time of day by which this share of the day's requests has come in."""
    left = share * sum(_PROFILE)
    for hour, requests in enumerate(_PROFILE):
        if left < requests:
            second = min(3599, int(3600 * left / requests))
            return time(hour, second // 60, second % 60)
        left -= requests
    return time(23, 59, 59)
