"""Small figures about workflows: what is open, what came in today, what really happened later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from orchestration.models import Case, CaseStatus, Workflow, WorkItem, WorkItemStatus
from orchestration.services.feedback import values_of


def with_figures(workflows: QuerySet[Workflow]) -> QuerySet[Workflow]:
    """Each with `open_items` and `cases_today`, within the same query."""
    items = WorkItem.objects.filter(case__workflow=OuterRef("pk"), status=WorkItemStatus.OPEN).order_by()
    cases = Case.objects.filter(workflow=OuterRef("pk"), test=False, received_at__gte=start_of_today()).order_by()
    return workflows.annotate(
        open_items=_count(items.values("case__workflow")), cases_today=_count(cases.values("workflow"))
    )


@dataclass(frozen=True, slots=True)
class FeedbackRow:
    """Decided cases with one outcome: of how many what was told, value by value, and of how many nothing yet."""

    words: str
    told: tuple[int, ...]
    untold: int

    @property
    def cases(self) -> int:
        return sum(self.told) + self.untold


@dataclass(frozen=True, slots=True)
class FeedbackFigures:
    """`values` in words: those of the published version, then others that were told before; none: no feedback."""

    days: int
    values: tuple[str, ...] = ()
    rows: tuple[FeedbackRow, ...] = ()


def feedback_figures(workflow: Workflow, *, days: int = 90) -> FeedbackFigures:
    """By outcome, of the decided cases that came in within so many days; test cases do not count. One query."""
    since = timezone.now() - timedelta(days=days)
    cases = Case.objects.filter(workflow=workflow, test=False, status=CaseStatus.DECIDED, received_at__gte=since)
    newest = cases.filter(feedback__superseded_by=None).order_by()  # one row a case, also where nothing was told
    counted = newest.values_list("outcome", "feedback__value").annotate(found=Count("pk"))
    found = {(outcome, value): number for outcome, value, number in counted}
    told = sorted({value for _, value in found if value is not None})
    values = tuple(dict.fromkeys((*values_of(workflow), *told)))
    outcomes = sorted({outcome for outcome, _ in found})
    rows = [
        FeedbackRow(_words(one), tuple(found.get((one, value), 0) for value in values), found.get((one, None), 0))
        for one in outcomes
    ]
    return FeedbackFigures(
        days, tuple(_words(value) for value in values), tuple(sorted(rows, key=lambda row: -row.cases))
    )


def start_of_today() -> datetime:
    """Midnight in the site's time zone."""
    return timezone.make_aware(datetime.combine(timezone.localdate(), time()))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _count(grouped: QuerySet) -> Coalesce:
    return Coalesce(Subquery(grouped.annotate(found=Count("pk")).values("found"), output_field=IntegerField()), 0)
