"""What an agent did in the last days, in numbers: only live runs of cases that count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from django.utils import timezone

from orchestration.models import RunStatus
from orchestration.services.agent_days import BINS, Day, Group, agent_days

MOST_DAYS: Final = 366
PERCENTILES: Final = (50, 90, 99)


@dataclass(frozen=True, slots=True)
class DayFigures:
    day: date
    runs: int = 0
    succeeded: int = 0
    failed: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class StepFigures:
    """Of one step of one workflow, over all its versions."""

    workflow: str  # slug
    title: str
    step: str
    runs: int
    failed: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Runs by the day they were asked for, in the site's time zone; today counts, and days without runs are there.

    `runs` counts unfinished ones too. `latency`: seconds of attempts that ended, to two figures, by percentile; an
    attempt counts where its run does. `confidence`: succeeded runs by tenths, the last with 1.0 in it;
    `unsure` gave none.
    """

    agent: str
    days: int
    runs: int = 0
    succeeded: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)  # by error kind, the most frequent first
    attempts: int = 0
    latency: Mapping[int, float] = field(default_factory=dict)  # p50, p90, p99 under 50, 90 and 99; empty: none ended
    confidence: tuple[int, ...] = (0,) * BINS
    unsure: int = 0
    cost: float = 0.0
    by_day: tuple[DayFigures, ...] = ()
    steps: tuple[StepFigures, ...] = ()

    @property
    def failures(self) -> int:
        return sum(self.failed.values())


def figures(agent: str, *, days: int) -> Figures:
    """Of this agent in its last `days` days, from 1 to 366."""
    days = min(max(days, 1), MOST_DAYS)
    first = timezone.localdate() - timedelta(days=days - 1)
    found = agent_days(agent, [first + timedelta(days=number) for number in range(days)])
    groups = [(day, group) for day, one in found.items() for group in one.groups]
    failed: Counter[str] = Counter()
    bins: Counter[int | None] = Counter()
    for _, group in groups:
        if group.status == RunStatus.FAILED:
            failed[group.kind] += group.count
        elif group.status == RunStatus.SUCCEEDED:
            bins[group.bin] += group.count
    return Figures(
        agent=agent,
        days=days,
        runs=sum(group.count for _, group in groups),
        succeeded=sum(bins.values()),
        failed=dict(sorted(failed.items(), key=lambda one: (-one[1], one[0]))),
        attempts=sum(one.attempts for one in found.values()),
        latency=_percentiles(found.values()),
        confidence=tuple(bins[number] for number in range(BINS)),
        unsure=bins[None],
        cost=sum(group.cost for _, group in groups),
        by_day=tuple(_day_figures(day, one) for day, one in found.items()),
        steps=_steps([group for _, group in groups]),
    )


def _percentiles(days: Iterable[Day]) -> dict[int, float]:
    """Of all attempts that were timed, the one at that rank."""
    took: Counter[float] = Counter()
    for day in days:
        took.update(day.durations)
    ranks = {percentile: -(-took.total() * percentile // 100) for percentile in PERCENTILES}
    found: dict[int, float] = {}
    passed = 0
    for duration in sorted(took):
        passed += took[duration]
        for percentile in PERCENTILES:
            if percentile not in found and passed >= ranks[percentile]:
                found[percentile] = duration
    return found


def _day_figures(day: date, one: Day) -> DayFigures:
    def count(*statuses: str) -> int:
        return sum(group.count for group in one.groups if not statuses or group.status in statuses)

    return DayFigures(
        day,
        runs=count(),
        succeeded=count(RunStatus.SUCCEEDED),
        failed=count(RunStatus.FAILED),
        cost=sum(group.cost for group in one.groups),
    )


def _steps(groups: list[Group]) -> tuple[StepFigures, ...]:
    """Those with the most runs first."""
    found: dict[tuple[str, str, str], list[Group]] = {}
    for group in groups:
        found.setdefault((group.workflow, group.title, group.step), []).append(group)
    steps = [
        StepFigures(
            *place,
            runs=sum(one.count for one in ones),
            failed=sum(one.count for one in ones if one.status == RunStatus.FAILED),
        )
        for place, ones in found.items()
    ]
    return tuple(sorted(steps, key=lambda one: (-one.runs, one.workflow, one.step)))
