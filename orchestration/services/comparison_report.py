"""What a comparison run found: agreement whole and by field, confidence, latency, errors, and where the two differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from orchestration.models import AgentAttempt, ComparisonItem, ComparisonRun, ItemState, RunStatus

SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class FieldReport:
    name: str
    same: int
    compared: int


@dataclass(frozen=True, slots=True)
class Report:
    """`compared`: both succeeded; `same` of them with equal outputs. Latency: seconds at p50 and p90, first the
    recorded runs', then the candidate's. `confidence`: mean of candidate minus recorded, None where none has both."""

    total: int
    done: int
    waiting: int
    skipped: dict[str, int]
    compared: int
    same: int
    fields: tuple[FieldReport, ...]
    confidence: float | None
    latency: tuple[tuple[str, float | None, float | None], ...]
    errors: dict[str, int]
    failed_before: int
    differences: tuple[ComparisonItem, ...]

    @property
    def settled(self) -> int:
        return self.total - self.waiting

    @property
    def agreement(self) -> float | None:
        return self.same / self.compared if self.compared else None


def report_of(comparison: ComparisonRun) -> Report:
    """In two queries, however many items there are."""
    items = list(comparison.items.select_related("original__case", "run"))
    done = [one for one in items if one.state == ItemState.DONE and one.run is not None]
    both = [one for one in done if one.same is not None]
    seen: Counter[str] = Counter(name for one in both for name in one.fields)
    differ: Counter[str] = Counter(name for one in both for name in one.differing)
    gaps = [
        one.run.confidence - one.original.confidence
        for one in both
        if one.run is not None and one.run.confidence is not None and one.original.confidence is not None
    ]
    runs = [pk for one in done for pk in (one.original_id, one.run_id)]
    tries: dict[int, float] = {}
    for run_id, duration in (
        AgentAttempt.objects.filter(run__in=runs).order_by("number").values_list("run_id", "duration")
    ):
        tries[run_id] = duration or 0.0  # the last attempt is the one that counted
    before = sorted(tries[one.original_id] for one in done if one.original_id in tries)
    after = sorted(tries[one.run_id] for one in done if one.run_id in tries)
    return Report(
        total=len(items),
        done=len(done),
        waiting=sum(one.state == ItemState.WAITING for one in items),
        skipped=dict(Counter(one.reason for one in items if one.state == ItemState.SKIPPED)),
        compared=len(both),
        same=sum(bool(one.same) for one in both),
        fields=tuple(FieldReport(name, count - differ[name], count) for name, count in sorted(seen.items())),
        confidence=sum(gaps) / len(gaps) if gaps else None,
        latency=tuple((f"{share} %", _percentile(before, share), _percentile(after, share)) for share in (50, 90)),
        errors=dict(Counter(one.run.error_kind for one in done if one.run and one.run.status == RunStatus.FAILED)),
        failed_before=sum(one.original.status == RunStatus.FAILED for one in done),
        differences=tuple(one for one in done if one.same is False)[:SHOWN],
    )


def _percentile(ordered: Sequence[float], share: int) -> float | None:
    """The smallest value that so many percent do not exceed."""
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)] if ordered else None
