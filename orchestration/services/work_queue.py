"""Queues of work items as a person sees them: how much waits where, and the next item to take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Q
from django.db.models.functions import Now

from orchestration.models import Queue, WorkItem, WorkItemStatus
from orchestration.services.refusal import Refused
from orchestration.services.work_item import claim

TRIES = 20
"""So many items somebody else was quicker to claim before `claim_next` gives up."""


@dataclass(frozen=True, slots=True)
class QueueFigures:
    queue: Queue | None
    open: int
    free: int
    mine: int
    overdue: int

    @property
    def key(self) -> str:
        return str(self.queue.pk) if self.queue else ""


@dataclass(frozen=True, slots=True)
class WorkFigures:
    queues: tuple[QueueFigures, ...]

    @property
    def open(self) -> int:
        return sum(one.open for one in self.queues)

    @property
    def free(self) -> int:
        return sum(one.free for one in self.queues)

    @property
    def mine(self) -> int:
        return sum(one.mine for one in self.queues)

    @property
    def overdue(self) -> int:
        return sum(one.overdue for one in self.queues)


def queue_figures(*, user: User) -> WorkFigures:
    """Open work by queue, in two queries; queues without any are there too."""
    rows: Iterable[dict[str, Any]] = (
        WorkItem.objects.filter(status=WorkItemStatus.OPEN)
        .order_by()
        .values("queue_id")
        .annotate(
            total=Count("pk"),
            free=Count("pk", filter=Q(claimed_by=None)),
            mine=Count("pk", filter=Q(claimed_by=user.pk)),
            late=Count("pk", filter=Q(due_at__lt=Now())),
        )
    )
    counted = {row["queue_id"]: row for row in rows}
    queues: list[Queue | None] = list(Queue.objects.select_related("workflow"))
    if None in counted:
        queues.append(None)
    return WorkFigures(tuple(_figures(queue, counted.get(queue.pk if queue else None)) for queue in queues))


def claim_next(*, user: User, queue_id: int | None = None) -> WorkItem | None:
    """Claim the most urgent free item, of one queue or of all; None when nothing is free."""
    free = WorkItem.objects.filter(status=WorkItemStatus.OPEN, claimed_by=None)
    if queue_id is not None:
        free = free.filter(queue_id=queue_id)
    for _ in range(TRIES):
        pk = free.order_by("-priority", "due_at", "id").values_list("pk", flat=True).first()
        if pk is None:
            return None
        try:
            return claim(work_item_id=pk, user=user)
        except Refused:
            continue  # somebody else was quicker
    return None


def _figures(queue: Queue | None, row: dict[str, Any] | None) -> QueueFigures:
    row = row or {}
    return QueueFigures(queue, row.get("total", 0), row.get("free", 0), row.get("mine", 0), row.get("late", 0))
