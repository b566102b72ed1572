"""Advice for whole rounds: it goes through the facts that rules set, and holds when the round is settled anew."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.engine.advance import settle_round
from orchestration.engine.advice import advised, changed_progress
from orchestration.engine.compile import compile_version
from orchestration.engine.nearest import Change, applied
from orchestration.engine.scenario import situation
from orchestration.engine.step import Progress, RunRecord
from orchestration.facts import Facts
from tests.engine import test_differential as differential

APPROVE = {"decide": {"outcome": "approve"}}


def when(fact: str, op: str, value: Any) -> dict[str, Any]:
    return {"fact": fact, "op": op, "value": value}


def advice(rule_set: Any, given: dict[str, Any]) -> dict[str, tuple[str, Any, Any]]:
    facts, progress = situation(given, None)
    found = advised(rule_set, facts, progress, settle_round(rule_set, facts, progress))
    return {key: (change.path, change.before, change.after) for key, change in found.items()}


ADULT = {"key": "adult", "when": when("case.age", "gte", 18), "then": {"set": {"derived.adult": True}}}
YES = {"key": "yes", "when": when("derived.adult", "eq", True), "then": APPROVE}


def test_advice_is_about_what_the_setting_rule_reads(version):
    assert advice(version(ADULT, YES).rule_set, {"case": {"age": 17}}) == {
        "adult": ("case.age", 17, 18),
        "yes": ("case.age", 17, 18),
    }


def test_also_through_a_table_and_a_second_fact(version):
    table = {
        "key": "risk",
        "title": "Risk",
        "hit_policy": "first",
        "inputs": [{"fact": "derived.adult"}, {"fact": "case.country"}],
        "outputs": [{"set": "derived.risk", "type": "string"}],
        "rows": [{"key": "home", "when": ["true", '"DE"'], "then": ["low"]}],
    }
    low = {"key": "low", "when": when("derived.risk", "eq", "low"), "then": APPROVE}
    rule_set = version(ADULT, low, tables=[table]).rule_set
    assert advice(rule_set, {"case": {"age": 17, "country": "DE"}})["low"] == ("case.age", 17, 18)
    assert advice(rule_set, {"case": {"age": 18, "country": "US"}})["low"] == ("case.country", "US", "DE")
    assert "low" not in advice(rule_set, {"case": {"age": 17, "country": "US"}})


def test_what_the_other_rules_undo_is_not_advised(version):
    both = {"all": [when("derived.adult", "ne", True), when("case.age", "gte", 30)]}
    minor = {"key": "minor", "when": when("case.age", "lt", 18), "then": {"set": {"derived.adult": False}}}
    rule_set = version(ADULT, minor, {"key": "odd", "when": both, "then": APPROVE}).rule_set
    assert "odd" not in advice(rule_set, {"case": {"age": 17}})  # an age of 30 also makes the person an adult


def test_an_agents_answer_can_be_what_has_to_change(version):
    sure = {"key": "sure", "when": when("agents.a.confidence", "gte", 0.8), "then": {"set": {"derived.sure": True}}}
    yes = {"key": "yes", "when": when("derived.sure", "eq", True), "then": APPROVE}
    rule_set = version(sure, yes, agents={"a": {}}).rule_set
    found = advice(rule_set, {"case": {}, "agents": {"a": {"confidence": 0.5}}})
    assert found["yes"] == ("agents.a.confidence", 0.5, 0.8)


def test_progress_with_a_changed_fact():
    runs = (RunRecord("a", "succeeded", output={"ok": False}, confidence=0.5, input_digest="x"),)
    found = changed_progress(Progress(runs=runs), Change("agents.a.output.ok", False, True))
    assert found.runs == (RunRecord("a", "succeeded", output={"ok": True}, confidence=0.5),)
    assert changed_progress(Progress(), Change("case.age", 1, 2)) == Progress()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_in_a_round_with_the_change_the_rule_is_true(draw: random.Random) -> None:
    rule_set = compile_version(differential.version(draw, 6))
    facts: Facts = differential.facts(draw)
    last = settle_round(rule_set, facts, Progress())
    for key, change in advised(rule_set, facts, Progress(), last).items():
        again = settle_round(rule_set, applied(facts, change), changed_progress(Progress(), change))
        assert key in {rule_set.entries[number].key for number in again.true}, (key, change)
    rule_set.close()
