"""A condition that makes no sense is found before it is saved: its place, what is wrong, what was perhaps meant."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.rules.check import check
from tests.rules.contents import content, rule, version, when

PARAMETERS = {
    "limit": {"type": "number", "value": 5},
    "name": {"type": "string", "value": "("},
    "countries": {"type": "list", "value": ["DE", "UK"]},
    "sizes": {"type": "list", "value": [1, 2]},
    "since": {"type": "date", "value": "2020-01-01"},
    "grace": {"type": "duration", "value": "6mo"},
    "quick": {"type": "duration", "value": "4h"},
}


def findings(condition: Any) -> list[tuple[str, str, str, str]]:
    """Severity, pointer below the condition, message and suggestion."""
    rules = [*version()["rules"], rule(condition)]
    found = check(content(rules=rules, parameters=PARAMETERS))
    below = "/rules/3/when"
    return [
        (one.severity, one.pointer.removeprefix(below), one.message, one.suggestion)
        for one in found
        if one.pointer.startswith(below)
    ]


GOOD = [
    when(fact="case.age", op="lt", value=18),
    when(fact="case.age", op="lt", value=4.5),
    when(fact="case.age", op="lt", value={"parameter": "limit"}),
    when(fact="case.age", op="gt", value={"fact": "case.income", "times": 2, "plus": -1}),
    when(fact="case.country", op="eq", value="de", ignore_case=True),
    when(fact="case.country", op="in", value=["DE", "FR"]),
    when(fact="case.name", op="in", value={"parameter": "countries"}),
    when(fact="case.name", op="in", value=["AT", {"parameter": "countries"}]),  # a list within the list
    when(fact="case.name", op="not_in", value={"fact": "case.tags"}),
    when(fact="case.born", op="before", value={"fact": "meta.now"}),
    when(fact="case.born", op="before", value={"parameter": "since"}),
    when(fact="case.seen", op="after", value="2020-01-01"),
    when(fact="case.seen", op="after", value="2020-01-01T10:00:00+01:00"),
    when(fact="case.born", op="older_than", value="18y"),
    when(fact="case.born", op="within_last", value={"parameter": "grace"}),
    when(fact="case.tags", op="contains", value="x", ignore_case=True),
    when(fact="case.tags", op="size_gt", value=0),
    when(fact="case.free", op="is_set"),
    when(fact="case.address", op="is_set"),
    when(fact="agents.address.status", op="eq", value="failed"),
    {"some": "case.owners", "where": {"fact": "item.share", "op": "gt", "value": {"fact": "case.age"}}},
    {"every": "case.owners", "where": {"some": "item.accounts", "where": when(fact="item.iban", op="is_set")}},
    {"none": "case.tags", "where": {"fact": "item", "op": "eq", "value": "x"}},
]


@pytest.mark.parametrize("condition", GOOD)
def test_a_sound_condition_has_no_findings(condition):
    assert findings(condition) == []


BAD = [
    # (condition, severity, pointer, message, suggestion)
    (
        when(fact="case.agee", op="lt", value=1),
        ("error", "/fact", "There is no fact “case.agee”. Did you mean “case.age”?", "case.age"),
    ),
    (
        when(fact="agents.adress.confidence", op="lt", value=1),
        (
            "error",
            "/fact",
            "There is no agent step “adress”. Did you mean “agents.address.confidence”?",
            "agents.address.confidence",
        ),
    ),
    (
        when(fact="item.share", op="gt", value=1),
        ("error", "/fact", "“item.share” is only known inside some, every and none: it is their element.", ""),
    ),
    (
        when(fact="case.born", op="lt", value="2020-01-01"),
        (
            "error",
            "/op",
            "“lt” is not possible here: “case.born” is a date. Possible: eq, ne, between, before, after, on_or_before,"
            " on_or_after, within_last, within_next, older_than, is_set, is_not_set. Did you mean “before”?",
            "before",
        ),
    ),
    (
        when(fact="case.free", op="eq", value=1),
        (
            "error",
            "/op",
            "“eq” is not possible here: “case.free” is of unknown type. Possible: is_set, is_not_set.",
            "",
        ),
    ),
    (when(fact="case.age", op="lt", value="18"), ("error", "/value", "The text “18” is not a whole number.", "")),
    (when(fact="case.age", op="eq", value=True), ("error", "/value", "true is not a whole number.", "")),
    (when(fact="case.member", op="eq", value=1), ("error", "/value", "1 is not true or false.", "")),
    (when(fact="case.tags", op="contains", value=5), ("error", "/value", "5 is not a text.", "")),
    (
        when(fact="case.born", op="before", value="2020-13-01"),
        ("error", "/value", "The text “2020-13-01” is not a date such as 2026-01-31.", ""),
    ),
    (
        when(fact="case.born", op="older_than", value="18"),
        ("error", "/value", "“18” is not a calendar period. Write a number and a unit: 30d, 6mo or 18y.", ""),
    ),
    (
        when(fact="case.born", op="within_last", value={"parameter": "quick"}),
        ("error", "/value", "“4h” is not a calendar period. Write a number and a unit: 30d, 6mo or 18y.", ""),
    ),
    (
        when(fact="case.country", op="in", value=["DE", "UK"]),
        ("error", "/value/1", "“UK” is not a value of “case.country”. Possible: DE, FR, US. Did you mean “US”?", "US"),
    ),
    (
        when(fact="case.country", op="in", value={"parameter": "countries"}),
        ("error", "/value", "“UK” is not a value of “case.country”. Possible: DE, FR, US. Did you mean “US”?", "US"),
    ),
    (
        when(fact="case.name", op="in", value={"parameter": "sizes"}),
        ("error", "/value", "The values of “sizes” are integer, but a text is needed.", ""),
    ),
    (
        when(fact="case.name", op="in", value={"parameter": "limit"}),
        ("error", "/value", "“limit” is a number, but a list is needed. Write it in [ ].", ""),
    ),
    (
        when(fact="case.name", op="eq", value={"parameter": "countries"}),
        ("error", "/value", "“countries” is a list, but a text is needed. Use “in” or “not_in” with a list.", ""),
    ),
    (
        when(fact="case.age", op="lt", value={"parameter": "limt"}),
        ("error", "/value/parameter", "There is no parameter “limt”. Did you mean “limit”?", "limit"),
    ),
    (
        when(fact="case.name", op="eq", value={"fact": "case.age"}),
        ("error", "/value", "“case.age” is a whole number, but a text is needed.", ""),
    ),
    (
        when(fact="case.age", op="gt", value={"fact": "case.name", "times": 2}),
        ("error", "/value", "“times” and “plus” are only for numbers; “case.name” is a text.", ""),
    ),
    (
        when(fact="case.name", op="matches", value="("),
        ("error", "/value", "“(” is not a regular expression: missing ): (.", ""),
    ),
    (
        when(fact="case.name", op="matches", value={"parameter": "name"}),
        ("error", "/value", "“(” is not a regular expression: missing ): (.", ""),
    ),
    (
        when(fact="case.name", op="matches", value={"fact": "case.country"}),
        ("error", "/value", "The pattern of “matches” must be written here or be a parameter, not a fact.", ""),
    ),
    (
        when(fact="case.age", op="eq", value=1, ignore_case=True),
        ("error", "/ignore_case", "“ignore_case” is only for comparing texts.", ""),
    ),
    (
        when(fact="case.age", op="between", value=[5, 1]),
        ("error", "/value", "The low end 5 is above the high end 1, so this is never true.", ""),
    ),
    (
        when(fact="case.tags", op="size_gt", value=-1),
        ("error", "/value", "A number of entries is a whole number from 0 on, not -1.", ""),
    ),
    (
        {"some": "case.age", "where": "always"},
        ("error", "/some", "“some” needs a list, but “case.age” is a whole number.", ""),
    ),
    (
        {"some": "case.owners", "where": {"fact": "item.sharee", "op": "gt", "value": 25}},
        ("error", "/where/fact", "There is no fact “item.sharee”. Did you mean “item.share”?", "item.share"),
    ),
    (  # `item` is the innermost element
        {"some": "case.owners", "where": {"some": "item.accounts", "where": when(fact="item.share", op="is_set")}},
        ("error", "/where/where/fact", "There is no fact “item.share”. Did you mean “item.iban”?", "item.iban"),
    ),
    (
        when(fact="agents.address.confidence", op="gt", value=85),
        ("warning", "/value", "“agents.address.confidence” is never above 1, so this is always false.", ""),
    ),
    (
        {"not": {"all": [when(fact="case.age", op="gte", value=-1)]}},
        ("warning", "/not/all/0/value", "“case.age” is never below 0, so this is always true.", ""),
    ),
]


@pytest.mark.parametrize(("condition", "expected"), BAD)
def test_what_is_wrong_is_named(condition, expected):
    assert findings(condition) == [expected]


def test_facts_of_an_agent_that_is_not_installed_are_said_to_be_unknown():
    rules = [rule(when(fact="agents.address.output.valid", op="eq", value=True))]
    (found,) = (
        one for one in check(content(rules=rules, agents={"address": {"use": "x.y"}})) if one.severity == "error"
    )
    assert found.message == "What the agent of step “address” gives is not known: it is not installed."


def test_all_errors_of_a_condition_are_found_at_once():
    condition = {
        "all": [
            when(fact="case.agee", op="eq", value={"parameter": "nothing"}),
            {"not": {"any": [when(fact="case.age", op="in", value=["x", "y"])]}},
            {"every": "case.owners", "where": when(fact="item.pep", op="gt", value={"fact": "case.nam"})},
        ]
    }
    assert [pointer for _, pointer, _, _ in findings(condition)] == [
        "/all/0/fact",
        "/all/0/value/parameter",
        "/all/1/not/any/0/value/0",
        "/all/1/not/any/0/value/1",
        "/all/2/where/op",
        "/all/2/where/value/fact",
    ]
