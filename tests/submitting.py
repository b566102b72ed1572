"""Versions on their way to publication, for tests that need one there."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from orchestration.models import VersionEvent, Workflow, WorkflowVersion
from orchestration.services import approval
from orchestration.services import version as versions
from tests.factories import UserFactory

ARCHITECT = "Orchestration Architect"
ANALYST = "Orchestration Analyst"


def somebody(group: str = ARCHITECT, **more: Any) -> User:
    """A new person of the group."""
    return UserFactory(group=group, is_staff=True, **more)


def draft_of(workflow: Workflow, user: User | None = None, **changed: Any) -> WorkflowVersion:
    """A new draft with the content of the published version, these sections replaced."""
    content = workflow.published_version.content
    return versions.new_draft(workflow=workflow, data={**content, **changed}, note="a draft", user=user)


def submitted(version: WorkflowVersion, by: User | None = None) -> WorkflowVersion:
    """By its author, else by an analyst."""
    user = by or version.author or somebody(ANALYST)
    return approval.submit(version_id=version.pk, user=user, effect="Fewer doubts.", warnings_note="Meant so.")


def approved(version: WorkflowVersion, by: User | None = None) -> WorkflowVersion:
    if version.status == "draft":
        submitted(version)
    return approval.approve(version_id=version.pk, user=by or somebody(), comment="Good.")


def published(version: WorkflowVersion, by: User | None = None) -> WorkflowVersion:
    approved(version)
    return versions.publish(version_id=version.pk, user=by or somebody())


def status_of(version: WorkflowVersion) -> str:
    return WorkflowVersion.objects.get(pk=version.pk).status


def story_of(version: WorkflowVersion) -> list[tuple[str, str]]:
    """What happened to it, as (event, actor), oldest first."""
    events = VersionEvent.objects.filter(version_id=version.pk).order_by("id")
    return [(event.name.removeprefix("version."), event.actor) for event in events]
