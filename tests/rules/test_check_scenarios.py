"""Mistakes in scenarios are found before the scenario is run."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.rules.check import check
from tests.rules.contents import content, rule, version, when

CASE = {"age": 30, "country": "DE"}


def found(given: Any, expect: Any, **changed: Any) -> list[tuple[str, str, str]]:
    scenario = {"title": "One", "given": given, "expect": expect}
    findings = check(content(scenarios=[scenario], **changed))
    return [(one.severity, one.pointer.removeprefix("/scenarios/0"), one.message) for one in findings]


GOOD = [
    ({"case": CASE, "agents": {"address": {"output": {"valid": True}, "confidence": 0.9}}}, {"outcome": "approve"}),
    ({"case": CASE}, {"run": ["address"]}),
    ({"case": {**CASE, "free": {"any": 1}}, "agents": {"address": {"status": "failed"}}}, {"escalate": "agent-failed"}),
    ({"case": CASE, "now": "2026-01-31T09:00:00Z", "meta": {"priority": "high"}}, {"outcome": "approve"}),
    ({"case": {"age": None}}, {"outcome": "approve"}),
]


@pytest.mark.parametrize(("given", "expect"), GOOD)
def test_a_sound_scenario_has_no_findings(given, expect):
    assert found(given, expect) == []


OUTCOME = {"outcome": "approve"}
BAD = [
    (
        {"cases": CASE},
        OUTCOME,
        "error",
        "/given/cases",
        "There is no part of a scenario named “cases”. Did you mean “case”?",
    ),
    ({"case": 5}, OUTCOME, "error", "/given/case", "“case” must be a mapping."),
    (
        {"case": {"agee": 5}},
        OUTCOME,
        "warning",
        "/given/case/agee",
        "There is no fact “case.agee”. Did you mean “case.age”?",
    ),
    (
        {"case": {"age": "30"}},
        OUTCOME,
        "warning",
        "/given/case/age",
        "“case.age” is a whole number, so a real case never has this value there.",
    ),
    (
        {"case": {"country": "UK"}},
        OUTCOME,
        "warning",
        "/given/case/country",
        "“UK” is not a value of “case.country”, so a real case never has it. Did you mean “US”?",
    ),
    ({"case": {"address": {"cty": "x"}}}, OUTCOME, "warning", "/given/case/address/cty", None),
    (
        {"agents": {"adress": {}}},
        OUTCOME,
        "error",
        "/given/agents/adress",
        "There is no agent step “adress”. Did you mean “address”?",
    ),
    ({"agents": {"address": {"outputs": {}}}}, OUTCOME, "error", "/given/agents/address/outputs", None),
    (
        {"agents": {"address": {"confidence": 85}}},
        OUTCOME,
        "error",
        "/given/agents/address/confidence",
        "A confidence is a number from 0 to 1.",
    ),
    (
        {"agents": {"address": {"status": "done"}}},
        OUTCOME,
        "error",
        "/given/agents/address/status",
        "The status of a step is succeeded or failed.",
    ),
    ({"agents": {"address": {"output": {"vald": 1}}}}, OUTCOME, "warning", "/given/agents/address/output/vald", None),
    ({"agents": {"address": 5}}, OUTCOME, "error", "/given/agents/address", None),
    (
        {"now": "today"},
        OUTCOME,
        "error",
        "/given/now",
        "“now” must be a date with time such as 2026-01-31T09:00:00Z, not “today”.",
    ),
    ({"children": {"x": {}}}, OUTCOME, "warning", "/given/children/x", "There is no child case “x”."),
    ({"human": {"ok": True}}, OUTCOME, "warning", "/given/human/ok", None),
    ({}, {}, "error", "/expect", "The scenario expects nothing. Write one of outcome, escalate, run, wait."),
    ({}, {"outcom": "x"}, "error", "/expect/outcom", "There is no expectation “outcom”. Did you mean “outcome”?"),
    ({}, {"outcome": "aprove"}, "error", "/expect/outcome", "There is no outcome “aprove”. Did you mean “approve”?"),
    ({}, {"run": ["adress"]}, "error", "/expect/run/0", "There is no agent step “adress”. Did you mean “address”?"),
    ({}, {"escalate": 5}, "error", "/expect/escalate", "“escalate” expects the reason as a text."),
    ({}, {"escalate": "Too old"}, "warning", "/expect/escalate", "No rule escalates with the reason “Too old”."),
]


@pytest.mark.parametrize(("given", "expect", "severity", "pointer", "said"), BAD)
def test_what_is_wrong_is_named(given, expect, severity, pointer, said):
    (one,) = found(given, expect)
    assert one == (severity, pointer, said if said is not None else one[2])


def test_the_reason_of_a_rule_is_suggested():
    rules = [*version()["rules"], rule("always", {"escalate": {"queue": "q", "reason": "Too young"}}, priority=-1)]
    assert found({}, {"escalate": "Too yung"}, rules=rules)[0][2].endswith("Did you mean “Too young”?")
    assert found({}, {"escalate": "Too young"}, rules=rules) == []


TIMED = [
    when(fact="case.born", op="older_than", value="18y"),
    {"not": when(fact="case.born", op="before", value={"fact": "meta.now"})},
    when(fact="meta.now", op="after", value="2026-01-01"),
]


@pytest.mark.parametrize("condition", TIMED)
def test_a_scenario_gives_the_time_where_a_rule_reads_it(condition):
    rules = [*version()["rules"], rule(condition)]
    assert found({}, OUTCOME, rules=rules) == [
        ("error", "/given", "A rule reads the time, so the scenario must give “now”.")
    ]
    assert found({"now": "2026-01-31T09:00:00Z"}, OUTCOME, rules=rules) == []
    disabled = [*version()["rules"], rule(condition, enabled=False)]
    assert found({}, OUTCOME, rules=disabled) == []


def test_two_scenarios_with_one_title_are_doubtful():
    scenario = {"title": "Same", "given": {}, "expect": OUTCOME}
    findings = check(content(scenarios=[scenario, scenario]))
    assert [(one.severity, one.pointer) for one in findings] == [("warning", "/scenarios/1/title")]
