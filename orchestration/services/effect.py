"""What a rule does once on a case besides deciding: start a wait, open a child case, give a notice."""

from __future__ import annotations

from typing import Final

from django.db.models.functions import Now

from orchestration import queue
from orchestration.engine.step import ChildOpened, Notified, Step
from orchestration.models import Autonomy, Case, CaseContent, CaseEffect, CaseStatus, EffectKind, Workflow
from orchestration.models.writing import Writing
from orchestration.services.event import Events
from orchestration.services.rule_set import loaded

MAX_DEPTH: Final = 5


def start_wait(case: Case, step: Step, writing: Writing) -> CaseEffect:
    effect = CaseEffect(case=case, kind=EffectKind.WAIT, rule=step.rule, until=step.until or "", due_at=step.due)
    return writing.insert(effect)


def give_notice(case: Case, effect: Notified, events: Events, writing: Writing) -> CaseEffect:
    events.add("case.notified", actor="rules", about={"rule": effect.rule, "name": effect.name})
    return writing.insert(CaseEffect(case=case, kind=EffectKind.NOTICE, rule=effect.rule, name=effect.name))


def open_child(case: Case, effect: ChildOpened, events: Events, writing: Writing) -> CaseEffect:
    """The child is written with the step; where that cannot be, the effect says why it was refused."""
    child, refused = None, ""
    workflow = Workflow.objects.filter(slug=effect.workflow).first()
    if case.depth + 1 > MAX_DEPTH:
        refused = f"A case may be nested {MAX_DEPTH} deep; this one would be deeper. Do its workflows open each other?"
    elif workflow is None or workflow.published_version_id is None:
        refused = f"The workflow {effect.workflow} has no published version."
    elif problems := loaded(workflow.published_version_id).payload_problems(dict(effect.payload)):
        refused = f"The workflow {effect.workflow} refuses the payload: " + "; ".join(
            f"{problem.pointer or '/'}: {problem.detail}" for problem in problems[:3]
        )
    else:
        child = _child(case, workflow, effect, writing)
    events.add(
        "child.refused" if child is None else "child.opened",
        actor="rules",
        about={"rule": effect.rule, "as": effect.as_, "case": str(child.public_id) if child else None},
    )
    return writing.insert(
        CaseEffect(
            case=case,
            kind=EffectKind.CHILD,
            rule=effect.rule,
            name=effect.as_,
            child=child,
            waits=effect.wait,
            refused=refused[:500],
        )
    )


def _child(case: Case, workflow: Workflow, effect: ChildOpened, writing: Writing) -> Case:
    held = workflow.autonomy == Autonomy.PAUSED
    child = Case(
        workflow=workflow,
        version_id=workflow.published_version_id,
        client=case.client,
        test=case.test,
        reference=case.reference,
        posted_priority=case.priority,
        priority=case.priority,
        status=CaseStatus.HELD if held else CaseStatus.RECEIVED,
        parent=case,
        depth=case.depth + 1,
        rung_at=None if held else Now(),
    )
    opening = Events(child)
    opening.add("case.received", actor="rules", about={"parent": str(case.public_id)})
    writing.insert(child)
    writing.insert(CaseContent(case=child, payload=dict(effect.payload)))
    opening.write_with(writing)
    if not held:
        writing.then(lambda: queue.ring(child.pk))
    return child
