"""A step says why: the rules that gave it by title, with the values that mattered."""

from __future__ import annotations

import pytest

APPROVE = {"decide": {"outcome": "approve"}}


def is_(fact, op="is_set", value=None):
    return {"fact": fact, "op": op, **({} if value is None else {"value": value})}


ADULT = is_("case.age", "gte", 18)
GERMAN = is_("case.country", "eq", "DE")


@pytest.mark.parametrize(
    ("when", "case", "text"),
    [
        ("always", {}, ""),
        (ADULT, {"age": 20}, "age is 20"),
        (GERMAN, {"country": "DE"}, "country is “DE”"),
        ({"all": [ADULT, GERMAN]}, {"age": 20, "country": "DE"}, "age is 20; country is “DE”"),
        ({"any": [ADULT, GERMAN]}, {"age": 5, "country": "DE"}, "country is “DE”"),  # only what made it true
        ({"any": [ADULT, GERMAN]}, {"age": 20, "country": "DE"}, "age is 20; country is “DE”"),
        ({"not": {"any": [ADULT, GERMAN]}}, {"age": 5}, "age is 5; country is not set"),
        ({"not": {"all": [ADULT, GERMAN]}}, {"age": 20, "country": "US"}, "country is “US”"),
        ({"not": ADULT}, {"age": None}, "age is not set"),
        ({"some": "case.tags", "where": is_("item", "eq", "a")}, {"tags": ["a"]}, 'tags is ["a"]'),
        ({"all": [ADULT, is_("case.age", "lt", 30)]}, {"age": 20}, "age is 20"),  # each fact once
        (is_("case.country", "is_set"), {"country": "x" * 500}, "country is “" + "x" * 79 + "…”"),
    ],
)
def test_a_reason_tells_the_values_that_mattered(version, when, case, text):
    (reason,) = version({"when": when, "then": APPROVE, "title": "All is well"}).advance(case).reasons
    assert (reason.rule, reason.title, reason.text) == ("r0", "All is well", text)


def test_rules_that_set_what_the_deciding_rule_reads_are_reasons_too(version):
    step = version(
        {"key": "young", "when": {"not": ADULT}, "then": {"set": {"derived.risk": "high"}}},
        {"key": "care", "when": is_("derived.risk", "eq", "high"), "then": {"set": {"derived.care": True}}},
        {"key": "other", "when": GERMAN, "then": {"set": {"derived.other": 1}}},
        {"key": "no", "when": is_("derived.care", "eq", True), "then": {"decide": {"outcome": "reject"}}},
    ).advance({"age": 5, "country": "DE"})
    assert [(reason.rule, reason.text) for reason in step.reasons] == [
        ("no", "care is true"),
        ("care", "risk is “high”"),
        ("young", "age is 5"),
    ]


TABLE = {
    "key": "risk",
    "title": "Risk",
    "hit_policy": "unique",
    "inputs": [{"fact": "case.age"}, {"fact": "derived.zone"}],
    "outputs": [{"set": "derived.risk", "type": "string"}],
    "rows": [{"key": "minor", "when": ["< 18", "-"], "then": ["high"]}],
    "otherwise": ["low"],
}


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (5, [("r0", "risk is “high”"), ("risk/minor", "age is 5")]),
        # where no row applied, what the table reads is told through the rules that set it
        (30, [("r0", "risk is “low”"), ("risk/otherwise", "no row applied"), ("zone", "country is “DE”")]),
    ],
)
def test_rows_of_tables_are_reasons(version, age, expected):
    zone = {"key": "zone", "when": GERMAN, "then": {"set": {"derived.zone": "EU"}}}
    made = version({"when": is_("derived.risk"), "then": APPROVE}, zone, tables=[TABLE])
    step = made.advance({"age": age, "country": "DE"})
    assert [(reason.rule, reason.text) for reason in step.reasons] == expected
    assert {reason.title for reason in step.reasons if reason.rule.startswith("risk")} == {"Risk"}


def test_an_escalation_and_a_table_that_decides_have_reasons(version):
    deciding = {**TABLE, "inputs": [{"fact": "case.age"}], "outputs": [{"decide": "outcome"}], "otherwise": ["approve"]}
    deciding["rows"] = [{"key": "minor", "when": ["< 18"], "then": ["reject"]}]
    step = version(tables=[deciding]).advance({"age": 5})
    assert (step.rule, step.outcome, step.reasons[0].text) == ("risk/minor", "reject", "age is 5")
    step = version(tables=[deciding]).advance({"age": 20})
    assert (step.rule, step.outcome, step.reasons[0].text) == ("risk/otherwise", "approve", "no row applied")
    look = {"when": ADULT, "then": {"escalate": {"queue": "desk", "reason": "look"}}}
    assert version(look).advance({"age": 20}).reasons[0].text == "age is 20"


def test_steps_that_no_rule_gave_have_no_reasons(version):
    assert version().advance().reasons == ()
    assert version({"then": {"run": ["a"]}}, {"then": APPROVE}, agents={"a": {}}).advance().reasons == ()
