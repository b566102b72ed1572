"""The reaper: rings again for what a lost process or doorbell left lying. Independent of the queue's scheduler."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Now

from orchestration import queue
from orchestration.models import AgentRun, Case
from orchestration.services.agent_health import check_due
from orchestration.services.answer import give_up_overdue
from orchestration.services.comparison_run import ring_lost
from orchestration.services.schedule import publish_due
from orchestration.services.workflow import release_held

AT_ONCE: Final = 200
"""So many rings at most in one pass, so that a flood of expired leases does not bury the queue."""


def reap() -> int:
    """One pass: rings for every case, run and comparison that could go on but has no live doorbell, gives up runs for
    which no outside party answered in time, and publishes versions that are due. How many rows it set going."""
    rung = release_held(actor="worker", at_most=AT_ONCE)
    for rows, ring in ((Case.objects.claimable(), queue.ring), (AgentRun.objects.claimable(), queue.ring_run)):
        due = rows.filter(_silent()).order_by("id").values_list("pk", flat=True)
        for pk in list(due[:AT_ONCE]):
            # Only one of several reapers rings: whoever moves `rung_at`.
            if rows.model.objects.filter(_silent(), pk=pk).update(rung_at=Now()):
                ring(pk)
                rung += 1
    rung += give_up_overdue(at_most=AT_ONCE)
    publish_due()
    check_due()
    return rung + ring_lost()


def _silent() -> Q:
    """Never rung for, or rung for so long ago that the doorbell must be lost.

    With rings still waiting in the queue, one that was rung after the oldest of them may well be among them.
    A case that has become due since it was last rung for is silent too: that ring was for something else.
    """
    patience = Now() - timedelta(seconds=settings.CONDUCTOR["ring_again"])
    lost: Any = Q(rung_at__lt=patience)
    if oldest := queue.oldest_unheard():
        lost &= Q(rung_at__lt=oldest)
    return Q(rung_at__isnull=True) | lost | Q(due_at__gt=F("rung_at"))
