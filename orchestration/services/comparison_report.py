"""What a comparison run found: agreement whole and by field, confidence, latency, failures, cost, differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final

from orchestration.models import AgentAttempt, AgentRun, ComparisonItem, ComparisonRun, ItemState, RunStatus

BINS: Final = 10
PERCENTILES: Final = (50, 90, 99)
LOOKED_THROUGH: Final = 50
"""Earlier comparisons of an agent among which the last with the same candidate is looked for."""


@dataclass(frozen=True, slots=True)
class FieldReport:
    name: str
    same: int
    compared: int


@dataclass(frozen=True, slots=True)
class Side:
    """The recorded runs or the candidate's, of the inputs that were tried.

    `confidence`: succeeded runs by tenths, the last with 1.0 in it; `unsure` gave none. `latency`: seconds of the try
    that counted, by percentile, empty where none was made. `apart`: so many took place in a process of their own,
    whose start is part of the time.
    """

    runs: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)  # by error kind, the most frequent first
    confidence: tuple[int, ...] = (0,) * BINS
    unsure: int = 0
    latency: Mapping[int, float] = field(default_factory=dict)
    apart: int = 0
    cost: float = 0.0

    @property
    def failures(self) -> int:
        return sum(self.failed.values())


@dataclass(frozen=True, slots=True)
class Repeat:
    """An earlier comparison with the same candidate and configuration: of `both` inputs that it tried too, the same
    installed version came to the same output, confidence and failure for `same`."""

    earlier: ComparisonRun
    both: int
    same: int


@dataclass(frozen=True, slots=True)
class Report:
    """`compared`: both succeeded; `same` of them with equal outputs. `sure`: mean confidence of the recorded runs and
    of the candidate's where both gave one (`sure_of`), None where there are none."""

    total: int
    done: int
    waiting: int
    skipped: Mapping[str, int]
    compared: int
    same: int
    fields: tuple[FieldReport, ...]
    sure: tuple[float, float] | None
    sure_of: int
    before: Side
    after: Side
    differences: tuple[ComparisonItem, ...]
    failures: tuple[ComparisonItem, ...]

    @property
    def settled(self) -> int:
        return self.total - self.waiting

    @property
    def agreement(self) -> float | None:
        return self.same / self.compared if self.compared else None

    @property
    def surer(self) -> float | None:
        return self.sure[1] - self.sure[0] if self.sure else None


def report_of(comparison: ComparisonRun) -> Report:
    """In two queries, however many items there are."""
    items = list(comparison.items.select_related("original__case", "run").order_by("id"))
    done = [(one, one.original, one.run) for one in items if one.state == ItemState.DONE and one.run is not None]
    both = [one for one, _, _ in done if one.same is not None]
    seen: Counter[str] = Counter(name for one in both for name in one.fields)
    differ: Counter[str] = Counter(name for one in both for name in one.differing)
    sure = [
        (before.confidence, after.confidence)
        for one, before, after in done
        if one.same is not None and before.confidence is not None and after.confidence is not None
    ]
    tries: dict[int, tuple[float, bool]] = {}
    attempts = AgentAttempt.objects.filter(run__in=[run.pk for _, *pair in done for run in pair]).order_by("number")
    for run_id, duration, isolated in attempts.values_list("run_id", "duration", "isolated"):
        tries[run_id] = (duration or 0.0, isolated)  # the last attempt is the one that counted
    return Report(
        total=len(items),
        done=len(done),
        waiting=sum(one.state == ItemState.WAITING for one in items),
        skipped=dict(Counter(one.reason for one in items if one.state == ItemState.SKIPPED)),
        compared=len(both),
        same=sum(bool(one.same) for one in both),
        fields=tuple(FieldReport(name, count - differ[name], count) for name, count in sorted(seen.items())),
        sure=(fmean(one for one, _ in sure), fmean(one for _, one in sure)) if sure else None,
        sure_of=len(sure),
        before=_side([run for _, run, _ in done], tries),
        after=_side([run for _, _, run in done], tries),
        differences=tuple(one for one, _, _ in done if one.same is False),
        failures=tuple(one for one, _, run in done if run.status == RunStatus.FAILED),
    )


def repeat_of(comparison: ComparisonRun) -> Repeat | None:
    """How this one agrees with the last earlier one that asked the same of the same candidate; None without any."""
    second = _came_to(comparison)
    if not second:
        return None
    alike = ComparisonRun.objects.filter(
        pk__lt=comparison.pk,
        agent=comparison.agent,
        workflow=comparison.workflow_id,
        step=comparison.step,
        candidate=comparison.candidate,
    ).order_by("-id")[:LOOKED_THROUGH]
    for earlier in alike:
        if earlier.config != comparison.config:
            continue
        first = _came_to(earlier)
        shared = [pk for pk in second if pk in first and first[pk][0] == second[pk][0]]
        if shared:
            return Repeat(earlier, len(shared), sum(first[pk] == second[pk] for pk in shared))
    return None


def _came_to(comparison: ComparisonRun) -> dict[int, tuple[object, ...]]:
    """What the runs came to, by recorded run. Digests are keyed by case: equal ones are equal outputs."""
    names = ("installed_version", "status", "error_kind", "output_digest", "confidence")
    rows = comparison.items.filter(state=ItemState.DONE).values_list("original_id", *(f"run__{one}" for one in names))
    return {original: tuple(rest) for original, *rest in rows}


def _side(runs: Sequence[AgentRun], tries: Mapping[int, tuple[float, bool]]) -> Side:
    kinds = Counter(run.error_kind for run in runs if run.status == RunStatus.FAILED)
    given = [run.confidence for run in runs if run.status == RunStatus.SUCCEEDED]
    bins = Counter(min(int(one * BINS), BINS - 1) for one in given if one is not None)
    made = [tries[run.pk] for run in runs if run.pk in tries]
    seconds = sorted(one for one, _ in made)
    return Side(
        runs=len(runs),
        failed=dict(sorted(kinds.items(), key=lambda one: (-one[1], one[0]))),
        confidence=tuple(bins[number] for number in range(BINS)),
        unsure=sum(one is None for one in given),
        latency={share: _percentile(seconds, share) for share in PERCENTILES} if seconds else {},
        apart=sum(isolated for _, isolated in made),
        cost=sum(run.cost for run in runs),
    )


def _percentile(ordered: Sequence[float], share: int) -> float:
    """The smallest value that so many percent do not exceed."""
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]
