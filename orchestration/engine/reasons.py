"""Why a step was taken: the rules that gave it, by title, with the values that mattered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from orchestration.engine.compile import RuleSet
from orchestration.engine.part import Entry
from orchestration.engine.passes import OTHERWISE, Settled
from orchestration.engine.step import Reason
from orchestration.engine.truth import Scope, truth
from orchestration.facts import MISSING
from orchestration.rules.language import AllOf, AnyOf, Condition, DecisionTable, Not
from orchestration.rules.reads import facts_read

_LONGEST: Final = 80
_encoded: Final = json.JSONEncoder(ensure_ascii=False, default=str).encode


def reasons_for(rule_set: RuleSet, settled: Settled, keys: Iterable[str]) -> tuple[Reason, ...]:
    """The rules or table rows with these keys, and those that set the derived facts they read."""
    scope = Scope.of(rule_set.vocabulary, settled.facts)
    found: dict[str, Reason] = {}
    waiting = list(keys)
    while waiting:
        key = waiting.pop(0)
        if key in found:
            continue
        number = rule_set.numbers.get(key)
        if number is None:
            table = key.removesuffix(f"/{OTHERWISE}")
            title, inputs = _table(rule_set, table)
            found[key] = Reason(key, title, "no row applied")
            waiting.extend(_origins(settled, inputs))
            continue
        entry = rule_set.entries[number]
        paths = dict.fromkeys(mattering(entry.condition, scope, whole=number in settled.true))
        found[key] = Reason(key, title_of(entry), "; ".join(said(rule_set, path, scope.get(path)) for path in paths))
        waiting.extend(_origins(settled, paths))
    return tuple(found.values())


def mattering(condition: Condition, scope: Scope, *, whole: bool) -> Iterator[str]:
    """Paths of the facts that made the condition what it is, which is `whole`: true, or false."""
    if isinstance(condition, AllOf | AnyOf):
        parts = condition.conditions
        if whole is isinstance(condition, AnyOf):  # one part alone makes it so; else all parts are as the whole is
            parts = tuple(part for part in parts if truth(part, scope) is whole)
        for part in parts:
            yield from mattering(part, scope, whole=whole)
    elif isinstance(condition, Not):
        yield from mattering(condition.condition, scope, whole=not whole)
    else:
        yield from facts_read(condition)


def said(rule_set: RuleSet, path: str, value: Any) -> str:
    """A fact and its value in words."""
    return f"{rule_set.title(path)} {shown(value)}"


def shown(value: Any) -> str:
    """`is …`, shortened; `is not set` for a missing value."""
    if value is MISSING or value is None:
        return "is not set"
    text = value if isinstance(value, str) else _encoded(value)
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return f"is “{text}”" if isinstance(value, str) else f"is {text}"


def title_of(entry: Entry) -> str:
    block = entry.rule or entry.table
    return block.title if block else entry.key


def _origins(settled: Settled, paths: Iterable[str]) -> Iterator[str]:
    """Keys of what set the derived facts among these."""
    for path in paths:
        if path.split(".", 1)[0] != "derived":
            continue
        for set_path, keys in settled.origins.items():
            if path == set_path or set_path.startswith(f"{path}.") or path.startswith(f"{set_path}."):
                yield from keys


def _table(rule_set: RuleSet, key: str) -> tuple[str, tuple[str, ...]]:
    """Title and input facts of a table."""
    for block, _ in rule_set.walk:
        if block.key == key and isinstance(block, DecisionTable):
            return block.title, tuple(column.fact for column in block.inputs)
    return key, ()
