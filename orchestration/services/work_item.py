"""Work items: opened for a person, claimed by one, decided or sent back with corrected facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Greatest, Now
from django.utils import timezone

from orchestration.engine.advance import advance
from orchestration.engine.step import Step
from orchestration.facts import Problem, lay_over
from orchestration.models import (
    Autonomy,
    Case,
    CaseContent,
    CaseStatus,
    Priority,
    Queue,
    WorkItem,
    WorkItemContent,
    WorkItemKind,
    WorkItemStatus,
)
from orchestration.models.writing import Writing
from orchestration.rules.operators import parse_duration
from orchestration.services.decision import decide_by_person
from orchestration.services.doorbell import ring_case
from orchestration.services.event import Events
from orchestration.services.refusal import Refused
from orchestration.services.rule_set import loaded
from orchestration.services.situation import situation_of


def open_work_item(case: Case, step: Step, events: Events, writing: Writing) -> WorkItem:
    """An escalation, or for a `decide` step the approval of a proposal (supervised, paused) or a request (manual)."""
    proposed = step.kind == "decide"
    supervised = proposed and case.workflow.autonomy != Autonomy.MANUAL
    kind = WorkItemKind.APPROVAL if supervised else WorkItemKind.ESCALATION
    reason = f"Approve: {step.outcome}" if supervised else "manual-workflow" if proposed else step.reason
    level = case.workflow.service_levels.get("escalation")
    item = WorkItem(
        case=case,
        queue=_queue(case, step.queue),
        kind=kind,
        reason=reason[:300],
        rule=step.rule,
        proposal=step.outcome if supervised else "",
        priority=max(case.priority, Priority[step.priority.upper()]) if step.priority else case.priority,
        due_at=timezone.now() + parse_duration(level) if level else None,
    )
    reasons = [] if proposed and not supervised else [asdict(reason) for reason in step.reasons]
    writing.insert(item)
    writing.insert(WorkItemContent(work_item=item, detail=step.detail, reasons=reasons))
    case.status = CaseStatus.ESCALATED
    events.add(
        "case.escalated",
        actor="rules",
        about={"work_item": str(item.public_id), "kind": str(kind), "reason": reason[:300], "rule": step.rule},
    )
    return item


def claim(*, work_item_id: int, user: User) -> WorkItem:
    """Give the item to this person, if nobody has it. Of two who try at once one gets it.

    Raises Refused: somebody else has it (named), or it is closed.
    """
    with transaction.atomic():
        case = _lock_case(work_item_id)
        taken = WorkItem.objects.filter(pk=work_item_id, status=WorkItemStatus.OPEN, claimed_by=None)
        if taken.update(claimed_by=user, claimed_at=Now()):
            _tell(case, work_item_id, user, "work_item.claimed")
        item = WorkItem.objects.select_related("claimed_by").get(pk=work_item_id)
        if item.status != WorkItemStatus.OPEN:
            raise Refused(f"This item is {item.get_status_display().lower()} already.")
        if item.claimed_by_id != user.pk:
            raise Refused(f"{_name(item.claimed_by)} has claimed this item.")
    return item


def release(*, work_item_id: int, user: User) -> WorkItem:
    """Give the item back to its queue. Raises Refused where this person does not hold it."""
    with transaction.atomic():
        case = _lock_case(work_item_id)
        held = WorkItem.objects.filter(pk=work_item_id, status=WorkItemStatus.OPEN, claimed_by=user)
        if not held.update(claimed_by=None, claimed_at=None):
            raise Refused(_not_held(work_item_id, user))
        _tell(case, work_item_id, user, "work_item.released")
    return WorkItem.objects.get(pk=work_item_id)


def decide(*, work_item_id: int, user: User, outcome: str, note: str) -> WorkItem:
    """The person's decision. Raises Refused: not held by this person, unknown outcome, no note."""
    with transaction.atomic():
        item, case = _hold(work_item_id, user)
        outcomes = loaded(case.version_id).content.outcomes
        if outcome not in outcomes:
            raise Refused(
                f"{outcome or 'Nothing'} is not an outcome of this workflow. Choose one of: {', '.join(outcomes)}."
            )
        if not note.strip():
            raise Refused("Say in a note why you decide so; whoever reads the case later will need it.")
        events = Events(case)
        decide_by_person(case, outcome=outcome, note=note.strip(), user=user, work_item=item, events=events)
        _close(item, user, "decided")
        _save(case)
        events.write()
    return item


