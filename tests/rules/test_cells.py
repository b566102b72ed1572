"""Cells of a decision table are read as conditions."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.facts import MISSING
from orchestration.rules.cells import CellError, parse_cell
from orchestration.rules.language import AllOf, AnyOf, Compare, Condition, Literal, Not
from orchestration.rules.operators import holds
from orchestration.rules.parse import condition_from


def c(op: str, value: Any) -> Condition:
    return condition_from({"fact": "f", "op": op, "value": value})


CELLS = [
    # (cell, type, condition on the fact f)
    ("-", "number", "always"),
    (" - ", "array", "always"),
    ("18", "number", c("eq", 18)),
    ("-2.5", "number", c("eq", -2.5)),
    ("1e3", "number", c("eq", 1000.0)),
    ("= 18", "integer", c("eq", 18)),
    ("!= 18", "integer", c("ne", 18)),
    (">= 18", "integer", c("gte", 18)),
    (">18", "integer", c("gt", 18)),
    ("<= {age_max}", "integer", c("lte", {"parameter": "age_max"})),
    ("< 18", "number", c("lt", 18)),
    ("[1..5]", "number", c("between", [1, 5])),
    ("[ 1 .. 5 ]", "number", c("between", [1, 5])),
    ("[-5..-1]", "number", c("between", [-5, -1])),
    ("[1.5..{top}]", "number", c("between", [1.5, {"parameter": "top"}])),
    ("(1..5]", "number", AllOf((c("gt", 1), c("lte", 5)))),
    ("]1..5]", "number", AllOf((c("gt", 1), c("lte", 5)))),
    ("[1..5)", "number", AllOf((c("gte", 1), c("lt", 5)))),
    ("[1..5[", "number", AllOf((c("gte", 1), c("lt", 5)))),
    ("]1..5[", "number", AllOf((c("gt", 1), c("lt", 5)))),
    ("(1..5)", "number", AllOf((c("gt", 1), c("lt", 5)))),
    ("1, 2,3", "number", c("in", [1, 2, 3])),
    ("1, > 5", "number", AnyOf((c("eq", 1), c("gt", 5)))),
    ("not(1)", "number", c("not_in", [1])),
    ("not(>= 18)", "number", c("lt", 18)),
    ("not([1..5])", "number", AnyOf((c("lt", 1), c("gt", 5)))),
    ("not((1..5), 9)", "number", AllOf((AnyOf((c("lte", 1), c("gte", 5))), c("ne", 9)))),
    ("not(!= 1)", "number", c("eq", 1)),
    ('"DE"', "string", c("eq", "DE")),
    ('"DE","FR"', "string", c("in", ["DE", "FR"])),
    ('not("US")', "string", c("not_in", ["US"])),
    ('not ( "US" , "GB" )', "string", c("not_in", ["US", "GB"])),
    ('"a, \\"b\\" - not(c)"', "string", c("eq", 'a, "b" - not(c)')),
    ('"-"', "string", c("eq", "-")),
    ('""', "string", c("eq", "")),
    ("{country}", "string", c("eq", {"parameter": "country"})),
    ("in {countries}", "string", c("in", {"parameter": "countries"})),
    ("not(in {countries})", "string", c("not_in", {"parameter": "countries"})),
    ('in {countries}, "XK"', "string", AnyOf((c("in", {"parameter": "countries"}), c("eq", "XK")))),
    ("true", "boolean", c("eq", True)),
    ("not(true)", "boolean", c("ne", True)),
    ("true, false", "boolean", AnyOf((c("eq", True), c("eq", False)))),
    ("2026-01-31", "date", c("eq", "2026-01-31")),
    ('"2026-01-31"', "date", c("eq", "2026-01-31")),
    ("< 2026-01-31", "date", c("before", "2026-01-31")),
    (">= 2026-01-31", "date", c("on_or_after", "2026-01-31")),
    ("[2026-01-01..2026-01-31]", "date", c("between", ["2026-01-01", "2026-01-31"])),
    ("[2026-01-01..2026-02-01)", "date", AllOf((c("on_or_after", "2026-01-01"), c("before", "2026-02-01")))),
    ("not(2026-01-31, 2026-02-01)", "date", AllOf((c("ne", "2026-01-31"), c("ne", "2026-02-01")))),
    ("> 2026-01-31T09:00:00Z", "datetime", c("after", "2026-01-31T09:00:00Z")),
    ("<= 2026-01-31T09:00:00.5+01:00", "datetime", c("on_or_before", "2026-01-31T09:00:00.5+01:00")),
]


@pytest.mark.parametrize(("text", "type_", "expected"), CELLS)
def test_a_cell_is_a_condition_on_the_columns_fact(text, type_, expected):
    wanted = condition_from(expected) if isinstance(expected, str) else expected
    assert repr(parse_cell(text, type_)("f")) == repr(wanted)


BAD = [
    ("", "number", "The cell is empty. Write “-” where any value will do."),
    (
        "DE",
        "string",
        '“DE” in “DE” does not fit: the column needs a text in double quotes such as "DE". Did you mean "DE"?',
    ),
    ("'DE'", "string", "“'DE'” cannot be read from “'DE'” on. Put texts in double quotes."),
    (
        "18",
        "string",
        '“18” in “18” does not fit: the column needs a text in double quotes such as "DE". Did you mean "18"?',
    ),
    ('"18"', "number", '“"18"” in “"18"” does not fit: the column needs a number such as 18 or 4.5.'),
    ("2026-01-31", "number", "“2026-01-31” in “2026-01-31” does not fit: the column needs a number such as 18 or 4.5."),
    ("yes", "boolean", "“yes” in “yes” does not fit: the column needs true or false."),
    ('< "M"', "string", '“<” in “< "M"” is not possible: a text has no order.'),
    ("[true..false]", "boolean", "“[” in “[true..false]” is not possible: true and false have no order."),
    ("in {x}", "date", "“in {…}” is not possible for a fact of type date."),
    ("5", "array", "A column over a fact of type array can only hold “-”."),
    ("5", "any", "A column over a fact of type any can only hold “-”."),
    ("[1..5", "number", "“[1..5” ends too early."),
    ("[1..5>", "number", "The interval in “[1..5>” must end with “]”, “)” or “[”."),
    ("[5..1]", "number", "The interval in “[5..1]” is empty: its low end is above its high end."),
    (
        "[2026-02-01..2026-01-01]",
        "date",
        "The interval in “[2026-02-01..2026-01-01]” is empty: its low end is above its high end.",
    ),
    ("1 2", "number", "“1 2” has “2” where “,” should be."),
    ("1,", "number", "“1,” ends too early."),
    ("not(1", "number", "“not(1” starts with not( and must end with “)”."),
    ("not()", "number", "“not()” ends too early."),
    ("not(not(1))", "number", "“not” in “not(not(1))” does not fit: the column needs a number such as 18 or 4.5."),
    (">= ", "number", "“>=” ends too early."),
    ("5 %", "number", "“5 %” cannot be read from “%” on."),
    ("1e999", "number", "The value 1e999 is not a finite number."),
    ("9007199254740993", "integer", "The value 9007199254740993 is a number beyond ±2^53."),
    ('"\\q"', "string", 'The text "\\q" holds a wrong “\\”; write “\\\\” for one.'),
]


@pytest.mark.parametrize(("text", "type_", "said"), BAD)
def test_a_wrong_cell_is_explained(text, type_, said):
    with pytest.raises(CellError) as caught:
        parse_cell(text, type_)
    assert str(caught.value).replace("“>= ”", "“>=”") == said


VALUES = {
    "number": [-5, 0, 1, 1.5, 5, 9, 18, 1000.0],
    "integer": [0, 17, 18, 19],
    "string": ["DE", "US", "", "-", "XK"],
    "boolean": [True, False],
    "date": ["2025-12-31", "2026-01-01", "2026-01-31", "2026-02-01"],
    "datetime": ["2026-01-31T09:00:00Z", "2026-01-31T08:00:00.5Z", "2027-01-01T00:00:00Z"],
}
PARAMETERS = {"age_max": 18, "top": 5, "country": "DE", "countries": ["DE", "FR"]}


def truth(condition: Condition, type_: str, value: Any) -> bool:
    if isinstance(condition, AllOf | AnyOf):
        found = [truth(part, type_, value) for part in condition.conditions]
        return all(found) if isinstance(condition, AllOf) else any(found)
    assert not isinstance(condition, Not)
    assert isinstance(condition, Compare)

    def known(operand):
        return operand.value if isinstance(operand, Literal) else PARAMETERS[operand.name]

    operand = [known(one) for one in condition.value] if isinstance(condition.value, tuple) else known(condition.value)
    return holds(condition.op, type_, value, operand)


@pytest.mark.parametrize(
    ("text", "type_"), [(text, type_) for text, type_, _ in CELLS if text.strip() != "-" and not text.startswith("not")]
)
def test_not_is_the_opposite_wherever_there_is_a_value_and_false_where_there_is_none(text, type_):
    plain, opposite = parse_cell(text, type_)("f"), parse_cell(f"not({text})", type_)("f")
    for value in VALUES[type_]:
        assert truth(opposite, type_, value) is not truth(plain, type_, value)
    for value in (MISSING, None, {}):
        assert truth(plain, type_, value) is False
        assert truth(opposite, type_, value) is False
