"""Which rules and rows the scenarios exercise: those that had a say, not those that were merely true."""

from __future__ import annotations

from typing import Any

from orchestration.engine.coverage import coverage
from orchestration.engine.scenario import run_scenario
from orchestration.rules.language import Scenario

APPROVE, REJECT = {"decide": {"outcome": "approve"}}, {"decide": {"outcome": "reject"}}


def when(fact: str, op: str, value: Any) -> dict[str, Any]:
    return {"fact": fact, "op": op, "value": value}


OLD = when("case.age", "gte", 60)
ADULT = when("case.age", "gte", 18)
RULES = [
    {"key": "old", "when": OLD, "then": APPROVE, "priority": 2},
    {"key": "adult", "when": ADULT, "then": APPROVE, "priority": 1},
    {"key": "mark", "when": ADULT, "then": {"set": {"derived.adult": True}}},
    {"key": "never", "when": when("case.age", "gte", 200), "then": REJECT},
    {"key": "off", "when": "always", "then": REJECT, "enabled": False},
]


def covered(rule_set: Any, *givens: dict[str, Any]) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    results = [run_scenario(rule_set, Scenario("s", given, {"outcome": "x"})) for given in givens]
    found = coverage(rule_set, [result.step for result in results])
    return {one.key: (one.counted, one.outrun) for one in found.entries}


def test_a_rule_counts_where_it_had_a_say(version):
    rule_set = version(*RULES).rule_set
    assert covered(rule_set, {"case": {"age": 70}}, {"case": {"age": 20}}) == {
        "old": ((0,), ()),
        "adult": ((1,), (0,)),  # true of the first too, but that was settled before
        "mark": ((0, 1), ()),  # what sets facts counts wherever it is true
        "never": ((), ()),
    }


def test_share_and_what_is_missed(version):
    rule_set = version(*RULES).rule_set
    step = run_scenario(rule_set, Scenario("s", {"case": {"age": 70}}, {})).step
    found = coverage(rule_set, [step, None])
    assert [one.key for one in found.missed] == ["adult", "never"]
    assert (len(found.exercised), found.percent) == (2, 50)
    assert coverage(version().rule_set, []).percent == 100


TABLE = {
    "key": "risk",
    "title": "Risk",
    "hit_policy": "first",
    "inputs": [{"fact": "case.age"}],
    "outputs": [{"set": "derived.risk", "type": "string"}],
    "rows": [
        {"key": "young", "when": ["< 18"], "then": ["high"]},
        {"key": "any", "when": ["< 90"], "then": ["low"]},
    ],
    "otherwise": ["medium"],
}


def test_a_row_counts_where_it_gave_the_tables_result(version):
    rule_set = version({"key": "yes", "then": APPROVE}, tables=[TABLE]).rule_set
    assert covered(rule_set, {"case": {"age": 5}}, {"case": {"age": 95}}) == {
        "yes": ((0, 1), ()),
        "risk/young": ((0,), ()),
        "risk/any": ((), (0,)),  # true too, but the first row counts
        "risk/otherwise": ((1,), ()),
    }


def test_while_agents_are_asked_only_what_asks_them_counts(version):
    rule_set = version(
        {"key": "ask", "then": {"run": ["a"]}, "priority": 9}, {"key": "yes", "then": APPROVE}, agents={"a": {}}
    ).rule_set
    given = {"case": {"age": 20}}
    assert covered(rule_set, given) == {"ask": ((0,), ()), "yes": ((), (0,))}
    assert covered(rule_set, {**given, "agents": {"a": {}}}) == {"ask": ((0,), ()), "yes": ((0,), ())}


def test_a_failed_agent_comes_before_all_rules(version):
    rule_set = version({"key": "yes", "then": APPROVE}, tables=[TABLE], agents={"a": {}}).rule_set
    found = covered(rule_set, {"case": {"age": 20}, "agents": {"a": {"status": "failed"}}})
    assert {counted for counted, _ in found.values()} == {()}