def send_back(
    *, work_item_id: int, user: User, corrections: Mapping[str, Any], human: Mapping[str, Any], note: str
) -> WorkItem:
    """Back to the rules with corrected facts (dotted path below `case.` → value) and answers to human fields.

    Failed runs count as not run from here on. Raises Refused, naming what is wrong with a value.
    """
    with transaction.atomic():
        item, case = _hold(work_item_id, user)
        content = CaseContent.objects.get(case=case)
        _correct(case, content, corrections, human)
        content.save(update_fields=["corrections", "human"])
        events = Events(case)
        events.add(
            "case.sent_back",
            actor=user.get_username(),
            user=user,
            about={"work_item": str(item.public_id), "corrected": sorted(corrections), "answered": sorted(human)},
            content={"corrections": dict(corrections), "human": dict(human), "note": note.strip()},
        )
        case.status, case.attempts, case.waits_for = CaseStatus.RUNNING, 0, ""
        case.sent_back_event, case.sent_back_round = case.last_event, case.rounds
        _close(item, user, "sent_back")
        _save(case)
        Case.objects.filter(pk=case.pk).update(woken_at=Greatest("woken_at", Now()), due_at=None)
        events.write()
        ring_case(case.pk)
    return item


def preview(*, work_item: WorkItem, corrections: Mapping[str, Any], human: Mapping[str, Any]) -> Step:
    """The step that sending back with these facts would give now; nothing is stored. Raises Refused."""
    case = Case.objects.select_related("workflow", "client", "content").get(pk=work_item.case_id)
    _correct(case, case.content, corrections, human)
    case.sent_back_event, case.sent_back_round = case.last_event + 1, case.rounds
    with transaction.atomic():
        now = (
            Case.objects.filter(pk=case.pk)
            .annotate(now=Greatest("woken_at", Now()))
            .values_list("now", flat=True)
            .get()
        )
    situation = situation_of(case, now=now)
    return advance(loaded(case.version_id).rule_set, situation.facts, replace(situation.progress, rounds=0))


# --- Parts ------------------------------------------------------------------------------------------


def _queue(case: Case, slug: str) -> Queue | None:
    queues = case.workflow.queues_in_order
    return next((queue for queue in queues if queue.slug == slug), queues[0] if queues else None)


def _lock_case(work_item_id: int) -> Case:
    """The item's case, locked; every change of an item locks its case first."""
    cases = Case.objects.select_for_update(no_key=True, of=("self",)).select_related("workflow", "client")
    return cases.get(work_items=work_item_id)


def _tell(case: Case, work_item_id: int, user: User, name: str) -> None:
    item = WorkItem.objects.only("public_id").get(pk=work_item_id)
    events = Events(case)
    events.add(name, actor=user.get_username(), user=user, about={"work_item": str(item.public_id)})
    Case.objects.filter(pk=case.pk).update(last_event=case.last_event)
    events.write()


def _hold(work_item_id: int, user: User) -> tuple[WorkItem, Case]:
    """The item and its case, locked; refused unless this person holds the open item."""
    case = _lock_case(work_item_id)
    item = WorkItem.objects.filter(pk=work_item_id, status=WorkItemStatus.OPEN, claimed_by=user).first()
    if item is None or case.status != CaseStatus.ESCALATED:
        raise Refused(_not_held(work_item_id, user))
    return item, case


def _not_held(work_item_id: int, user: User) -> str:
    item = WorkItem.objects.select_related("claimed_by", "closed_by").get(pk=work_item_id)
    if item.status != WorkItemStatus.OPEN:
        by = f" by {_name(item.closed_by)}" if item.closed_by else ""
        return f"This item was closed{by} in the meantime; nothing was changed."
    if item.claimed_by is None:
        return "You do not hold this item any more: claim it first. Nothing was changed."
    if item.claimed_by_id == user.pk:
        return "The case has moved on in the meantime; nothing was changed."
    return f"{_name(item.claimed_by)} has claimed this item; nothing was changed."


def _correct(case: Case, content: CaseContent, corrections: Mapping[str, Any], human: Mapping[str, Any]) -> None:
    version = loaded(case.version_id)
    unknown = [path for path in corrections if version.rule_set.catalogue.get(f"case.{path}") is None]
    problems = [Problem(f"/{path}", "is not a fact of this workflow") for path in unknown]
    content.corrections = {**content.corrections, **corrections}
    content.human = _merged(content.human, human)
    problems += version.payload_problems(lay_over(content.payload, content.corrections)) if not unknown else []
    problems += version.human_problems(content.human) if content.human else []
    if problems:
        raise Refused(
            "; ".join(f"{problem.pointer.strip('/') or 'the case'}: {problem.detail}" for problem in problems)
        )


def _merged(answers: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Answers with later ones laid over them, group by group."""
    return {
        **answers,
        **{
            name: _merged(answers[name], value)
            if isinstance(value, Mapping) and isinstance(answers.get(name), Mapping)
            else value
            for name, value in more.items()
        },
    }


def _close(item: WorkItem, user: User | None, result: str) -> None:
    WorkItem.objects.filter(pk=item.pk).update(
        status=WorkItemStatus.DONE, closed_by=user, closed_at=Now(), result=result
    )
    item.status, item.result = WorkItemStatus.DONE, result


def _save(case: Case) -> None:
    case.save(
        update_fields=[
            "status", "outcome", "decided_by", "decided_at", "attempts", "waits_for", "last_event",
            "sent_back_event", "sent_back_round",
        ]
    )  # fmt: skip


def _name(user: User | None) -> str:
    return (user.get_full_name() or user.get_username()) if user else "Somebody"
