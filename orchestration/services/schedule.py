"""Publication at a time: put on the schedule, taken off it, and done by the worker when it is due."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from orchestration.models import VersionStatus, WorkflowVersion
from orchestration.rules.parse import RuleError
from orchestration.services.refusal import Refused
from orchestration.services.version import refuse_faulty
from orchestration.services.version_event import record
from orchestration.services.version_status import (
    PUBLISH,
    locked,
    move,
    put_in_place,
    refuse_own,
    refuse_unapproved,
    refuse_unseen,
    wrote_on,
)

log = logging.getLogger(__name__)
FURTHEST: Final = timedelta(days=366)


def schedule(*, version_id: int, user: User, at: datetime, seen: str | None = None) -> WorkflowVersion:
    """Publish an approved version at this moment, if nothing stands in the way then. Calling again moves it.

    Raises Refused as `publish` does, and for a moment that is past or over a year away.
    """
    if not timezone.now() < at < timezone.now() + FURTHEST:
        raise Refused("Choose a time that lies ahead, at most a year from now.")
    with transaction.atomic():
        version = locked(version_id)
        refuse_own(version, user, PUBLISH)
        if version.status not in (VersionStatus.APPROVED, VersionStatus.SCHEDULED):
            told = version.get_status_display().lower()
            raise Refused(f"Version {version.number} is {told}; only an approved version is scheduled.")
        refuse_unseen(version, seen)
        refuse_unapproved(version)
        if version.status == VersionStatus.SCHEDULED:
            move(version, VersionStatus.APPROVED)
        move(
            version,
            VersionStatus.SCHEDULED,
            publish_at=at,
            scheduled_by=user,
            publish_over=version.workflow.published_version,
        )
        record(
            version,
            "version.scheduled",
            user=user,
            about={"at": at.isoformat(), "zone": version.content.get("time_zone", "UTC")},
        )
    return version


def unschedule(*, version_id: int, user: User) -> WorkflowVersion:
    """Take it off the schedule: approved, and published by hand or not at all."""
    with transaction.atomic():
        version = locked(version_id)
        if not user.has_perm(PUBLISH) and not wrote_on(version, user):
            raise Refused("You may not change the schedule. Ask an Orchestration Architect.")
        if version.status != VersionStatus.SCHEDULED:
            raise Refused(f"Version {version.number} is not on the schedule.")
        _take_off(version)
        record(version, "version.unscheduled", user=user)
    return version


def publish_due() -> int:
    """Publish what is due; how many. What cannot be published is off the schedule, with the reason on record."""
    due = WorkflowVersion.objects.filter(status=VersionStatus.SCHEDULED, publish_at__lte=Now()).order_by("publish_at")
    done = 0
    for version_id in list(due.values_list("pk", flat=True)):
        try:
            done += _publish_due(version_id)
        except Exception:  # the row stays due, and is tried again with the next pass
            log.exception("Version %s is due and could not be published", version_id)
    return done


def _publish_due(version_id: int) -> bool:
    """Of several workers one publishes: the row is locked, and no longer scheduled for the others."""
    standing = WorkflowVersion.objects.select_related("workflow").get(pk=version_id)
    obstacle = _obstacle(standing)
    with transaction.atomic():
        version = locked(version_id)
        if version.status != VersionStatus.SCHEDULED or version.publish_at != standing.publish_at:
            return False
        if not obstacle and version.publish_over_id != version.workflow.published_version_id:
            obstacle = "Another version was published since it was scheduled. Read the difference to that one first."
        if not obstacle:
            try:
                refuse_unapproved(version)
            except Refused as refused:
                obstacle = refused.message
        if obstacle:
            _take_off(version)
            record(version, "version.not_published", actor="worker", note=obstacle)
            return False
        put_in_place(version, user=version.scheduled_by, actor="worker")
        record(version, "version.published", actor="worker", about={"scheduled_by": _name(version.scheduled_by)})
    return True


def _obstacle(version: WorkflowVersion) -> str:
    """Why its content cannot be published now; found out before anything is locked."""
    try:
        refuse_faulty(version)
    except Refused as refused:
        return refused.message
    except RuleError as error:
        return f"It cannot be read: {error.problems[0].detail}"
    return ""


def _name(user: User | None) -> str:
    return (user.get_full_name() or user.get_username()) if user else ""


def _take_off(version: WorkflowVersion) -> None:
    move(version, VersionStatus.APPROVED, publish_at=None, publish_over=None, scheduled_by=None)
