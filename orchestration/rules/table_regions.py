"""The values of a table's column cut into regions within which every cell is all true or all false."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from orchestration.facts import FactSpec
from orchestration.rules.cells import Bounded, Different, Equal, Listed, Test, cell_tests
from orchestration.rules.language import Literal, Operand, ParameterRef
from orchestration.rules.times import as_day, as_moment


class NotComparable(Exception):
    """The column's cells cannot be laid side by side (a day against a moment, an unknown parameter)."""


@dataclass(frozen=True, slots=True)
class Column:
    """`possible`: bit mask of the regions that hold a value at all. `rows`: the regions of each row's cell.
    `samples`: a value of each region, in words."""

    possible: int
    rows: tuple[int, ...]
    samples: tuple[str, ...]


def column_of(spec: FactSpec, cells: Sequence[str], parameters: Mapping[str, Any], zone: ZoneInfo) -> Column:
    """The regions of a column with these cells. Raises NotComparable."""
    parsed = [cell_tests(cell, spec.type) for cell in cells]
    values = _Values(spec, parameters, zone)
    points = {value for tests, _ in parsed for test in tests or () for value in values.of(test)}
    regions = _Line(spec, points, values) if spec.type in _ORDERED else _Heap(spec, points)
    rows = []
    for tests, negated in parsed:
        mask = 0
        for test in tests or ():
            mask |= regions.mask(test, values)
        rows.append(regions.possible if tests is None else regions.possible & (~mask if negated else mask))
    return Column(regions.possible, tuple(rows), regions.samples)


_ORDERED = ("number", "integer", "date", "datetime")


class _Values:
    """Operands as things that compare: days and moments as numbers."""

    def __init__(self, spec: FactSpec, parameters: Mapping[str, Any], zone: ZoneInfo) -> None:
        self._type, self._parameters, self._zone = spec.type, parameters, zone

    def of(self, test: Test) -> list[Any]:
        if isinstance(test, Listed):
            return [self._comparable(value) for value in self._parameter(test.values) or ()]
        operands = (test.low, test.high) if isinstance(test, Bounded) else (test.value,)
        return [self.one(operand) for operand in operands if operand is not None]

    def one(self, operand: Operand) -> Any:
        if isinstance(operand, Literal):
            return self._comparable(operand.value)
        if isinstance(operand, ParameterRef):
            return self._comparable(self._parameter(operand))
        raise NotComparable

    def shown(self, point: float) -> str:
        if self._type == "date":
            return date.fromordinal(min(max(int(point), 1), date.max.toordinal())).isoformat()
        if self._type == "datetime":
            return datetime.fromtimestamp(point, UTC).astimezone(self._zone).isoformat(timespec="minutes")
        return str(int(point)) if float(point).is_integer() else repr(point)

    def _parameter(self, reference: ParameterRef) -> Any:
        if reference.name not in self._parameters:
            raise NotComparable
        return self._parameters[reference.name]

    def _comparable(self, value: Any) -> Any:
        if self._type == "date":
            day = as_day(value)
            value = day.toordinal() if day else None
        elif self._type == "datetime":
            moment = as_moment(value, self._zone)
            value = moment.timestamp() if moment else None
        elif self._type in ("number", "integer"):
            value = None if isinstance(value, bool | str) else value
        if value is None or isinstance(value, list | tuple):
            raise NotComparable
        return value


class _Line:
    """Regions of ordered values: 2i+1 is the i-th point itself, 2i what lies below it, 2n what is above all."""

    def __init__(self, spec: FactSpec, points: set[Any], values: _Values) -> None:
        whole = spec.type in ("integer", "date")
        bounds = (spec.minimum, spec.maximum) if spec.type in ("number", "integer") else (None, None)
        low = -math.inf if bounds[0] is None else bounds[0]
        high = math.inf if bounds[1] is None else bounds[1]
        self._points = sorted(points | {bound for bound in (low, high) if math.isfinite(bound)})
        edges = [-math.inf, *self._points, math.inf]
        samples: list[str] = []
        self.possible = 0
        for place in range(2 * len(self._points) + 1):
            if place % 2:
                point: float | None = self._points[place // 2]
            else:
                point = _inside(edges[place // 2], edges[place // 2 + 1], whole)
            if point is not None and low <= point <= high and (not whole or point == int(point)):
                self.possible |= 1 << place
            samples.append(values.shown(point) if point is not None else "")
        self.samples = tuple(samples)

    def mask(self, test: Test, values: _Values) -> int:
        if isinstance(test, Bounded):
            first, last = 0, 2 * len(self._points)
            if test.low is not None:
                first = self._place(values.one(test.low)) + (not test.low_in)
            if test.high is not None:
                last = self._place(values.one(test.high)) - (not test.high_in)
            return ((1 << max(last + 1, 0)) - 1) & ~((1 << first) - 1)
        mask = 0
        for value in values.of(test):
            mask |= 1 << self._place(value)
        return self.possible & ~mask if isinstance(test, Different) else mask

    def _place(self, value: Any) -> int:
        return 2 * bisect_left(self._points, value) + 1


class _Heap:
    """Regions of values without order: each one that is named, and any other."""

    def __init__(self, spec: FactSpec, points: set[Any]) -> None:
        closed = (True, False) if spec.type == "boolean" else spec.values
        ordered = [*closed, *sorted((point for point in points if point not in closed), key=str)]
        self._places = {value: place for place, value in enumerate(ordered)}
        count = len(closed) if closed else len(ordered) + 1
        self.possible = (1 << count) - 1
        self.samples = (*(_quoted(value) for value in ordered), "any other value")

    def mask(self, test: Test, values: _Values) -> int:
        mask = 0
        for value in values.of(test):
            mask |= 1 << self._places[value]
        assert isinstance(test, Equal | Different | Listed)  # noqa: S101 - bounds need order
        return self.possible & ~mask if isinstance(test, Different) else mask


def _inside(low: float, high: float, whole: bool) -> float | None:
    """A value strictly between; None when there is none."""
    if low == -math.inf:
        return 0 if high == math.inf else math.ceil(high) - 1
    point = math.floor(low) + 1
    if point < high:
        return point
    return None if whole else (low + high) / 2


def _quoted(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"“{value}”"
