"""Cases: accepted once and for all, cancelled, moved to another version."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from orchestration import queue
from orchestration.facts import Problem
from orchestration.models import (
    Autonomy,
    Case,
    CaseContent,
    CaseEffect,
    CaseStatus,
    Client,
    Priority,
    Workflow,
    WorkItem,
    WorkItemStatus,
)
from orchestration.models.case import FINAL
from orchestration.models.statements import insert
from orchestration.services.decision import ring_parent
from orchestration.services.event import Events
from orchestration.services.refusal import Refused
from orchestration.services.round import carry_on
from orchestration.services.rule_set import Loaded, loaded
from orchestration.services.turn import Turn, lease_end, release_after_fault

log = structlog.get_logger(__name__)


class PayloadRefused(Refused):
    """The payload does not fit the workflow's schema or the limits on values; `problems` lists every error."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("The payload does not fit the workflow's input schema.")
        self.problems = problems


class KeyReused(Refused):
    """The idempotency key was used before, with another body."""


class NotPublished(Refused):
    """The workflow has no published version."""


@dataclass(frozen=True, slots=True)
class Accepted:
    case: Case
    replayed: bool = False


def accept(
    *,
    client: Client,
    workflow: Workflow,
    payload: Mapping[str, Any],
    reference: str = "",
    priority: Priority = Priority.NORMAL,
    idempotency_key: str | None = None,
    body_digest: str = "",
    decide_now: bool = False,
) -> Accepted:
    """Take a case in: row, content and event, and either its doorbell or, `decide_now`, its first round.

    Deciding at once happens where every agent of the version is inline; the lease is in the same
    transaction, so a process that dies on the way loses nothing. Raises PayloadRefused, KeyReused,
    NotPublished; nothing is stored then.
    """
    if idempotency_key and (earlier := _replayed(client, idempotency_key, body_digest)):
        return earlier
    if workflow.published_version_id is None:
        raise NotPublished(f"The workflow {workflow.slug} has no published version yet.")
    version = loaded(workflow.published_version_id)
    if problems := version.payload_problems(payload):
        raise PayloadRefused(problems)
    held = workflow.autonomy == Autonomy.PAUSED
    now = timezone.now()
    case = Case(
        workflow=workflow,
        version=version.row,
        client=client,
        test=client.test,
        reference=reference,
        posted_priority=priority,
        priority=priority,
        status=CaseStatus.HELD if held else CaseStatus.RECEIVED,
        received_at=now,
        woken_at=now,
        idempotency_key=idempotency_key,
        body_digest=body_digest,
    )
    content = CaseContent(case=case, payload=dict(payload))
    decide_now = decide_now and not held and all(step.inline for step in version.content.agents)
    try:
        return Accepted(_insert_and_decide(case, content, version) if decide_now else _insert(case, content))
    except IntegrityError:
        if idempotency_key and (earlier := _replayed(client, idempotency_key, body_digest)):
            return earlier
        raise


def cancel(*, case_id: int, actor: str, user: Any = None) -> Case:
    """Cancel an undecided case and the children it waits for. Cancelling it again changes nothing.

    Raises Refused when it is decided.
    """
    with transaction.atomic():
        case = Case.objects.select_for_update(no_key=True, of=("self",)).select_related("client").get(pk=case_id)
        if case.status == CaseStatus.CANCELLED:
            return case
        if case.status == CaseStatus.DECIDED:
            raise Refused("The case is decided and cannot be cancelled.")
        case.status, case.waits_for = CaseStatus.CANCELLED, ""
        WorkItem.objects.filter(case=case, status=WorkItemStatus.OPEN).update(
            status=WorkItemStatus.CANCELLED, closed_at=Now(), closed_by=user, result="cancelled"
        )
        events = Events(case)
        events.add("case.cancelled", actor=actor, user=user)
        case.save(update_fields=["status", "waits_for", "last_event"])
        events.write()
        ring_parent(case)
        waited_for = CaseEffect.objects.filter(case=case, waits=True, child__isnull=False)
        for child_id in waited_for.exclude(child__status__in=FINAL).values_list("child_id", flat=True):
            with suppress(Refused):  # decided in the meantime
                cancel(case_id=child_id, actor=actor, user=user)
    return case


# --- Intake -----------------------------------------------------------------------------------------


def _replayed(client: Client, key: str, body_digest: str) -> Accepted | None:
    rows = Case.objects.select_related("workflow", "version", "client").defer("version__content")
    case = rows.filter(client=client, idempotency_key=key).first()
    if case is None:
        return None
    if case.body_digest != body_digest:
        raise KeyReused("This Idempotency-Key was used before with another body.")
    return Accepted(case, replayed=True)


def _insert(case: Case, content: CaseContent) -> Case:
    with transaction.atomic():
        if case.status == CaseStatus.RECEIVED:
            case.rung_at = case.received_at
        _write(case, content)
        if case.status == CaseStatus.RECEIVED:
            queue.ring(case.pk)
    return case


def _insert_and_decide(case: Case, content: CaseContent, version: Loaded) -> Case:
    """Insert the case, leased by this process and the attempt counted, then go on with it at once."""
    case.status, case.lease_token, case.attempts = CaseStatus.RUNNING, 1, 1
    case.leased_until = lease_end()
    with transaction.atomic():
        _write(case, content)
    turn = Turn(case, version, content)
    try:
        carry_on(turn)
    except Exception as error:
        log.exception("round_failed", case_id=case.pk)
        release_after_fault(turn.case, f"{type(error).__name__}: {error}", token=turn.token)
        turn.case.refresh_from_db()
    return turn.case


def _write(case: Case, content: CaseContent) -> None:
    events = _opening(case)
    insert([case])
    content.case_id = case.pk
    insert([content])
    events.write()


def _opening(case: Case) -> Events:
    events = Events(case)
    events.add("case.received", actor=f"client: {case.client.name}")
    if case.status == CaseStatus.HELD:
        events.add("case.held", actor="worker")
    return events
