"""Small figures about workflows: what is open, what came in today, how much the rules settle by themselves."""

from __future__ import annotations

from datetime import datetime, time

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from orchestration.models import Case, Workflow, WorkItem, WorkItemStatus


def with_figures(workflows: QuerySet[Workflow]) -> QuerySet[Workflow]:
    """Each with `open_items` and `cases_today`, within the same query."""
    items = WorkItem.objects.filter(case__workflow=OuterRef("pk"), status=WorkItemStatus.OPEN).order_by()
    cases = Case.objects.filter(workflow=OuterRef("pk"), test=False, received_at__gte=start_of_today()).order_by()
    return workflows.annotate(
        open_items=_count(items.values("case__workflow")), cases_today=_count(cases.values("workflow"))
    )


def start_of_today() -> datetime:
    """Midnight in the site's time zone."""
    return timezone.make_aware(datetime.combine(timezone.localdate(), time()))


def _count(grouped: QuerySet) -> Coalesce:
    return Coalesce(Subquery(grouped.annotate(found=Count("pk")).values("found"), output_field=IntegerField()), 0)
