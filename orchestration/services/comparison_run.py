"""Comparison runs: another agent or configuration on the inputs of recorded runs, in the background, without effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from datetime import time as daytime
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from orchestration import queue
from orchestration.agents.found import Found
from orchestration.agents.registry import registry
from orchestration.models import AgentRun, ComparisonItem, ComparisonRun, ComparisonStatus, Purpose, RunStatus, Workflow
from orchestration.models.run import ENDED
from orchestration.services.agent_config import config_remarks
from orchestration.services.agent_event import record
from orchestration.services.agent_state import state_of
from orchestration.services.refusal import Refused

MOST: Final = 1_000
"""Recorded runs that one comparison may take."""

LOOKED_AT: Final = 1_000
"""The newest runs of a candidate among which one that an outside party answered tells that it leaves answers to one."""


def start_comparison(
    *,
    agent: str,
    workflow: Workflow,
    step: str,
    candidate: str,
    config: Mapping[str, Any],
    user: User | None,
    version: int | None = None,
    last: int = 100,
    since: date | None = None,
    until: date | None = None,
    outside: bool = False,
) -> ComparisonRun:
    """Take the step's `last` ended live runs by this agent, of this version and these days if given, and ring for the
    first batch. `outside`: somebody has said that the candidate may reach whatever it reaches.

    Raises Refused: a candidate that is not there, is off, may reach outside though nobody has said so or leaves answers
    to an outside party, a configuration that does not fit it, nothing to compare.
    """
    found = _candidate(candidate, config, outside=outside)
    if not 1 <= last <= MOST:
        raise Refused(f"Compare from 1 to {MOST:,} runs.")
    runs = AgentRun.objects.filter(
        agent=agent, step=step, case__workflow=workflow, purpose=Purpose.LIVE, status__in=ENDED, case__test=False
    )
    if version is not None:
        runs = runs.filter(version__number=version)
    if since:
        runs = runs.filter(created_at__gte=_begin(since))
    if until:
        runs = runs.filter(created_at__lt=_begin(until + timedelta(days=1)))
    chosen = list(runs.order_by("-id").values_list("pk", flat=True)[:last])
    if not chosen:
        raise Refused("No recorded run fits: choose another step or other days.")
    asked = ComparisonRun(
        agent=agent, workflow=workflow, step=step, candidate=candidate, config=dict(config), created_by=user
    )
    return _started(asked, found, chosen)


def repeat_comparison(*, comparison_id: int, user: User | None) -> ComparisonRun:
    """The same candidate with the same configuration on the same inputs once more: does it answer the same?

    What somebody said of its reach holds again. Raises Refused as `start_comparison`, and while the first is running.
    """
    first = ComparisonRun.objects.select_related("workflow").get(pk=comparison_id)
    if first.status == ComparisonStatus.RUNNING:
        raise Refused("It is still running. Repeat it when it has ended, or stop it first.")
    found = _candidate(first.candidate, first.config, outside=True)
    chosen = list(first.items.order_by("id").values_list("original_id", flat=True))
    asked = ComparisonRun(
        agent=first.agent,
        workflow=first.workflow,
        step=first.step,
        candidate=first.candidate,
        config=first.config,
        created_by=user,
    )
    return _started(asked, found, chosen)


def stop_comparison(*, comparison_id: int, user: User | None) -> bool:
    """Stop after the input that is being tried. False when it has ended already."""
    with transaction.atomic():
        running = ComparisonRun.objects.filter(pk=comparison_id, status=ComparisonStatus.RUNNING)
        if not running.update(status=ComparisonStatus.STOPPED, finished_at=Now()):
            return False
        row = ComparisonRun.objects.get(pk=comparison_id)
        about = {"message": row.candidate, "candidate": row.candidate, "comparison": row.pk}
        record("comparison.stopped", agent=row.agent, workflow=row.workflow_id, step=row.step, user=user, about=about)
    return True


def comparisons_of(agent: str) -> QuerySet[ComparisonRun]:
    return ComparisonRun.objects.filter(Q(agent=agent) | Q(candidate=agent)).order_by("-id")


def ring_lost() -> int:
    """Ring for comparisons whose process or doorbell was lost. How many."""
    lost = Q(rung_at__lt=Now() - timedelta(seconds=settings.CONDUCTOR["ring_again"]))
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    silent = ComparisonRun.objects.filter(lost, free, status=ComparisonStatus.RUNNING)
    waiting = list(silent.values_list("pk", flat=True)[:20])
    if waiting and (oldest := queue.oldest_unheard()):
        lost &= Q(rung_at__lt=oldest)  # rings that were heard no sooner wait in the queue themselves
    rung = 0
    for pk in waiting:
        if ComparisonRun.objects.filter(lost, pk=pk).update(rung_at=Now()):
            queue.ring_comparison(pk)
            rung += 1
    return rung


def ring(comparison_id: int) -> None:
    """Ask for the next batch."""
    ComparisonRun.objects.filter(pk=comparison_id).update(rung_at=Now())
    queue.ring_comparison(comparison_id)


def reaches_out(found: Found) -> bool:
    """Whether, for all we know, it may act on the outside world: an inline agent declares that it is local."""
    return not found.inline


def _candidate(name: str, config: Mapping[str, Any], *, outside: bool) -> Found:
    found = registry().agents.get(name)
    if found is None:
        raise Refused(registry().why_not(name))
    if not state_of(name).enabled:
        raise Refused(f"{name} is switched off. Switch it on first, or choose another candidate.")
    wrong = [one for one in config_remarks(found, config) if one.severity == "error"]
    if wrong:
        raise Refused(f"The configuration does not fit {name}: {wrong[0].pointer} {wrong[0].detail}")
    if _answers_later(name):
        raise Refused(
            f"{name} leaves its answers to an outside party, who would be asked again for every input. "
            "Such an agent cannot be compared."
        )
    if reaches_out(found) and not outside:
        raise Refused(
            f"{name} does not declare that it stays within this machine. It may call outside systems, with the data of "
            "real cases and at their price. Tick that it may, if that is right."
        )
    return found


def _answers_later(name: str) -> bool:
    newest = AgentRun.objects.filter(agent=name).order_by("-created_at").values("pk")[:LOOKED_AT]
    return AgentRun.objects.filter(Q(status=RunStatus.AWAITING) | Q(answers__gt=0), pk__in=newest).exists()


def _started(asked: ComparisonRun, found: Found, chosen: Iterable[int]) -> ComparisonRun:
    with transaction.atomic():
        asked.save(force_insert=True)
        rows = [ComparisonItem(comparison=asked, original_id=pk) for pk in chosen]
        ComparisonItem.objects.bulk_create(rows, batch_size=500)
        far = reaches_out(found)
        about = {
            "message": f"{asked.candidate} on {len(rows)} inputs" + ("; it may reach outside systems" if far else ""),
            "candidate": asked.candidate,
            "inputs": len(rows),
            "comparison": asked.pk,
            "reaches_out": far,
        }
        record(
            "comparison.started",
            agent=asked.agent,
            workflow=asked.workflow_id,
            step=asked.step,
            user=asked.created_by,
            about=about,
        )
        ring(asked.pk)
    return asked


def _begin(day: date) -> datetime:
    return datetime.combine(day, daytime(), timezone.get_current_timezone())
