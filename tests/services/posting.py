"""Posts a case of the small workflow and reads its history."""

from typing import Any

from orchestration.models import Case, CaseEvent, Client, Workflow
from orchestration.services import case as cases


def post(workflow: Workflow, client: Client, *, now: bool = True, **payload: Any) -> Case:
    accepted = cases.accept(
        client=client, workflow=workflow, payload={"text": "hello", **payload}, decide_now=now, reference="R-1"
    )
    return Case.objects.get(pk=accepted.case.pk)


def events(case: Case) -> list[str]:
    return list(CaseEvent.objects.filter(case=case).order_by("number").values_list("name", flat=True))
