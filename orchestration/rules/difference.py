"""What changes from one version to the next, part by part and in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from orchestration.rules.difference_conditions import action_changes, condition_changes
from orchestration.rules.difference_tables import table_changes
from orchestration.rules.difference_words import (
    Ident,
    field_changes,
    from_to,
    keyed,
    list_changes,
    moved_of,
    same,
    schema_changes,
    turned,
)
from orchestration.rules.explain import rule_text
from orchestration.rules.language import AgentStep, DecisionTable, Parameter, Rule, VersionContent
from orchestration.rules.sections import write_scenario

ADDED: Final = "added"
REMOVED: Final = "removed"
CHANGED: Final = "changed"
MOVED: Final = "moved"
MOST_PARTS: Final = 50
_SECTIONS: Final = ("rules", "tables", "parameters", "agents", "scenarios")


@dataclass(frozen=True, slots=True)
class Change:
    """One part that differs. `section`: rules, tables, parameters, agents, outcomes, feedback, schema, settings or
    scenarios; `kind`: added, removed, changed, or moved where nothing but its place is another."""

    section: str
    key: str
    title: str
    kind: str
    sentences: tuple[str, ...] = ()


def difference(before: VersionContent, after: VersionContent) -> tuple[Change, ...]:
    """Every change, in the order of the newer version's sections. Empty where both say the same."""
    return (
        *_rules(before, after),
        *_tables(before, after),
        *_parameters(before, after),
        *_agents(before, after),
        *_listed("outcomes", "outcome", before.outcomes, after.outcomes),
        *_listed("feedback", "feedback value", before.feedback, after.feedback),
        *_schemas(before, after),
        *_settings(before, after),
        *_scenarios(before, after),
    )


