"""Give a case its outcome: by rules, or by the person who holds its work item."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils import timezone

from orchestration import queue
from orchestration.engine.step import Step
from orchestration.models import Case, CaseEffect, CaseStatus, Decision, DecisionContent, Evaluation, WorkItem
from orchestration.models.writing import Writing
from orchestration.services.event import Events
from orchestration.services.sampling import draw_for


def decide_by_rules(case: Case, step: Step, evaluation: Evaluation, events: Events, writing: Writing) -> Decision:
    """The automatic decision, with its place in the quality sample. The caller has the case row written."""
    draw = draw_for(case, case.workflow, step.outcome)
    decision = writing.add(
        Decision,
        case=case,
        version_id=case.version_id,
        evaluation=evaluation,
        source="rules",
        outcome=step.outcome,
        stratum=draw.stratum,
        probability=draw.probability,
        draw=draw.draw,
        drawn=draw.drawn,
        decided_at=timezone.now(),
    )
    reasons = [{"rule": one.rule, "title": one.title, "text": one.text} for one in step.reasons]
    decision.content = writing.add(DecisionContent, decision=decision, reasons=reasons, note=step.note)
    _close(case, decision, events, actor="rules")
    if case.parent_id:
        writing.then(lambda: ring_parent(case))
    return decision


def decide_by_person(
    case: Case, *, outcome: str, note: str, user: User, work_item: WorkItem, events: Events
) -> Decision:
    """A person's decision on an escalation or approval. The caller holds and saves the case row."""
    decision = Decision.objects.create(
        case=case,
        version_id=case.version_id,
        work_item=work_item,
        source="person",
        user=user,
        outcome=outcome,
        proposal=work_item.proposal,
        decided_at=timezone.now(),
    )
    DecisionContent.objects.create(decision=decision, reasons=[], note=note)
    _close(case, decision, events, actor=user.get_username(), user=user)
    ring_parent(case)
    return decision


def ring_parent(case: Case) -> None:
    """A parent that waits for this case can go on; it looks for itself whether it may."""
    if case.parent_id and CaseEffect.objects.filter(child=case, waits=True).exists():
        queue.ring(case.parent_id)  # without touching its row: who cancels a parent locks it before its children


def _close(case: Case, decision: Decision, events: Events, *, actor: str, user: User | None = None) -> None:
    case.status, case.outcome, case.waits_for = CaseStatus.DECIDED, decision.outcome, ""
    case.decided_by, case.decided_at = decision.source, decision.decided_at
    events.add("case.decided", actor=actor, user=user, about={"outcome": decision.outcome, "by": decision.source})
