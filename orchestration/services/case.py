"""Cases: accepted once and for all, cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from orchestration import queue
from orchestration.agents.in_flight import InFlight, Suspect
from orchestration.facts import Problem, digest
from orchestration.models import (
    Autonomy,
    Case,
    CaseContent,
    CaseEffect,
    CaseStatus,
    Client,
    Decision,
    Priority,
    Workflow,
    WorkItem,
    WorkItemStatus,
)
from orchestration.models.case import FINAL
from orchestration.models.statements import new_row
from orchestration.models.writing import Writing
from orchestration.services.decision import ring_parent
from orchestration.services.event import Events
from orchestration.services.refusal import Refused
from orchestration.services.round import carry_on
from orchestration.services.rule_set import Loaded, loaded
from orchestration.services.turn import Turn, fault_of, release_after_fault

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
    """`decision` or `work_item` is what came of the case at once, if anything did."""

    case: Case
    replayed: bool = False
    decision: Decision | None = None
    work_item: WorkItem | None = None


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
    """Take a case in: row, content and event, and either its doorbell or, `decide_now`, its first rounds.

    Deciding at once happens where every agent of the version is inline. The case is then written together with what
    becomes of it: a process that dies before has accepted nothing. Raises PayloadRefused, KeyReused, NotPublished;
    nothing is stored then.
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
    case = new_row(
        Case,
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
    content = new_row(CaseContent, case=case, payload=dict(payload))
    decide_now = decide_now and not held and version.all_inline
    try:
        return _decided(case, content, version) if decide_now else _insert(case, content)
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


def _insert(case: Case, content: CaseContent) -> Accepted:
    writing, events = Writing(), _opening(case)
    if case.status == CaseStatus.RECEIVED:
        case.rung_at = case.received_at
        writing.then(lambda: queue.ring(case.pk))
    writing.insert(case)
    writing.insert(content)
    events.write_with(writing)
    writing.run()
    return Accepted(case)


def _decided(case: Case, content: CaseContent, version: Loaded) -> Accepted:
    """The first rounds now, in this process. Where that does not work the case is taken in and left to a worker,
    which is careful with it: it has its agents run in processes of their own."""
    turn = Turn(case, version, content)
    case.status, case.lease_token, case.attempts = CaseStatus.RUNNING, 1, 1
    turn.opening = _opening(case)
    try:
        with _in_flight.on(digest([version.row.pk, content.payload])):
            carry_on(turn)
    except Exception as error:
        if isinstance(error, IntegrityError) and case.pk is None:
            raise  # another post with this idempotency key came first
        log.warning("not_decided_at_once", exc_info=not isinstance(error, Suspect))
        fault = str(error) if isinstance(error, Suspect) else fault_of(error)
        if case.pk is None:
            case.status, case.fault = CaseStatus.RECEIVED, fault[:300]
            case.lease_token, case.last_event, case.rounds = 0, 0, 0
            return _insert(case, content)
        release_after_fault(turn.case, fault, token=turn.token)
        turn.case.refresh_from_db()
    return Accepted(turn.case, decision=turn.decision, work_item=turn.work_item)


def _opening(case: Case) -> Events:
    events = Events(case)
    events.add("case.received", actor=f"client: {case.client.name}")
    if case.status == CaseStatus.HELD:
        events.add("case.held", actor="worker")
    return events


_in_flight = InFlight(settings.VAR_DIR / "in-flight")
