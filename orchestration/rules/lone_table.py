"""Checks one decision table as it is being written, among the words of its version."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from orchestration.facts import Problem, check_values
from orchestration.rules.check_tables import check_tables
from orchestration.rules.findings import ERROR, Check
from orchestration.rules.language import DecisionTable, VersionContent
from orchestration.rules.reading import Reader
from orchestration.rules.sections import read_table

SOLE: Final = "/tables/0"


@dataclass(frozen=True, slots=True)
class TableRemark:
    """`pointer` is within the table; `rows`: places of the rows it is about, besides the one it points to."""

    severity: str
    pointer: str
    detail: str
    rows: tuple[int, ...] = ()


def check_lone_table(
    content: VersionContent, data: Any, *, key: str = "", queues: Collection[str] | None = None
) -> tuple[DecisionTable | None, tuple[TableRemark, ...]]:
    """The table that `data` says, None where it cannot be read, and all that is wrong or doubtful about it.

    `key`: of the stored table that it replaces, "" where it is new.
    """
    reader = Reader()
    for problem in check_values(data):
        reader.fault(problem.pointer, f"The value {problem.detail}.")
    table = None if reader.problems else read_table(reader, data, "")
    remarks = [TableRemark(ERROR, problem.pointer, problem.detail) for problem in reader.problems]
    if table is None:
        return None, tuple(remarks)
    if all(problem.pointer in ("/key", "/title") for problem in reader.problems):
        remarks += [TableRemark(ERROR, problem.pointer, problem.detail) for problem in _taken(content, table, key)]
        remarks += _findings(content, table, key, queues)
    return None if reader.problems else table, tuple(dict.fromkeys(remarks))


def _findings(
    content: VersionContent, table: DecisionTable, key: str, queues: Collection[str] | None
) -> Iterator[TableRemark]:
    place = next((number for number, one in enumerate(content.tables) if one.key == key), len(content.tables))
    laid = replace(content, tables=(*content.tables[:place], table, *content.tables[place + 1 :]))
    alone = Check(laid, queues, None)
    alone.content = replace(laid, tables=(table,))  # its words are the whole version's
    check_tables(alone)
    for found in alone.findings:
        pointer = found.pointer.removeprefix(SOLE)
        yield TableRemark(found.severity, pointer, found.message, tuple(_named_in(found.message, table, pointer)))


def _named_in(message: str, table: DecisionTable, pointer: str) -> Iterator[int]:
    """Rows that a finding about two rows names; one about a cell is about that cell alone."""
    if pointer.count("/") == 2 and "“" in message:
        for number, row in enumerate(table.rows):
            if f"“{row.key}”" in message and pointer != f"/rows/{number}":
                yield number


def _taken(content: VersionContent, table: DecisionTable, key: str) -> Iterator[Problem]:
    """The key belongs to another rule or table already."""
    for kind, blocks in (("rule", content.rules), ("table", content.tables)):
        for block in blocks:
            if block.key == table.key and not (kind == "table" and block.key == key):
                yield Problem("/key", f"There is a {kind} “{table.key}” already. Choose another key.")
                return
