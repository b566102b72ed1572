"""An agent's runs by day, counted once: a day that is over and whose runs have all ended stays in the shared cache."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

import structlog
from django.core.cache import cache
from django.db.models import Case, Count, F, IntegerField, Sum, Value, When
from django.db.models.functions import Cast, Floor, Least
from django.utils import timezone

from orchestration.models import AgentAttempt, AgentRun, Purpose
from orchestration.models.run import ENDED

BINS: Final = 10
SETTLED_AFTER: Final = timedelta(hours=1)
"""So long after its end a day may still get runs, whose transactions began before."""

log = structlog.get_logger(__name__)


class Group(NamedTuple):
    """Runs that nothing tells apart which anybody counts."""

    status: str
    kind: str
    bin: int | None
    workflow: str
    title: str
    step: str
    count: int
    cost: float


@dataclass(frozen=True, slots=True)
class Day:
    """Runs asked for on one day, and their attempts: `durations` counts them by seconds, to two figures."""

    groups: tuple[Group, ...]
    attempts: int
    durations: Mapping[float, int]


def agent_days(agent: str, days: Sequence[date]) -> dict[date, Day]:
    """Each of these days in the site's time zone. Two queries for each that is not in the cache."""
    zone = timezone.get_current_timezone()
    names = {day: f"agent-day:1:{zone}:{day}:{agent}" for day in days}
    known = _cached(list(names.values()))
    found, settled = {}, {}
    for day, name in names.items():
        found[day] = known[name] if name in known else _counted(agent, day)
        end = datetime.combine(day + timedelta(days=1), time(), zone)
        if name not in known and end + SETTLED_AFTER < timezone.now() and _is_settled(found[day]):
            settled[name] = found[day]
    _keep(settled)
    return found


def two_figures(seconds: float) -> float:
    return float(f"{seconds:.1e}")


def _counted(agent: str, day: date) -> Day:
    begin, end = (
        datetime.combine(day + timedelta(days=number), time(), timezone.get_current_timezone()) for number in (0, 1)
    )
    runs = AgentRun.objects.filter(
        agent=agent, purpose=Purpose.LIVE, created_at__gte=begin, created_at__lt=end, case__test=False
    )
    tenth = Cast(Least(Floor(F("confidence") * BINS), Value(BINS - 1.0)), IntegerField())
    groups = (
        runs.order_by()
        .annotate(tenth=Case(When(confidence=None, then=None), default=tenth, output_field=IntegerField()))
        .values_list("status", "error_kind", "tenth", "case__workflow__slug", "case__workflow__title", "step")
        .annotate(Count("pk"), Sum("cost"))
    )
    tries = AgentAttempt.objects.filter(run__in=runs.order_by()).order_by().values_list("duration", flat=True)
    took = list(tries)
    durations = Counter(two_figures(seconds) for seconds in took if seconds is not None)
    return Day(tuple(Group(*row) for row in groups), len(took), durations)


def _is_settled(day: Day) -> bool:
    return all(group.status in ENDED for group in day.groups)


def _cached(names: list[str]) -> dict[str, Any]:
    try:
        return cache.get_many(names)
    except Exception:  # counted anew, which only takes longer
        log.warning("agent_days_cache_unavailable", exc_info=True)
        return {}


def _keep(days: Mapping[str, Day]) -> None:
    try:
        cache.set_many(days, timeout=None)
    except Exception:
        log.warning("agent_days_cache_unavailable", exc_info=True)
