"""Reads the cells of a decision table: unary tests such as `>= 18`, `[1..5)`, `"DE","FR"`, `not("US")`, `-`.

cell      -                       any value, also none
          test, test, …           one of them is true
          not(test, test, …)      none of them is true (and the fact is there)
test      value | = value | != value | < value | <= value | > value | >= value
          [low..high]  (low..high)  ]low..high[      a round or outward bracket leaves the end out
          in {parameter}          one of the values of a list parameter
value     18  -2.5  "text"  true  false  2026-01-31  2026-01-31T09:00:00Z  {parameter}
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from orchestration.facts import check_values
from orchestration.rules.language import (
    AllOf,
    Always,
    AnyOf,
    Compare,
    Condition,
    Literal,
    Operand,
    ParameterRef,
)

CellTest = Callable[[str], Condition]
"""Given the path of the column's fact, the cell's condition."""


class CellError(ValueError):
    """The text is not a cell for a fact of this type; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Equal:
    value: Operand


@dataclass(frozen=True, slots=True)
class Listed:
    """`in {parameter}`."""

    values: ParameterRef


@dataclass(frozen=True, slots=True)
class Bounded:
    """Beyond `low`, below `high`, or between both."""

    low: Operand | None = None
    high: Operand | None = None
    low_in: bool = True
    high_in: bool = True


@dataclass(frozen=True, slots=True)
class Different:
    value: Operand


Test = Equal | Listed | Bounded | Different


def parse_cell(text: str, type_: str) -> CellTest:
    """The cell as a condition still without its fact. Raises CellError."""
    tests, negated = cell_tests(text, type_)
    if tests is None:
        return lambda fact: Always()
    return lambda fact: _condition(tests, negated, fact, type_)


@lru_cache(maxsize=8192)
def cell_tests(text: str, type_: str) -> tuple[tuple[Test, ...] | None, bool]:
    """The cell's tests (None for `-`), and whether they are negated. Raises CellError."""
    stripped = text.strip()
    if stripped == "-":
        return None, False
    if type_ not in _VALUES:
        raise CellError(f"A column over a fact of type {type_} can only hold “-”.")
    if not stripped:
        raise CellError("The cell is empty. Write “-” where any value will do.")
    tokens = _tokens(stripped)
    negated = tokens[0] == ("word", "not") and tokens[1:2] == [("sign", "(")]
    if negated and tokens[-1] != ("sign", ")"):
        raise CellError(f"“{text}” starts with not( and must end with “)”.")
    parser = _Parser(tokens[2:-1] if negated else tokens, type_, text)
    return parser.tests(), negated


def _condition(tests: Sequence[Test], negated: bool, fact: str, type_: str) -> Condition:
    equal = tuple(test.value for test in tests if isinstance(test, Equal))
    listed = len(equal) == len(tests) and (negated or len(equal) > 1)
    if listed and type_ in ("number", "integer", "string"):
        return Compare(fact, "not_in" if negated else "in", equal)
    parts = tuple(_negated(test, fact, type_) if negated else _positive(test, fact, type_) for test in tests)
    if len(parts) == 1:
        return parts[0]
    return AllOf(parts) if negated else AnyOf(parts)


def _positive(test: Test, fact: str, type_: str) -> Condition:
    if isinstance(test, Equal):
        return Compare(fact, "eq", test.value)
    if isinstance(test, Different):
        return Compare(fact, "ne", test.value)
    if isinstance(test, Listed):
        return Compare(fact, "in", test.values)
    below, at_most, above, at_least = _orders(type_)
    if test.low is not None and test.high is not None and test.low_in and test.high_in:
        return Compare(fact, "between", (test.low, test.high))
    parts = []
    if test.low is not None:
        parts.append(Compare(fact, at_least if test.low_in else above, test.low))
    if test.high is not None:
        parts.append(Compare(fact, at_most if test.high_in else below, test.high))
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _negated(test: Test, fact: str, type_: str) -> Condition:
    """The opposite, which is false as well where the fact is missing."""
    if isinstance(test, Equal):
        return Compare(fact, "ne", test.value)
    if isinstance(test, Different):
        return Compare(fact, "eq", test.value)
    if isinstance(test, Listed):
        return Compare(fact, "not_in", test.values)
    below, at_most, above, at_least = _orders(type_)
    parts = []
    if test.low is not None:
        parts.append(Compare(fact, below if test.low_in else at_most, test.low))
    if test.high is not None:
        parts.append(Compare(fact, above if test.high_in else at_least, test.high))
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def _orders(type_: str) -> tuple[str, str, str, str]:
    if type_ in ("date", "datetime"):
        return "before", "on_or_before", "after", "on_or_after"
    return "lt", "lte", "gt", "gte"


