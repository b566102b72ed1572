"""A step in words: what the rules would do next, for a person who is about to send a case back."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from orchestration.engine.step import Reason, Step
from orchestration.models import Autonomy, Case, Queue


@dataclass(frozen=True, slots=True)
class StepWords:
    """`tone`: good (it is decided), info (it goes on by itself) or warning (it comes back to a person)."""

    title: str
    text: str
    tone: str
    reasons: tuple[Reason, ...] = ()


def step_words(step: Step, case: Case) -> StepWords:
    if step.kind == "decide":
        return _decide(step, case)
    if step.kind == "run":
        text = "Then the rules look again: what they decide depends on what the agents find."
        return StepWords(f"Agents would look first: {', '.join(step.awaited)}", text, "info", step.reasons)
    if step.kind == "wait":
        title = f"The case would wait {_until(step)}".strip()
        return StepWords(title, "Then the rules look again.", "info", step.reasons)
    queue = Queue.objects.filter(workflow_id=case.workflow_id, slug=step.queue).first() if step.queue else None
    where = f" in {queue.title}" if queue else ""
    text = step.detail or "These facts alone do not settle it."
    return StepWords(f"It would come back to a person{where}: {step.reason}", text, "warning", step.reasons)


def _until(step: Step) -> str:
    """What a wait ends with; moments in the site's time zone."""
    if step.child:
        return f"for the case {step.child}"
    return f"until {timezone.localtime(step.due):%d %b %Y, %H:%M}" if step.due else ""


def _decide(step: Step, case: Case) -> StepWords:
    outcome = step.outcome.replace("_", " ")
    if case.workflow.autonomy in (Autonomy.AUTOMATIC, Autonomy.PAUSED):
        return StepWords(f"The rules would decide: {outcome}", step.note or "", "good", step.reasons)
    if case.workflow.autonomy == Autonomy.SUPERVISED:
        text = "The workflow is supervised, so a person would have to approve it."
        return StepWords(f"The rules would propose: {outcome}", text, "warning", step.reasons)
    return StepWords("It would come back to a person", "The workflow is manual: people decide every case.", "warning")
