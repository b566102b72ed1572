"""Figures for the first page: a few aggregate queries, whatever the number of cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Count, Exists, Max, OuterRef, Q
from django.db.models.functions import Now

from orchestration.models import (
    Case,
    CaseStatus,
    Heartbeat,
    VersionStatus,
    Workflow,
    WorkflowVersion,
    WorkItem,
    WorkItemKind,
)
from orchestration.services.health import WORKER_SILENCE
from orchestration.services.heartbeat import heard_within
from orchestration.services.version_status import APPROVE, PUBLISH

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a workflow's cases the rules settled without a person."""

    title: str
    automatic: int
    total: int

    @property
    def percent(self) -> int:
        return round(100 * self.automatic / self.total) if self.total else 0


@dataclass(frozen=True, slots=True)
class WorkerSign:
    heard: bool
    at: datetime | None


def cases_of_the_day() -> dict[CaseStatus, int]:
    """Live cases received in the last 24 hours, by their status now; only statuses that occur."""
    rows = (
        Case.objects.filter(test=False, received_at__gte=Now() - DAY)
        .order_by()
        .values_list("status")
        .annotate(found=Count("pk"))
    )
    counted = dict(rows)
    return {status: counted[status] for status in CaseStatus if status in counted}


def shares_of_the_week() -> list[Share]:
    """By workflow, what the rules settled without any person, of the cases of the last 7 days they are done with.

    Done with means decided or given to a person; workflows without such a case are left out.
    """
    asked = Exists(
        WorkItem.objects.filter(case=OuterRef("pk"), kind__in=[WorkItemKind.ESCALATION, WorkItemKind.APPROVAL])
    )
    rows = (
        Case.objects.filter(test=False, received_at__gte=Now() - WEEK)
        .filter(status__in=[CaseStatus.DECIDED, CaseStatus.ESCALATED])
        .order_by()
        .values("workflow__title")
        .annotate(total=Count("pk"), automatic=Count("pk", filter=Q(decided_by="rules") & ~asked))
        .order_by("workflow__title")
    )
    return [Share(row["workflow__title"], row["automatic"], row["total"]) for row in rows]


def emergencies() -> list[WorkflowVersion]:
    """Publications past the four eyes that nobody has reviewed."""
    waiting = WorkflowVersion.objects.filter(emergency=True, reviewed_at=None).exclude(status="draft")
    return list(waiting.select_related("workflow").defer("content").order_by("published_at"))


def versions_waiting(*, user: User) -> list[WorkflowVersion]:
    """Versions that this person could approve or publish now, the oldest first."""
    wanted = Q(pk=None)
    if user.has_perm(APPROVE):
        wanted |= Q(status=VersionStatus.SUBMITTED)
    if user.has_perm(PUBLISH):
        wanted |= Q(status=VersionStatus.APPROVED)
    waiting = WorkflowVersion.objects.filter(wanted).exclude(author=user).exclude(contributors=user)
    return list(waiting.select_related("workflow", "author").defer("content").order_by("id")[:20])


def worker_sign() -> WorkerSign:
    """Whether a worker was heard from lately, and when last."""
    at = Heartbeat.objects.filter(name__startswith="worker").aggregate(at=Max("heard_at"))["at"]
    return WorkerSign(heard_within(prefix="worker", span=WORKER_SILENCE), at)


def any_workflow() -> bool:
    return Workflow.objects.exists()