_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TOKEN: Final = re.compile(
    rf"""\s*(?:
        (?P<date>{_DATE}(?:[Tt][0-9:]{{5,8}}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{{2}}:[0-9]{{2}})?)?)
      | (?P<number>[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
      | (?P<string>"(?:[^"\\]|\\.)*")
      | \{{\s*(?P<parameter>[A-Za-z][A-Za-z0-9_-]*)\s*\}}
      | (?P<word>[^\W\d]\w*)
      | (?P<sign>\.\.|<=|>=|!=|[<>=,()\[\]])
    )""",
    re.VERBOSE | re.DOTALL,
)
_VALUES: Final = {
    "number": "a number such as 18 or 4.5",
    "integer": "a whole number such as 18",
    "string": 'a text in double quotes such as "DE"',
    "boolean": "true or false",
    "date": "a date such as 2026-01-31",
    "datetime": "a date with time such as 2026-01-31T09:00:00Z",
}
_Token = tuple[str, str]


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    place = 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None or token.lastgroup is None:
            rest = text[place:].strip()
            hint = " Put texts in double quotes." if rest[:1] in "'“”„" else ""
            raise CellError(f"“{text}” cannot be read from “{rest[:20]}” on.{hint}")
        found.append((token.lastgroup, token[token.lastgroup]))
        place = token.end()
    return found


class _Parser:
    def __init__(self, tokens: Sequence[_Token], type_: str, text: str) -> None:
        self._tokens, self._type, self._text, self._place = tokens, type_, text, 0

    def tests(self) -> tuple[Test, ...]:
        found = [self._test()]
        while self._place < len(self._tokens):
            self._expect(",")
            found.append(self._test())
        return tuple(found)

    def _test(self) -> Test:
        kind, text = self._next()
        if kind == "sign" and text in _COMPARISONS:
            value = self._value(self._next())
            if text not in ("=", "!="):
                self._require_order(text)
            return _COMPARISONS[text](value)
        if kind == "sign" and text in "[](":
            return self._interval(text)
        if (kind, text) == ("word", "in") and self._peek() == "parameter":
            if self._type not in ("number", "integer", "string"):
                raise CellError(f"“in {{…}}” is not possible for a fact of type {self._type}.")
            return Listed(ParameterRef(self._next()[1]))
        return Equal(self._value((kind, text)))

    def _interval(self, opening: str) -> Test:
        self._require_order(opening)
        low = self._value(self._next())
        self._expect("..")
        high = self._value(self._next())
        closing = self._next()
        if closing[0] != "sign" or closing[1] not in "])[":
            raise CellError(f"The interval in “{self._text}” must end with “]”, “)” or “[”.")
        if isinstance(low, Literal) and isinstance(high, Literal) and _empty(low, high):
            raise CellError(f"The interval in “{self._text}” is empty: its low end is above its high end.")
        return Bounded(low, high, opening == "[", closing[1] == "]")

    def _value(self, token: _Token) -> Operand:
        kind, text = token
        if kind == "parameter":
            return ParameterRef(text)
        value: str | int | float | bool | None = None
        if kind == "number" and self._type in ("number", "integer"):
            plain = text.lstrip("+-").isdigit()
            value = int(text) if plain else float(text)
        elif kind == "string" and self._type in ("string", "date", "datetime"):
            value = self._unquoted(text)
        elif kind == "date" and self._type in ("date", "datetime"):
            value = text
        elif kind == "word" and self._type == "boolean" and text in ("true", "false"):
            value = text == "true"
        if value is None:
            wanted = _VALUES[self._type]
            hint = f' Did you mean "{text}"?' if self._type == "string" and kind in ("word", "number", "date") else ""
            raise CellError(f"“{text}” in “{self._text}” does not fit: the column needs {wanted}.{hint}")
        for problem in check_values(value):
            raise CellError(f"The value {text[:40]} {problem.detail}.")
        return Literal(value)

    def _unquoted(self, text: str) -> str:
        try:
            return str(json.loads(text, strict=False))
        except ValueError:
            raise CellError(f"The text {text} holds a wrong “\\”; write “\\\\” for one.") from None

    def _require_order(self, sign: str) -> None:
        if self._type in _UNORDERED:
            raise CellError(f"“{sign}” in “{self._text}” is not possible: {_UNORDERED[self._type]} no order.")

    def _expect(self, sign: str) -> None:
        token = self._next()
        if token != ("sign", sign):
            raise CellError(f"“{self._text}” has “{token[1]}” where “{sign}” should be.")

    def _peek(self) -> str:
        return self._tokens[self._place][0] if self._place < len(self._tokens) else ""

    def _next(self) -> _Token:
        if self._place >= len(self._tokens):
            raise CellError(f"“{self._text}” ends too early.")
        self._place += 1
        return self._tokens[self._place - 1]


def _empty(low: Literal, high: Literal) -> bool:
    one, other = low.value, high.value
    if isinstance(one, str) and isinstance(other, str):
        return len(one) == len(other) == 10 and one > other
    return not isinstance(one, str) and not isinstance(other, str) and one > other


_UNORDERED: Final = {"string": "a text has", "boolean": "true and false have"}
_COMPARISONS: Final[dict[str, Callable[[Operand], Test]]] = {
    "=": Equal,
    "!=": Different,
    "<": lambda value: Bounded(high=value, high_in=False),
    "<=": lambda value: Bounded(high=value),
    ">": lambda value: Bounded(low=value, low_in=False),
    ">=": lambda value: Bounded(low=value),
}
