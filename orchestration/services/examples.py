"""Recent cases' facts as examples, so that who writes a rule sees what its facts look like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from orchestration.facts import MISSING, Facts, lay_over
from orchestration.models import AgentRun, Case, CaseStatus, Purpose, Workflow

CASES: Final = 20
LENGTH: Final = 40


def recent_facts(workflow: Workflow) -> list[Facts]:
    """Facts of the last few decided cases, newest first; two queries. Erased ones are left out."""
    cases = (
        Case.objects.filter(workflow=workflow, status=CaseStatus.DECIDED, content__erased_at=None)
        .select_related("content")
        .order_by("-id")[:CASES]
    )
    documents: dict[int, dict[str, Any]] = {
        case.pk: {"case": lay_over(case.content.payload, case.content.corrections), "human": case.content.human}
        for case in cases
    }
    runs = AgentRun.objects.filter(
        case__in=documents, purpose=Purpose.LIVE, content__erased_at=None
    ).select_related("content")  # fmt: skip
    for run in runs.order_by("id"):
        found = {"status": run.status, "confidence": run.confidence, "output": run.content.output}
        documents[run.case_id].setdefault("agents", {})[run.step] = found
    return [Facts(document) for document in documents.values()]


def example_of(path: str, recent: list[Facts]) -> str:
    """The value of the newest case that has this fact, shortened; "" where none has."""
    for facts in recent:
        value = facts.get(path)
        if value is not MISSING and value != "" and not isinstance(value, Mapping):
            return _shown(value)
    return ""


def elements_of(path: str, recent: list[Facts]) -> list[Facts]:
    """The first element of the array in each case, as the fact `item`."""
    arrays = [facts.get(path) for facts in recent]
    return [Facts({"item": array[0]}) for array in arrays if isinstance(array, list) and array]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return f"{len(value)} {'entry' if len(value) == 1 else 'entries'}"
    text = " ".join(str(value).split())
    return text if len(text) <= LENGTH else f"{text[: LENGTH - 1]}…"
