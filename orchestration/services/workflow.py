"""Workflows: how much they decide by themselves."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from orchestration.models import Autonomy, Case, CaseStatus, Workflow
from orchestration.services.doorbell import ring_case
from orchestration.services.event import Events
from orchestration.services.refusal import Refused


def set_autonomy(*, workflow_id: int, autonomy: Autonomy, user: User) -> int:
    """Change the autonomy; leaving `paused` releases the cases it held. How many were released."""
    if not user.has_perm("orchestration.change_autonomy"):
        raise Refused("You may not change how much a workflow decides by itself. Ask an Orchestration Architect.")
    Workflow.objects.filter(pk=workflow_id).update(autonomy=autonomy)
    return 0 if autonomy == Autonomy.PAUSED else release_held(workflow_id=workflow_id, user=user)


def release_held(*, workflow_id: int, user: User) -> int:
    """Let held cases go on, one transaction each, oldest first."""
    released = 0
    for case_id in list(
        Case.objects.filter(workflow_id=workflow_id, status=CaseStatus.HELD).order_by("id").values_list("pk", flat=True)
    ):
        with transaction.atomic():
            case = Case.objects.select_for_update(no_key=True).get(pk=case_id)
            if case.status != CaseStatus.HELD:
                continue
            case.status = CaseStatus.RECEIVED
            events = Events(case)
            events.add("case.released", actor=user.get_username(), user=user)
            case.save(update_fields=["status", "last_event"])
            events.write()
            ring_case(case.pk)
            released += 1
    return released
