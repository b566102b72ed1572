"""Workflows: how much they decide by themselves."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from orchestration.models import Autonomy, Case, CaseStatus, Workflow
from orchestration.services import api_key
from orchestration.services.doorbell import ring_case
from orchestration.services.event import Events
from orchestration.services.refusal import Refused


def set_autonomy(*, workflow_id: int, autonomy: Autonomy, user: User) -> int:
    """Change the autonomy; leaving `paused` releases the cases it held. How many were released."""
    if not user.has_perm("orchestration.change_autonomy"):
        raise Refused("You may not change how much a workflow decides by itself. Ask an Orchestration Architect.")
    Workflow.objects.filter(pk=workflow_id).update(autonomy=autonomy)
    api_key.forget_all()
    return 0 if autonomy == Autonomy.PAUSED else release_held(actor=user.get_username(), user=user)


def release_held(*, actor: str, user: User | None = None, at_most: int | None = None) -> int:
    """Let held cases of workflows that are not paused (any more) go on, one transaction each, oldest first.

    The reaper does so too: a case may be held while somebody ends the pause, or the releasing process die.
    """
    released = 0
    held = Case.objects.filter(status=CaseStatus.HELD).exclude(workflow__autonomy=Autonomy.PAUSED).order_by("id")
    for case_id in list(held.values_list("pk", flat=True)[:at_most]):
        with transaction.atomic():
            case = Case.objects.select_for_update(no_key=True).get(pk=case_id)
            if case.status != CaseStatus.HELD:
                continue
            case.status = CaseStatus.RECEIVED
            events = Events(case)
            events.add("case.released", actor=actor, user=user)
            case.save(update_fields=["status", "last_event"])
            events.write()
            ring_case(case.pk)
            released += 1
    return released
