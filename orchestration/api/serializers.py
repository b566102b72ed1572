"""Rows to answers: plain functions, since a case's answer is on the way of every request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import QuerySet

from orchestration.models import (
    Case,
    CaseEvent,
    CaseStatus,
    Decision,
    Feedback,
    Priority,
    Workflow,
    WorkItem,
    WorkItemKind,
    WorkItemStatus,
)
from orchestration.models.selects import Select
from orchestration.services.feedback import with_told

ROOT: Final = "/api/v1"
_PRIORITIES: Final = {value: Priority(value).name.lower() for value in Priority.values}


def case_body(case: Case, decision: Decision | None = None, work_item: WorkItem | None = None) -> dict[str, Any]:
    """One case, with at most one query more, and none if it came to this just now. Needs `workflow`, `version`."""
    return _body(case, decision, work_item) if decision or work_item else bodies_of([case])[0]


def bodies_of(cases: Iterable[Case]) -> list[dict[str, Any]]:
    """Cases, with at most two queries more however many they are."""
    cases = list(cases)
    decisions = _decisions([case.pk for case in cases if case.status == CaseStatus.DECIDED])
    items = _work_items([case.pk for case in cases if case.status == CaseStatus.ESCALATED])
    return [_body(case, decisions.get(case.pk), items.get(case.pk)) for case in cases]


def event_body(event: CaseEvent) -> dict[str, Any]:
    """An event. Who of the people did it stays inside: the actor is then `person`."""
    return {
        "number": event.number,
        "name": event.name,
        "actor": "person" if event.user_id else event.actor,
        "at": iso(event.at),
        "about": event.about,
    }


def workflow_summary(workflow: Workflow) -> dict[str, Any]:
    """A workflow in a list. Needs `published_version` loaded."""
    version = workflow.published_version
    here = f"{ROOT}/workflows/{workflow.slug}"
    return {
        "slug": workflow.slug,
        "title": workflow.title,
        "objective": workflow.objective,
        "version": version.number if version else None,
        "links": {"self": here, "evaluate": f"{here}/evaluate"},
    }


def iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def case_path(case: Case) -> str:
    return f"{ROOT}/cases/{case.public_id}"


def _body(case: Case, decision: Decision | None, item: WorkItem | None) -> dict[str, Any]:
    here, feedback = case_path(case), getattr(decision, "told", None)
    return {
        "id": str(case.public_id),
        "workflow": case.workflow.slug,
        "version": case.version.number,
        "reference": case.reference or None,
        "status": str(case.status),
        "priority": _PRIORITIES[case.priority],
        "outcome": case.outcome or None,
        "decided_by": case.decided_by or None,
        "decision": None if decision is None else _decision_body(decision),
        "work_item": None if item is None else _work_item_body(item),
        "feedback": None if feedback is None else _feedback_body(feedback),
        "received_at": iso(case.received_at),
        "decided_at": iso(case.decided_at),
        "links": {
            "self": here,
            "events": f"{here}/events",
            "explanation": f"{here}/explanation",
            "cancel": f"{here}/cancel",
            "feedback": f"{here}/feedback",
            "workflow": f"{ROOT}/workflows/{case.workflow.slug}",
        },
    }


def _decision_body(decision: Decision) -> dict[str, Any]:
    return {
        "outcome": decision.outcome,
        "reasons": [_reason_body(reason) for reason in decision.content.reasons],
        "decided_at": iso(decision.decided_at),
    }


def _reason_body(reason: Mapping[str, Any]) -> dict[str, Any]:
    return {"rule": reason.get("rule"), "title": reason.get("title"), "text": reason.get("text")}


def _work_item_body(item: WorkItem) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "queue": item.queue.slug if item.queue else None,
        "reason": item.reason,
        "due_at": iso(item.due_at),
    }


def _feedback_body(feedback: Feedback) -> dict[str, Any]:
    """What a person wrote stays inside, as does who it was."""
    by_client = feedback.user_id is None
    return {
        "value": feedback.value,
        "happened_at": iso(feedback.happened_at),
        "note": (by_client and feedback.content.note) or None,
        "by": "client" if by_client else "person",
        "received_at": iso(feedback.received_at),
    }


def _decisions(case_ids: list[int]) -> dict[int, Decision]:
    """The decision that holds for each case, the last one, with the feedback that counts."""
    if len(case_ids) == 1:
        return {row.case_id: row for row in _decisions_of(case=case_ids[0])}
    return {row.case_id: row for row in _shown(Decision.objects.filter(case_id__in=case_ids))} if case_ids else {}


def _shown(decisions: QuerySet[Decision]) -> QuerySet[Decision]:
    return with_told(decisions.select_related("content")).order_by("id")


_decisions_of = Select(lambda case: _shown(Decision.objects.filter(case_id=case)))


def _work_items(case_ids: list[int]) -> dict[int, WorkItem]:
    """What each escalated case waits for a person with; a partial unique index allows one."""
    if not case_ids:
        return {}
    kinds = (WorkItemKind.ESCALATION, WorkItemKind.APPROVAL)
    rows = WorkItem.objects.filter(case_id__in=case_ids, status=WorkItemStatus.OPEN, kind__in=kinds)
    return {row.case_id: row for row in rows.select_related("queue")}
