"""Warns of guards that let a case pass for want of a value, and of decisions that can come before a guard."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from orchestration.rules.findings import Check
from orchestration.rules.language import (
    AllOf,
    Always,
    AnyOf,
    Compare,
    Condition,
    Decide,
    DecideOutput,
    Escalate,
    FactRef,
    Literal,
    Not,
    Quantified,
    Rule,
)
from orchestration.rules.operators import holds
from orchestration.rules.reads import facts_read, operands_of

_EITHER = frozenset({True, False})


def check_guards(check: Check) -> None:
    """Only enabled rules of kind `guard` are looked at."""
    rules = check.content.rules
    guards = [(place, rule) for place, rule in enumerate(rules) if rule.enabled and rule.kind == "guard"]
    deciders = list(_deciders(check))
    readers: dict[str, list[Rule]] = {}
    for _, guard in guards:
        for path in facts_read(guard.when):
            readers.setdefault(path, []).append(guard)
    caught: dict[str, bool] = {}
    for place, guard in guards:
        check.rule = guard.key
        pointer = f"/rules/{place}"
        if not any(isinstance(action, Escalate) for action in guard.then):
            check.warning(f"{pointer}/then", "This guard does not escalate, so it stops nothing.")
            continue
        _missing(check, guard, readers, caught, f"{pointer}/when")
        before = [key for key, priority in deciders if priority > guard.priority]
        if before:
            said = f"{_some(before)} can decide before this guard is reached (priority over {guard.priority})."
            check.warning(f"{pointer}/priority" if guard.priority else pointer, said)
    check.rule = ""


def _missing(
    check: Check, guard: Rule, readers: Mapping[str, list[Rule]], caught: dict[str, bool], pointer: str
) -> None:
    """Facts without which neither this guard nor another one that reads them can stop the case."""
    for path in facts_read(guard.when):
        if path not in caught:
            absent = _absent(check, path)
            paths = [other for other in readers if absent and (other in absent or other == absent.status)]
            caught[path] = absent is None or any(
                True in _truths(one.when, absent) for other in paths for one in readers[other]
            )
        if not caught[path]:
            said = f"Where “{path}” is missing, this guard lets the case pass."
            said += " Write it as not and the opposite, so that a missing value escalates."
            check.warning(pointer, said)


def _absent(check: Check, path: str) -> _Absent | None:
    """What is missing together with the fact; None where it cannot be missing, or that means nothing."""
    source, *names = path.split(".")
    if source in ("meta", "human", "children"):
        return None
    if source == "case":
        return None if promised(check.content.input_schema, names) else _Absent({path}, "")
    if source == "agents" and len(names) >= 2:
        step = check.steps.get(names[0])
        if step is None or names[1] == "status":
            return None
        if names[1] == "output" and promised(step.output_schema, names[2:]):
            return _Absent((), step.name) if step.on_failure == "continue" else None
    return _Absent({path}, "")


class _Absent:
    """Facts that are missing: these, or all of a step that failed."""

    def __init__(self, paths: Collection[str], failed_step: str) -> None:
        self._paths, self._step = paths, failed_step

    def __contains__(self, path: str) -> bool:
        if self._step:
            return path.startswith((f"agents.{self._step}.output", f"agents.{self._step}.confidence"))
        return any(path == one or path.startswith(f"{one}.") for one in self._paths)

    @property
    def status(self) -> str:
        """Path of the status that is known to be `failed`."""
        return f"agents.{self._step}.status" if self._step else ""


def _truths(condition: Condition, absent: _Absent) -> frozenset[bool]:
    """What the condition can be when those facts are missing and all others are anything."""
    if isinstance(condition, Always):
        return frozenset({True})
    if isinstance(condition, Not):
        return frozenset(not truth for truth in _truths(condition.condition, absent))
    if isinstance(condition, AllOf | AnyOf):
        parts = [_truths(part, absent) for part in condition.conditions]
        ends = isinstance(condition, AnyOf)  # the truth of one part that settles the whole
        found = {ends} if any(ends in part for part in parts) else set()
        return frozenset(found | ({not ends} if all((not ends) in part for part in parts) else set()))
    if isinstance(condition, Quantified):
        return frozenset({condition.quantifier == "none"}) if condition.fact in absent else _EITHER
    return _compared(condition, absent)


def _compared(condition: Compare, absent: _Absent) -> frozenset[bool]:
    if condition.fact in absent:
        return frozenset({condition.op == "is_not_set"})
    operands = operands_of(condition)
    if any(isinstance(value, FactRef) and value.path in absent for value in operands):
        return frozenset({False})
    literals = [value.value for value in operands if isinstance(value, Literal)]
    if condition.fact == absent.status and len(literals) == len(operands):
        operand: Any = literals if isinstance(condition.value, tuple) else next(iter(literals), None)
        return frozenset({holds(condition.op, "string", "failed", operand, ignore_case=condition.ignore_case)})
    return _EITHER


def _deciders(check: Check) -> Iterator[tuple[str, int]]:
    for rule in check.content.rules:
        if rule.enabled and any(isinstance(action, Decide) for action in rule.then):
            yield rule.key, rule.priority
    for table in check.content.tables:
        if table.enabled and any(isinstance(output, DecideOutput) for output in table.outputs):
            yield table.key, table.priority


def promised(schema: Any, names: list[str]) -> bool:
    """Does the schema promise that the fact is there and not null? (Only what it says plainly.)"""
    for name in names:
        if not isinstance(schema, Mapping) or name not in schema.get("required", ()):
            return False
        schema = schema.get("properties", {}).get(name, {})
    kinds = schema.get("type") if isinstance(schema, Mapping) else None
    return isinstance(kinds, str) or (isinstance(schema, Mapping) and "enum" in schema and None not in schema["enum"])


def _some(keys: list[str]) -> str:
    named = ", ".join(f"“{key}”" for key in keys[:5])
    return f"{named} and {len(keys) - 5} more" if len(keys) > 5 else named
