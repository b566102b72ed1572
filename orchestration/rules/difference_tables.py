"""How a decision table changes: its policy, its columns, and its rows cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestration.rules.difference_words import Ident, arrow, keyed, moved_of, same
from orchestration.rules.explain import fact_text
from orchestration.rules.language import (
    DecideOutput,
    DecisionTable,
    SetOutput,
    TableInput,
    TableOutput,
    TableRow,
    VersionContent,
)
from orchestration.rules.sections import write_table


def table_changes(old: DecisionTable, new: DecisionTable, before: VersionContent, after: VersionContent) -> list[str]:
    """Everything but title, priority and whether it is switched on."""
    left, right = _columns(old, before), _columns(new, after)
    found = [
        *([arrow("Hit policy", old.hit_policy, new.hit_policy)] if old.hit_policy != new.hit_policy else []),
        *_column_changes(left, right),
        *_row_changes(old, new, left, right),
    ]
    if not same(old.otherwise, new.otherwise):
        words = tuple("no such row" if one is None else _results(one) for one in (old.otherwise, new.otherwise))
        found.append(arrow("Otherwise", old.otherwise, new.otherwise, words=(words[0], words[1])))
    return found or (["It is written differently."] if not same(_rest(old), _rest(new)) else [])


class _Column:
    def __init__(self, part: TableInput | TableOutput, place: int, content: VersionContent) -> None:
        self.part, self.place, self.is_input = part, place, isinstance(part, TableInput)
        if isinstance(part, TableInput):
            self.key, self.name = f"when {part.fact}", part.title or fact_text(part.fact, content)
        elif isinstance(part, SetOutput):
            self.key, self.name = f"set {part.fact}", fact_text(part.fact, content)
        else:
            self.key = self.name = "outcome" if isinstance(part, DecideOutput) else "reason"

    def cell(self, row: TableRow) -> Any:
        cells = row.when if self.is_input else row.then
        return cells[self.place] if self.place < len(cells) else None


Columns = Mapping[Ident, _Column]


def _columns(table: DecisionTable, content: VersionContent) -> Columns:
    inputs = [_Column(part, place, content) for place, part in enumerate(table.inputs)]
    outputs = [_Column(part, place, content) for place, part in enumerate(table.outputs)]
    return keyed([*inputs, *outputs], lambda column: column.key)


def _column_changes(left: Columns, right: Columns) -> Iterator[str]:
    for ident, column in right.items():
        if ident not in left:
            yield f"New column: {column.name}"
        else:
            yield from _settings(left[ident], column)
    for ident, column in left.items():
        if ident not in right:
            yield f"Column dropped: {column.name}"
    if moved_of(left, right):
        yield "The columns stand in another order."


def _settings(old: _Column, new: _Column) -> Iterator[str]:
    for name, label in (("title", "title"), ("type", "type"), ("values", "possible results"), ("queue", "queue")):
        was, now = getattr(old.part, name, None), getattr(new.part, name, None)
        if not same(was, now):
            yield arrow(f"Column {new.name}, {label}", was, now)


def _row_changes(old: DecisionTable, new: DecisionTable, left: Columns, right: Columns) -> Iterator[str]:
    before, after = keyed(old.rows, lambda row: row.key), keyed(new.rows, lambda row: row.key)
    moved = moved_of(before, after)
    order = list(after)
    for ident, row in after.items():
        if ident not in before:
            yield f"New row {row.key}: {_row(row)}"
            continue
        cells = [
            arrow(f"Row {row.key}, {column.name}", left[one].cell(before[ident]), column.cell(row))
            for one, column in right.items()
            if one in left and not same(left[one].cell(before[ident]), column.cell(row))
        ]
        yield from cells
        unsaid = not cells and not same([before[ident].when, before[ident].then], [row.when, row.then])
        if unsaid and list(left) == list(right):
            yield f"Row {row.key} is written differently."
        if ident in moved:
            place = order.index(ident)
            yield f"Row {row.key} moved: now {f'after {order[place - 1][0]}' if place else 'first'}"
    for ident, row in before.items():
        if ident not in after:
            yield f"Row dropped, {row.key}: {_row(row)}"


def _row(row: TableRow) -> str:
    return f"{'; '.join(row.when)} → {_results(row.then)}"


def _results(cells: tuple[Any, ...]) -> str:
    return ", ".join("—" if one is None else str(one) for one in cells)


def _rest(table: DecisionTable) -> dict[str, Any]:
    return {key: value for key, value in write_table(table).items() if key not in ("title", "priority", "enabled")}
