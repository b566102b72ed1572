"""Move an undecided case to another version of its workflow."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Greatest, Now

from orchestration.facts import lay_over
from orchestration.models import Case, CaseStatus, VersionStatus, WorkflowVersion
from orchestration.models.case import FINAL
from orchestration.services.doorbell import ring_case
from orchestration.services.event import Events
from orchestration.services.refusal import Refused
from orchestration.services.rule_set import loaded

MOVE = "orchestration.move_case"


def versions_for(case: Case) -> QuerySet[WorkflowVersion]:
    """Versions that the case could be moved to: those that are or were published, the newest first."""
    used = WorkflowVersion.objects.filter(
        workflow_id=case.workflow_id, status__in=[VersionStatus.PUBLISHED, VersionStatus.RETIRED]
    )
    return used.exclude(pk=case.version_id).defer("content").order_by("-number")


def move(*, case_id: int, version_id: int, user: User) -> Case:
    """Go on with the case under this version. What agents found counts on, where the version asks the same of them.

    A case that is with a person stays there; sent back, it is decided under the new version. Raises Refused: not
    allowed, decided or cancelled, another workflow's version or one that was never published, facts that do not fit.
    """
    if not user.has_perm(MOVE):
        raise Refused("You may not move cases to another version. Ask an Orchestration Architect.")
    with transaction.atomic():
        cases = Case.objects.select_for_update(no_key=True, of=("self",)).select_related("client", "content", "version")
        case = cases.get(pk=case_id)
        if case.status in FINAL:
            raise Refused(f"The case is {case.get_status_display().lower()} and keeps its version.")
        version = versions_for(case).filter(pk=version_id).first()
        if version is None:
            raise Refused("Choose another version of the case's workflow that is or was published.")
        problems = loaded(version.pk).payload_problems(lay_over(case.content.payload, case.content.corrections))
        if problems:
            places = "; ".join(f"{one.pointer or '/'}: {one.detail}" for one in problems[:3])
            raise Refused(f"What is known of the case does not fit version {version.number}. {places}")
        events = Events(case)
        about = {"from": case.version.number, "to": version.number}
        events.add("case.moved", actor=user.get_username(), user=user, about=about)
        changed = {"version": version, "last_event": case.last_event, "lease_token": case.lease_token + 1}
        goes_on = case.status in (CaseStatus.RUNNING, CaseStatus.WAITING)
        if goes_on:
            changed |= {"status": CaseStatus.RUNNING, "waits_for": "", "woken_at": Greatest("woken_at", Now())}
        changed |= {"leased_until": None, "due_at": None, "attempts": 0, "fault": ""}
        Case.objects.filter(pk=case.pk).update(**changed)
        events.write()
        if goes_on or case.status == CaseStatus.RECEIVED:
            ring_case(case.pk)
    case.refresh_from_db()
    return case
