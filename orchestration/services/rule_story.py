"""Which rules were true of a case and why; for the others, what kept them out. For people to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestration.engine.reference import ConditionTrace, RuleTrace
from orchestration.models import Case, Evaluation, Purpose
from orchestration.rules.explain import action_text
from orchestration.services.document_lines import shown
from orchestration.services.explanation import explain_case
from orchestration.services.rule_set import Loaded, loaded


@dataclass(frozen=True, slots=True)
class ConditionStory:
    text: str
    truth: bool
    seen: str


@dataclass(frozen=True, slots=True)
class RuleStory:
    """`gave`: its action was the step taken. `kept_out_by`: the first condition that was not so."""

    key: str
    title: str
    kind: str
    matched: bool
    gave: bool
    actions: str
    conditions: tuple[ConditionStory, ...]
    kept_out_by: ConditionStory | None


@dataclass(frozen=True, slots=True)
class RulesSeen:
    """What the last round saw. Empty before the first round, and once the content is erased."""

    rules: tuple[RuleStory, ...] = ()
    derived: Mapping[str, Any] = field(default_factory=dict)
    matched: tuple[str, ...] = ()  # keys as recorded with the last round
    exact: bool = True  # the facts shown are the very facts that round saw

    @property
    def fired(self) -> list[RuleStory]:
        """Those that were true, the one that gave the answer first."""
        return sorted((rule for rule in self.rules if rule.matched), key=lambda rule: not rule.gave)

    @property
    def kept_out(self) -> list[RuleStory]:
        return [rule for rule in self.rules if not rule.matched]


def rules_seen(case: Case) -> RulesSeen:
    """The last round over again. Needs `content` loaded."""
    last = Evaluation.objects.filter(case=case, purpose=Purpose.LIVE).order_by("-id").first()
    if last is None:
        return RulesSeen()
    matched = tuple(last.matched)
    if case.content.erased_at:
        return RulesSeen(matched=matched)
    version = loaded(case.version_id)
    found = explain_case(case=case)
    if found is None:
        return RulesSeen()
    gave = last.step.get("rule", "")
    rules = tuple(_story(trace, gave, version) for trace in found.rules)
    return RulesSeen(rules, dict(found.facts.document.get("derived") or {}), matched, found.exact)


def _story(trace: RuleTrace, gave: str, version: Loaded) -> RuleStory:
    rule = next((one for one in version.content.rules if one.key == trace.rule), None)
    actions = [action_text(action, version.content) for action in rule.then] if rule else []
    return RuleStory(
        key=trace.rule,
        title=f"{trace.title}, row {trace.row}" if trace.row else trace.title,
        kind=trace.kind,
        matched=trace.matched,
        gave=trace.rule == gave,
        actions="; ".join(actions),
        conditions=tuple(_condition(one) for one in trace.conditions),
        kept_out_by=_condition(trace.kept_out_by) if trace.kept_out_by else None,
    )


def _condition(trace: ConditionTrace) -> ConditionStory:
    seen = [(path, shown(value)) for path, value in trace.seen.items()]
    if len(seen) == 1:
        return ConditionStory(trace.text, trace.truth, f"seen: {seen[0][1]}")
    return ConditionStory(trace.text, trace.truth, "; ".join(f"{path} = {value}" for path, value in seen))
