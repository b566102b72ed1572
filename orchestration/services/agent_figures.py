"""What an agent did in the last days, in numbers: only live runs of cases that count, in a fixed number of queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

from django.db.models import Case, Count, F, IntegerField, Sum, Value, When, Window
from django.db.models.functions import Cast, Floor, Least, RowNumber, TruncDate
from django.utils import timezone

from orchestration.models import AgentAttempt, AgentRun, Purpose, RunStatus

MOST_DAYS: Final = 366
BINS: Final = 10
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

    `runs` counts unfinished ones too. `latency`: seconds of attempts that ended, by percentile; an attempt counts
    where its run does. `confidence`: succeeded runs by tenths, the last with 1.0 in it; `unsure` gave none.
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
    begin = datetime.combine(first, time(), timezone.get_current_timezone())
    groups = _groups(agent, begin)
    attempts, latency = _latency(agent, begin)
    failed: Counter[str] = Counter()
    bins: Counter[int | None] = Counter()
    for group in groups:
        if group.status == RunStatus.FAILED:
            failed[group.kind] += group.count
        elif group.status == RunStatus.SUCCEEDED:
            bins[group.bin] += group.count
    return Figures(
        agent=agent,
        days=days,
        runs=sum(group.count for group in groups),
        succeeded=sum(bins.values()),
        failed=dict(sorted(failed.items(), key=lambda one: (-one[1], one[0]))),
        attempts=attempts,
        latency=latency,
        confidence=tuple(bins[number] for number in range(BINS)),
        unsure=bins[None],
        cost=sum(group.cost for group in groups),
        by_day=_by_day(groups, first, days),
        steps=_steps(groups),
    )


class _Group(NamedTuple):
    day: date
    status: str
    kind: str
    bin: int | None
    workflow: str
    title: str
    step: str
    count: int
    cost: float


def _groups(agent: str, begin: datetime) -> list[_Group]:
    """The runs, counted by all that is told apart, so that the table is read once."""
    runs = AgentRun.objects.filter(agent=agent, purpose=Purpose.LIVE, created_at__gte=begin, case__test=False)
    tenth = Cast(Least(Floor(F("confidence") * BINS), Value(BINS - 1.0)), IntegerField())
    rows = (
        runs.order_by()
        .annotate(
            day=TruncDate("created_at"),
            tenth=Case(When(confidence=None, then=None), default=tenth, output_field=IntegerField()),
        )
        .values_list("day", "status", "error_kind", "tenth", "case__workflow__slug", "case__workflow__title", "step")
        .annotate(Count("pk"), Sum("cost"))
    )
    return [_Group(*row) for row in rows]


def _latency(agent: str, begin: datetime) -> tuple[int, dict[int, float]]:
    """How many attempts ended, and the percentiles of how long they took: of all, the one at that rank."""
    ended = AgentAttempt.objects.filter(
        run__agent=agent, run__purpose=Purpose.LIVE, run__created_at__gte=begin, run__case__test=False
    ).order_by()
    counted = ended.aggregate(all=Count("pk"), timed=Count("duration"))
    if not counted["timed"]:
        return counted["all"], {}
    ranks = {percentile: -(-counted["timed"] * percentile // 100) for percentile in PERCENTILES}
    rank = Window(RowNumber(), order_by=F("duration").asc())
    timed = ended.filter(duration__isnull=False).annotate(rank=rank).filter(rank__in=set(ranks.values()))
    found = dict(timed.values_list("rank", "duration"))
    return counted["all"], {percentile: found[at] for percentile, at in ranks.items() if at in found}


def _by_day(groups: list[_Group], first: date, days: int) -> tuple[DayFigures, ...]:
    found: dict[date, list[_Group]] = {first + timedelta(days=number): [] for number in range(days)}
    for group in groups:
        found.setdefault(group.day, []).append(group)
    return tuple(
        DayFigures(
            day,
            runs=sum(one.count for one in ones),
            succeeded=sum(one.count for one in ones if one.status == RunStatus.SUCCEEDED),
            failed=sum(one.count for one in ones if one.status == RunStatus.FAILED),
            cost=sum(one.cost for one in ones),
        )
        for day, ones in sorted(found.items())
    )


def _steps(groups: list[_Group]) -> tuple[StepFigures, ...]:
    """Those with the most runs first."""
    found: dict[tuple[str, str, str], list[_Group]] = {}
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
