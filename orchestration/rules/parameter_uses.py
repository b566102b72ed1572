"""Which rules and tables read each parameter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from orchestration.rules.language import Arithmetic, Compare, DecisionTable, ParameterRef, Rule, Set, VersionContent
from orchestration.rules.reads import conditions_in, operands_of

_TEXT: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_NAMED: Final = re.compile(r"\{\s*([A-Za-z][A-Za-z0-9_-]*)\s*\}")


@dataclass(frozen=True, slots=True)
class Use:
    """A rule or decision table that reads a parameter; `section` is rules or tables."""

    section: str
    key: str
    title: str


def parameter_uses(content: VersionContent) -> dict[str, tuple[Use, ...]]:
    """Parameter → what reads it, in the order of the document. What nothing reads is not in it."""
    found: dict[str, dict[Use, None]] = {}
    for rule in content.rules:
        for name in _of_rule(rule):
            found.setdefault(name, {})[Use("rules", rule.key, rule.title)] = None
    for table in content.tables:
        for name in _of_table(table):
            found.setdefault(name, {})[Use("tables", table.key, table.title)] = None
    return {name: tuple(uses) for name, uses in found.items()}


def _of_rule(rule: Rule) -> Iterator[str]:
    for condition in conditions_in(rule.when):
        if isinstance(condition, Compare):
            yield from (one.name for one in operands_of(condition) if isinstance(one, ParameterRef))
    for action in rule.then:
        if isinstance(action, Set):
            for _, value in action.assignments:
                sides = (value.left, value.right) if isinstance(value, Arithmetic) else (value,)
                yield from (one.name for one in sides if isinstance(one, ParameterRef))


def _of_table(table: DecisionTable) -> Iterator[str]:
    for row in table.rows:
        for cell in row.when:
            yield from _NAMED.findall(_TEXT.sub("", cell))
