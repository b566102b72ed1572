"""A decision table as a sheet of cells that people fill in spreadsheet programs, and back without loss.

    Decision table  risk                                    settings: a word in column A, the value in column B
    Title           How risky is the applicant
    Hit policy      unique
    Priority        0
    Switched on     yes

    Column                   condition    condition     result          or outcome, escalation
    Heading                  Age          Country
    Fact                     case.age     case.country  derived.risk
    Type                                                string
    Queue                                                               of an escalation
    Values                                              high, low       in priority order
    Row             minors   < 18         -             high
    Row             home     >= 18        "DE","FR"     low
    Otherwise                                           low

A row without key is given one; an empty condition means “-”, an empty result none. What could be mistaken for
something else is written as JSON, in double quotes or after `json:`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from orchestration.facts import Problem
from orchestration.rules.language import DecideOutput, DecisionTable, SetOutput, TableOutput
from orchestration.rules.reading import RuleError
from orchestration.rules.sheet_cells import (
    Cell,
    write_result,
    write_test,
    write_text,
    write_values,
)

Sheet = Sequence[Sequence[Cell]]

SETTINGS: Final = ("Decision table", "Title", "Hit policy", "Priority", "Switched on")
COLUMN, HEADING, FACT, TYPE, QUEUE, VALUES = "Column", "Heading", "Fact", "Type", "Queue", "Values"
ROW, OTHERWISE = "Row", "Otherwise"
HEADER: Final = (COLUMN, HEADING, FACT, TYPE, QUEUE, VALUES)
KINDS: Final = ("condition", "result", "outcome", "escalation")
FIRST: Final = 2
"""Index of the first column of the table; before it stand the word and the row's key."""


def sheet_of(table: DecisionTable) -> list[list[Cell]]:
    """The table's cells, settings included. Raises RuleError for a row with too few or too many cells."""
    _require_widths(table)
    gap = [None] * len(table.inputs)
    kinds = [_kind(output) for output in table.outputs]
    types = [_type(output) for output in table.outputs]
    sheet: list[list[Cell]] = [
        [SETTINGS[0], write_text(table.key)],
        [SETTINGS[1], write_text(table.title)],
        [SETTINGS[2], table.hit_policy],
        [SETTINGS[3], table.priority],
        [SETTINGS[4], "yes" if table.enabled else "no"],
        [],
        [COLUMN, None, *(["condition"] * len(table.inputs)), *kinds],
        [HEADING, None, *(write_text(column.title) for column in table.inputs)],
        [FACT, None, *(write_text(column.fact) for column in table.inputs), *map(_fact, table.outputs)],
        [TYPE, None, *gap, *(one.type if isinstance(one, SetOutput) else None for one in table.outputs)],
        [QUEUE, None, *gap, *(write_text(getattr(one, "queue", "")) for one in table.outputs)],
        [
            VALUES,
            None,
            *gap,
            *(write_values(one.values, type_) for one, type_ in zip(table.outputs, types, strict=True)),
        ],
    ]
    for row in table.rows:
        results = [write_result(cell, type_) for cell, type_ in zip(row.then, types, strict=True)]
        sheet.append([ROW, write_text(row.key), *map(write_test, row.when), *results])
    if table.otherwise is not None:
        results = [write_result(cell, type_) for cell, type_ in zip(table.otherwise, types, strict=True)]
        sheet.append([OTHERWISE, None, *gap, *results])
    return sheet


def place_of(row: int, column: int) -> str:
    """`row 7, column C` of indexes that count from 0."""
    return f"row {row + 1:,}, column {letters(column)}"


def letters(column: int) -> str:
    found = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def _require_widths(table: DecisionTable) -> None:
    for row in table.rows:
        if len(row.when) != len(table.inputs) or len(row.then) != len(table.outputs):
            said = f"{len(row.when)} and {len(row.then)} cells for {len(table.inputs)} and {len(table.outputs)} columns"
            raise RuleError([Problem("/rows", f"Table “{table.key}”, row “{row.key}”: it has {said}.")])
    if table.otherwise is not None and len(table.otherwise) != len(table.outputs):
        raise RuleError(
            [Problem("/otherwise", f"Table “{table.key}”: “otherwise” must have one cell for each result.")]
        )


def _kind(output: TableOutput) -> str:
    if isinstance(output, SetOutput):
        return "result"
    return "outcome" if isinstance(output, DecideOutput) else "escalation"


def _type(output: TableOutput) -> str:
    return output.type if isinstance(output, SetOutput) else "string"


def _fact(output: TableOutput) -> Cell:
    return write_text(output.fact) if isinstance(output, SetOutput) else None
