"""Finds the free times of providers and ranks them: pure, in UTC inside, in the clinic's time outside."""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from .calendars import DAYS, Clinic, Provider, opening

Interval = tuple[datetime, datetime]

WAITING, OTHER_PART, OTHER_DAY, OTHER_PROVIDER, LEFTOVER = 2.0, 25.0, 15.0, 20.0, 1.0
"""What is taken from 100: for each day of waiting, for each wish not met, and for a gap nobody can use."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One search. `earliest` and `latest` are instants (a visit starts in between); the wishes only rank."""

    specialty: str
    length: timedelta
    earliest: datetime
    latest: datetime
    part_of_day: str | None = None
    weekdays: tuple[str, ...] = ()
    provider: str | None = None
    step: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Slot:
    """`start` and `end` are in the clinic's time zone."""

    start: datetime
    end: datetime
    provider: str
    score: float
    missed: tuple[str, ...]

    @property
    def rank(self) -> tuple[float, datetime, str]:
        """Low goes first: best score, then the earliest, then the provider's key."""
        return -self.score, self.start.astimezone(UTC), self.provider


def part_of_day(local: datetime) -> str:
    """early before 9, morning before 12, afternoon before 17, evening from then on."""
    return (
        "early" if local.hour < 9 else "morning" if local.hour < 12 else "afternoon" if local.hour < 17 else "evening"
    )


def best_slots(clinic: Clinic, busy: Mapping[str, Sequence[Interval]], wanted: Wanted, keep: int) -> list[Slot]:
    """The `keep` best slots, best first."""
    return heapq.nsmallest(keep, all_slots(clinic, busy, wanted), key=lambda slot: slot.rank)


def all_slots(clinic: Clinic, busy: Mapping[str, Sequence[Interval]], wanted: Wanted) -> Iterator[Slot]:
    """Every slot there is.

    1. A provider's hours are taken day by day, and what is booked, with the buffer on both sides, is cut out.
    2. In every gap left, a visit may start at each step from the beginning of the hours; so starts look tidy.
    3. A gap left before or after the visit that is too short for another visit of this length costs a little.
    """
    for provider in clinic.providers:
        if provider.specialty != wanted.specialty:
            continue
        booked = _merged(busy.get(provider.key, ()), clinic.buffer)
        for day in _days(wanted, clinic):
            for hours in opening(clinic, provider, day):
                for gap in _gaps(hours, booked):
                    yield from _in_gap(clinic, provider, hours[0], gap, wanted)


def _days(wanted: Wanted, clinic: Clinic) -> Iterator[date]:
    """From the day before, whose night shift may reach into the search."""
    day = wanted.earliest.astimezone(clinic.zone).date() - timedelta(days=1)
    while day <= wanted.latest.astimezone(clinic.zone).date():
        yield day
        day += timedelta(days=1)


def _merged(intervals: Iterable[Interval], buffer: timedelta) -> list[Interval]:
    found: list[Interval] = []
    for start, end in sorted((start - buffer, end + buffer) for start, end in intervals):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def _gaps(hours: Interval, booked: Sequence[Interval]) -> Iterator[Interval]:
    start, end = hours
    first = bisect_right(booked, start, key=lambda one: one[1])
    last = bisect_left(booked, end, key=lambda one: one[0])
    for taken_from, taken_to in booked[first:last]:
        if taken_from > start:
            yield start, taken_from
        start = max(start, taken_to)
    if start < end:
        yield start, end


def _in_gap(clinic: Clinic, provider: Provider, opened: datetime, gap: Interval, wanted: Wanted) -> Iterator[Slot]:
    low = max(gap[0], wanted.earliest)
    steps = -((opened - low) // wanted.step)  # rounded up
    start = opened + max(steps, 0) * wanted.step
    while start + wanted.length <= gap[1] and start <= wanted.latest:
        yield _scored(clinic, provider, start, gap, wanted)
        start += wanted.step


def _scored(clinic: Clinic, provider: Provider, start: datetime, gap: Interval, wanted: Wanted) -> Slot:
    local, end = start.astimezone(clinic.zone), start + wanted.length
    missed = []
    score = 100.0 - WAITING * (start - wanted.earliest).days
    if wanted.part_of_day and not _suits(wanted.part_of_day, part_of_day(local)):
        missed.append("part_of_day")
        score -= OTHER_PART
    if wanted.weekdays and DAYS[local.weekday()] not in wanted.weekdays:
        missed.append("weekday")
        score -= OTHER_DAY
    if wanted.provider and provider.key != wanted.provider:
        missed.append("provider")
        score -= OTHER_PROVIDER
    for left in (start - gap[0], gap[1] - end):
        if timedelta(0) < left < wanted.length:
            score -= LEFTOVER
    return Slot(local, end.astimezone(clinic.zone), provider.key, score, tuple(missed))


def _suits(wish: str, part: str) -> bool:
    """Who asks for the morning is glad of an early one, too."""
    return part == wish or (wish, part) == ("morning", "early")
