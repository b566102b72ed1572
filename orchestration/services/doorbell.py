"""Ring for a case and remember when, so that the reaper can tell whether the ring was heard."""

from django.db.models.functions import Now

from orchestration import queue
from orchestration.models import Case


def ring_case(case_id: int) -> None:
    Case.objects.filter(pk=case_id).update(rung_at=Now())
    queue.ring(case_id)
