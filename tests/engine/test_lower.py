"""Conditions become and/or over leaves, each about one fact; whatever does not fit becomes one predicate."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from orchestration.engine.durable import MAX_COMPOSITES, MAX_WIDTH
from orchestration.engine.lower import Both, Either, Leaf, branches, leaves_in, lowered, width
from orchestration.engine.truth import Vocabulary
from orchestration.facts import Catalogue, FactSpec
from orchestration.rules.language import (
    AllOf,
    Always,
    AnyOf,
    Compare,
    FactRef,
    Literal,
    Not,
    ParameterRef,
    Quantified,
)

TYPES = {
    "case.n": "number",
    "case.m": "integer",
    "case.s": "string",
    "case.b": "boolean",
    "case.d": "date",
    "case.l": "array",
    "case.o": "object",
    "case.any": "any",
}
VOCABULARY = Vocabulary(
    Catalogue({path: FactSpec(path, kind) for path, kind in TYPES.items()}),
    {"limit": 10, "names": ["a", "b"], "word": "x"},
    ZoneInfo("UTC"),
)


def is_(fact, op, *values, **more):
    value = values[0] if len(values) == 1 else values or None
    if isinstance(value, tuple):
        value = tuple(Literal(each) for each in value)
    elif value is not None and not isinstance(value, FactRef | ParameterRef):
        value = Literal(value)
    return Compare(fact, op, value, **more)


def n(op, value=None):
    return Leaf("n", "case.n", op, value)


def s(op, value=None):
    return Leaf("s", "case.s", op, value)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (is_("case.n", "eq", 5), n("=", 5)),
        (is_("case.n", "lt", 5.5), n("<", 5.5)),
        (is_("case.n", "between", 1, 5), Both((n("≥", 1), n("≤", 5)))),
        (is_("case.n", "in", 1, 5), Either((n("=", 1), n("=", 5)))),
        (is_("case.n", "not_in", 1, 5), Both((n("≠", 1), n("≠", 5)))),
        (is_("case.m", "gte", ParameterRef("limit")), Leaf("n", "case.m", "≥", 10)),
        (is_("case.s", "in", ParameterRef("names")), Either((s("=", "a"), s("=", "b")))),
        (is_("case.s", "eq", ParameterRef("word")), s("=", "x")),
        (is_("case.b", "ne", True), Leaf("b", "case.b", "=", False)),
        (is_("case.any", "is_set"), Leaf("x", "case.any", "has")),
        (is_("case.n", "is_not_set"), n("lacks")),
        (is_("case.l", "is_set"), Leaf("a", "case.l", "has")),
        (is_("case.o", "is_not_set"), Leaf("o", "case.o", "lacks")),
        # negation is pushed to the leaves, and a missing value makes the negation true
        (Not(is_("case.n", "gt", 5)), Either((n("≤", 5), n("lacks")))),
        (Not(is_("case.n", "between", 1, 5)), Either((n("<", 1), n(">", 5), n("lacks")))),
        (Not(is_("case.n", "in", 1, 5)), Either((Both((n("≠", 1), n("≠", 5))), n("lacks")))),
        (Not(is_("case.s", "not_in", "a", "b")), Either((s("=", "a"), s("=", "b"), s("lacks")))),
        (Not(is_("case.b", "eq", True)), Either((Leaf("b", "case.b", "=", False), Leaf("b", "case.b", "lacks")))),
        (Not(is_("case.n", "is_set")), n("lacks")),
        (Not(Not(is_("case.n", "eq", 5))), n("=", 5)),
        (
            Not(AllOf((is_("case.s", "is_set"), is_("case.n", "is_set")))),
            Either((s("lacks"), n("lacks"))),
        ),
        # constants are folded, nesting flattened, repetitions dropped, one part stands alone
        (Always(), True),
        (Not(Always()), False),
        (AllOf((Always(), is_("case.n", "eq", 5))), n("=", 5)),
        (AnyOf((Always(), is_("case.n", "eq", 5))), True),
        (AllOf((is_("case.n", "eq", 5), AllOf((is_("case.s", "eq", "a"),)))), Both((n("=", 5), s("=", "a")))),
        (AnyOf((is_("case.n", "eq", 5), is_("case.n", "eq", 5.0))), n("=", 5)),
        (AllOf(()), True),
        (AnyOf(()), False),
    ],
)
def test_a_condition_becomes_leaves_about_single_facts(condition, expected):
    assert lowered(condition, VOCABULARY) == expected


@pytest.mark.parametrize(
    "condition",
    [
        is_("case.s", "eq", "a", ignore_case=True),
        is_("case.s", "contains", "a"),
        is_("case.s", "matches", "a+"),
        is_("case.s", "starts_with", "a"),
        is_("case.d", "eq", "2026-01-01"),
        is_("case.d", "is_set"),  # whether a string is a date is for Python to say
        is_("case.l", "size_gt", 2),
        is_("case.n", "eq", FactRef("case.m")),
        is_("case.n", "lt", FactRef("case.m", times=2)),
        is_("case.n", "between", 1, "a"),  # a literal of another type
        is_("case.n", "eq", True),
        is_("case.n", "eq", 2**53 + 1),  # literals that the engine's numbers do not reach
        is_("case.n", "eq", 1e300),
        is_("case.n", "eq", float("nan")),
        is_("case.n", "in", *range(21)),  # a list too long to be worth it
        is_("case.n", "eq", ParameterRef("names")),
        is_("case.n", "eq", ParameterRef("unknown")),
        Quantified("some", "case.l", is_("item", "is_set")),
    ],
)
def test_what_the_engine_is_not_trusted_with_is_one_predicate(condition):
    assert lowered(condition, VOCABULARY) == Leaf("p", condition, "has")
    assert lowered(Not(condition), VOCABULARY) == Leaf("p", condition, "lacks")


def ors(count, alternatives=2):
    """`all` of so many `any`, each of so many tests that can be true together."""
    return AllOf(
        tuple(
            AnyOf(tuple(is_("case.n", "lt", 1000 * part + number) for number in range(alternatives)))
            for part in range(count)
        )
    )


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        (ors(5), True),  # 2^5 = 32 paths
        (ors(6), False),  # 64 paths
        (AnyOf(tuple(is_("case.n", "lt", number) for number in range(60))), True),
        (AnyOf(tuple(is_("case.n", "lt", number) for number in range(61))), False),
        # 14 composites beside the outer one, each of width 1 (equal to one of two); then 15
        (AllOf(tuple(is_("case.n", "in", number, -number) for number in range(1, 15))), True),
        (AllOf(tuple(is_("case.n", "in", number, -number) for number in range(1, 16))), False),
        (AllOf(tuple(is_("case.n", "ne", number) for number in range(200))), True),
        (AllOf(tuple(is_("case.n", "ne", number) for number in range(201))), False),
    ],
)
def test_a_condition_beyond_the_engines_limits_is_one_predicate_as_a_whole(condition, fits):
    expression = lowered(condition, VOCABULARY)
    assert (expression == Leaf("p", condition, "has")) is not fits
    assert width(expression) <= MAX_WIDTH


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (n("=", 1), 1),
        (Either((n("=", 1), n("=", 2), n("=", 3))), 1),  # of one fact only one can be true
        (Either((n("=", 1), s("=", "a"), n("=", 3))), 2),
        (Either((n("<", 1), n("=", 2), n("lacks"))), 3),
        (Both((Either((n("<", 1), s("lacks"))), Either((n(">", 1), s("=", "a"), n("lacks"))))), 6),
        (Either((Both((n("<", 1), s("lacks"))), n("=", 1))), 2),
    ],
)
def test_width_bounds_the_paths_that_are_true_at_once(expression, expected):
    assert width(expression) == expected


def test_branches_count_every_or_and_every_missing_leaf():
    expression = Both((Either((n("<", 1), n("lacks"))), s("lacks"), Either((n("=", 1), n("=", 2)))))
    assert branches(expression) == 4
    assert [leaf.op for leaf in leaves_in(expression)] == ["<", "lacks", "lacks", "=", "="]
    assert MAX_COMPOSITES == 15
