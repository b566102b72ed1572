"""A version's content made ready to evaluate: its rules in walk order, projected and held by the engine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orchestration.engine.durable import EngineFault
from orchestration.engine.part import Entry, Part
from orchestration.engine.places import facts_of_sets, faults
from orchestration.engine.runs import PreparedStep, prepared, reads_step
from orchestration.engine.truth import Scope, Vocabulary
from orchestration.facts import Catalogue, Facts, Problem
from orchestration.rules.catalogue import catalogue_of
from orchestration.rules.explain import fact_text
from orchestration.rules.language import (
    Condition,
    Decide,
    DecideOutput,
    DecisionTable,
    Escalate,
    EscalateOutput,
    OpenCase,
    Rule,
    Run,
    Set,
    VersionContent,
    Wait,
)
from orchestration.rules.parse import RuleError
from orchestration.rules.reads import facts_read, reads_time
from orchestration.rules.tables import row_condition

Block = Rule | DecisionTable


class RuleSet:
    """A compiled version. Thread-safe, and immutable but for what is kept of earlier answers; `close` frees the
    engine's memory.

    `walk` holds the enabled rules and tables in walk order, each with the numbers of its `entries`;
    `setting` those of them that may set derived facts, and all tables; `setters` the numbers of their entries.
    `sets_read`: what they set may be what a fact says. `sets_move`: that may differ from pass to pass though the same
    of them are true.
    Entries that read `derived.*` (or a step that does) are in `moving`, all others in `fixed`: those need to
    be evaluated once a round only.
    """

    def __init__(self, content: VersionContent, catalogue: Catalogue, vocabulary: Vocabulary) -> None:
        self.content = content
        self.catalogue = catalogue
        self.vocabulary = vocabulary
        self.steps: dict[str, PreparedStep] = prepared(content.agents)
        self._titles: dict[str, str] = {}
        self.walk, self.entries = _numbered(content, catalogue)
        self.setting = tuple(one for one in self.walk if not isinstance(one[0], Rule) or _sets(one[0]))
        self.setters = frozenset(number for _, numbers in self.setting for number in numbers)
        self.assigned: dict[frozenset[int], Any] = {}  # by the setters that are true; `passes` keeps it
        self.numbers = {entry.key: number for number, entry in enumerate(self.entries)}
        moving = {number for number, entry in enumerate(self.entries) if self.moves(entry.condition)}
        numbered = dict(enumerate(self.entries))
        self.fixed = Part({n: entry for n, entry in numbered.items() if n not in moving}, vocabulary)
        self.moving = Part({n: entry for n, entry in numbered.items() if n in moving}, vocabulary)
        rules = [block for block, _ in self.walk if isinstance(block, Rule)]
        reading = {path for rule in rules for path in facts_of_sets(rule.then)}
        self.sets_move = any(map(self.moves_path, reading))
        self.sets_read = bool(reading)
        self.needs_passes = bool(moving) or self.sets_move
        self.reads_now = "meta.now" in reading or any(reads_time(entry.condition) for entry in self.entries)

    def title(self, path: str) -> str:
        """The fact as people call it."""
        if path not in self._titles:
            self._titles[path] = fact_text(path, self.content)
        return self._titles[path]

    def scope(self, facts: Facts) -> Scope:
        if self.reads_now:
            return Scope.of(self.vocabulary, facts)
        return Scope(self.vocabulary, facts, None)

    def moves(self, condition: Condition) -> bool:
        """Can the condition's truth change from pass to pass?"""
        return any(map(self.moves_path, facts_read(condition)))

    def moves_path(self, path: str) -> bool:
        if path.split(".", 1)[0] == "derived":
            return True
        return any(step.late and reads_step(path, name) for name, step in self.steps.items())

    def close(self) -> None:
        self.fixed.close()
        self.moving.close()


