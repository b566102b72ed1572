"""The passes of a round: rules set derived facts, which rules may read, until nothing changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from orchestration.engine.arithmetic import compute, is_number
from orchestration.engine.compile import RuleSet
from orchestration.engine.runs import Found, agents_of, find_runs
from orchestration.engine.step import Progress
from orchestration.engine.truth import Scope, operand
from orchestration.facts import MAX_NUMBER, MISSING, Facts
from orchestration.rules.language import Arithmetic, DecisionTable, Operand, Rule, Set
from orchestration.rules.tables import TableResult, settle

MAX_PASSES: Final = 20
MAX_KNOWN: Final = 256
"""Sets of true entries for which a version keeps what they set."""
OTHERWISE: Final = "otherwise"


@dataclass(frozen=True, slots=True)
class Settled:
    """The last pass. `true`: numbers of the entries that were. `origins`: for each derived fact the keys that
    set it. `conflict`: why the rules contradict each other, "" when they do not; `rivals`: their keys."""

    facts: Facts
    true: frozenset[int]
    runs: Mapping[str, Found]
    tables: Mapping[str, TableResult] = field(default_factory=dict)
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    conflict: str = ""
    rivals: tuple[str, ...] = ()


def settled(rule_set: RuleSet, facts: Facts, progress: Progress, runs: Mapping[str, Found]) -> Settled:
    """Evaluate until `derived.*` no longer changes, at most 20 times. `runs`: as found without derived facts."""
    late = any(step.late for step in rule_set.steps.values())
    agents = agents_of(runs)
    fixed: frozenset[int] | None = None
    outcome: _Assignments | None = None
    derived: Mapping[str, Any] = {}
    for _ in range(MAX_PASSES):
        now = facts.with_(derived=derived, agents=agents)
        scope = rule_set.scope(now)
        fixed = rule_set.fixed.true(scope) if fixed is None else fixed
        true = fixed | rule_set.moving.true(scope)
        if outcome is not None and outcome.stands(true):
            break
        outcome = _assigned(rule_set, true, scope)
        document = outcome.document
        stable = same(document, derived)
        derived = document
        if late and not stable:
            runs = find_runs(rule_set.steps, facts.with_(derived=derived), progress)
            agents = agents_of(runs)
        if stable or not rule_set.needs_passes:
            break
    else:
        assert outcome is not None  # noqa: S101 - there was a pass
        changing = tuple(key for keys in outcome.origins.values() for key in keys)
        conflict = f"the derived facts still changed after {MAX_PASSES} passes"
        return Settled(now, true, runs, outcome.tables, outcome.origins, conflict, tuple(dict.fromkeys(changing)))
    last = facts.with_(derived=derived, agents=agents)
    conflict = "; ".join(outcome.conflicts)
    return Settled(last, true, runs, outcome.tables, outcome.origins, conflict, tuple(dict.fromkeys(outcome.rivals)))


def same(left: Any, right: Any) -> bool:
    """Are two JSON values the same? As `==`, but true is not 1."""
    if type(left) is str is type(right):
        return bool(left == right)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return isinstance(left, bool) is isinstance(right, bool) and bool(left == right)


def _assigned(rule_set: RuleSet, true: frozenset[int], scope: Scope) -> _Assignments:
    """Where nothing is set to what a fact says, the entries that are true tell it all, and what they set is kept."""
    setters = true & rule_set.setters
    if rule_set.sets_read:
        return _Assignments(rule_set, setters, scope)
    known: _Assignments | None = rule_set.assigned.get(setters)
    if known is None:
        known = _Assignments(rule_set, setters, scope)
        if len(rule_set.assigned) < MAX_KNOWN:
            rule_set.assigned[setters] = known
    return known


class _Assignments:
    """What the true rules and tables of one pass set. The higher priority wins; at equal priority the first in
    walk order, and that they differ is a conflict."""

    def __init__(self, rule_set: RuleSet, setters: frozenset[int], scope: Scope) -> None:
        self.tables: dict[str, TableResult] = {}
        self.origins: dict[str, tuple[str, ...]] = {}
        self.conflicts: list[str] = []
        self.rivals: list[str] = []
        self._values: dict[str, Any] = {}
        self._at_priority: dict[tuple[str, int], tuple[Any, tuple[str, ...]]] = {}
        self._moving = rule_set.sets_move
        self._setters = rule_set.setters
        self._true = setters
        for block, numbers in rule_set.setting:
            if not isinstance(block, Rule):
                self._settle(block, [rule_set.entries[number].row for number in numbers if number in self._true])
            elif numbers[0] in self._true:
                self._take(block.priority, (block.key,), dict(_values(block, scope)))

    def stands(self, true: frozenset[int]) -> bool:
        """Whether a pass in which these entries are true sets just the same."""
        return not self._moving and true & self._setters == self._true

    @property
    def document(self) -> dict[str, Any]:
        """The derived facts as the document below `derived`."""
        document: dict[str, Any] = {}
        for path, value in self._values.items():
            *parents, name = path.split(".")[1:]
            below = document
            for part in parents:
                if not isinstance(below.get(part), dict):
                    below[part] = {}
                below = below[part]
            below[name] = value
        return document

    def _settle(self, table: DecisionTable, rows: list[Any]) -> None:
        result = self.tables[table.key] = settle(table, rows)
        keys = tuple(f"{table.key}/{row}" for row in result.rows) or (f"{table.key}/{OTHERWISE}",)
        if result.violation:
            self.conflicts.append(f"table {table.title!r}: {result.violation}")
            self.rivals.extend(f"{table.key}/{row.key}" for row in rows)
            return
        self._take(table.priority, keys, {path: value for path, value in result.sets if _storable(value)})

    def _take(self, priority: int, keys: tuple[str, ...], values: Mapping[str, Any]) -> None:
        for path, value in values.items():
            if path not in self._values:
                self._values[path] = value
                self.origins[path] = keys
            other, others = self._at_priority.setdefault((path, priority), (value, keys))
            if not same(other, value):
                self.conflicts.append(f"{_listed(others)} and {_listed(keys)} set {path} differently")
                self.rivals.extend((*others, *keys))


def _values(rule: Rule, scope: Scope) -> Iterator[tuple[str, Any]]:
    for action in rule.then:
        if isinstance(action, Set):
            for path, value in action.assignments:
                found = _value(value, scope)
                if found is not MISSING:
                    yield path, found


def _value(value: Operand | Arithmetic, scope: Scope) -> Any:
    """The value that is set; MISSING when it cannot be computed or is outside the limits on numbers."""
    if isinstance(value, Arithmetic):
        found = compute(value.operator, operand(value.left, scope), operand(value.right, scope))
    else:
        found = operand(value, scope)
    return found if _storable(found) else MISSING


def _storable(value: Any) -> bool:
    """Is this a value that a derived fact may hold: given, and no number outside the limits?"""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return is_number(value) and abs(value) <= MAX_NUMBER
    return value is not None and value is not MISSING


def _listed(keys: tuple[str, ...]) -> str:
    return ", ".join(keys)
