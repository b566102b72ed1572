"""Which rules and table rows a version's scenarios exercise, and which none does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from orchestration.engine.compile import RuleSet
from orchestration.engine.passes import OTHERWISE
from orchestration.engine.step import Step
from orchestration.rules.language import DecisionTable, Rule, Run, Set, SetOutput
from orchestration.rules.tables import settle


@dataclass(frozen=True, slots=True)
class Covered:
    """A rule or a table row (`row`), and the scenarios by number: `counted` where it had a say, `outrun` where it
    was true but a rule before it had settled the case."""

    key: str
    title: str
    kind: str  # rule | guard | table
    table: str
    row: str
    counted: tuple[int, ...]
    outrun: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    entries: tuple[Covered, ...]  # in walk order

    @property
    def exercised(self) -> tuple[Covered, ...]:
        return tuple(one for one in self.entries if one.counted)

    @property
    def missed(self) -> tuple[Covered, ...]:
        return tuple(one for one in self.entries if not one.counted)

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means all."""
        return 100 * len(self.exercised) // len(self.entries) if self.entries else 100


def coverage(rule_set: RuleSet, steps: Sequence[Step | None]) -> Coverage:
    """`steps`: what each scenario led to, None where it could not be evaluated."""
    lines = list(_lines(rule_set))
    counted: dict[str, list[int]] = {line.key: [] for line in lines}
    outrun: dict[str, list[int]] = {line.key: [] for line in lines}
    for number, step in enumerate(steps):
        if step is None or (step.kind == "escalate" and step.reason in _BEFORE_THE_RULES and not step.matched):
            continue
        giving = set(_giving(rule_set, step))
        true = giving | set(step.matched)
        settled = False
        for line in lines:
            if line.key in true:
                had_a_say = line.sets or (line.runs if step.kind == "run" else not settled)
                (counted if had_a_say and line.key in giving else outrun)[line.key].append(number)
            settled = settled or (line.key == step.rule != "")
    return Coverage(
        tuple(
            Covered(line.key, line.title, line.kind, line.table, line.row, tuple(counted[line.key]), tuple(found))
            for line, found in zip(lines, outrun.values(), strict=True)
        )
    )


@dataclass(frozen=True, slots=True)
class _Line:
    key: str
    title: str
    kind: str
    sets: bool  # it counts wherever it is true: facts are set before the walk
    runs: bool
    table: str = ""
    row: str = ""


def _lines(rule_set: RuleSet) -> Iterator[_Line]:
    for block, _ in rule_set.walk:
        if isinstance(block, Rule):
            sets = any(isinstance(action, Set) for action in block.then)
            runs = any(isinstance(action, Run) for action in block.then)
            yield _Line(block.key, block.title, block.kind, sets, runs)
            continue
        for row in [*(row.key for row in block.rows), *([OTHERWISE] if block.otherwise is not None else [])]:
            yield _Line(f"{block.key}/{row}", block.title, "table", _sets(block), False, block.key, row)


def _sets(table: DecisionTable) -> bool:
    return any(isinstance(output, SetOutput) for output in table.outputs)


def _giving(rule_set: RuleSet, step: Step) -> Iterator[str]:
    """Keys of the rules that were true and of the rows that gave their table's result."""
    matched = set(step.matched)
    for block, _ in rule_set.walk:
        if isinstance(block, Rule):
            yield from (block.key,) if block.key in matched else ()
            continue
        rows = [row for row in block.rows if f"{block.key}/{row.key}" in matched]
        given = settle(block, rows).rows if rows else (OTHERWISE,)
        yield from (f"{block.key}/{row}" for row in given)


_BEFORE_THE_RULES: Final = ("agent-failed", "too-many-rounds", "budget-used-up")
