"""When each operator holds."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from orchestration.facts import MISSING
from orchestration.rules.operators import OPERATORS, TYPES, holds, operators_for, pattern_fault

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 31, 12, 0, tzinfo=ZoneInfo("UTC"))

TRUE = [
    # numbers compare exactly, whether written as integer or not
    ("eq", "number", 1, 1.0),
    ("eq", "integer", 3, 3),
    ("ne", "number", 0.1, 0.2),
    ("lt", "number", 17, 18),
    ("lte", "number", 18, 18),
    ("gt", "number", 2**53, 2**53 - 1),
    ("gte", "integer", 18, 18.0),
    ("between", "number", 5, [1, 5]),  # both ends belong to it
    ("in", "number", 2, [1, 2.0]),
    ("not_in", "integer", 3, [1, 2]),
    ("not_in", "integer", 3, []),
    # texts compare as they are
    ("eq", "string", "é", "é"),
    ("ne", "string", "DE", "de"),
    ("in", "string", "DE", ["FR", "DE"]),
    ("contains", "string", "aaaa", "aa"),
    ("starts_with", "string", "Straße", "Str"),
    ("ends_with", "string", "bexampleexample", "example"),
    ("contains", "string", "x", ""),
    ("matches", "string", "AB-12", r"[A-Z]{2}-\d+"),
    # booleans
    ("eq", "boolean", True, True),
    ("ne", "boolean", True, False),
    # days
    ("eq", "date", "2026-01-31", "2026-01-31"),
    ("before", "date", "2026-01-30", "2026-01-31"),
    ("after", "date", "2026-02-01", "2026-01-31"),
    ("on_or_before", "date", "2026-01-31", "2026-01-31"),
    ("on_or_after", "date", "2026-01-31", "2026-01-31"),
    ("between", "date", "2026-01-31", ["2026-01-31", "2026-02-01"]),
    # moments, whatever offset they are written with; without one they are in the zone
    ("eq", "datetime", "2026-01-31T10:00:00Z", "2026-01-31T11:00:00+01:00"),
    ("eq", "datetime", "2026-01-31T10:00:00", "2026-01-31T09:00:00Z"),
    ("before", "datetime", "2026-01-31T10:00:00+02:00", "2026-01-31T09:00:00Z"),
    ("eq", "datetime", "2026-01-31T10:00", "2026-01-31T10:00:00.000"),
    # a moment against a day: its day in the zone (23:30 UTC is the next day in Berlin)
    ("after", "datetime", "2026-01-30T23:30:00Z", "2026-01-30"),
    ("eq", "date", "2026-01-31", "2026-01-30T23:30:00Z"),
    # lists
    ("contains", "array", [1, "a"], "a"),
    ("contains", "array", [1, 2.0], 2),
    ("size_eq", "array", [1, 1], 2),
    ("size_lt", "array", [], 1),
    ("size_lte", "array", [1], 1),
    ("size_gt", "array", [1], 0),
    ("size_gte", "array", [1], 1),
    ("is_empty", "array", [], None),
    # what is there, and what is not; null and another type count as not there
    ("is_set", "string", "", None),
    ("is_set", "any", False, None),
    ("is_set", "object", {}, None),
    ("is_not_set", "string", None, None),
    ("is_not_set", "string", MISSING, None),
    ("is_not_set", "string", 5, None),
]

FALSE = [
    ("eq", "number", True, 1),  # true is no number
    ("eq", "boolean", 1, True),
    ("eq", "number", "1", 1),
    ("eq", "string", 1, "1"),
    ("eq", "number", 1, "1"),  # nor does an operand of another type fit
    ("ne", "number", 1, "1"),
    ("ne", "number", 1, True),
    ("ne", "string", MISSING, "x"),  # everything is false on a missing value, `ne` and `not_in` too
    ("not_in", "string", None, ["x"]),
    ("not_in", "number", 1, [2, MISSING]),
    ("in", "number", 1, MISSING),
    ("eq", "number", 1, MISSING),
    ("eq", "string", "x", None),
    ("lt", "number", float("nan"), 1),
    ("ne", "number", float("nan"), 1),
    ("lt", "string", "a", "b"),  # texts have no order
    ("between", "number", 6, [1, 5]),
    ("between", "number", 3, [5, 1]),
    ("matches", "string", "xAB", "AB"),  # the whole text must match
    ("matches", "string", "AB\n", "AB"),
    ("matches", "string", "x", "("),
    ("matches", "string", "\ud800", "."),
    ("eq", "date", "2026-02-30", "2026-02-30"),  # no such day
    ("eq", "date", "20260131", "20260131"),
    ("eq", "datetime", "2026-01-31T25:00:00Z", "2026-01-31T25:00:00Z"),
    ("before", "date", "2026-01-30", "tomorrow"),
    ("contains", "array", [1], True),
    ("contains", "array", "abc", "a"),
    ("is_empty", "array", MISSING, None),
    ("is_empty", "array", "", None),
    ("size_eq", "array", None, 0),
    ("is_set", "string", None, None),
    ("is_set", "date", "soon", None),
    ("is_not_set", "number", 0, None),
]


@pytest.mark.parametrize(("op", "type_", "value", "operand"), TRUE)
def test_operator_holds(op, type_, value, operand):
    assert holds(op, type_, value, operand, now=NOW, zone=BERLIN) is True


@pytest.mark.parametrize(("op", "type_", "value", "operand"), FALSE)
def test_operator_does_not_hold(op, type_, value, operand):
    assert holds(op, type_, value, operand, now=NOW, zone=BERLIN) is False


CLOCK = [
    # (operator, type, value, period, holds); now is 31 March 2026, 14:00 in Berlin
    ("within_last", "date", "2026-03-31", "30d", True),
    ("within_last", "date", "2026-03-01", "30d", True),  # the end belongs to it
    ("within_last", "date", "2026-02-28", "30d", False),
    ("within_last", "date", "2026-04-01", "30d", False),  # the future is not the past
    ("within_next", "date", "2026-04-30", "1mo", True),  # a month after 31 March is the last of April
    ("within_next", "date", "2026-05-01", "1mo", False),
    ("within_next", "date", "2026-03-30", "1mo", False),
    ("within_last", "date", "2026-02-28", "1mo", True),  # a month before 31 March is the last of February
    ("within_last", "date", "2026-02-27", "1mo", False),
    ("older_than", "date", "2008-03-31", "18y", True),  # who has the 18th birthday today is of age
    ("older_than", "date", "2008-04-01", "18y", False),
    ("older_than", "date", "2008-04-01", "9999y", False),
    ("older_than", "datetime", "2026-02-28T14:00:00", "1mo", True),  # at the same time of day
    ("older_than", "datetime", "2026-02-28T14:00:01", "1mo", False),
    ("within_last", "datetime", "2026-03-29T14:00:00+02:00", "2d", True),
    ("within_last", "datetime", "2026-03-28T14:00:00+01:00", "3d", True),  # across the change to summer time
    ("within_last", "datetime", "2026-03-28T13:59:59+01:00", "3d", False),
    ("within_last", "date", "2026-03-31", "soon", False),
    ("within_last", "date", "2026-03-31", 30, False),
]


@pytest.mark.parametrize(("op", "type_", "value", "period", "expected"), CLOCK)
def test_periods_are_counted_by_the_calendar_in_the_zone(op, type_, value, period, expected):
    assert holds(op, type_, value, period, now=NOW, zone=BERLIN) is expected


def test_without_the_time_no_period_holds():
    assert not holds("within_last", "date", "2026-03-31", "30d", zone=BERLIN)
    assert not holds("older_than", "date", "1900-01-01", "1d", zone=BERLIN)


def test_the_day_of_now_is_that_of_the_zone():
    late = datetime(2026, 3, 31, 22, 30, tzinfo=ZoneInfo("UTC"))  # 1 April in Berlin
    assert holds("within_last", "date", "2026-04-01", "1d", now=late, zone=BERLIN)
    assert not holds("within_last", "date", "2026-04-01", "1d", now=late)


@pytest.mark.parametrize(
    ("op", "type_", "value", "operand"),
    [
        ("eq", "string", "Straße", "STRASSE"),  # as people read it, not letter by letter
        ("in", "string", "de", ["DE"]),
        ("contains", "string", "Hello World", "WORLD"),
        ("starts_with", "string", "hello", "HE"),
        ("matches", "string", "ab", "A[B]"),
        ("contains", "array", ["Red"], "red"),
    ],
)
def test_ignore_case_makes_upper_and_lower_case_alike(op, type_, value, operand):
    assert holds(op, type_, value, operand, ignore_case=True)
    assert not holds(op, type_, value, operand)


def test_not_in_with_ignore_case_excludes_other_spellings():
    assert not holds("not_in", "string", "de", ["DE"], ignore_case=True)


def test_each_type_has_the_operators_of_the_contract():
    numbers = ("eq", "ne", "lt", "lte", "gt", "gte", "between", "in", "not_in")
    times = ("eq", "ne", "between", "before", "after", "on_or_before", "on_or_after")
    clock = ("within_last", "within_next", "older_than")
    sizes = ("size_eq", "size_lt", "size_lte", "size_gt", "size_gte", "is_empty")
    texts = ("eq", "ne", "in", "not_in", "contains", "starts_with", "ends_with", "matches")
    always = ("is_set", "is_not_set")
    expected = {
        "number": numbers + always,
        "integer": numbers + always,
        "string": texts + always,
        "boolean": ("eq", "ne", *always),
        "date": times + clock + always,
        "datetime": times + clock + always,
        "array": ("contains", *sizes, *always),
        "object": always,
        "any": always,
    }
    assert {type_: operators_for(type_) for type_ in TYPES} == expected


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.parametrize("value", [MISSING, None])
def test_on_a_missing_value_everything_but_is_not_set_is_false(op, type_, value):
    operand = {"pair": [1, 2], "list": [1], "none": None}.get(OPERATORS[op].takes, 1)
    assert holds(op, type_, value, operand, now=NOW) is (op == "is_not_set")


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("a+", ""),
        ("(a", "is not a regular expression: missing ): (a"),
        (r"(a)\1", "is not a regular expression: invalid escape sequence: \\1"),  # would not be linear
        ("a" * 1001, "is longer than 1,000 bytes"),
    ],
)
def test_a_bad_pattern_is_explained(pattern, said):
    assert pattern_fault(pattern) == said


def test_a_pattern_that_kills_backtracking_engines_is_quick_here():
    assert not holds("matches", "string", "a" * 50_000 + "b", "(a|aa)+")
