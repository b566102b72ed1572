"""The rule language evaluated in plain Python: the oracle of the tests and the source of explanations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.engine.compile import RuleSet
from orchestration.engine.part import Entry
from orchestration.engine.places import below
from orchestration.engine.reasons import title_of
from orchestration.engine.truth import Scope, truth
from orchestration.facts import MISSING, Facts
from orchestration.rules.explain import condition_text
from orchestration.rules.language import AllOf, AnyOf, Condition, Not
from orchestration.rules.reads import facts_read


@dataclass(frozen=True, slots=True)
class ConditionTrace:
    """A condition's truth. `seen`: the facts it read, None for one that is not set. `place`: where it stands in
    the version (RFC 6901; for a table the row's `when`). `parts`: what is below an `any`, `all` or `not`."""

    text: str
    truth: bool
    seen: Mapping[str, Any]
    place: str
    parts: tuple[ConditionTrace, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """A rule, or a row of a table (kind `table`), on some facts. `conditions`: what had to be true together.
    `kept_out_by`: the first of them that was not; None when all were."""

    rule: str
    title: str
    kind: str
    matched: bool
    conditions: tuple[ConditionTrace, ...]
    kept_out_by: ConditionTrace | None
    table: str = ""
    row: str = ""


def evaluate(rule_set: RuleSet, facts: Facts) -> frozenset[str]:
    """As `evaluate.evaluate`, without the rule engine."""
    scope = Scope.of(rule_set.vocabulary, facts)
    return frozenset(entry.key for entry in rule_set.entries if truth(entry.condition, scope))


def explain(rule_set: RuleSet, facts: Facts) -> tuple[RuleTrace, ...]:
    """Why each rule and table row is true of these facts or not, in walk order."""
    scope = Scope.of(rule_set.vocabulary, facts)
    return tuple(_trace(rule_set, entry, scope) for entry in rule_set.entries)


def _trace(rule_set: RuleSet, entry: Entry, scope: Scope) -> RuleTrace:
    whole = _condition_trace(rule_set, entry, entry.condition, entry.pointer, scope)
    conditions = _conjuncts(entry.condition, whole)
    return RuleTrace(
        rule=entry.key,
        title=title_of(entry),
        kind=entry.rule.kind if entry.rule else "table",
        matched=whole.truth,
        conditions=conditions,
        kept_out_by=next((one for one in conditions if not one.truth), None),
        table=entry.table.key if entry.table else "",
        row=entry.row.key if entry.row else "",
    )


def _condition_trace(rule_set: RuleSet, entry: Entry, condition: Condition, place: str, scope: Scope) -> ConditionTrace:
    nested = isinstance(condition, AllOf | AnyOf | Not)
    seen = {path: scope.get(path) for path in facts_read(condition)}
    parts = tuple(
        _condition_trace(rule_set, entry, part, part_place if entry.rule else place, scope)
        for part_place, part in (below(condition, place) if nested else ())
    )
    return ConditionTrace(
        text=condition_text(condition, rule_set.content),
        truth=truth(condition, scope),
        seen={path: None if value is MISSING else value for path, value in seen.items()},
        place=place,
        parts=parts,
    )


def _conjuncts(condition: Condition, trace: ConditionTrace) -> tuple[ConditionTrace, ...]:
    """The conditions that had to be true together: those of an `all`, also of one within it."""
    if not isinstance(condition, AllOf):
        return (trace,)
    found: list[ConditionTrace] = []
    for part, part_trace in zip(condition.conditions, trace.parts, strict=True):
        found.extend(_conjuncts(part, part_trace))
    return tuple(found)
