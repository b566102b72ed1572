"""Scenarios and the evaluate endpoint: given facts stand for a case."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from orchestration.engine.scenario import answer, run_scenario, situation
from orchestration.engine.step import ChildRecord, RunRecord
from orchestration.rules.language import Scenario
from orchestration.rules.parse import RuleError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
APPROVE = {"decide": {"outcome": "approve"}}


def is_(fact, op="is_set", value=None):
    return {"fact": fact, "op": op, **({} if value is None else {"value": value})}


ADULT = is_("case.age", "gte", 18)
OK = is_("agents.a.output.ok", "eq", True)


def test_given_facts_become_those_of_a_case():
    facts, progress = situation(
        {
            "case": {"age": 5},
            "agents": {"a": {"output": {"ok": True}, "confidence": 0.5}, "b": {"status": "failed"}},
            "human": {"note": "x"},
            "children": {"kid": {"outcome": "yes"}, "two": {"status": "running"}},
            "meta": {"client": "bank"},
        },
        NOW,
    )
    assert facts.document == {
        "case": {"age": 5},
        "human": {"note": "x"},
        "meta": {"client": "bank", "now": "2026-11-22T12:00:00+00:00"},
    }
    assert progress.runs == (
        RunRecord("a", "succeeded", output={"ok": True}, confidence=0.5),
        RunRecord("b", "failed"),
    )
    assert progress.children == (ChildRecord("", "kid", "decided", "yes"), ChildRecord("", "two", "running"))


@pytest.mark.parametrize(
    ("given", "now", "expected"),
    [
        ({"now": "2026-01-01T00:00:00Z", "meta": {"now": "2025-01-01T00:00:00Z"}}, NOW, "2026-01-01T00:00:00Z"),
        ({"meta": {"now": "2025-01-01T00:00:00Z"}}, NOW, "2025-01-01T00:00:00Z"),
        ({}, NOW, "2026-11-22T12:00:00+00:00"),
    ],
)
def test_the_time_given_goes_before_the_clocks(given, now, expected):
    assert situation(given, now)[0].get("meta.now") == expected


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ([], [("", "must be an object of facts")]),
        ({"facts": {}}, [("/facts", "is not one of case, agents, human, children, meta, now")]),
        ({"case": 5, "human": []}, [("/case", "must be an object"), ("/human", "must be an object")]),
        ({"agents": {"a/b": 5}}, [("/agents/a~1b", "must be an object")]),
        ({"agents": {"a": {"result": 1}}}, [("/agents/a/result", "is not one of output, confidence, status")]),
        ({"agents": {"a": {"confidence": 2}}}, [("/agents/a/confidence", "must be a number from 0 to 1")]),
        ({"agents": {"a": {"output": []}}}, [("/agents/a/output", "must be an object")]),
        ({"agents": {"a": {"status": "done"}}}, [("/agents/a/status", "must be succeeded or failed")]),
        ({"children": {"kid": {"outcome": 5}}}, [("/children/kid/outcome", "must be a text")]),
        ({"now": "soon"}, [("/now", "must be a date with time such as 2026-11-22T09:30:00Z")]),
        ({"meta": {"now": 5}}, [("/meta/now", "must be a date with time such as 2026-11-22T09:30:00Z")]),
        ({"case": {"n": float("nan")}}, [("/case/n", "is not a finite number")]),
        ({"case": {"n": 10**400}}, [("/case/n", "is a number beyond ±2^53")]),
        (
            {"case": {"s": "\ud800"}, "more": 1},
            [
                ("/more", "is not one of case, agents, human, children, meta, now"),
                ("/case/s", "holds a lone surrogate, which is not valid Unicode"),
            ],
        ),
    ],
)
def test_malformed_facts_are_refused_naming_every_place(given, problems):
    with pytest.raises(RuleError) as caught:
        situation(given, NOW)
    assert [(problem.pointer, problem.detail) for problem in caught.value.problems] == problems


RULES = [
    {"then": {"run": ["a"]}},
    {"then": APPROVE, "when": {"all": [ADULT, OK]}},
    {"then": {"escalate": {"queue": "desk", "reason": "young"}}, "when": {"not": ADULT}},
]


@pytest.mark.parametrize(
    ("given", "expect", "message"),
    [
        ({"case": {"age": 20}}, {"run": ["a"]}, ""),
        ({"case": {"age": 20}, "agents": {"a": {"output": {"ok": True}}}}, {"outcome": "approve"}, ""),
        ({"case": {"age": 5}}, {"escalate": "young"}, ""),
        ({"case": {"age": 20}, "agents": {"a": {"status": "failed"}}}, {"escalate": "agent-failed"}, ""),
        (
            {"case": {"age": 20}},
            {"outcome": "approve"},
            "expected outcome approve, but the rules would run a first",
        ),
        (
            {"case": {"age": 5}},
            {"run": ["a", "b"]},
            "expected run a, b, but the rules escalate with reason young",
        ),
        (
            {"case": {"age": 20}, "agents": {"a": {"output": {"ok": False}}}},
            {"escalate": "young"},
            "expected escalate young, but the rules escalate with reason no-rule-decided"
            " (no rule decided the case, and no agent is left to run)",
        ),
        (
            {"case": {"age": 20}, "agents": {"a": {"output": {"ok": True}}}},
            {"outcome": "reject"},
            "expected outcome reject, but the rules decide approve",
        ),
        ({"case": {"age": 5}}, {}, "the scenario must expect one of outcome, escalate, run, wait"),
        ({"case": 5}, {"outcome": "approve"}, "/case must be an object"),
    ],
)
def test_a_scenario_compares_the_step_with_what_it_expects(version, given, expect, message):
    result = run_scenario(version(*RULES, agents={"a": {}}).rule_set, Scenario("A case", given, expect))
    assert (result.title, result.passed, result.message) == ("A case", not message, message)


WAITING = {"then": [{"wait": {"for": "2d"}}, APPROVE]}
RECENT = {"then": APPROVE, "when": is_("case.at", "within_last", "30d")}


@pytest.mark.parametrize(
    ("rule", "given", "expect", "message"),
    [
        (WAITING, {"now": "2026-11-22T12:00:00Z"}, {"wait": True}, ""),
        (WAITING, {"now": "2026-11-22T12:00:00Z"}, {"wait": "r0"}, ""),
        (WAITING, {}, {"wait": True}, "a rule reads the time, so `now` must be given"),
        (RECENT, {"case": {"at": "2026-11-01T00:00:00Z"}, "now": "2026-11-22T12:00:00Z"}, {"outcome": "approve"}, ""),
        (RECENT, {"case": {}}, {"escalate": "x"}, "a rule reads the time, so `now` must be given"),
        (
            WAITING,
            {"now": "2026-11-22T12:00:00Z"},
            {"outcome": "approve"},
            "expected outcome approve, but the rules wait until 2026-11-24 12:00:00+00:00",
        ),
    ],
)
def test_a_scenario_says_when_it_must_give_the_time(version, rule, given, expect, message):
    result = run_scenario(version(rule).rule_set, Scenario("A case", given, expect))
    assert (result.passed, result.message) == (not message, message)


def test_the_answer_tells_step_matches_derived_facts_and_explanation(version):
    made = version(
        {"when": ADULT, "then": {"set": {"derived.adult": True}}},
        {"when": is_("derived.adult", "eq", True), "then": APPROVE},
        {"when": is_("case.country", "eq", "US"), "then": {"notify": {"name": "x"}}},
    )
    found = answer(made.rule_set, {"case": {"age": 20}}, NOW)
    assert json.loads(json.dumps(found)) == found
    assert found["step"] == {
        "kind": "decide",
        "rule": "r1",
        "outcome": "approve",
        "note": "",
        "reasons": [
            {"rule": "r1", "title": "Rule r1", "text": "adult is true"},
            {"rule": "r0", "title": "Rule r0", "text": "age is 20"},
        ],
        "effects": [],
    }
    assert (found["matched"], found["derived"]) == (["r0", "r1"], {"adult": True})
    assert found["now"] == "2026-11-22T12:00:00+00:00"
    assert [(one["rule"], one["matched"]) for one in found["explanation"]] == [
        ("r0", True),
        ("r2", False),
        ("r1", True),
    ]
    assert found["explanation"][1]["kept_out_by"] == {
        "text": "country is “US”",
        "truth": False,
        "seen": {"case.country": None},
        "place": "/rules/2/when",
    }


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        (
            {"run": ["a"]},
            {"kind": "run", "rule": None, "run": ["a"], "runs": [{"step": "a", "input": {"age": 20}}]},
        ),
        (
            {"escalate": {"queue": "desk", "reason": "look", "priority": "high"}},
            {"kind": "escalate", "rule": "r0", "queue": "desk", "reason": "look", "detail": "", "priority": "high"},
        ),
        (
            {"wait": {"for": "2d"}},
            {"kind": "wait", "rule": "r0", "due": "2026-11-24T12:00:00+00:00", "child": None},
        ),
        (
            {"open_case": {"workflow": "other", "as": "kid", "payload": {"years": "case.age"}, "wait": True}},
            {"kind": "wait", "rule": "r0", "due": None, "child": "kid"},
        ),
    ],
)
def test_every_kind_of_step_is_told(version, then, expected):
    step = answer(version({"then": then}, agents={"a": {}}).rule_set, {"case": {"age": 20}}, NOW)["step"]
    assert {key: value for key, value in step.items() if key not in ("reasons", "effects")} == expected
    if step.get("child"):
        assert step["effects"] == [
            {
                "kind": "open_case",
                "rule": "r0",
                "as": "kid",
                "workflow": "other",
                "payload": {"years": 20},
                "wait": True,
            }
        ]


def test_an_answer_for_a_step_that_is_not_there_is_refused(version):
    with pytest.raises(RuleError, match="/agents/b: is not an agent step of this version"):
        answer(version({"then": APPROVE}, agents={"a": {}}).rule_set, {"agents": {"b": {}}}, NOW)
