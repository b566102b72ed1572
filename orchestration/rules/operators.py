"""The operators of the rule language: which types of facts they are for, and when each one holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import re2

from orchestration.facts import MISSING
from orchestration.rules.times import (
    as_day,
    as_moment,
    parse_duration,
    parse_period,
    shifted_day,
    shifted_moment,
)

__all__ = [
    "OPERATORS",
    "PATTERN_BYTES",
    "TYPES",
    "Operator",
    "holds",
    "is_of_type",
    "operators_for",
    "parse_duration",
    "parse_period",
    "pattern_fault",
]

TYPES: Final = ("number", "integer", "string", "boolean", "date", "datetime", "array", "object", "any")
PATTERN_BYTES: Final = 1_000
"""Longest regular expression that a rule may hold."""


@dataclass(frozen=True, slots=True)
class Operator:
    """`types`: of facts it is for. `takes`: none, one, pair or list. `words`: with `{}` for the operand."""

    name: str
    types: frozenset[str]
    takes: str
    words: str


def operators_for(type_: str) -> tuple[str, ...]:
    """Names of the operators for facts of this type, in the order of the documentation."""
    return tuple(name for name, operator in OPERATORS.items() if type_ in operator.types)


def holds(
    op: str,
    type_: str,
    value: Any,
    operand: Any,
    *,
    ignore_case: bool = False,
    now: datetime | None = None,
    zone: ZoneInfo = ZoneInfo("UTC"),
) -> bool:
    """Does the fact's value stand in this relation to the operand (a JSON value, a pair or a list)?

    A value that is missing, null or of another type than the fact's makes everything but `is_not_set` false,
    and so does an operand that is missing or does not fit. `now` is what the calendar operators count from.
    """
    present = value is not MISSING and value is not None and is_of_type(type_, value, zone)
    if op == "is_not_set":
        return not present
    if not present or operand is MISSING:
        return False
    if op == "is_set":
        return True
    found = _TESTS[op] if type_ in OPERATORS[op].types else None
    return found is not None and found(_Compared(type_, value, operand, ignore_case, now, zone))


def is_of_type(type_: str, value: Any, zone: ZoneInfo = ZoneInfo("UTC")) -> bool:
    """Is this JSON value one that a fact of the type can have? (An integer fact takes any number.)"""
    if type_ in ("number", "integer"):
        return _is_number(value)
    if type_ == "date":
        return as_day(value) is not None
    if type_ == "datetime":
        return as_moment(value, zone) is not None
    return type_ == "any" or isinstance(value, _CLASSES[type_])


def pattern_fault(pattern: str) -> str:
    """What is wrong with a regular expression, in words; "" when it is good."""
    if len(pattern.encode(errors="replace")) > PATTERN_BYTES:
        return f"is longer than {PATTERN_BYTES:,} bytes"
    try:
        _compiled(pattern, False)
    except re2.error as error:
        said = error.args[0] if error.args else "cannot be read"
        return f"is not a regular expression: {said.decode() if isinstance(said, bytes) else said}"
    return ""


@dataclass(slots=True)
class _Compared:
    type_: str
    value: Any
    operand: Any
    ignore_case: bool
    now: datetime | None
    zone: ZoneInfo


def _comparison(test: Callable[[Any, Any], bool]) -> Callable[[_Compared], bool]:
    def found(c: _Compared) -> bool:
        pair = _comparable(c, c.operand)
        return pair is not None and test(*pair)

    return found


def _between(c: _Compared) -> bool:
    if not isinstance(c.operand, list | tuple) or len(c.operand) != 2:
        return False
    low, high = _comparable(c, c.operand[0]), _comparable(c, c.operand[1])
    return low is not None and high is not None and low[1] <= low[0] and high[0] <= high[1]


def _in(c: _Compared) -> bool:
    if not isinstance(c.operand, list | tuple):
        return False
    pairs = (_comparable(c, one) for one in c.operand)
    return any(pair is not None and pair[0] == pair[1] for pair in pairs)


def _not_in(c: _Compared) -> bool:
    if not isinstance(c.operand, list | tuple):
        return False
    pairs = (_comparable(c, one) for one in c.operand)
    return all(pair is not None and pair[0] != pair[1] for pair in pairs)


def _comparable(c: _Compared, operand: Any) -> tuple[Any, Any] | None:
    """Value and operand as things that compare; None when the operand is of another type.

    A day and a moment compare as days in the zone.
    """
    if c.type_ in ("number", "integer"):
        return (c.value, operand) if _is_number(operand) else None
    if c.type_ == "string":
        if not isinstance(operand, str):
            return None
        return (c.value.casefold(), operand.casefold()) if c.ignore_case else (c.value, operand)
    if c.type_ == "boolean":
        return (c.value, operand) if isinstance(operand, bool) else None
    return _comparable_times(c, operand)


def _comparable_times(c: _Compared, operand: Any) -> tuple[Any, Any] | None:
    day, moment = as_day(operand), as_moment(operand, c.zone)
    if c.type_ == "date":
        right = day if moment is None else _local_day(moment, c.zone)
        return None if right is None else (as_day(c.value), right)
    left = as_moment(c.value, c.zone)
    if left is None or (day is None and moment is None):
        return None
    return (left, moment) if day is None else (_local_day(left, c.zone), day)


def _contains(c: _Compared) -> bool:
    if c.type_ == "string":
        pair = _comparable(c, c.operand)
        return pair is not None and pair[1] in pair[0]
    return any(_same(element, c.operand, c.ignore_case) for element in c.value)


def _matches(c: _Compared) -> bool:
    if not isinstance(c.operand, str):
        return False
    try:
        return _compiled(c.operand, c.ignore_case).fullmatch(c.value) is not None
    except (re2.error, UnicodeEncodeError):
        return False


@lru_cache(maxsize=2048)
def _compiled(pattern: str, ignore_case: bool) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.case_sensitive = not ignore_case
    return re2.compile(pattern, options)


def _size(test: Callable[[Any, Any], bool]) -> Callable[[_Compared], bool]:
    return lambda c: _is_number(c.operand) and test(len(c.value), c.operand)


def _clock(sign: int, inside: bool) -> Callable[[_Compared], bool]:
    """Between now and the end of the period (`inside`), or beyond that end; the end belongs to both."""

    def found(c: _Compared) -> bool:
        if c.now is None:
            return False
        try:
            count, unit = parse_period(c.operand)
        except ValueError:
            return False
        value: Any
        now: Any
        end: Any
        if c.type_ == "date":
            value, now = as_day(c.value), _local_day(c.now, c.zone)
            end = shifted_day(now, sign * count, unit)
        else:
            value, now = as_moment(c.value, c.zone), c.now.astimezone(UTC)
            end = shifted_moment(now, sign * count, unit, c.zone)
        if not inside:
            return bool(value <= end)
        return bool(min(now, end) <= value <= max(now, end))

    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _local_day(moment: datetime, zone: ZoneInfo) -> date:
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        return moment.date()


def _same(left: Any, right: Any, ignore_case: bool) -> bool:
    if _is_number(left) and _is_number(right):
        return bool(left == right)
    if ignore_case and isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return type(left) is type(right) and bool(left == right)


def _table(rows: Iterable[tuple[str, Iterable[str], str, str]]) -> Mapping[str, Operator]:
    return {name: Operator(name, frozenset(types), takes, words) for name, types, takes, words in rows}


_CLASSES: Final[Mapping[str, Any]] = {"string": str, "boolean": bool, "array": (list, tuple), "object": Mapping}
_NUMBERS: Final = ("number", "integer")
_TIMES: Final = ("date", "datetime")
_ONE_VALUE: Final = (*_NUMBERS, "string", "boolean", *_TIMES)

OPERATORS: Final = _table(
    [
        ("eq", _ONE_VALUE, "one", "is {}"),
        ("ne", _ONE_VALUE, "one", "is not {}"),
        ("lt", _NUMBERS, "one", "is less than {}"),
        ("lte", _NUMBERS, "one", "is at most {}"),
        ("gt", _NUMBERS, "one", "is more than {}"),
        ("gte", _NUMBERS, "one", "is at least {}"),
        ("between", (*_NUMBERS, *_TIMES), "pair", "is between {} and {}"),
        ("in", (*_NUMBERS, "string"), "list", "is one of {}"),
        ("not_in", (*_NUMBERS, "string"), "list", "is none of {}"),
        ("contains", ("string", "array"), "one", "contains {}"),
        ("starts_with", ("string",), "one", "starts with {}"),
        ("ends_with", ("string",), "one", "ends with {}"),
        ("matches", ("string",), "one", "matches the pattern {}"),
        ("before", _TIMES, "one", "is before {}"),
        ("after", _TIMES, "one", "is after {}"),
        ("on_or_before", _TIMES, "one", "is on or before {}"),
        ("on_or_after", _TIMES, "one", "is on or after {}"),
        ("within_last", _TIMES, "one", "is within the last {}"),
        ("within_next", _TIMES, "one", "is within the next {}"),
        ("older_than", _TIMES, "one", "is at least {} ago"),
        ("size_eq", ("array",), "one", "has exactly {} entries"),
        ("size_lt", ("array",), "one", "has fewer than {} entries"),
        ("size_lte", ("array",), "one", "has at most {} entries"),
        ("size_gt", ("array",), "one", "has more than {} entries"),
        ("size_gte", ("array",), "one", "has at least {} entries"),
        ("is_empty", ("array",), "none", "is empty"),
        ("is_set", TYPES, "none", "is given"),
        ("is_not_set", TYPES, "none", "is not given"),
    ]
)

_TESTS: Final[Mapping[str, Callable[[_Compared], bool]]] = {
    "eq": _comparison(lambda left, right: left == right),
    "ne": _comparison(lambda left, right: left != right),
    "lt": _comparison(lambda left, right: left < right),
    "lte": _comparison(lambda left, right: left <= right),
    "gt": _comparison(lambda left, right: left > right),
    "gte": _comparison(lambda left, right: left >= right),
    "before": _comparison(lambda left, right: left < right),
    "after": _comparison(lambda left, right: left > right),
    "on_or_before": _comparison(lambda left, right: left <= right),
    "on_or_after": _comparison(lambda left, right: left >= right),
    "starts_with": _comparison(lambda left, right: left.startswith(right)),
    "ends_with": _comparison(lambda left, right: left.endswith(right)),
    "between": _between,
    "in": _in,
    "not_in": _not_in,
    "contains": _contains,
    "matches": _matches,
    "within_last": _clock(-1, inside=True),
    "within_next": _clock(+1, inside=True),
    "older_than": _clock(-1, inside=False),
    "size_eq": _size(lambda left, right: left == right),
    "size_lt": _size(lambda left, right: left < right),
    "size_lte": _size(lambda left, right: left <= right),
    "size_gt": _size(lambda left, right: left > right),
    "size_gte": _size(lambda left, right: left >= right),
    "is_empty": lambda c: not c.value,
}
