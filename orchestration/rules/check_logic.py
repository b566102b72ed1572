"""Warns of rules that are never or always true, of rules that contradict each other, and of agents asked too late."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from orchestration.facts import MISSING
from orchestration.rules.explain import fact_text
from orchestration.rules.findings import Check
from orchestration.rules.guards import promised
from orchestration.rules.language import (
    AllOf,
    Always,
    AnyOf,
    Compare,
    Condition,
    Decide,
    DecisionTable,
    Escalate,
    FactRef,
    Literal,
    Not,
    OpenCase,
    ParameterRef,
    Quantified,
    Rule,
    Run,
    Set,
    SetOutput,
    Wait,
)
from orchestration.rules.possible import Known, Witness, always, example_of_both, never
from orchestration.rules.reading import RuleError, at, shown
from orchestration.rules.reads import facts_read, operands_of
from orchestration.rules.tables import row_condition

MOST_REPORTED: Final = 10
_MOST_PAIRS: Final = 1_500
_MOST_ROWS: Final = 200


def check_logic(check: Check) -> None:
    """Only enabled rules are looked at. What is not certain is not said."""
    known = _known(check)
    _never_or_always(check, known)
    _contradictions(check, known)
    _too_early(check, known)
    _inputs_too_early(check, known)
    check.rule = ""


def _known(check: Check) -> Known:
    parameters = {name: parameter.value for name, parameter in check.parameters.items()}
    schema = check.content.input_schema

    def given(path: str) -> bool:
        source, *names = path.split(".")
        return source == "case" and promised(schema, names)

    return Known(check.catalogue, parameters, check.zone, given)


def _never_or_always(check: Check, known: Known) -> None:
    told = {tuple(finding.pointer.split("/")[1:4]) for finding in check.findings}
    for number, rule in enumerate(check.content.rules):
        check.rule = rule.key
        said_already = ("rules", str(number), "when") in told
        if not rule.enabled or isinstance(rule.when, Always) or said_already:
            continue
        if never(rule.when, known):
            said = "This rule can never be true: what it asks for cannot all be so at once."
            check.warning(f"/rules/{number}/when", said)
        elif always(rule.when, known):
            said = "This rule is true of every case, whatever its facts. If that is meant, write “always”."
            check.warning(f"/rules/{number}/when", said)


# --- Rules that set one fact differently ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Setter:
    block: str
    key: str
    pointer: str
    condition: Condition
    value: Any


def _contradictions(check: Check, known: Known) -> None:
    """At equal priority, two that set one fact differently and can both be true: such a case would be escalated."""
    setters: dict[tuple[str, int], list[_Setter]] = {}
    for path, priority, setter in _setters(check, known):
        if not any(fact.split(".", 1)[0] == "derived" for fact in facts_read(setter.condition)):
            setters.setdefault((path, priority), []).append(setter)
    pairs = reported = 0
    for (path, priority), found in setters.items():
        spec = check.catalogue.get(path)
        if spec is None or spec.type == "any":
            continue  # set to values of several types, which is an error already
        for place, other in enumerate(found):
            for one in found[:place]:
                if one.block == other.block or _same(one.value, other.value):
                    continue
                pairs += 1
                if pairs > _MOST_PAIRS or reported == MOST_REPORTED:
                    return
                witness = example_of_both(one.condition, other.condition, known)
                if witness is not None:
                    check.rule = other.block
                    said = f"“{one.key}” and “{other.key}” set “{path}” to {shown(one.value)} and {shown(other.value)}"
                    said += f" at the same priority ({priority}), and both are true {_where(check, witness)};"
                    check.warning(other.pointer, f"{said} such a case would be escalated as a conflict.")
                    reported += 1


def _setters(check: Check, known: Known) -> Iterator[tuple[str, int, _Setter]]:
    for number, rule in enumerate(check.content.rules):
        for place, action in enumerate(rule.then if rule.enabled else ()):
            for path, value in action.assignments if isinstance(action, Set) else ():
                fixed = value.value if isinstance(value, Literal) else MISSING
                fixed = known.parameters.get(value.name, MISSING) if isinstance(value, ParameterRef) else fixed
                if fixed is not MISSING:
                    pointer = at(f"/rules/{number}/then/{place}/set", path)
                    yield path, rule.priority, _Setter(rule.key, rule.key, pointer, rule.when, fixed)
    for number, table in enumerate(check.content.tables):
        if table.enabled and table.hit_policy in ("unique", "any", "first") and len(table.rows) <= _MOST_ROWS:
            yield from _table_setters(check, table, f"/tables/{number}")


def _table_setters(check: Check, table: DecisionTable, pointer: str) -> Iterator[tuple[str, int, _Setter]]:
    try:
        conditions = [row_condition(table, row, check.catalogue) for row in table.rows]
    except RuleError:
        return
    lines = [(f"{table.key}/{row.key}", f"{pointer}/rows/{n}/then", row.then) for n, row in enumerate(table.rows)]
    if table.otherwise is not None:
        lines.append((f"{table.key}/otherwise", f"{pointer}/otherwise", table.otherwise))
    for number, (key, where, cells) in enumerate(lines):
        own = conditions[number] if number < len(conditions) else Always()
        before = conditions[:number] if table.hit_policy == "first" or number == len(conditions) else []
        condition = AllOf((own, Not(AnyOf(tuple(before))))) if before else own
        for place, (output, cell) in enumerate(zip(table.outputs, cells, strict=False)):
            if isinstance(output, SetOutput) and cell is not None:
                setter = _Setter(table.key, key, f"{where}/{place}", condition, cell)
                yield output.fact, table.priority, setter


def _where(check: Check, witness: Witness) -> str:
    parts = []
    for path, value in witness.items():
        if path:
            name = fact_text(path, check.content)
            parts.append(f"{name} is not given" if value is MISSING else f"{name} is {shown(value)}")
    return f"where {' and '.join(parts)}" if parts else "of every case"


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


# --- Agents asked too late ------------------------------------------------------------------------------


def _too_early(check: Check, known: Known) -> None:
    """A rule that ends the round because a step's facts are not there, before any rule that runs the step."""
    turns = {rule.key: _turn(rule, place) for place, rule in enumerate(check.content.rules)}
    runners = _runners(check.content.rules)
    for number, rule in enumerate(check.content.rules):
        check.rule = rule.key
        if not (rule.enabled and any(map(_ends, rule.then))):
            continue
        for step in dict.fromkeys(_steps_read(facts_read(rule.when))):
            first = min((turns[other.key] for other in runners.get(step, ())), default=None)
            if first is None or turns[rule.key] > first or any(other.key == rule.key for other in runners[step]):
                continue
            absent, opposite = _without(rule.when, step, False), _without(rule.when, step, True)
            if example_of_both(absent, Not(opposite), known) is not None:
                said = f"This rule can settle the case before the step “{step}” has run, because nothing is known"
                said += " from it yet. Give it a lower priority than the rule that runs the step, or ask first that"
                check.warning(f"/rules/{number}/when", f"{said} “agents.{step}.status” is “succeeded”.")