def compile_version(content: VersionContent) -> RuleSet:
    """The rule set of a version. Raises RuleError, naming every place, for what cannot be compiled."""
    try:
        ZoneInfo(content.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RuleError([Problem("/time_zone", f"{content.time_zone!r} is not a time zone")]) from None
    catalogue = catalogue_of(content)
    vocabulary = Vocabulary.of(content, catalogue)
    problems = [*_rule_faults(content, vocabulary), *_table_faults(content, vocabulary)]
    if problems:
        raise RuleError(problems)
    try:
        return RuleSet(content, catalogue, vocabulary)
    except EngineFault as fault:
        raise RuleError([Problem("/rules", str(fault))]) from fault


def walk_order(content: VersionContent) -> tuple[Block, ...]:
    """Enabled rules and tables as they are walked: priority high to low; at equal priority rules before tables,
    and in each what escalates, then what ends nothing, then waits, then decisions; then as written."""
    rules = [rule for rule in content.rules if rule.enabled]
    tables = [table for table in content.tables if table.enabled]
    blocks: list[Block] = [*rules, *tables]
    return tuple(sorted(blocks, key=lambda one: (-one.priority, isinstance(one, DecisionTable), _class_of(one))))


_ESCALATES, _GOES_ON, _WAITS, _DECIDES = range(4)


def _class_of(block: Block) -> int:
    parts: tuple[object, ...] = block.then if isinstance(block, Rule) else block.outputs
    if any(isinstance(part, Escalate | EscalateOutput) for part in parts):
        return _ESCALATES
    if any(isinstance(part, Decide | DecideOutput) for part in parts):
        return _DECIDES
    waits = any(isinstance(part, Wait) or (isinstance(part, OpenCase) and part.wait) for part in parts)
    return _WAITS if waits else _GOES_ON


def _sets(rule: Rule) -> bool:
    return any(isinstance(action, Set) for action in rule.then)


def _numbered(
    content: VersionContent, catalogue: Catalogue
) -> tuple[tuple[tuple[Block, tuple[int, ...]], ...], tuple[Entry, ...]]:
    rule_places = {rule.key: f"/rules/{place}/when" for place, rule in enumerate(content.rules)}
    table_places = {table.key: f"/tables/{place}/rows" for place, table in enumerate(content.tables)}
    entries: list[Entry] = []
    walk: list[tuple[Block, tuple[int, ...]]] = []
    for block in walk_order(content):
        first = len(entries)
        if isinstance(block, Rule):
            entries.append(Entry(block.key, block.when, rule=block, pointer=rule_places[block.key]))
        else:
            for place, row in enumerate(block.rows):
                condition = row_condition(block, row, catalogue)
                pointer = f"{table_places[block.key]}/{place}/when"
                key = f"{block.key}/{row.key}"
                entries.append(Entry(key, condition, table=block, row=row, pointer=pointer))
        walk.append((block, tuple(range(first, len(entries)))))
    return tuple(walk), tuple(entries)


def _rule_faults(content: VersionContent, vocabulary: Vocabulary) -> Iterable[Problem]:
    steps = {step.name for step in content.agents}
    for place, rule in enumerate(content.rules):
        if rule.enabled:
            yield from faults(rule.when, vocabulary, f"/rules/{place}/when")
            for number, action in enumerate(rule.then):
                for name in action.steps if isinstance(action, Run) else ():
                    if name not in steps:
                        yield Problem(f"/rules/{place}/then/{number}/run", f"there is no agent step {name!r}")


def _table_faults(content: VersionContent, vocabulary: Vocabulary) -> Iterable[Problem]:
    for place, table in enumerate(content.tables):
        if not table.enabled:
            continue
        known = True
        for number, column in enumerate(table.inputs):
            if vocabulary.catalogue.get(column.fact) is None:
                known = False
                yield Problem(f"/tables/{place}/inputs/{number}/fact", f"there is no fact {column.fact!r}")
        if not known:
            continue
        for number, row in enumerate(table.rows):
            pointer = f"/tables/{place}/rows/{number}"
            try:
                condition = row_condition(table, row, vocabulary.catalogue)
            except RuleError as error:
                yield from (Problem(pointer + problem.pointer, problem.detail) for problem in error.problems)
            else:
                found = faults(condition, vocabulary, "")
                yield from (Problem(f"{pointer}/when", problem.detail) for problem in found)