def changed_parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Which parts of the document differ, such as `rules/minors` or `outcomes`; at most 50, then `…`."""
    found = []
    for section in dict.fromkeys((*before, *after)):
        if same(before.get(section), after.get(section)):
            continue
        old, new = _parts(section, before.get(section)), _parts(section, after.get(section))
        keys = [key for key in dict.fromkeys((*old, *new)) if not same(old.get(key), new.get(key))]
        found += [f"{section}/{key}" for key in keys] or [section]
    return found if len(found) <= MOST_PARTS else [*found[:MOST_PARTS], "…"]


def _parts(section: str, value: Any) -> dict[str, Any]:
    if section not in _SECTIONS or section == "scenarios":
        return {}
    if isinstance(value, Mapping):
        return dict(value)
    return {str(one["key"]): one for one in value or ()}


def _rules(before: VersionContent, after: VersionContent) -> Iterator[Change]:
    old, new = keyed(before.rules, lambda one: one.key), keyed(after.rules, lambda one: one.key)
    moved = moved_of(old, new)
    for ident, rule in new.items():
        if ident not in old:
            yield Change("rules", rule.key, rule.title, ADDED, (rule_text(rule, after), *_standing(rule)))
            continue
        sentences = _rule_changes(old[ident], rule, before, after)
        place = [_place(ident, list(new), new)] if ident in moved else []
        if sentences or place:
            yield Change("rules", rule.key, rule.title, CHANGED if sentences else MOVED, (*sentences, *place))
    for ident, rule in old.items():
        if ident not in new:
            yield Change("rules", rule.key, rule.title, REMOVED, (rule_text(rule, before),))


def _rule_changes(old: Rule, new: Rule, before: VersionContent, after: VersionContent) -> list[str]:
    return [
        *_head_changes(old, new),
        *([f"Kind: {old.kind} → {new.kind}"] if old.kind != new.kind else []),
        *condition_changes(old.when, new.when, before, after),
        *action_changes(old.then, new.then, before, after),
    ]


def _tables(before: VersionContent, after: VersionContent) -> Iterator[Change]:
    old, new = keyed(before.tables, lambda one: one.key), keyed(after.tables, lambda one: one.key)
    moved = moved_of(old, new)
    for ident, table in new.items():
        if ident not in old:
            yield Change("tables", table.key, table.title, ADDED, (_size(table), *_standing(table)))
            continue
        sentences = [*_head_changes(old[ident], table), *table_changes(old[ident], table, before, after)]
        place = [_place(ident, list(new), new)] if ident in moved else []
        if sentences or place:
            yield Change("tables", table.key, table.title, CHANGED if sentences else MOVED, (*sentences, *place))
    for ident, table in old.items():
        if ident not in new:
            yield Change("tables", table.key, table.title, REMOVED, (_size(table),))


def _parameters(before: VersionContent, after: VersionContent) -> Iterator[Change]:
    old, new = {one.name: one for one in before.parameters}, {one.name: one for one in after.parameters}
    for name, one in new.items():
        title = one.label or name
        if name not in old:
            yield Change("parameters", name, title, ADDED, (f"Value: {_value(one)}",))
        elif sentences := field_changes(old[name], one, _PARAMETER_WORDS):
            yield Change("parameters", name, title, CHANGED, tuple(sentences))
    for name, one in old.items():
        if name not in new:
            yield Change("parameters", name, one.label or name, REMOVED, (f"Value: {_value(one)}",))


def _agents(before: VersionContent, after: VersionContent) -> Iterator[Change]:
    old, new = {one.name: one for one in before.agents}, {one.name: one for one in after.agents}
    for name, step in new.items():
        if name not in old:
            yield Change("agents", name, name, ADDED, (_use(step),))
        elif sentences := _step_changes(old[name], step):
            yield Change("agents", name, name, CHANGED, tuple(sentences))
    for name, step in old.items():
        if name not in new:
            yield Change("agents", name, name, REMOVED, (_use(step),))


def _step_changes(old: AgentStep, new: AgentStep) -> list[str]:
    return [
        *field_changes(old, new, _STEP_WORDS),
        *schema_changes("Input schema", old.input_schema, new.input_schema),
        *schema_changes("Output schema", old.output_schema, new.output_schema),
    ]


def _listed(section: str, noun: str, before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    sentences = list_changes(noun, before, after)
    if sentences:
        yield Change(section, section, section.capitalize(), CHANGED, tuple(sentences))


def _schemas(before: VersionContent, after: VersionContent) -> Iterator[Change]:
    for key, title in (("input_schema", "What a case tells"), ("human_fields", "What people can answer")):
        sentences = schema_changes("Schema", getattr(before, key), getattr(after, key))
        if sentences:
            yield Change("schema", key, title, CHANGED, tuple(sentences))


def _settings(before: VersionContent, after: VersionContent) -> Iterator[Change]:
    sentences = field_changes(before, after, _SETTING_WORDS)
    if sentences:
        yield Change("settings", "settings", "Settings", CHANGED, tuple(sentences))


def _scenarios(before: VersionContent, after: VersionContent) -> Iterator[Change]:
    old, new = keyed(before.scenarios, lambda one: one.title), keyed(after.scenarios, lambda one: one.title)
    sentences = [f"New: {one.title}" for ident, one in new.items() if ident not in old]
    sentences += [f"Dropped: {one.title}" for ident, one in old.items() if ident not in new]
    for ident, one in new.items():
        if ident in old and not same(write_scenario(old[ident]), write_scenario(one)):
            sentences.append(f"Changed: {one.title}")
    kind = CHANGED
    if not sentences and list(old) != list(new):
        sentences, kind = ["The scenarios stand in another order."], MOVED
    if sentences:
        title = f"Scenarios: {len(before.scenarios)} before, {len(after.scenarios)} now"
        yield Change("scenarios", "scenarios", title, kind, tuple(sentences))


def _head_changes(old: Rule | DecisionTable, new: Rule | DecisionTable) -> list[str]:
    return [
        *([f"Title: {old.title} → {new.title}"] if old.title != new.title else []),
        *([f"Priority: {old.priority} → {new.priority}"] if old.priority != new.priority else []),
        *([turned(new.enabled)] if old.enabled != new.enabled else []),
    ]


def _standing(part: Rule | DecisionTable) -> list[str]:
    """What is worth saying of a new part besides what it does."""
    return [
        *([f"Priority: {part.priority}"] if part.priority else []),
        *(["It is a guard."] if isinstance(part, Rule) and part.kind == "guard" else []),
        *([] if part.enabled else [turned(False)]),
    ]


def _place(ident: Ident, order: list[Ident], parts: Mapping[Ident, Any]) -> str:
    place = order.index(ident)
    return f"Moved: now after “{parts[order[place - 1]].title}”" if place else "Moved: now first"


def _size(table: DecisionTable) -> str:
    rows = f"{len(table.rows)} row{'' if len(table.rows) == 1 else 's'}"
    return f"A decision table with {rows}, hit policy {table.hit_policy.replace('_', ' ')}."


def _use(step: AgentStep) -> str:
    return f"Agent {step.use}" + (f", version {step.agent_version}" if step.agent_version else "")


def _value(parameter: Parameter) -> str:
    return from_to(parameter.value) + (f" {parameter.unit}" if parameter.unit else "")


_PARAMETER_WORDS: Final = {
    "value": "Value", "type": "Type", "minimum": "At least", "maximum": "At most", "unit": "Unit", "label": "Label",
    "help": "Help",
}  # fmt: skip
_STEP_WORDS: Final = {
    "use": "Agent", "agent_version": "Agent's version", "config": "Setting", "input": "Reads", "timeout": "Timeout",
    "attempts": "Attempts", "on_failure": "If it fails", "inline": "Within the deciding step",
}  # fmt: skip
_SETTING_WORDS: Final = {"time_zone": "Time zone", "budget": "Budget a case", "language": "Rule language"}
