"""Clinics and their providers, and the hours in which a provider sees patients on a given day."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Provider:
    key: str
    title: str
    specialty: str
    hours: dict[str, tuple[tuple[time, time], ...]]


@dataclass(frozen=True, slots=True)
class Clinic:
    key: str
    title: str
    zone: ZoneInfo
    country: str
    region: str
    buffer: timedelta
    providers: tuple[Provider, ...]


@cache
def clinics() -> dict[str, Clinic]:
    """The clinics that are shipped; all invented."""
    loaded = json.loads((Path(__file__).parent / "clinics.json").read_text(encoding="utf-8"))
    return {key: _clinic(key, stated) for key, stated in loaded.items()}


def opening(clinic: Clinic, provider: Provider, day: date) -> list[tuple[datetime, datetime]]:
    """The provider's hours of that day in UTC: none on a public holiday.

    Both ends are wall clock in the clinic's zone, so a night shift over a change of the clocks is really shorter or
    longer. An end at or before its start (00:00, too) lies on the next day.
    """
    if day in _holidays(clinic.country, clinic.region, day.year):
        return []
    found = []
    for start, end in provider.hours.get(DAYS[day.weekday()], ()):
        last = day if end > start else day + timedelta(days=1)
        found.append((_utc(day, start, clinic.zone), _utc(last, end, clinic.zone)))
    return found


def holiday(clinic: Clinic, day: date) -> str:
    """The public holiday's name; empty on any other day."""
    return str(_holidays(clinic.country, clinic.region, day.year).get(day, ""))


def _utc(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


@lru_cache(maxsize=64)
def _holidays(country: str, region: str, year: int) -> dict[date, str]:
    return dict(holidays.country_holidays(country, subdiv=region or None, years=year))


def _clinic(key: str, stated: dict) -> Clinic:
    providers = tuple(
        Provider(
            name,
            one["title"],
            one["specialty"],
            {day: tuple(_span(text) for text in spans) for day, spans in one["hours"].items()},
        )
        for name, one in stated["providers"].items()
    )
    buffer = timedelta(minutes=stated["buffer_minutes"])
    zone = ZoneInfo(stated["time_zone"])
    return Clinic(key, stated["title"], zone, stated["country"], stated["region"], buffer, providers)


def _span(text: str) -> tuple[time, time]:
    start, end = text.split("-")
    return time.fromisoformat(start), time.fromisoformat(end)
