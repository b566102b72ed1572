"""Small coloured words for lists and pages: status, priority, outcome, time left."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from orchestration.models import (
    Autonomy,
    CaseStatus,
    Priority,
    RunStatus,
    VersionStatus,
    WorkItemKind,
    WorkItemStatus,
)

TONES: Final[dict[str, str]] = {
    CaseStatus.HELD: "warning", CaseStatus.RECEIVED: "info", CaseStatus.RUNNING: "info",
    CaseStatus.WAITING: "info", CaseStatus.ESCALATED: "warning", CaseStatus.DECIDED: "good",
    CaseStatus.CANCELLED: "quiet", RunStatus.PENDING: "info", RunStatus.SUCCEEDED: "good", RunStatus.FAILED: "bad",
    VersionStatus.DRAFT: "warning", VersionStatus.PUBLISHED: "good", VersionStatus.RETIRED: "quiet",
    VersionStatus.REJECTED: "bad", VersionStatus.WITHDRAWN: "quiet", VersionStatus.SUBMITTED: "info",
    VersionStatus.APPROVED: "info", VersionStatus.SCHEDULED: "info", WorkItemStatus.OPEN: "warning",
    WorkItemStatus.DONE: "good", Autonomy.AUTOMATIC: "good", Autonomy.SUPERVISED: "info", Autonomy.MANUAL: "warning",
    Autonomy.PAUSED: "bad", WorkItemKind.ESCALATION: "warning", WorkItemKind.APPROVAL: "info",
    WorkItemKind.REVIEW: "quiet",
}  # fmt: skip
PRIORITY_TONES: Final = {
    Priority.LOW: "quiet",
    Priority.NORMAL: "plain",
    Priority.HIGH: "warning",
    Priority.URGENT: "bad",
}


def label(text: Any, tone: str = "plain") -> SafeString:
    return format_html('<span class="c-label c-{}">{}</span>', tone, text)


def status_label(choice: Any) -> SafeString:
    """A label for a value of one of the models' choices, in its colour."""
    return label(str(choice.label).split(":")[0], TONES.get(choice, "plain"))


def priority_label(value: int) -> SafeString:
    priority = Priority(value)
    return label(priority.label, PRIORITY_TONES[priority])


def due_label(due_at: datetime | None) -> SafeString | str:
    """How long is left, or how long something is overdue, in words."""
    if due_at is None:
        return "no deadline"
    now, local = timezone.now(), moment(due_at)
    if due_at < now:
        return format_html(
            '<span class="c-overdue" title="{}">{} overdue</span>', f"was due {local}", _first(timesince(due_at, now))
        )
    return format_html('<span title="{}">in {}</span>', f"due {local}", _first(timesince(now, due_at)))


def moment(at: datetime | None) -> str:
    """A moment in the site's time zone, as all pages write it."""
    return date_format(timezone.localtime(at), "j M Y, H:i") if at else ""


def person(user: Any) -> str:
    return (user.get_full_name() or user.get_username()) if user else ""


def _first(span: str) -> str:
    return span.split(",")[0]
