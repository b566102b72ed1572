"""The operators of the rule language: which types of facts they are for, and when each one holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from orchestration.facts import MISSING
from orchestration.rules.comparing import PATTERN_BYTES, TESTS, UTC_ZONE, Compared, is_of_type, pattern_fault
from orchestration.rules.times import parse_duration, parse_period

__all__ = [
    "OPERATORS",
    "PATTERN_BYTES",
    "TYPES",
    "UTC_ZONE",
    "Operator",
    "holds",
    "is_of_type",
    "operators_for",
    "parse_duration",
    "parse_period",
    "pattern_fault",
]

TYPES: Final = ("number", "integer", "string", "boolean", "date", "datetime", "array", "object", "any")


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
    zone: ZoneInfo = UTC_ZONE,
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
    found = TESTS[op] if type_ in OPERATORS[op].types else None
    return found is not None and found(Compared(type_, value, operand, ignore_case, now, zone))


def _table(rows: Iterable[tuple[str, Iterable[str], str, str]]) -> Mapping[str, Operator]:
    return {name: Operator(name, frozenset(types), takes, words) for name, types, takes, words in rows}


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
