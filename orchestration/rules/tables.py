"""Decision tables: the condition of a row, and what the rows that are true give together (DMN 1.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from typing import Any, Final

from orchestration.facts import Catalogue, FactSpec, Problem
from orchestration.rules.cells import CellError, parse_cell
from orchestration.rules.language import (
    AllOf,
    Always,
    Condition,
    DecideOutput,
    DecisionTable,
    SetOutput,
    TableOutput,
    TableRow,
)
from orchestration.rules.reading import RuleError

__all__ = [
    "AGGREGATORS",
    "LISTING",
    "ORDERED",
    "TableResult",
    "agree",
    "derived_spec",
    "parse_cell",
    "rank",
    "row_condition",
    "settle",
]

LISTING: Final = ("rule_order", "output_order", "collect")
"""Hit policies under which each output fact holds the list of its column."""
AGGREGATORS: Final = ("collect_sum", "collect_min", "collect_max", "collect_count")
ORDERED: Final = ("priority", "output_order")
"""Hit policies that need the outputs' `values` in priority order."""

Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class TableResult:
    """What a table gives: `sets` (fact, value) and at most one outcome or escalation (queue, reason).

    `rows`: keys of the rows that counted, none where `otherwise` did. `violation`: which promise of the hit
    policy was broken, in a sentence; then there is nothing else.
    """

    sets: tuple[tuple[str, Any], ...] = ()
    outcome: str | None = None
    escalation: tuple[str, str] | None = None
    rows: tuple[str, ...] = ()
    violation: str | None = None


def row_condition(table: DecisionTable, row: TableRow, catalogue: Catalogue) -> Condition:
    """All cells of the row together. Raises RuleError naming table, row and column of every wrong cell."""
    parts: list[Condition] = []
    problems: list[Problem] = []
    where = f"Table “{table.key}”, row “{row.key}”"
    if len(row.when) != len(table.inputs):
        detail = f"{where}: it has {len(row.when)} cells for {len(table.inputs)} input columns."
        raise RuleError([Problem("/when", detail)])
    for place, (column, cell) in enumerate(zip(table.inputs, row.when, strict=True)):
        spec = catalogue.get(column.fact)
        try:
            if spec is None:
                raise CellError("There is no such fact.")
            part = parse_cell(cell, spec.type)(column.fact)
        except CellError as error:
            problems.append(Problem(f"/when/{place}", f"{where}, column “{column.fact}”: {error}"))
        else:
            parts.extend(() if isinstance(part, Always) else (part,))
    if problems:
        raise RuleError(problems)
    if not parts:
        return Always()
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def settle(table: DecisionTable, matched: Sequence[TableRow]) -> TableResult:
    """What the matched rows (in any order) give under the table's hit policy; `otherwise` where none matched."""
    rows = list(matched)
    if len(rows) > 1:
        position = {row.key: place for place, row in enumerate(table.rows)}
        rows.sort(key=lambda row: position.get(row.key, len(position)))
    if not rows:
        if table.otherwise is None:
            return TableResult(_counted(table, ())) if table.hit_policy == "collect_count" else TableResult()
        return _given(table, (), [_alone(table, cell) for cell in table.otherwise])
    if table.hit_policy == "unique" and len(rows) > 1:
        return TableResult(violation=f"only one row may apply, but {_listed(rows)} do")
    if table.hit_policy == "any" and len({_typed(row.then) for row in rows}) > 1:
        return TableResult(violation=f"all rows that apply must agree, but {_listed(rows)} do not")
    if table.hit_policy in ORDERED:
        rows.sort(key=lambda row: rank(table, row))
    if table.hit_policy in LISTING:
        columns = [[row.then[place] for row in rows] for place in range(len(table.outputs))]
        return _given(table, rows, [[cell for cell in column if cell is not None] for column in columns])
    if table.hit_policy == "collect_count":
        return TableResult(_counted(table, rows), rows=tuple(row.key for row in rows))
    if table.hit_policy in _AGGREGATES:
        return _given(table, rows, [_aggregated(table, rows, place) for place in range(len(table.outputs))])
    counted = rows if table.hit_policy == "any" else rows[:1]
    return _given(table, counted, list(rows[0].then))


