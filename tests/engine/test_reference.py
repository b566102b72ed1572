"""Explanations: the truth of every condition, and for a rule that is not true what kept it out."""

from __future__ import annotations

import pytest

from orchestration.engine.reference import explain
from orchestration.facts import Facts

APPROVE = {"decide": {"outcome": "approve"}}


def is_(fact, op="is_set", value=None):
    return {"fact": fact, "op": op, **({} if value is None else {"value": value})}


ADULT = is_("case.age", "gte", 18)
GERMAN = is_("case.country", "eq", "DE")
PEP = is_("case.pep", "eq", True)


def traces(made, case):
    return explain(made.rule_set, Facts({"case": case}))


@pytest.mark.parametrize(
    ("when", "case", "conditions", "kept_out"),
    [
        ("always", {}, [("always", True, {})], None),
        (ADULT, {"age": 20}, [("age is at least 18", True, {"case.age": 20})], None),
        (ADULT, {}, [("age is at least 18", False, {"case.age": None})], 0),
        (
            {"all": [ADULT, GERMAN, PEP]},
            {"age": 20, "country": "US"},
            [
                ("age is at least 18", True, {"case.age": 20}),
                ("country is “DE”", False, {"case.country": "US"}),
                ("pep is true", False, {"case.pep": None}),
            ],
            1,  # the first that was false
        ),
        (
            {"all": [ADULT, {"all": [GERMAN, PEP]}]},  # what is nested in `all` stands beside the others
            {"age": 20, "country": "DE"},
            [
                ("age is at least 18", True, {"case.age": 20}),
                ("country is “DE”", True, {"case.country": "DE"}),
                ("pep is true", False, {"case.pep": None}),
            ],
            2,
        ),
        (
            {"any": [ADULT, GERMAN]},
            {"age": 5},
            [("any of: age is at least 18; country is “DE”", False, {"case.age": 5, "case.country": None})],
            0,
        ),
        (
            {"not": ADULT},
            {"age": 20},
            [("it is not so that age is at least 18", False, {"case.age": 20})],
            0,
        ),
        (
            {"some": "case.tags", "where": is_("item", "eq", "a")},
            {"tags": ["b"]},
            [("for at least one of tags: it is “a”", False, {"case.tags": ["b"]})],
            0,
        ),
    ],
)
def test_a_rule_is_explained_by_its_conditions(version, when, case, conditions, kept_out):
    (trace,) = traces(version({"when": when, "then": APPROVE}), case)
    assert [(one.text, one.truth, one.seen) for one in trace.conditions] == conditions
    assert trace.kept_out_by == (None if kept_out is None else trace.conditions[kept_out])
    assert trace.matched is (kept_out is None)


def test_conditions_know_their_place_and_their_parts(version):
    when = {"all": [ADULT, {"any": [GERMAN, {"not": PEP}]}]}
    made = version({"then": APPROVE, "priority": -1}, {"when": when, "then": APPROVE})
    trace = traces(made, {"age": 20, "pep": True})[0]
    assert [one.place for one in trace.conditions] == ["/rules/1/when/all/0", "/rules/1/when/all/1"]
    parts = trace.conditions[1].parts
    assert [(one.place, one.truth) for one in parts] == [
        ("/rules/1/when/all/1/any/0", False),
        ("/rules/1/when/all/1/any/1", False),
    ]
    assert [(one.place, one.truth) for one in parts[1].parts] == [("/rules/1/when/all/1/any/1/not", True)]


def test_rules_and_rows_are_explained_in_walk_order(version):
    table = {
        "key": "t",
        "title": "A table",
        "hit_policy": "first",
        "inputs": [{"fact": "case.age"}, {"fact": "case.country"}],
        "outputs": [{"decide": "outcome"}],
        "rows": [
            {"key": "one", "when": ["< 18", "-"], "then": ["reject"]},
            {"key": "two", "when": [">= 18", '"DE"'], "then": ["approve"]},
        ],
    }
    made = version(
        {"then": APPROVE}, {"then": APPROVE, "enabled": False}, {"then": APPROVE, "kind": "guard"}, tables=[table]
    )
    found = traces(made, {"age": 20, "country": "US"})
    assert [(one.rule, one.title, one.kind, one.table, one.row, one.matched) for one in found] == [
        ("r0", "Rule r0", "rule", "", "", True),
        ("r2", "Rule r2", "guard", "", "", True),
        ("t/one", "A table", "table", "t", "one", False),
        ("t/two", "A table", "table", "t", "two", False),
    ]
    assert found[3].kept_out_by is not None
    assert (found[3].kept_out_by.text, found[3].kept_out_by.place) == ("country is “DE”", "/tables/0/rows/1/when")