def _inputs_too_early(check: Check, known: Known) -> None:
    """A step that reads what another step gives, and can be run before that one."""
    runners = _runners(check.content.rules)
    check.rule = ""
    for step in check.content.agents:
        for field, path in step.input.items():
            for needed in _steps_read([path]):
                early = [
                    rule.key
                    for rule in runners.get(step.name, ())
                    if needed != step.name and not never(_without(rule.when, needed, False), known)
                ]
                if early and needed in check.steps:
                    said = f"The step “{step.name}” takes its “{field}” from the step “{needed}”, but “{early[0]}” can"
                    said += f" run it before. Ask there that “agents.{needed}.status” is “succeeded”."
                    check.warning(at(at("/agents", step.name) + "/input", field), said)


def _runners(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        for action in rule.then if rule.enabled else ():
            for step in action.steps if isinstance(action, Run) else ():
                found.setdefault(step, []).append(rule)
    return found


def _turn(rule: Rule, place: int) -> tuple[int, int, int]:
    """When the rule's turn comes: priority, then escalations, others, waits and decisions, then as written."""
    if any(isinstance(action, Escalate) for action in rule.then):
        rank = 0
    elif any(isinstance(action, Decide) for action in rule.then):
        rank = 3
    else:
        rank = 2 if any(map(_ends, rule.then)) else 1
    return (-rule.priority, rank, place)


def _ends(action: object) -> bool:
    return isinstance(action, Escalate | Decide | Wait) or (isinstance(action, OpenCase) and action.wait)


def _steps_read(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        source, *names = path.split(".")
        if source == "agents" and names:
            yield names[0]


def _without(condition: Condition, step: str, opposite: bool) -> Condition:
    """The condition while nothing is known from the step; or with each part about the step the other way round."""
    if isinstance(condition, AllOf | AnyOf):
        return replace(condition, conditions=tuple(_without(part, step, opposite) for part in condition.conditions))
    if isinstance(condition, Not):
        return Not(_without(condition.condition, step, opposite))
    if isinstance(condition, Compare):
        read = [condition.fact, *(one.path for one in operands_of(condition) if isinstance(one, FactRef))]
        if not any(name == step for name in _steps_read(read)):
            return condition
        true = condition.op == "is_not_set" and step in _steps_read([condition.fact])
        return Always() if true is not opposite else Not(Always())
    if isinstance(condition, Quantified) and step in _steps_read([condition.fact]):
        return Always() if (condition.quantifier == "none") is not opposite else Not(Always())
    return condition