def rank(table: DecisionTable, row: TableRow) -> tuple[int, ...]:
    """Places of the row's results in the columns' priority orders, first column first; low goes first."""
    return tuple(_place(output, cell) for output, cell in zip(table.outputs, row.then, strict=False))


def agree(one: TableRow, other: TableRow) -> bool:
    """Do two rows give the same?"""
    return _typed(one.then) == _typed(other.then)


def derived_spec(table: DecisionTable, output: SetOutput) -> FactSpec:
    """The fact that a column of the table sets."""
    one = FactSpec(output.fact, output.type, table.title, values=tuple(output.values))
    if table.hit_policy in LISTING:
        return FactSpec(output.fact, "array", table.title, items=replace(one, path="item", title=""))
    if table.hit_policy == "collect_count":
        return FactSpec(output.fact, "integer", table.title, minimum=0)
    return replace(one, values=()) if table.hit_policy == "collect_sum" else one


def _given(table: DecisionTable, rows: Sequence[TableRow], cells: Sequence[Any]) -> TableResult:
    sets: list[tuple[str, Any]] = []
    outcome = escalation = None
    for output, cell in zip(table.outputs, cells, strict=False):
        if cell is None:
            continue
        if isinstance(output, SetOutput):
            sets.append((output.fact, cell))
            continue
        first = next(iter(cell), None) if isinstance(cell, list) else cell
        if isinstance(output, DecideOutput):
            outcome = outcome if first is None else str(first)
        elif first is not None:
            escalation = (output.queue, str(first))
    return TableResult(tuple(sets), outcome, escalation, tuple(row.key for row in rows))


def _alone(table: DecisionTable, cell: Cell) -> Any:
    """A cell of `otherwise` as the column gives it: a list where rows give lists."""
    if table.hit_policy in LISTING:
        return [] if cell is None else [cell]
    return cell


def _counted(table: DecisionTable, rows: Sequence[TableRow]) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (output.fact, sum(row.then[place] is not None for row in rows))
        for place, output in enumerate(table.outputs)
        if isinstance(output, SetOutput)
    )


def _aggregated(table: DecisionTable, rows: Sequence[TableRow], place: int) -> Cell:
    cells = [row.then[place] for row in rows]
    if not isinstance(table.outputs[place], SetOutput):
        return next((cell for cell in cells if cell is not None), None)
    numbers = [cell for cell in cells if isinstance(cell, int | float) and not isinstance(cell, bool)]
    return _AGGREGATES[table.hit_policy](numbers) if numbers else None


def _sum(numbers: Sequence[int | float]) -> int | float:
    """In decimal, so that 0.1 + 0.2 is 0.3."""
    total = Decimal(0)
    for number in numbers:
        total = _EXACT.add(total, Decimal(repr(number)))
    return int(total) if total == total.to_integral_value() else float(total)


def _place(output: TableOutput, cell: Cell) -> int:
    typed = [_typed((value,)) for value in output.values]
    return typed.index(_typed((cell,))) if _typed((cell,)) in typed else len(typed)


def _typed(cells: Sequence[Cell]) -> tuple[tuple[bool, Cell], ...]:
    """Cells that compare as JSON does: true is not 1, but 1 is 1.0."""
    return tuple((isinstance(cell, bool), cell) for cell in cells)


def _listed(rows: Sequence[TableRow]) -> str:
    keys = [f"“{row.key}”" for row in rows]
    return f"{', '.join(keys[:-1])} and {keys[-1]}"


_EXACT: Final = Context(prec=60)
_AGGREGATES: Final[Mapping[str, Callable[[Sequence[int | float]], int | float]]] = {
    "collect_sum": _sum,
    "collect_min": min,
    "collect_max": max,
}
