"""Gaps, overlaps and unreachable rows of a decision table, each with an example."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from orchestration.rules.findings import Check
from orchestration.rules.language import DecisionTable
from orchestration.rules.table_regions import Column, NotComparable, column_of
from orchestration.rules.tables import agree, rank

MOST_REPORTED: Final = 10
"""Findings of one kind for one table; mending those shows the next."""
_STEPS: Final = 20_000
"""Work on one question about a table; what takes more is left unsaid."""
_ALL_STEPS: Final = 150_000
"""Work on all questions about one table."""
_PAIRS: Final = 200_000
"""Overlaps of one table that are looked at; they matter one by one only under “any”."""


class _TooMuch(Exception):
    """The table is too large to answer this question."""


def check_coverage(check: Check, table: DecisionTable, pointer: str) -> None:
    """Warns of cases that no row covers, of rows that contradict each other and of rows that never count."""
    parameters = {name: parameter.value for name, parameter in check.parameters.items()}
    try:
        columns = [
            column_of(spec, [row.when[place] for row in table.rows], parameters, check.zone)
            for place, column in enumerate(table.inputs)
            if (spec := check.catalogue.get(column.fact)) is not None
        ]
    except NotComparable:
        return
    names = [column.title or column.fact for column in table.inputs]
    finder = _Finder(columns, names)
    impossible = _impossible(check, table, columns, pointer)
    if table.otherwise is None and table.rows and table.hit_policy != "collect_count":
        for example in finder.gaps():
            check.warning(f"{pointer}/rows", f"No row applies where {example}. Add a row or “otherwise”.")
    if table.hit_policy in ("unique", "any"):
        _overlaps(check, table, finder, pointer)
    elif table.hit_policy in ("first", "priority"):
        _unreachable(check, table, finder, pointer, impossible)


def _impossible(check: Check, table: DecisionTable, columns: Sequence[Column], pointer: str) -> set[int]:
    found = set()
    for number, row in enumerate(table.rows):
        for place, column in enumerate(columns):
            if not column.rows[number]:
                found.add(number)
                said = (
                    f"Row “{row.key}” never applies: no value of “{table.inputs[place].fact}” fits “{row.when[place]}”."
                )
                check.warning(f"{pointer}/rows/{number}/when/{place}", said)
                break
    return found


def _overlaps(check: Check, table: DecisionTable, finder: _Finder, pointer: str) -> None:
    reported = 0
    for one, other in finder.overlaps():
        first, second = table.rows[one], table.rows[other]
        if table.hit_policy == "any" and agree(first, second):
            continue
        trouble = "give different results" if table.hit_policy == "any" else "both apply"
        example = finder.common(one, other)
        said = f"Rows “{first.key}” and “{second.key}” {trouble} where {example}; the case would be escalated."
        check.warning(f"{pointer}/rows/{other}", said)
        reported += 1
        if reported == MOST_REPORTED:
            return


def _unreachable(check: Check, table: DecisionTable, finder: _Finder, pointer: str, impossible: set[int]) -> None:
    reported = 0
    order = list(range(len(table.rows)))
    if table.hit_policy == "priority":
        order.sort(key=lambda number: rank(table, table.rows[number]))
    turn = {number: place for place, number in enumerate(order)}
    before, gone = {}, 0  # for each row the stronger ones, as a bit mask
    for number in order:
        before[number] = gone
        gone |= 1 << number
    for number, row in enumerate(table.rows):
        if number in impossible:
            continue
        stronger = before[number] & finder.meeting(number)
        if finder.covered(number, stronger):
            strongest = min(_bits(stronger), key=lambda other: turn[other])
            example = finder.common(number, strongest)
            said = f"Row “{row.key}” never counts: rows before it take all its cases"
            said += f", such as “{table.rows[strongest].key}” where {example}."
            check.warning(f"{pointer}/rows/{number}", said)
            reported += 1
            if reported == MOST_REPORTED:
                return


class _Finder:
    def __init__(self, columns: Sequence[Column], names: Sequence[str]) -> None:
        self._columns, self._names = columns, names
        self._count = len(columns[0].rows) if columns else 0
        self._steps_left = _ALL_STEPS
        self._by_region = [_rows_by_region(column) for column in columns]
        self._touched: dict[tuple[int, int], int] = {}
        everything = (1 << self._count) - 1
        self._whole_after = [everything] * (len(columns) + 1)  # rows that any value fits from a column on
        for place in reversed(range(len(columns))):
            column = columns[place]
            whole = sum(1 << n for n, mask in enumerate(column.rows) if mask == column.possible)
            self._whole_after[place] = self._whole_after[place + 1] & whole

    def gaps(self) -> list[str]:
        """Up to three examples of values that no row covers."""
        found: list[str] = []
        if not self._columns:
            return found
        active = (1 << self._count) - 1
        first = self._columns[0]
        before = -2
        for region in _bits(first.possible):
            box = [1 << region, *(column.possible for column in self._columns[1:])]
            try:
                point = self._uncovered(active, box)
            except _TooMuch:
                break
            if point is not None and region > before + 1:
                found.append(self._said(point))
            before = region if point is not None else before
            if len(found) == 3:
                break
        return found

    def covered(self, row: int, others: int) -> bool:
        """Do the other rows (a bit mask) together take every case of this one?"""
        try:
            return others != 0 and self._uncovered(others, [column.rows[row] for column in self._columns]) is None
        except _TooMuch:
            return False

    def overlaps(self) -> Iterable[tuple[int, int]]:
        """Pairs of rows that share a case, the first ones of a large table."""
        left = _PAIRS
        for other in range(self._count):
            for one in _bits(self.meeting(other) & ((1 << other) - 1)):
                yield one, other
                left -= 1
                if not left:
                    return

    def meeting(self, row: int) -> int:
        """The rows that share a case with this one, as a bit mask."""
        found = (1 << self._count) - 1
        for place, column in enumerate(self._columns):
            found &= self._touching(place, column.rows[row])
        return found

    def _touching(self, place: int, regions: int) -> int:
        """The rows whose cell in this column fits one of the regions."""
        found = self._touched.get((place, regions))
        if found is None:
            found = 0
            for region in _bits(regions):
                found |= self._by_region[place][region]
            self._touched[place, regions] = found
        return found

    def common(self, one: int, other: int) -> str:
        return self._said([_lowest(column.rows[one] & column.rows[other]) for column in self._columns])

    def _uncovered(self, active: int, box: Sequence[int]) -> list[int] | None:
        """A region per column within the box that none of the active rows covers; None when there is none."""
        dead: set[tuple[int, int]] = set()
        allowed = min(_STEPS, self._steps_left)
        steps = 0

        def search(place: int, rows: int) -> list[int] | None:
            nonlocal steps
            if not rows:
                return [_lowest(mask) for mask in box[place:]]
            if rows & self._whole_after[place] or (place, rows) in dead:
                return None
            for region in _bits(box[place]):
                steps += 1
                if steps > allowed:
                    raise _TooMuch
                rest = search(place + 1, rows & self._by_region[place][region])
                if rest is not None:
                    return [region, *rest]
            dead.add((place, rows))
            return None

        try:
            return search(0, active) if all(box) else None
        finally:
            self._steps_left -= steps

    def _said(self, point: Sequence[int]) -> str:
        parts = [
            f"{name} is {column.samples[region]}"
            for name, column, region in zip(self._names, self._columns, point, strict=True)
            if any(mask != column.possible for mask in column.rows)
        ]
        return " and ".join(parts) or "anything is given"


def _rows_by_region(column: Column) -> list[int]:
    """For each region the rows that it fits, as a bit mask."""
    found = [0] * len(column.samples)
    whole = 0
    for number, mask in enumerate(column.rows):
        if mask == column.possible:
            whole |= 1 << number
            continue
        for region in _bits(mask):
            found[region] |= 1 << number
    return [rows | whole for rows in found]


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def _bits(mask: int) -> Iterable[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
