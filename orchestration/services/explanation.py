"""Why a case stands where it does, rebuilt from its rows; and what the rules would say of given facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from orchestration.engine.advance import facts_with_agents, settle_round
from orchestration.engine.reference import RuleTrace, explain
from orchestration.engine.scenario import answer, rule_document
from orchestration.facts import Facts, digest
from orchestration.models import AgentRun, Case, CaseEffect, Evaluation, Purpose, Workflow
from orchestration.services.case import NotPublished
from orchestration.services.rule_set import loaded
from orchestration.services.situation import effects_of, facts_of, progress_of, runs_of


@dataclass(frozen=True, slots=True)
class Explanation:
    """A recorded round with the facts it saw and each rule's truth on them.

    `exact`: the rebuilt facts have the digest that the round recorded. They have not where something it saw
    has changed since: a correction, a child case that went on, erased content.
    """

    evaluation: Evaluation
    facts: Facts
    rules: tuple[RuleTrace, ...]
    exact: bool


def explain_case(*, case: Case) -> Explanation | None:
    """The case's last round explained; None where it has had none. Nothing is stored."""
    evaluation = _last_round(case)
    if evaluation is None:
        return None
    case = Case.objects.select_related("client", "content").get(pk=case.pk)
    runs = list(_runs_seen(runs_of(case), evaluation))
    effects = list(_effects_seen(effects_of(case), evaluation))
    facts = facts_of(case, case.content, effects=effects, now=evaluation.now)
    progress = progress_of(case, case.content, runs=runs, effects=effects)
    rule_set = loaded(evaluation.version_id).rule_set
    seen = digest(facts_with_agents(rule_set, facts, progress).document, bytes.fromhex(case.content.salt))
    last = settle_round(rule_set, facts, progress)
    return Explanation(evaluation, last.facts, explain(rule_set, last.facts), seen == evaluation.facts_digest)


def explanation_of(*, case: Case) -> dict[str, Any]:
    """The explanation as JSON: the step taken, and for each rule why it did or did not apply."""
    found = explain_case(case=case)
    if found is None:
        return {"step": None, "round": None, "now": None, "exact": None, "matched": [], "derived": {}, "rules": []}
    return {
        "step": found.evaluation.step,
        "round": found.evaluation.round,
        "now": found.facts.get("meta.now"),
        "exact": found.exact,
        "matched": found.evaluation.matched,
        "derived": dict(found.facts.document.get("derived") or {}),
        "rules": [rule_document(trace) for trace in found.rules],
    }


def answer_to(*, workflow: Workflow, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the published rules say of facts given as in a scenario; stores nothing.

    Raises NotPublished, and RuleError naming each place of the facts that is malformed.
    """
    if workflow.published_version_id is None:
        raise NotPublished(f"The workflow {workflow.slug} has no published version yet.")
    return answer(loaded(workflow.published_version_id).rule_set, given, timezone.now())


def _last_round(case: Case) -> Evaluation | None:
    rounds = Evaluation.objects.filter(case=case, purpose=Purpose.LIVE).select_related("version")
    return rounds.defer("version__content").order_by("-round").first()


def _runs_seen(runs: list[AgentRun], evaluation: Evaluation) -> Iterable[AgentRun]:
    """The runs that had ended before the round: not those it asked for itself, the newest of their steps."""
    asked = set(evaluation.step.get("runs", ()))
    newest = {run.step: run.pk for run in runs if run.step in asked and run.asked_event == evaluation.last_event}
    return (run for run in runs if run.asked_event <= evaluation.last_event and newest.get(run.step) != run.pk)


def _effects_seen(effects: list[CaseEffect], evaluation: Evaluation) -> Iterable[CaseEffect]:
    """What earlier rounds did; the round's own effects were written after it."""
    return (effect for effect in effects if effect.created_at < evaluation.created_at)
