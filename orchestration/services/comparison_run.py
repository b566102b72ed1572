"""Comparison runs: another agent or configuration on the inputs of recorded runs, in the background, without effect."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from datetime import time as daytime
from typing import Any, Final

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from orchestration import queue
from orchestration.agents.outcome import Outcome, failed
from orchestration.agents.registry import registry
from orchestration.agents.runner import not_installed
from orchestration.agents.runner import run as run_plugin
from orchestration.models import (
    AgentRun,
    CaseContent,
    ComparisonItem,
    ComparisonRun,
    ComparisonStatus,
    ItemState,
    Purpose,
    RunStatus,
    Workflow,
)
from orchestration.models.run import ENDED
from orchestration.services.agent_config import config_remarks
from orchestration.services.agent_state import state_of, switched_off
from orchestration.services.comparison_item import compared, recorded
from orchestration.services.refusal import Refused
from orchestration.services.rule_set import loaded
from orchestration.services.run_limits import MARGIN
from orchestration.services.secret import Unresolved, resolve, withheld

log = structlog.get_logger(__name__)

MOST: Final = 1_000
"""Recorded runs that one comparison may take."""

BATCH: Final = 15.0
"""Seconds of work for one doorbell; then others have their turn."""

ERASED: Final = "The content of this case is erased."


def start_comparison(
    *,
    agent: str,
    workflow: Workflow,
    step: str,
    candidate: str,
    config: Mapping[str, Any],
    user: User | None,
    last: int = 100,
    since: date | None = None,
    until: date | None = None,
) -> ComparisonRun:
    """Take the step's `last` ended live runs by this agent, of these days if given, and ring for the first batch.

    Raises Refused: an agent that is not there, a configuration that does not fit it, nothing to compare.
    """
    found = registry().agents.get(candidate)
    if found is None:
        raise Refused(registry().why_not(candidate))
    wrong = [one for one in config_remarks(found, config) if one.severity == "error"]
    if wrong:
        raise Refused(f"The configuration does not fit {candidate}: {wrong[0].pointer} {wrong[0].detail}")
    if not 1 <= last <= MOST:
        raise Refused(f"Compare from 1 to {MOST:,} runs.")
    runs = AgentRun.objects.filter(
        agent=agent, step=step, case__workflow=workflow, purpose=Purpose.LIVE, status__in=ENDED, case__test=False
    )
    if since:
        runs = runs.filter(created_at__gte=_begin(since))
    if until:
        runs = runs.filter(created_at__lt=_begin(until + timedelta(days=1)))
    chosen = list(runs.order_by("-id").values_list("pk", flat=True)[:last])
    if not chosen:
        raise Refused("No recorded run fits: choose another step or other days.")
    with transaction.atomic():
        comparison = ComparisonRun.objects.create(
            agent=agent, workflow=workflow, step=step, candidate=candidate, config=dict(config), created_by=user
        )
        ComparisonItem.objects.bulk_create(
            [ComparisonItem(comparison=comparison, original_id=pk) for pk in chosen], batch_size=500
        )
        _ring(comparison.pk)
    return comparison


def cancel_comparison(*, comparison_id: int) -> bool:
    """Stop after the input that is being tried. False when it has ended already."""
    running = ComparisonRun.objects.filter(pk=comparison_id, status=ComparisonStatus.RUNNING)
    return bool(running.update(status=ComparisonStatus.CANCELLED, finished_at=Now()))


def comparisons_of(agent: str) -> QuerySet[ComparisonRun]:
    return ComparisonRun.objects.filter(Q(agent=agent) | Q(candidate=agent)).order_by("-id")


def run_comparison(*, comparison_id: int) -> None:
    """Answer a doorbell: try inputs for a while, then ring for the rest. Lost or doubled doorbells do no harm."""
    token = _claim(comparison_id)
    if token is None:
        return
    comparison = ComparisonRun.objects.get(pk=comparison_id)
    begun, tried = time.monotonic(), 0
    while item := _next(comparison_id):
        limit = loaded(item.original.version_id).timeouts[item.original.step]
        spent = timedelta(seconds=time.monotonic() - begun)
        room = timedelta(seconds=settings.Q_CLUSTER["timeout"]) - MARGIN
        if tried and (spent.total_seconds() > BATCH or spent + limit > room):
            break
        if not _hold(comparison_id, token, limit):
            return  # cancelled, or another process has taken it over
        _try_item(comparison, item, token, limit)
        tried += 1
    _let_go(comparison_id, token)


def ring_lost() -> int:
    """Ring for comparisons whose process or doorbell was lost. How many."""
    patience = Now() - timedelta(seconds=settings.CONDUCTOR["ring_again"])
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    lost = ComparisonRun.objects.filter(free, status=ComparisonStatus.RUNNING, rung_at__lt=patience)
    rung = 0
    for pk in list(lost.values_list("pk", flat=True)[:20]):
        if ComparisonRun.objects.filter(pk=pk, rung_at__lt=patience).update(rung_at=Now()):
            queue.ring_comparison(pk)
            rung += 1
    return rung


# --- One batch --------------------------------------------------------------------------------------


def _claim(comparison_id: int) -> int | None:
    with transaction.atomic():
        rows = ComparisonRun.objects.select_for_update().filter(
            Q(leased_until=None) | Q(leased_until__lt=Now()), pk=comparison_id, status=ComparisonStatus.RUNNING
        )
        row = rows.first()
        if row is None:
            return None
        token: int = row.lease_token + 1
        ComparisonRun.objects.filter(pk=row.pk).update(lease_token=token, leased_until=Now() + MARGIN)
        return token


def _hold(comparison_id: int, token: int, limit: timedelta) -> bool:
    held = ComparisonRun.objects.filter(pk=comparison_id, lease_token=token, status=ComparisonStatus.RUNNING)
    return bool(held.update(leased_until=Now() + limit + MARGIN))


def _let_go(comparison_id: int, token: int) -> None:
    """Ended when nothing is left, else the next batch is rung for."""
    with transaction.atomic():
        ours = ComparisonRun.objects.filter(pk=comparison_id, lease_token=token, status=ComparisonStatus.RUNNING)
        if _next(comparison_id) is None:
            ours.update(status=ComparisonStatus.DONE, finished_at=Now(), leased_until=None)
        elif ours.update(leased_until=None):
            _ring(comparison_id)


def _next(comparison_id: int) -> ComparisonItem | None:
    items = ComparisonItem.objects.filter(comparison=comparison_id, state=ItemState.WAITING)
    return items.select_related("original__content", "original__case__content").order_by("id").first()


def _try_item(comparison: ComparisonRun, item: ComparisonItem, token: int, limit: timedelta) -> None:
    original = item.original
    if _is_erased(original):
        _skip(item, ERASED)
        return
    outcome = _outcome(comparison, item, limit)
    with transaction.atomic():
        content = CaseContent.objects.select_for_update().get(case=original.case_id)
        held = ComparisonRun.objects.select_for_update().get(pk=comparison.pk)
        if held.lease_token != token:
            return  # another process has taken it over and tries this input itself
        if content.erased_at is not None:
            _skip(item, ERASED)  # while the agent ran: what it found is dropped
            return
        run = recorded(comparison, original, outcome, content.salt)
        fields, differing = compared(original, outcome)
        both = original.status == RunStatus.SUCCEEDED and outcome.status == "succeeded"
        ComparisonItem.objects.filter(pk=item.pk, state=ItemState.WAITING).update(
            run=run, state=ItemState.DONE, same=not differing if both else None, fields=fields, differing=differing
        )


def _outcome(comparison: ComparisonRun, item: ComparisonItem, limit: timedelta) -> Outcome:
    found = registry().agents.get(comparison.candidate)
    if found is None:
        return not_installed(comparison.candidate, registry())
    state = state_of(comparison.candidate)
    if off := switched_off(state):
        return off
    try:
        config = resolve(comparison.config, found.config_schema)
    except Unresolved as error:
        return failed("config", str(error), permanent=True)
    outcome = run_plugin(
        found,
        input=dict(item.original.content.input),
        config=config,
        idempotency_key=f"comparison-{comparison.pk}-{item.pk}",
        attempt=1,
        timeout=limit,
        isolate=True,
        memory=(state.memory_mib or settings.CONDUCTOR["agent_memory"]) * 2**20,
    )
    return withheld(outcome, config, found.config_schema)


def _skip(item: ComparisonItem, reason: str) -> None:
    waiting = ComparisonItem.objects.filter(pk=item.pk, state=ItemState.WAITING)
    waiting.update(state=ItemState.SKIPPED, reason=reason)


def _is_erased(run: AgentRun) -> bool:
    return run.content.erased_at is not None or run.case.content.erased_at is not None


def _ring(comparison_id: int) -> None:
    ComparisonRun.objects.filter(pk=comparison_id).update(rung_at=Now())
    queue.ring_comparison(comparison_id)


def _begin(day: date) -> datetime:
    return datetime.combine(day, daytime(), timezone.get_current_timezone())
