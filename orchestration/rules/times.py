"""Dates, moments and durations: read strictly, counted by the calendar, compared safely across summer time."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo


def parse_duration(text: str) -> timedelta:
    """`30s`, `20m`, `4h` or `3d` as a length of time. Raises ValueError with a sentence."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f"“{text}” is not a duration. Write a number and a unit: 30s, 20m, 4h or 3d.")
    length = timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
    if not timedelta() < length <= _LONGEST:
        raise ValueError(f"“{text}” is not a usable duration. It must be longer than zero and at most 3650d.")
    return length


def parse_period(text: str) -> tuple[int, str]:
    """`30d`, `6mo` or `18y` as (count, unit), counted by the calendar. Raises ValueError with a sentence."""
    found = _PERIOD.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError(f"“{text}” is not a calendar period. Write a number and a unit: 30d, 6mo or 18y.")
    return int(found[1]), found[2]


def period_length(text: str) -> float:
    """About how many days a duration or period lasts, for comparing bounds. Raises ValueError."""
    try:
        count, unit = parse_period(text)
    except ValueError:
        if _DURATION.fullmatch(text) if isinstance(text, str) else False:
            return parse_duration(text) / timedelta(days=1)
        raise ValueError(f"“{text}” is not a duration. Write 30s, 20m, 4h, 3d, 6mo or 18y.") from None
    return count * {"d": 1.0, "mo": 365.25 / 12, "y": 365.25}[unit]


def as_day(value: Any) -> date | None:
    """`YYYY-MM-DD` as a day; None for anything else."""
    return _day(value) if isinstance(value, str) and len(value) == 10 else None


def as_moment(value: Any, zone: ZoneInfo) -> datetime | None:
    """An ISO date with time as a moment in UTC; without an offset it is in the zone. None for anything else."""
    return _moment(value, zone) if isinstance(value, str) and 16 <= len(value) <= 40 else None


def shifted_day(day: date, count: int, unit: str) -> date:
    """The day so much later (earlier for a negative count); the last day of a month stays within its month."""
    try:
        if unit == "d":
            return day + timedelta(days=count)
        months = day.year * 12 + day.month - 1 + count * (12 if unit == "y" else 1)
        year, month = divmod(months, 12)
        return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    except (ValueError, OverflowError, IndexError):
        return date.min if count < 0 else date.max


def shifted_moment(moment: datetime, count: int, unit: str, zone: ZoneInfo) -> datetime:
    """As `shifted_day`, at the same time of day on the zone's clocks, whatever summer time did in between."""
    local = moment.astimezone(zone)
    day = shifted_day(local.date(), count, unit)
    return _in_utc(datetime.combine(day, local.timetz().replace(tzinfo=None)).replace(tzinfo=zone))


_DURATION: Final = re.compile(r"([0-9]{1,9})([smhd])")
_PERIOD: Final = re.compile(r"([0-9]{1,5})(d|mo|y)")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONGEST: Final = timedelta(days=3650)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]{1,12})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)


@lru_cache(maxsize=4096)
def _day(text: str) -> date | None:
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    found = _MOMENT.fullmatch(text)
    if not found or (found[4] and not found[3]):
        return None
    seconds, offset = found[3] or ":00", found[5] or ""
    leap = seconds == ":60"
    fraction = (found[4] or ".0")[:7]
    try:
        moment = datetime.fromisoformat(f"{found[1]}T{found[2]}{':59' if leap else seconds}{fraction:0<7}")
        if offset:
            sign = -1 if offset[0] == "-" else 1
            away = "00:00" if offset in "Zz" else offset[1:]
            hours, minutes = (int(part) for part in away.split(":"))
            if hours > 23 or minutes > 59:
                return None
            moment = (moment - sign * timedelta(hours=hours, minutes=minutes)).replace(tzinfo=UTC)
        else:
            moment = _in_utc(moment.replace(tzinfo=zone))
        return moment + timedelta(seconds=1) if leap else moment
    except (ValueError, OverflowError):
        return None


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return (datetime.min if moment.year < 2 else datetime.max).replace(tzinfo=UTC)
