"""What happens to versions, written down as it happens and read back as one workflow's activity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import QuerySet

from orchestration.models import VersionEvent, Workflow, WorkflowVersion

WORDS: Final = {
    "version.created": "wrote a draft",
    "version.edited": "edited the draft",
    "version.discarded": "discarded the draft",
    "version.submitted": "submitted it for approval",
    "version.withdrawn": "withdrew it",
    "version.approved": "approved it",
    "version.rejected": "rejected it",
    "version.scheduled": "scheduled its publication",
    "version.unscheduled": "took its publication off the schedule",
    "version.published": "published it",
    "version.published_in_emergency": "published it in an emergency, past the four eyes",
    "version.not_published": "did not publish it when it was due",
    "version.retired": "retired it: another version took its place",
    "version.reviewed": "reviewed the emergency publication",
    "version.rolled_back": "began a roll back with it",
}
"""Every event there is, as the end of a sentence about its actor."""


def record(
    version: WorkflowVersion,
    name: str,
    *,
    user: User | None = None,
    actor: str = "command line",
    note: str = "",
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write one event, within the transaction that makes it true. `actor` counts where there is no user."""
    if name not in WORDS:
        raise AssertionError(f"{name} is no event of a version")
    VersionEvent.objects.create(
        workflow_id=version.workflow_id,
        version=version,
        number=version.number,
        name=name,
        actor=((user.get_full_name() or user.get_username()) if user else actor)[:160],
        user=user,
        note=note,
        about=dict(about or {}),
    )


def activity(workflow: Workflow) -> QuerySet[VersionEvent]:
    """Newest first."""
    return VersionEvent.objects.filter(workflow=workflow).order_by("-id")


def history(version: WorkflowVersion) -> QuerySet[VersionEvent]:
    """Of one version, oldest first."""
    return VersionEvent.objects.filter(workflow_id=version.workflow_id, version_id=version.pk).order_by("id")


def discarded(version_id: int) -> VersionEvent | None:
    """How the draft that had this id went, if it was discarded."""
    found = VersionEvent.objects.filter(version_id=version_id, name="version.discarded").select_related("workflow")
    return found.order_by("-id").first()
