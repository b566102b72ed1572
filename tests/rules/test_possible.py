"""What is said to be impossible never happens; what is said to be possible does."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.engine.truth import Scope, Vocabulary, truth
from orchestration.facts import MISSING, Facts, check_values
from orchestration.rules.catalogue import catalogue_of
from orchestration.rules.language import AllOf, Not, VersionContent
from orchestration.rules.parse import condition_from
from orchestration.rules.possible import Known, always, example_of_both, never
from tests.engine import test_differential as differential
from tests.rules.contents import content, when

CONTENT = content(parameters={"limit": {"type": "number", "value": 5}, "home": {"type": "list", "value": ["DE", "FR"]}})


def known(made: VersionContent, **more: Any) -> Known:
    words = Vocabulary.of(made, catalogue_of(made))
    return Known(words.catalogue, words.parameters, words.zone, **more)


KNOWN = known(CONTENT, always_given=lambda path: path in ("case.age", "case.country"))


def age(op: str, value: Any) -> Any:
    return when(fact="case.age", op=op, value=value)


def income(op: str, value: Any) -> Any:
    return when(fact="case.income", op=op, value=value)


def name(op: str, value: Any, **more: Any) -> Any:
    return when(fact="case.name", op=op, value=value, **more)


DE, US = (when(fact="case.country", op="eq", value=one) for one in ("DE", "US"))
NEVER = [
    {"all": [age("gte", 18), age("lt", 18)]},
    {"all": [age("gt", 17), age("lt", 18)]},  # there is no whole number between
    {"all": [income("gt", {"parameter": "limit"}), income("lte", 5)]},
    {"all": [DE, US]},
    {"all": [DE, {"not": when(fact="case.country", op="in", value={"parameter": "home"})}]},
    {"all": [name("eq", "a"), {"any": [name("eq", "b"), when(fact="case.name", op="is_not_set")]}]},
    {"all": [income("gt", 1), when(fact="case.income", op="is_not_set")]},
    age("gt", 150),  # more than the schema allows
    {"not": {"any": [age("lt", 18), age("gte", 18)]}},
    {"not": "always"},
    {"all": [when(fact="case.member", op="eq", value=True), when(fact="case.member", op="ne", value=True)]},
    {
        "all": [
            when(fact="case.born", op="before", value="2000-01-01"),
            when(fact="case.born", op="after", value="2001-01-01"),
        ]
    },
    {"all": [DE, {"any": [US, age("lt", 0)]}]},
    {
        "all": [
            when(fact="agents.address.output.valid", op="eq", value=True),
            when(fact="agents.address.status", op="eq", value="failed"),
        ]
    },
]
SOMETIMES = [
    {"all": [income("gt", 1), income("lt", 2)]},
    {"any": [income("lt", 5), income("gte", 5)]},  # income may be missing
    {"all": [name("eq", "de", ignore_case=True), name("ne", "de")]},  # “DE”
    {"all": [name("starts_with", "a"), name("ends_with", "b")]},
    {
        "all": [
            when(fact="case.born", op="older_than", value="18y"),
            when(fact="case.born", op="within_last", value="1d"),
        ]
    },
    {"all": [when(fact="case.tags", op="is_empty"), when(fact="case.tags", op="size_gt", value=1)]},
    {"all": [age("gt", {"fact": "case.income"}), age("lt", {"fact": "case.income"})]},  # cannot be told
    {"some": "case.owners", "where": when(fact="item.share", op="gt", value=1000)},
    when(fact="case.born", op="is_set"),
    when(fact="case.seen", op="is_not_set"),
    {
        "all": [
            when(fact="case.seen", op="after", value="2026-01-01"),
            when(fact="case.seen", op="before", value="2026-01-03"),
        ]
    },
]
ALWAYS = [
    {"any": [age("lt", 18), age("gte", 18)]},
    age("gte", 0),
    {"any": [DE, {"not": DE}]},
    {"not": {"all": [DE, US]}},
    {"any": [income("lt", 5), income("gte", 5), when(fact="case.income", op="is_not_set")]},
    when(fact="case.country", op="is_set"),
]


@pytest.mark.parametrize("condition", NEVER)
def test_what_contradicts_itself_is_never_true(condition):
    read = condition_from(condition)
    assert (never(read, KNOWN), always(read, KNOWN), always(Not(read), KNOWN)) == (True, False, True)


@pytest.mark.parametrize("condition", SOMETIMES)
def test_what_may_be_either_way_is_neither(condition):
    read = condition_from(condition)
    assert (never(read, KNOWN), always(read, KNOWN)) == (False, False)


@pytest.mark.parametrize("condition", ALWAYS)
def test_what_covers_everything_is_always_true(condition):
    read = condition_from(condition)
    assert (never(read, KNOWN), always(read, KNOWN)) == (False, True)


def both(one: Any, other: Any) -> Any:
    return example_of_both(condition_from(one), condition_from(other), KNOWN)


def test_an_example_where_both_are_true():
    assert both(DE, age("lt", 18)) == {"case.country": "DE", "case.age": 0}
    assert both(DE, US) is None
    assert both("always", "always") == {"": True}
    assert both(DE, name("starts_with", "a")) is None  # that cannot be told for certain


def test_what_lies_below_a_fact_is_given_only_with_it():
    whole, part = (when(fact="case.o", op="is_not_set"), when(fact="case.o.x", op="is_set"))
    words = known(differential.version(random.Random(1), 1))
    assert never(condition_from({"all": [whole, part]}), words)
    assert example_of_both(condition_from(whole), condition_from(part), words) is None


def test_a_condition_that_is_too_large_is_left_alone_rather_than_guessed():
    many = AllOf(
        tuple(condition_from({"any": [income("eq", n), name("eq", f"n{n}"), age("eq", n)]}) for n in range(60))
    )
    assert (never(many, KNOWN), always(many, KNOWN)) in ((False, False), (True, False))


def usual(draw: random.Random) -> Facts:
    """Random facts of every kind, within the limits on values; whole numbers are whole, as schemas see to."""
    found = Facts(within_limits(differential.facts(draw).document))
    case = dict(found.document["case"])
    if isinstance(case.get("m"), float):
        case["m"] = draw.choice([None, 0, 1, 2, 18, -1, 2**53])
    meta = {**found.document["meta"], "priority": draw.choice([None, "low", "high"])}
    return Facts({**found.document, "case": case, "meta": meta})


def within_limits(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: within_limits(below) for key, below in value.items()}
    if isinstance(value, list):
        return [within_limits(below) for below in value]
    return None if check_values(value) else value


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_no_facts_contradict_what_is_said(draw: random.Random) -> None:
    made = differential.version(draw, 5)
    words = Vocabulary.of(made, catalogue_of(made))
    certain = known(made)
    facts = [usual(draw) for _ in range(10)]
    for rule in made.rules[:-1]:
        truths = {truth(rule.when, Scope.of(words, one)) for one in facts}
        if never(rule.when, certain):
            assert truths == {False}, rule.when
        if always(rule.when, certain):
            assert truths == {True}, rule.when


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_the_example_makes_both_true(draw: random.Random) -> None:
    made = differential.version(draw, 4)
    words = Vocabulary.of(made, catalogue_of(made))
    for one in made.rules[:2]:
        for other in made.rules[2:4]:
            witness = example_of_both(one.when, other.when, known(made))
            if witness is None:
                continue
            document: dict[str, Any] = {}
            for path, value in witness.items():
                below: Any = document
                *parents, last = path.split(".")
                for part in parents:
                    below = below.setdefault(part, {})
                    if not isinstance(below, dict):
                        break
                else:
                    if value is not MISSING and path:
                        below[last] = {**value, **below.get(last, {})} if isinstance(value, dict) else value
            scope = Scope.of(words, Facts(document))
            assert truth(one.when, scope), (one.when, witness)
            assert truth(other.when, scope), (other.when, witness)
