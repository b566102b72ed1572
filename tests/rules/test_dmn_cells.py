"""S-FEEL unary tests and output entries become our cells and values; what cannot is named."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.rules.dmn_cells import Untranslatable, translate_test, translate_value

CELLS = [
    # (S-FEEL, type of the column, our cell)
    ("", "integer", "-"),
    ("-", "integer", "-"),
    (" - ", "", "-"),
    ("// anything\n", "", "-"),
    ("18", "integer", "18"),
    (".5", "number", "0.5"),
    ("-2.50", "number", "-2.5"),
    ("- 3", "number", "-3"),
    ("1e3", "number", "1000.0"),
    ("<18", "integer", "< 18"),
    (">= -18", "integer", ">= -18"),
    ("= 5", "integer", "5"),
    ("!= 5", "integer", "!= 5"),
    ("[1..5]", "integer", "[1..5]"),
    ("[1.5..5]", "number", "[1.5..5]"),
    ("]1..5[", "integer", "(1..5)"),
    ("(1..5)", "integer", "(1..5)"),
    ("]1..5]", "integer", "(1..5]"),
    ("[1..5[", "integer", "[1..5)"),
    ("1, 5, [7..9]", "integer", "1, 5, [7..9]"),
    ("not(1, > 5)", "integer", "not(1, > 5)"),
    ('"DE","FR"', "string", '"DE", "FR"'),
    ('not("US")', "string", 'not("US")'),
    (r'"a\"b\n"', "string", r'"a\"b\n"'),
    ('"it\\\'s"', "string", '"it\'s"'),
    ("true", "boolean", "true"),
    ("not(true)", "boolean", "not(true)"),
    ('date("2026-01-31")', "date", "2026-01-31"),
    ('> date("2026-01-31")', "date", "> 2026-01-31"),
    ('[date("2026-01-01")..date("2026-12-31")]', "date", "[2026-01-01..2026-12-31]"),
    ('@"2026-01-31"', "date", "2026-01-31"),
    ('< date and time("2026-01-31T09:00:00Z")', "datetime", "< 2026-01-31T09:00:00Z"),
    ("? > 5", "integer", "> 5"),
    ("? >= 5 and ? < 9", "integer", "[5..9)"),
    ("? < 9 and ? > 5", "integer", "(5..9)"),
    ("? in [1..5]", "integer", "[1..5]"),
    ("< 1 or > 5", "integer", "< 1, > 5"),
    ("> limit", "integer", "> {limit}"),
    ("5 /* five */", "integer", "5"),
]


@pytest.mark.parametrize(("text", "type_", "cell"), CELLS)
def test_a_unary_test_of_dmn_is_written_in_our_words(text, type_, cell):
    assert translate_test(text, type_, {"limit"}) == cell


NOT_TAKEN = [
    # (cell, type, part of the reason)
    ("null", "string", "missing (null)"),
    ("not(null)", "string", "missing (null)"),
    ("ceiling", "integer", "“ceiling” is neither a value nor a parameter"),
    ("a.b > 5", "integer", "“a.b” is neither a value"),
    ('contains(?, "x")', "string", "the function “contains” is not possible"),
    ('starts with(?, "x")', "string", "“starts” is neither"),
    ("? + 1 > 5", "integer", "can only be a comparison"),
    ("5 * 2", "integer", "“* 2” is no part of a simple test"),
    ("5 - 2", "integer", "it is an expression, not a list of tests"),
    ("?", "integer", "can only be a comparison"),
    ("< 5 and < 3", "integer", "between a lower and an upper bound"),
    ("< ", "integer", "it ends too early"),
    ("[1..", "integer", "it ends too early"),
    ("[1, 2]", "integer", "such as [1..5]"),
    ('time("09:00:00")', "datetime", "a time of day or a duration"),
    ('duration("P3D")', "string", "a time of day or a duration"),
    ('@"P1Y"', "date", "a time of day or a duration"),
    ('> "a"', "string", "a text has no order"),
    ("yes", "boolean", "“yes” is neither a value nor a parameter"),
    ('"18"', "integer", "needs a whole number"),
    ("${x}", "integer", "is no part of a simple test"),
    ("[5..1]", "integer", "is empty"),
]


@pytest.mark.parametrize(("text", "type_", "reason"), NOT_TAKEN)
def test_what_a_cell_cannot_say_is_named(text, type_, reason):
    with pytest.raises(Untranslatable, match=r".") as refused:
        translate_test(text, type_, {"limit"})
    assert reason in str(refused.value)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=30), st.text('"()[].,<>=?-@not 15andtrue', max_size=15)))
def test_any_text_is_translated_or_refused(text):
    for type_ in ("", "string", "integer", "date"):
        with suppress(Untranslatable):
            assert translate_test(text, type_)
    with suppress(Untranslatable):
        assert isinstance(translate_value(text), str | int | float | bool | None)


VALUES = [
    ('"high"', "high"), ("", None), ("-", None), ("null", None), ("5", 5), ("-5.5", -5.5), ("true", True),
    ('date("2026-01-31")', "2026-01-31"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_an_output_entry_is_a_value(text, value):
    assert translate_value(text) == value


@pytest.mark.parametrize("text", ["high", "1 + 1", '"a" + "b"', '"a", "b"', 'if a then "b" else "c"', "[1]"])
def test_an_output_entry_that_reckons_is_refused(text):
    with pytest.raises(Untranslatable):
        translate_value(text)
