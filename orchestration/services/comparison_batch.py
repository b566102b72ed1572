"""A doorbell of a comparison run answered: one process holds the lease and tries inputs for a while."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from orchestration.agents.attempt import NOBODY_TO_CALL_BACK
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
    RunStatus,
)
from orchestration.services.agent_state import state_of, switched_off
from orchestration.services.comparison_item import compared, recorded
from orchestration.services.comparison_run import ring
from orchestration.services.rule_set import loaded
from orchestration.services.run_limits import MARGIN
from orchestration.services.secret import Unresolved, resolve, withheld

BATCH: Final = 5.0
"""Seconds of work for one doorbell; then cases that have come meanwhile have their turn."""

TRIES: Final = 3
"""So many processes an input may cost before it is left out."""

ERASED: Final = "The content of this case is erased."
LOST: Final = f"The process was lost each of {TRIES} times that this input was tried."
UNUSABLE: Final = "The version of the case cannot be used on this machine."
LATER: Final = "The candidate leaves its answers to an outside party, so the comparison ended."


def run_comparison(*, comparison_id: int) -> None:
    """Try inputs for a while, then ring for the rest. Lost or doubled doorbells do no harm."""
    token = _claim(comparison_id)
    if token is None:
        return
    comparison = ComparisonRun.objects.get(pk=comparison_id)
    begun, tried = time.monotonic(), 0
    while item := _next(comparison_id):
        limit = _limit(item)
        spent = time.monotonic() - begun
        if tried and (spent > BATCH or timedelta(seconds=spent) + limit > _room()):
            break
        if not _hold(comparison_id, token, limit):
            return  # stopped, or another process has taken it over
        _try_item(comparison, item, token, limit)
        tried += 1
    _let_go(comparison_id, token)


def _claim(comparison_id: int) -> int | None:
    free = Q(leased_until=None) | Q(leased_until__lt=Now())
    with transaction.atomic():
        rows = ComparisonRun.objects.filter(free, pk=comparison_id, status=ComparisonStatus.RUNNING)
        row = rows.select_for_update().first()
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
            ring(comparison_id)


def _next(comparison_id: int) -> ComparisonItem | None:
    items = ComparisonItem.objects.filter(comparison=comparison_id, state=ItemState.WAITING)
    return items.select_related("original__content", "original__case__content").order_by("id").first()


def _room() -> timedelta:
    """What one task may take and still write down what it found."""
    return max(timedelta(seconds=settings.Q_CLUSTER["timeout"]) - MARGIN, timedelta(seconds=1))


def _limit(item: ComparisonItem) -> timedelta:
    """The step's limit of time, but no longer than the queue lets a task live: it would end this process again and
    again."""
    try:
        return min(loaded(item.original.version_id).timeouts[item.original.step], _room())
    except DatabaseError:
        raise
    except Exception:  # told of the item when its turn comes
        return timedelta()


def _try_item(comparison: ComparisonRun, item: ComparisonItem, token: int, limit: timedelta) -> None:
    original = item.original
    before = int(item.reason or 0)
    if _is_erased(original):
        _skip(item, ERASED)
    elif not limit:
        _skip(item, UNUSABLE)
    elif before >= TRIES:
        _skip(item, LOST)
    else:
        # Until it is done, `reason` counts its tries: an input may be what takes its process down.
        _of(item).update(reason=str(before + 1))
        _write(comparison, item, token, _outcome(comparison, item, limit))


def _write(comparison: ComparisonRun, item: ComparisonItem, token: int, outcome: Outcome) -> None:
    original = item.original
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
        same = not differing if both else None
        _of(item).update(run=run, state=ItemState.DONE, same=same, fields=fields, differing=differing, reason="")
        if outcome.error == NOBODY_TO_CALL_BACK:
            rest = ComparisonItem.objects.filter(comparison=comparison, state=ItemState.WAITING)
            rest.update(state=ItemState.SKIPPED, reason=LATER)


def _outcome(comparison: ComparisonRun, item: ComparisonItem, limit: timedelta) -> Outcome:
    """What the candidate makes of it, in a process of its own; never raises for what the agent does."""
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
    _of(item).update(state=ItemState.SKIPPED, reason=reason)


def _of(item: ComparisonItem) -> QuerySet[ComparisonItem]:
    return ComparisonItem.objects.filter(pk=item.pk, state=ItemState.WAITING)


def _is_erased(run: AgentRun) -> bool:
    return run.content.erased_at is not None or run.case.content.erased_at is not None
