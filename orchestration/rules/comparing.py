"""The tests behind the operators: how a value is compared with an operand."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import re2

from orchestration.rules.times import as_day, as_moment, parse_period, shifted_day, shifted_moment

UTC_ZONE: Final = ZoneInfo("UTC")
PATTERN_BYTES: Final = 1_000
"""Longest regular expression that a rule may hold."""


@dataclass(slots=True)
class Compared:
    """A fact's value of the right type, an operand that is there, and what the comparison depends on."""

    type_: str
    value: Any
    operand: Any
    ignore_case: bool
    now: datetime | None
    zone: ZoneInfo


def is_of_type(type_: str, value: Any, zone: ZoneInfo = UTC_ZONE) -> bool:
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


def _comparison(test: Callable[[Any, Any], bool]) -> Callable[[Compared], bool]:
    def found(c: Compared) -> bool:
        pair = _comparable(c, c.operand)
        return pair is not None and test(*pair)

    return found


def _between(c: Compared) -> bool:
    if not isinstance(c.operand, list | tuple) or len(c.operand) != 2:
        return False
    low, high = _comparable(c, c.operand[0]), _comparable(c, c.operand[1])
    return low is not None and high is not None and low[1] <= low[0] and high[0] <= high[1]


def _in(c: Compared) -> bool:
    if not isinstance(c.operand, list | tuple):
        return False
    pairs = (_comparable(c, one) for one in c.operand)
    return any(pair is not None and pair[0] == pair[1] for pair in pairs)


def _not_in(c: Compared) -> bool:
    if not isinstance(c.operand, list | tuple):
        return False
    pairs = (_comparable(c, one) for one in c.operand)
    return all(pair is not None and pair[0] != pair[1] for pair in pairs)


def _comparable(c: Compared, operand: Any) -> tuple[Any, Any] | None:
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


def _comparable_times(c: Compared, operand: Any) -> tuple[Any, Any] | None:
    day, moment = as_day(operand), as_moment(operand, c.zone)
    if c.type_ == "date":
        right = day if moment is None else _local_day(moment, c.zone)
        return None if right is None else (as_day(c.value), right)
    left = as_moment(c.value, c.zone)
    if left is None or (day is None and moment is None):
        return None
    return (left, moment) if day is None else (_local_day(left, c.zone), day)


def _contains(c: Compared) -> bool:
    if c.type_ == "string":
        pair = _comparable(c, c.operand)
        return pair is not None and pair[1] in pair[0]
    return any(_same(element, c.operand, c.ignore_case) for element in c.value)


def _matches(c: Compared) -> bool:
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


def _size(test: Callable[[Any, Any], bool]) -> Callable[[Compared], bool]:
    return lambda c: _is_number(c.operand) and test(len(c.value), c.operand)


def _clock(sign: int, inside: bool) -> Callable[[Compared], bool]:
    """Between now and the end of the period (`inside`), or beyond that end; the end belongs to both."""

    def found(c: Compared) -> bool:
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


_CLASSES: Final[Mapping[str, Any]] = {"string": str, "boolean": bool, "array": (list, tuple), "object": Mapping}
TESTS: Final[Mapping[str, Callable[[Compared], bool]]] = {
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
