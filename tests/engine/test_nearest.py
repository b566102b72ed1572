"""The nearest change of one value: what is advised really makes the rule true, and it is what a person would do."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.engine.nearest import Change, applied, nearest_change
from orchestration.engine.reference import evaluate
from orchestration.engine.truth import Scope, Vocabulary, truth
from orchestration.facts import Facts
from orchestration.rules.catalogue import catalogue_of
from orchestration.rules.language import Condition, VersionContent
from orchestration.rules.parse import condition_from, version_from
from tests.engine import test_differential as differential
from tests.rules import strategies
from tests.rules.contents import version, when

NOW = "2026-11-22T12:00:00Z"
PARAMETERS = {"limit": {"type": "number", "value": 0.85}, "home": {"type": "list", "value": ["DE", "FR"]}}
CONTENT = version_from(version(parameters=PARAMETERS, time_zone="Europe/Berlin"))


def words(content: VersionContent) -> Vocabulary:
    return Vocabulary.of(content, catalogue_of(content))


VOCABULARY = words(CONTENT)


def advice(condition: Any, case: dict[str, Any], **sources: Any) -> Change | None:
    facts = Facts({"case": case, "meta": {"now": NOW}, **sources})
    found = nearest_change(condition_from(condition), VOCABULARY, facts)
    if found is not None:
        changed = applied(facts, found)
        assert truth(condition_from(condition), Scope.of(VOCABULARY, changed))
        assert facts.document["case"] == case  # the facts themselves stay as they are
    return found


def told(condition: Any, case: dict[str, Any], **sources: Any) -> Any:
    found = advice(condition, case, **sources)
    return None if found is None else (found.path, *found.within, found.before, found.after)


ADULT = when(fact="case.age", op="gte", value=18)
HOME = when(fact="case.country", op="in", value=["DE", "FR"])

CASES = [
    # (condition, payload, fact, value before, value after)
    (ADULT, {"age": 17}, "case.age", 17, 18),
    (ADULT, {}, "case.age", None, 18),
    (ADULT, {"age": "17"}, "case.age", "17", 18),  # of the wrong type
    (when(fact="case.age", op="gt", value=18), {"age": 18}, "case.age", 18, 19),  # a whole number
    (when(fact="case.age", op="lt", value=18), {"age": 18}, "case.age", 18, 17),
    (when(fact="case.age", op="between", value=[20, 30]), {"age": 35}, "case.age", 35, 30),
    (when(fact="case.income", op="gt", value=0.85), {"income": 0.5}, "case.income", 0.5, 0.86),
    (when(fact="case.income", op="gte", value={"parameter": "limit"}), {"income": 0.8}, "case.income", 0.8, 0.85),
    (when(fact="case.income", op="eq", value=0.3), {"income": 0.1}, "case.income", 0.1, 0.3),
    (when(fact="case.income", op="ne", value=3), {"income": 3}, "case.income", 3, 4),
    (when(fact="case.country", op="eq", value="US"), {"country": "DE"}, "case.country", "DE", "US"),
    (when(fact="case.country", op="in", value={"parameter": "home"}), {"country": "US"}, "case.country", "US", "DE"),
    (when(fact="case.country", op="not_in", value=["DE", "FR"]), {"country": "FR"}, "case.country", "FR", "US"),
    (when(fact="case.name", op="starts_with", value="Dr "), {"name": "Ida"}, "case.name", "Ida", "Dr Ida"),
    (when(fact="case.name", op="ends_with", value="!"), {"name": "Ida"}, "case.name", "Ida", "Ida!"),
    (when(fact="case.name", op="is_not_set"), {"name": "Ida"}, "case.name", "Ida", None),
    (when(fact="case.name", op="is_set"), {}, "case.name", None, "a text"),
    (when(fact="case.member", op="eq", value=True), {"member": False}, "case.member", False, True),
    ({"not": when(fact="case.member", op="eq", value=True)}, {"member": True}, "case.member", True, False),
    (
        when(fact="case.born", op="before", value="2008-11-22"),
        {"born": "2010-01-01"},
        *("case.born", "2010-01-01", "2008-11-21"),
    ),
    (
        when(fact="case.born", op="older_than", value="18y"),
        {"born": "2010-01-01"},
        *("case.born", "2010-01-01", "2008-11-22"),
    ),
    (
        when(fact="case.seen", op="within_last", value="2d"),
        {"seen": "2026-11-01T00:00:00Z"},
        *("case.seen", "2026-11-01T00:00:00Z", "2026-11-20T12:00:00Z"),
    ),
    (when(fact="case.tags", op="contains", value="vip"), {"tags": ["new"]}, "case.tags", ["new"], ["new", "vip"]),
    (when(fact="case.tags", op="size_gte", value=2), {"tags": ["a"]}, "case.tags", ["a"], ["a", "a text"]),
    (when(fact="case.tags", op="is_empty"), {"tags": ["a"]}, "case.tags", ["a"], []),
    (when(fact="case.address.city", op="eq", value="Ulm"), {}, "case.address.city", None, "Ulm"),
    # the same fact twice: the value must suit both
    ({"all": [ADULT, when(fact="case.age", op="lt", value=20)]}, {"age": 40}, "case.age", 40, 19),
    (
        {"all": [when(fact="case.income", op="gt", value=1), when(fact="case.income", op="lt", value=2)]},
        {"income": 5},
        *("case.income", 5, 1.5),
    ),
    # any of two: the smaller change
    ({"any": [when(fact="case.age", op="gte", value=100), HOME]}, {"age": 20, "country": "US"}, *("case.age", 20, 100)),
    ({"any": [when(fact="case.age", op="gte", value=21), HOME]}, {"age": 20, "country": "US"}, "case.age", 20, 21),
]


@pytest.mark.parametrize(("condition", "case", "path", "before", "after"), CASES)
def test_the_nearest_value_that_makes_it_true(condition, case, path, before, after):
    assert told(condition, case) == (path, before, after)


def test_two_facts_that_are_both_wrong_cannot_be_mended_by_one_change():
    assert told({"all": [ADULT, HOME]}, {"age": 17, "country": "US"}) is None
    assert told({"all": [ADULT, HOME]}, {"age": 17, "country": "DE"}) == ("case.age", 17, 18)


def test_what_contradicts_itself_has_no_advice():
    assert told({"all": [ADULT, when(fact="case.age", op="lt", value=18)]}, {"age": 17}) is None


def test_what_is_true_already_needs_none():
    assert told(ADULT, {"age": 20}) is None
    assert told("always", {}) is None


def test_values_that_the_schema_rules_out_are_not_advised():
    assert told(when(fact="case.age", op="gt", value=150), {"age": 20}) is None  # at most 150
    assert told({"all": [when(fact="case.country", op="ne", value=c) for c in ("DE", "FR", "US")]}, {}) is None


def test_a_fact_held_against_another_one_can_change_on_either_side():
    loan = when(fact="case.income", op="gte", value={"fact": "case.age", "times": 100, "plus": 50})
    assert told(loan, {"income": 2049, "age": 20}) == ("case.income", 2049, 2050)
    low = when(fact="case.age", op="lte", value={"fact": "case.income", "times": 2})
    assert told(low, {"income": 1, "age": 149}) == ("case.income", 1, 74.5)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (
            {"some": "case.owners", "where": when(fact="item.share", op="gt", value=50)},
            ("case.owners", 1, "share", 40, 51),
        ),
        (
            {"every": "case.owners", "where": when(fact="item.share", op="lte", value=30)},
            ("case.owners", 1, "share", 40, 30),
        ),
        (
            {"none": "case.owners", "where": when(fact="item.pep", op="eq", value=True)},
            ("case.owners", 0, "pep", True, False),
        ),
    ],
)
def test_inside_a_list_one_value_of_one_element_changes(condition, expected):
    assert told(condition, {"owners": [{"share": 10, "pep": True}, {"share": 40}]}) == expected


def test_an_element_is_added_where_there_is_none():
    big = when(fact="item.share", op="gt", value=25)
    known = {"some": "case.owners", "where": {"all": [big, when(fact="item.pep", op="eq", value=True)]}}
    assert told(known, {}) == ("case.owners", None, [{"share": 26, "pep": True}])
    assert told(known, {"owners": []}) == ("case.owners", [], [{"share": 26, "pep": True}])


def test_what_rules_set_and_the_time_come_last():
    either = {"any": [when(fact="derived.risk", op="eq", value="low"), when(fact="case.name", op="eq", value="Ida")]}
    content = version_from(
        version(
            rules=[
                *version()["rules"],
                {"key": "r", "title": "R", "when": ADULT, "then": [{"set": {"derived.risk": "low"}}]},
            ]
        )
    )
    facts = Facts({"case": {"name": "Bo"}, "derived": {}, "meta": {"now": NOW}})
    found = nearest_change(condition_from(either), words(content), facts)
    assert found == Change("case.name", "Bo", "Ida")


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_what_is_advised_makes_the_rule_true(draw: random.Random) -> None:
    """Typed rules of every kind, on facts with every value that is known to mislead."""
    content = differential.version(draw, 4)
    rule_set = _compiled(content)
    facts = differential.facts(draw)
    fired = evaluate(rule_set, facts)
    for entry in rule_set.entries:
        found = nearest_change(entry.condition, rule_set.vocabulary, facts)
        if entry.key in fired:
            assert found is None
        elif found is not None:
            assert entry.key in evaluate(rule_set, applied(facts, found)), (entry.condition, found)


@settings(max_examples=300, deadline=None)
@given(strategies.conditions, st.dictionaries(strategies.words, strategies.plain, max_size=3))
def test_so_does_what_is_advised_for_conditions_that_make_no_sense(data: Any, case: dict[str, Any]) -> None:
    condition: Condition = condition_from(data)
    facts = Facts({"case": case, "derived": {}, "meta": {"now": NOW}})
    found = nearest_change(condition, VOCABULARY, facts)
    if found is not None:
        assert not truth(condition, Scope.of(VOCABULARY, facts))
        assert truth(condition, Scope.of(VOCABULARY, applied(facts, found)))


def test_most_single_comparisons_that_can_be_mended_are():
    """No law, but the point of it: of false comparisons over random facts few stay without advice."""
    draw = random.Random(7)
    asked = answered = 0
    for _ in range(60):
        content = differential.version(draw, 10)
        rule_set, facts = _compiled(content), differential.facts(draw)
        for entry in rule_set.entries:
            if not truth(entry.condition, Scope.of(rule_set.vocabulary, facts)):
                asked += 1
                answered += nearest_change(entry.condition, rule_set.vocabulary, facts) is not None
    assert answered / asked > 0.55


class _Compiled:
    """What the reference evaluation needs of a rule set, without an engine."""

    def __init__(self, content: VersionContent) -> None:
        from orchestration.engine.part import Entry

        self.vocabulary = words(content)
        self.entries = [Entry(rule.key, rule.when, rule=rule) for rule in content.rules]


def _compiled(content: VersionContent) -> Any:
    return _Compiled(content)
