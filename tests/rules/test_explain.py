"""Rules in plain English, as a business analyst would say them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from orchestration.rules.explain import action_text, condition_text, fact_text, rule_text
from orchestration.rules.parse import action_from, condition_from
from tests.rules.contents import content, decide, rule, version, when
from tests.rules.strategies import actions, conditions

PARAMETERS = {
    "address_confidence_min": {"type": "number", "value": 0.85, "label": "Address confidence minimum"},
    "limit": {"type": "integer", "value": 25000, "unit": "EUR"},
    "home": {"type": "list", "value": ["DE", "FR", "AT", "BE", "NL", "LU"], "label": "Home countries"},
    "adult": {"type": "duration", "value": "18y"},
}
CONTENT = content(parameters=PARAMETERS)
AGE = when(fact="case.age", op="lt", value=18)
CITY = when(fact="case.address.city", op="is_not_set")

CONDITIONS = [
    ("always", "always"),
    (AGE, "age is less than 18"),
    (
        when(fact="agents.address.confidence", op="gte", value={"parameter": "address_confidence_min"}),
        "confidence of address is at least address confidence minimum (0.85)",
    ),
    (when(fact="agents.address.output.valid", op="eq", value=True), "valid (address) is true"),
    (when(fact="agents.address.output.note", op="eq", value="x"), "note of address is “x”"),
    (when(fact="agents.address.status", op="ne", value="failed"), "status of address is not “failed”"),
    (when(fact="case.income", op="gt", value={"parameter": "limit"}), "income is more than limit (25,000 EUR)"),
    (
        when(fact="case.income", op="lte", value={"fact": "case.age", "times": 4.5, "plus": 1000}),
        "income is at most 4.5 × age + 1000",
    ),
    (when(fact="case.income", op="eq", value={"fact": "case.age", "plus": -1}), "income is age - 1"),
    (when(fact="case.age", op="between", value=[18, 65]), "age is between 18 and 65"),
    (when(fact="case.country", op="in", value=["DE", "FR", "US"]), "country is one of “DE”, “FR” or “US”"),
    (
        when(fact="case.country", op="not_in", value={"parameter": "home"}),
        "country is none of home countries (“DE”, “FR”, “AT”, “BE”, “NL”, …)",
    ),
    (when(fact="case.name", op="matches", value="A.*"), "name matches the pattern “A.*”"),
    (
        when(fact="case.name", op="contains", value="ab", ignore_case=True),
        "name contains “ab” (upper and lower case alike)",
    ),
    (when(fact="case.born", op="older_than", value={"parameter": "adult"}), "born is at least adult (18 years) ago"),
    (when(fact="case.born", op="within_last", value="1mo"), "born is within the last 1 month"),
    (when(fact="case.born", op="before", value={"fact": "meta.now"}), "born is before the moment of this round"),
    (when(fact="case.tags", op="size_gte", value=1), "tags has at least 1 entry"),
    (when(fact="case.tags", op="is_empty"), "tags is empty"),
    (CITY, "city is not given"),
    ({"all": [AGE, CITY]}, "age is less than 18 and city is not given"),
    ({"any": [AGE, CITY]}, "any of: age is less than 18; city is not given"),
    (
        {"all": [AGE, {"any": [CITY, AGE]}]},
        "all of: age is less than 18; (any of: city is not given; age is less than 18)",
    ),
    ({"not": AGE}, "it is not so that age is less than 18"),
    ({"not": when(fact="case.member", op="eq", value=True)}, "member is not true"),
    ({"not": {"any": [AGE, CITY]}}, "none of: age is less than 18; city is not given"),
    ({"not": {"not": AGE}}, "age is less than 18"),
    (
        {
            "some": "case.owners",
            "where": {"all": [when(fact="item.share", op="gt", value=25), when(fact="item.pep", op="eq", value=True)]},
        },
        "for at least one of owners: (all of: share is more than 25; pep is true)",
    ),
    ({"none": "case.tags", "where": when(fact="item", op="eq", value="x")}, "for none of tags: it is “x”"),
]


@pytest.mark.parametrize(("condition", "text"), CONDITIONS)
def test_a_condition_is_said_in_words(condition, text):
    assert condition_text(condition_from(condition), CONTENT) == text


ACTIONS = [
    ({"run": ["a", "b", "c"]}, "run a, b and c"),
    ({"set": {"derived.risk_level": "high"}}, "set risk level to “high”"),
    ({"set": {"derived.x": {"divide": [{"fact": "case.income"}, 12]}}}, "set x to income ÷ 12"),
    (decide("approve"), "decide approve"),
    ({"decide": {"outcome": "decline", "note": "Too young"}}, "decide decline (“Too young”)"),
    ({"escalate": {"queue": "desk", "reason": "Name differs"}}, "escalate to desk because “Name differs”"),
    (
        {"escalate": {"queue": "desk", "reason": "Hit", "priority": "urgent"}},
        "escalate to desk because “Hit”, with priority urgent",
    ),
    ({"prioritise": "high"}, "give the case high priority"),
    ({"wait": {"for": "2d"}}, "wait 2 days"),
    ({"wait": {"until": "case.born"}}, "wait until born"),
    (
        {"open_case": {"workflow": "credit", "as": "check", "wait": True}},
        "open a case of credit as check and wait for its decision",
    ),
    ({"notify": {"name": "received"}}, "tell the client “received”"),
]


@pytest.mark.parametrize(("action", "text"), ACTIONS)
def test_an_action_is_said_in_words(action, text):
    assert action_text(action_from(action), CONTENT) == text


def said(condition: Any, *then: Any) -> str:
    whole = content(rules=[*version()["rules"], rule(condition, *then)])
    return rule_text(whole.rules[3], whole)


def test_a_rule_is_one_sentence():
    assert said("always", {"run": ["address"]}) == "Always run address."
    assert said(AGE, {"prioritise": "low"}, decide("decline")) == (
        "When age is less than 18, give the case low priority, then decide decline."
    )
    assert said({"any": [AGE, CITY]}, decide("decline")) == (
        "When any of: age is less than 18; city is not given; decide decline."
    )


def test_two_facts_with_one_name_are_told_apart():
    schema = {
        "type": "object",
        "properties": {
            name: {"type": "object", "properties": {"country": {"type": "string", "title": "Country"}}}
            for name in ("applicant", "home_address")
        },
    }
    whole = content(input_schema=schema, rules=[], agents=None)
    assert fact_text("case.applicant.country", whole) == "country of applicant"
    assert fact_text("case.home_address.country", whole) == "country of home address"


def test_abbreviations_keep_their_capitals():
    schema = {"type": "object", "properties": {"iban": {"type": "string", "title": "IBAN of payee"}}}
    assert fact_text("case.iban", content(input_schema=schema, rules=[], agents=None)) == "IBAN of payee"


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(conditions, actions)
def test_whatever_can_be_read_can_be_said(condition, action):
    assert condition_text(condition_from(condition), CONTENT)
    assert action_text(action_from(action), CONTENT)
