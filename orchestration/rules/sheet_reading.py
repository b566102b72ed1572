"""Reads a decision table from a sheet of cells, and says of everything wrong in which row and column it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from orchestration.facts import Problem, check_values
from orchestration.rules.language import DecisionTable
from orchestration.rules.reading import Reader, RuleError, nearest, shown
from orchestration.rules.sections import MAX_COLUMNS, MAX_ROWS, read_table
from orchestration.rules.sheet_cells import Cell, read_result, read_test, read_text, read_values
from orchestration.rules.table_sheet import (
    COLUMN,
    FACT,
    FIRST,
    HEADER,
    HEADING,
    KINDS,
    OTHERWISE,
    QUEUE,
    ROW,
    SETTINGS,
    TYPE,
    VALUES,
    Sheet,
    letters,
    place_of,
)


def table_of(sheet: Sheet, name: str = "") -> DecisionTable:
    """The table that the sheet says. Raises RuleError naming sheet, row and column of everything wrong."""
    return _Reading(sheet, name).table()


@dataclass(slots=True)
class _Column:
    kind: str
    place: int
    said: dict[str, Cell] = field(default_factory=dict)

    @property
    def type(self) -> str:
        return read_text(self.said.get(TYPE)) if self.kind == "result" else "string"


class _Reading:
    def __init__(self, sheet: Sheet, name: str) -> None:
        self._sheet, self._name = sheet, name
        self._problems: list[Problem] = []
        self._places: dict[str, tuple[int, int]] = {}
        self._settings: dict[str, Any] = {}
        self._columns: list[_Column] = []
        self._rows: list[tuple[int, Sequence[Cell]]] = []
        self._otherwise: tuple[int, Sequence[Cell]] | None = None
        self._seen: dict[str, int] = {}

    def table(self) -> DecisionTable:
        self._sort_lines()
        if not self._problems:
            document = self._document()
            reader = Reader()
            for problem in check_values(document):
                reader.fault(problem.pointer, f"The value {problem.detail}.")
            table = read_table(reader, document, "") if not reader.problems else None
            for problem in reader.problems:
                self._fault(*self._place(problem.pointer), problem.detail)
            if table is not None and not self._problems:
                return table
        raise RuleError(self._problems[:100])

    def _sort_lines(self) -> None:
        for number, line in enumerate(self._sheet):
            if all(_blank(cell) for cell in line):
                continue
            said = read_text(line[0])
            word = _known(said)
            if word in self._seen and word != ROW:
                self._fault(number, 0, f"“{word}” is there already, in row {self._seen[word] + 1:,}.")
            elif word in SETTINGS and self._columns:
                self._fault(number, 0, f"“{word}” must stand above “{COLUMN}”.")
            elif word in SETTINGS:
                self._setting(number, word, line)
            elif word == COLUMN:
                self._kinds(number, line)
            elif word in HEADER and self._columns:
                self._header(number, word, line)
            elif word == OTHERWISE and self._columns:
                self._otherwise = (number, line)
            elif self._columns and (word == ROW or not said):
                self._rows.append((number, line))
            elif not self._seen:
                said = "is not a decision table as Conductor writes it"
                cure = "Export a table to see how one looks, or copy the cells alone and paste them into the grid."
                self._fault(number, 0, f"The sheet {said}: it begins with “{SETTINGS[0]}” in column A. {cure}")
                return
            elif word in (*HEADER, ROW, OTHERWISE):
                self._fault(number, 0, f"“{word}” must stand below “{COLUMN}”.")
            else:
                known = (*SETTINGS, *HEADER, ROW, OTHERWISE)
                hint = nearest(said, known) or f" Possible are {', '.join(known)}."
                self._fault(number, 0, f"{shown(said) if said else 'Nothing'} does not say what this line is.{hint}")
            if word:
                self._seen.setdefault(word, number)
        for word in (SETTINGS[0], SETTINGS[1], SETTINGS[2], COLUMN, FACT):
            if word not in self._seen and not self._problems:
                self._fault(len(self._sheet) - 1, 0, f"The line “{word}” is missing.", "")
        if len(self._rows) > MAX_ROWS:
            self._fault(
                self._rows[MAX_ROWS][0], 0, f"A table has at most {MAX_ROWS:,} rows; there are {len(self._rows):,}."
            )

    def _setting(self, number: int, word: str, line: Sequence[Cell]) -> None:
        cell = line[1] if len(line) > 1 else None
        self._settings[word] = cell
        self._places["/" + _ENTRY[word]] = (number, 1)
        for place, more in enumerate(line[2:], start=2):
            if not _blank(more):
                self._fault(number, place, f"{shown(more)} stands beside a setting; its value belongs into column B.")

    def _kinds(self, number: int, line: Sequence[Cell]) -> None:
        for place, cell in enumerate(line):
            if place < FIRST or _blank(cell):
                continue
            kind = read_text(cell).lower()
            if kind not in KINDS:
                hint = nearest(kind, KINDS)
                self._fault(
                    number, place, f"{shown(cell)} is no kind of column; it is one of {', '.join(KINDS)}.{hint}"
                )
            self._columns.append(_Column(kind, place))
        counts = [sum((column.kind == "condition") is one for column in self._columns) for one in (True, False)]
        if not all(counts):
            self._fault(number, FIRST, "A table has at least one column “condition” and one that gives something.")
        elif max(counts) > MAX_COLUMNS:
            self._fault(number, FIRST, f"A table has at most {MAX_COLUMNS} columns of conditions, and of results.")

    def _header(self, number: int, word: str, line: Sequence[Cell]) -> None:
        columns = {column.place: column for column in self._columns}
        for place, cell in enumerate(line):
            if place == 0 or _blank(cell):
                continue
            if place not in columns:
                self._fault(
                    number, place, f"{shown(cell)} stands in a column without a kind (see the line “{COLUMN}”)."
                )
                continue
            kind = columns[place].kind
            if kind not in _TAKES[word]:
                self._fault(number, place, f"A column of kind {kind} has no “{word}”.")
            columns[place].said[word] = cell

    def _document(self) -> dict[str, Any]:
        found: dict[str, Any] = {_ENTRY[word]: read_text(cell) for word, cell in self._settings.items()}
        found["hit_policy"] = found["hit_policy"].lower().replace(" ", "_")
        if "priority" in found:
            found["priority"] = read_result(self._settings["Priority"], "integer") or 0
        if "enabled" in found:
            found["enabled"] = read_result(found["enabled"] or "yes", "boolean")
        tests = [column for column in self._columns if column.kind == "condition"]
        results = [column for column in self._columns if column.kind != "condition"]
        header = self._seen.get
        for part, columns in (("inputs", tests), ("outputs", results)):
            for place, column in enumerate(columns):
                self._places[f"/{part}/{place}"] = (self._seen[COLUMN], column.place)
                for word, entry in (
                    (HEADING, "title"),
                    (FACT, "fact"),
                    (FACT, "set"),
                    (TYPE, "type"),
                    (QUEUE, "queue"),
                    (VALUES, "values"),
                ):
                    self._places[f"/{part}/{place}/{entry}"] = (header(word, self._seen[COLUMN]), column.place)
        found["inputs"] = [_input(column) for column in tests]
        found["outputs"] = [_output(column) for column in results]
        found["rows"] = []
        keys = {read_text(line[1]) for _, line in self._rows if len(line) > 1}
        for index, (number, line) in enumerate(self._rows):
            key = read_text(line[1] if len(line) > 1 else None) or _free(index + 1, keys)
            self._places[f"/rows/{index}"] = (number, 0)
            self._places[f"/rows/{index}/key"] = (number, 1)
            self._stray(number, line)
            when = [
                read_test(self._cell(number, line, column, f"/rows/{index}/when/{n}")) for n, column in enumerate(tests)
            ]
            then = self._results(number, line, results, f"/rows/{index}/then")
            found["rows"].append({"key": key, "when": when, "then": then})
        if self._otherwise is not None:
            number, line = self._otherwise
            self._stray(number, line, [1, *(column.place for column in tests)])
            found["otherwise"] = self._results(number, line, results, "/otherwise")
        return found

    def _results(self, number: int, line: Sequence[Cell], columns: Sequence[_Column], pointer: str) -> list[Cell]:
        return [
            read_result(self._cell(number, line, column, f"{pointer}/{place}"), column.type)
            for place, column in enumerate(columns)
        ]

    def _cell(self, number: int, line: Sequence[Cell], column: _Column, pointer: str) -> Cell:
        self._places[pointer] = (number, column.place)
        return line[column.place] if column.place < len(line) else None

    def _stray(self, number: int, line: Sequence[Cell], empty: Sequence[int] = ()) -> None:
        known = {0, 1, *(column.place for column in self._columns)}
        for place, cell in enumerate(line):
            if not _blank(cell) and place not in known:
                said = f"{shown(cell)} stands in a column without a kind (see the line “{COLUMN}”)."
                self._fault(number, place, said)
            elif not _blank(cell) and place in empty and read_text(cell) != "-":
                self._fault(number, place, f"{shown(cell)} cannot stand here: “{OTHERWISE}” has results only.")

    def _place(self, pointer: str) -> tuple[int, int]:
        while pointer and pointer not in self._places:
            pointer = pointer.rpartition("/")[0]
        return self._places.get(pointer, (0, 0))

    def _fault(self, row: int, column: int, detail: str, where: str | None = None) -> None:
        where = place_of(row, column) if where is None else where
        before = f"Sheet “{self._name}”" if self._name else ""
        place = ", ".join(part for part in (before, where) if part)
        self._problems.append(
            Problem(f"{letters(column)}{row + 1}", f"{place[:1].upper()}{place[1:]}: {detail}" if place else detail)
        )


def _input(column: _Column) -> dict[str, Any]:
    title = read_text(column.said.get(HEADING))
    return {"fact": read_text(column.said.get(FACT))} | ({"title": title} if title else {})


def _output(column: _Column) -> dict[str, Any]:
    if column.kind == "outcome":
        found: dict[str, Any] = {"decide": "outcome"}
    elif column.kind == "escalation":
        found = {"escalate": "reason", "queue": read_text(column.said.get(QUEUE))}
    else:
        found = {"set": read_text(column.said.get(FACT)), "type": column.type}
    values = read_values(column.said.get(VALUES), column.type)
    return found | ({"values": values} if values else {})


def _known(said: str) -> str:
    return _WORDS.get(" ".join(said.lower().split()), "")


def _free(number: int, keys: set[str]) -> str:
    key = f"row-{number}"
    while key in keys:
        key += "-new"
    keys.add(key)
    return key


def _blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


_ENTRY: Final = dict(zip(SETTINGS, ("key", "title", "hit_policy", "priority", "enabled"), strict=True))
_TAKES: Final = {
    HEADING: ("condition",),
    FACT: ("condition", "result"),
    TYPE: ("result",),
    QUEUE: ("escalation",),
    VALUES: ("result", "outcome", "escalation"),
}
_WORDS: Final = {word.lower(): word for word in (*SETTINGS, *HEADER, ROW, OTHERWISE)}
