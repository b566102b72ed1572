"""Translates the cells of DMN tables: S-FEEL unary tests into ours, output entries into values."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Final

from orchestration.rules.cells import CellError, parse_cell

Value = str | int | float | bool | None
_Token = tuple[str, str]

_STRING: Final = r'"(?:[^"\\]|\\.)*"'
_TOKEN: Final = re.compile(
    rf"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<call>date\s+and\s+time|date|time|duration|years\s+and\s+months\s+duration)\s*\(\s*(?P<called>{_STRING})\s*\)
      | @\s*(?P<at>{_STRING})
      | (?P<string>{_STRING})
      | (?P<number>(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<word>[^\W\d][\w.]*)
      | (?P<sign>\.\.|<=|>=|!=|[<>=,()\[\]?+-])""",
    re.VERBOSE | re.DOTALL,
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{5,8}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?")
_COMPARISONS: Final = ("<", "<=", ">", ">=", "=", "!=")
_PLAIN: Final = ("true", "false", "not", "and", "or", "in", "null")


class Untranslatable(ValueError):
    """The cell says something that our language has no words for; the message says what."""


def translate_test(text: str, type_: str = "", parameters: Collection[str] = ()) -> str:
    """Our cell for an S-FEEL unary test. `type_`: of the column's fact, "" where it is not known.

    Raises Untranslatable.
    """
    tokens = _tokens(text)
    if not tokens or tokens == [("sign", "-")]:
        return "-"
    found = _Writer(tokens, parameters).written()
    if type_:
        try:
            parse_cell(found, type_)
        except CellError as error:
            raise Untranslatable(str(error)) from None
    return found


def translate_value(text: str) -> Value:
    """The value of an output entry; None where it is empty. Raises Untranslatable for an expression."""
    tokens = _tokens(text)
    if tokens in ([], [("sign", "-")], [("word", "null")]):
        return None
    values = translate_values(text)
    if len(values) != 1:
        raise Untranslatable("a list is no single value")
    return values[0]


def translate_values(text: str) -> list[str | int | float | bool]:
    """The values of a list such as `"high", "low"`. Raises Untranslatable."""
    found: list[str | int | float | bool] = []
    tokens = _tokens(text)
    place = 0
    while place < len(tokens):
        negative = tokens[place] == ("sign", "-") and place + 1 < len(tokens) and tokens[place + 1][0] == "number"
        place += negative
        kind, said = tokens[place]
        if kind == "number":
            number = _number(said)
            found.append(-number if negative else number)
        elif kind == "string":
            found.append(str(json.loads(said)))
        elif kind == "date":
            found.append(said)
        elif (kind, said) in (("word", "true"), ("word", "false")):
            found.append(said == "true")
        else:
            raise Untranslatable("it is an expression, not a value")
        place += 1
        if place < len(tokens) and tokens[place] != ("sign", ","):
            raise Untranslatable("it is an expression, not a value")
        place += 1
    return found


class _Writer:
    """Writes the tokens of a unary test in our words."""

    def __init__(self, tokens: Sequence[_Token], parameters: Collection[str]) -> None:
        self._tokens, self._parameters, self._place = tokens, parameters, 0

    def written(self) -> str:
        negated = self._tokens[:2] == [("word", "not"), ("sign", "(")] and self._tokens[-1] == ("sign", ")")
        if negated:
            self._tokens = self._tokens[2:-1]
        tests = [self._test()]
        while self._place < len(self._tokens):
            if self._next() not in (("sign", ","), ("word", "or")):
                raise Untranslatable("it is an expression, not a list of tests")
            tests.append(self._test())
        return f"not({', '.join(tests)})" if negated else ", ".join(tests)

    def _test(self) -> str:
        """One test; two comparisons of `?` joined by `and` are an interval."""
        first = self._simple()
        if self._peek() != ("word", "and"):
            return first
        self._next()
        low, high = sorted((first, self._simple()), key=lambda test: test.startswith("<"))
        if not (low.startswith(">") and high.startswith("<")):
            raise Untranslatable("“and” is only possible between a lower and an upper bound")
        opening, closing = "[" if low[1] == "=" else "(", "]" if high[1] == "=" else ")"
        return f"{opening}{low.lstrip('>= ')}..{high.lstrip('<= ')}{closing}"

    def _simple(self) -> str:
        if self._peek() == ("sign", "?"):
            self._next()
            if self._peek() == ("word", "in"):
                self._next()
            elif self._peek()[1] not in _COMPARISONS:
                raise Untranslatable("an expression about “?” can only be a comparison")
        kind, said = self._peek()
        if kind == "sign" and said in _COMPARISONS:
            self._next()
            value = self._value()
            return value if said == "=" else f"{said} {value}"
        if kind == "sign" and said in ("[", "]", "("):
            return self._interval()
        return self._value()

    def _interval(self) -> str:
        opening = "[" if self._next()[1] == "[" else "("
        low = self._value()
        if self._next() != ("sign", ".."):
            raise Untranslatable("brackets can only hold an interval such as [1..5]")
        high = self._value()
        closing = self._next()
        if closing not in (("sign", "]"), ("sign", ")"), ("sign", "[")):
            raise Untranslatable("the interval does not end")
        return f"{opening}{low}..{high}{']' if closing[1] == ']' else ')'}"

    def _value(self) -> str:
        kind, said = self._next()
        if (kind, said) == ("sign", "-") and self._peek()[0] == "number":
            return f"-{_number(self._next()[1])}"
        if kind == "number":
            return str(_number(said))
        if kind in ("string", "date") or said in ("true", "false"):
            return said
        if said == "null":
            raise Untranslatable("a cell cannot ask whether a value is missing (null); ask that in a rule")
        if kind == "word" and self._peek() == ("sign", "("):
            raise Untranslatable(f"the function “{said}” is not possible in a cell")
        if kind == "word" and said in self._parameters:
            return f"{{{said}}}"
        if kind == "word" and said not in _PLAIN:
            raise Untranslatable(f"“{said}” is neither a value nor a parameter of this workflow")
        raise Untranslatable(f"“{said}” stands where a value should" if said else "it ends too early")

    def _peek(self) -> _Token:
        return self._tokens[self._place] if self._place < len(self._tokens) else ("", "")

    def _next(self) -> _Token:
        token = self._peek()
        self._place += 1
        return token


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    text, place = text.strip(), 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        token = _TOKEN.match(text, place)
        if token is None:
            raise Untranslatable(f"“{text[place:][:20]}” is no part of a simple test")
        place = token.end()
        kind = token.lastgroup
        if kind == "comment":
            continue
        if kind in ("called", "at"):
            found.append(_moment(_unquoted(token[kind]), token["call"] or ""))
        elif kind == "string":
            found.append(("string", json.dumps(_unquoted(token["string"]), ensure_ascii=False)))
        else:
            assert kind is not None  # noqa: S101 - the pattern is made of named groups
            found.append((kind, token[kind]))
    return found


def _moment(text: str, call: str) -> _Token:
    if _DATE.fullmatch(text) and call in ("", "date"):
        return "date", text
    if (_MOMENT.fullmatch(text) or _DATE.fullmatch(text)) and call.split() in ([], ["date", "and", "time"]):
        return "date", text
    raise Untranslatable(f"“{text}” is a time of day or a duration, which no cell can hold")


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text.replace("\\'", "'"), strict=False))
    except ValueError:
        raise Untranslatable(f"the text {text[:40]} cannot be read") from None


def _number(text: str) -> int | float:
    return int(text) if text.isdigit() else float(text)
