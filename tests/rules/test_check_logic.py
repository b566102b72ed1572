"""Rules never or always true, rules that contradict each other, agents asked too late: said only when certain."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.rules.check import check
from tests.rules.contents import ADDRESS_STEP, content, decide, rule, table, version, when

DE = when(fact="case.country", op="eq", value="DE")
US = when(fact="case.country", op="eq", value="US")
ADULT = when(fact="case.age", op="gte", value=18)
MINOR = when(fact="case.age", op="lt", value=18)
ESCALATE = {"escalate": {"queue": "desk", "reason": "Look"}}


def warned(*rules: Any, **changed: Any) -> list[tuple[str, str, str]]:
    """Findings beside those of the rules that are there already."""
    findings = check(content(rules=[*version()["rules"], *rules], **changed))
    assert [one for one in findings if one.severity == "error"] == []
    return [(one.rule, one.pointer, one.message) for one in findings]


def sets(value: Any, fact: str = "derived.risk") -> dict[str, Any]:
    return {"set": {fact: value}}


def test_a_rule_that_can_never_be_true():
    said = "This rule can never be true: what it asks for cannot all be so at once."
    assert warned(rule({"all": [ADULT, MINOR]})) == [("tried", "/rules/3/when", said)]
    assert warned(rule({"all": [ADULT, MINOR]}, enabled=False)) == []


def test_a_rule_that_is_always_true():
    said = "This rule is true of every case, whatever its facts. If that is meant, write “always”."
    assert warned(rule({"any": [ADULT, MINOR]})) == [("tried", "/rules/3/when", said)]
    assert warned(rule("always")) == []


def test_two_rules_that_set_one_fact_differently():
    one, other = rule(DE, sets("low"), key="one"), rule(MINOR, sets("high"), key="other")
    said = "“one” and “other” set “derived.risk” to “low” and “high” at the same priority (0), and both are true where"
    said += " country is “DE” and age is 0; such a case would be escalated as a conflict."
    assert warned(one, other) == [("other", "/rules/4/then/0/set/derived.risk", said)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (rule(DE, sets("low")), rule(US, sets("high"))),  # never both
        (rule(DE, sets("low")), rule(MINOR, sets("low"))),  # the same value
        (rule(DE, sets("low"), priority=1), rule(MINOR, sets("high"))),  # the higher priority wins
        (rule(DE, sets("low")), rule(MINOR, sets("high"), enabled=False)),
        (rule(DE, sets("low")), rule(MINOR, sets("high", "derived.other"))),
        (rule(DE, sets(1)), rule(MINOR, sets({"fact": "case.age"}))),  # what it sets is not known
        (rule(DE, sets("low")), rule(when(fact="case.name", op="matches", value="x"), sets("high"))),  # not certain
        (rule(DE, sets("low")), rule(when(fact="derived.other", op="eq", value="x"), sets("high"))),  # set by others
    ],
)
def test_what_is_no_contradiction_for_certain_is_not_said(one, other):
    extra = rule("always", sets("x", "derived.other"), key="extra", priority=1)
    found = warned({**one, "key": "one"}, {**other, "key": "other"}, extra)
    assert [message for _, _, message in found if "differently" in message or "same priority" in message] == []


def test_a_table_and_a_rule_that_set_one_fact_differently():
    risk = table(hit_policy="first", rows=[{"key": "home", "when": ["-", '"DE"'], "then": ["low"]}], otherwise=["high"])
    found = warned(rule(MINOR, sets("medium"), key="minor"), tables=[risk])
    assert [(key, pointer) for key, pointer, _ in found] == [
        ("risk", "/tables/0/rows/0/then/0"),
        ("risk", "/tables/0/otherwise/0"),
    ]
    assert "“minor” and “risk/otherwise” set “derived.risk” to “medium” and “high”" in found[1][2]


CONFIDENT = when(fact="agents.address.confidence", op="gte", value=0.8)
RAN = when(fact="agents.address.status", op="eq", value="succeeded")


def too_early(condition: Any, *actions: Any, **changed: Any) -> list[str]:
    found = warned(rule(condition, *(actions or (ESCALATE,)), **changed))
    return [pointer for _, pointer, message in found if "before the step “address” has run" in message]


def test_a_rule_that_ends_the_case_before_the_agent_was_asked():
    assert too_early({"not": CONFIDENT}, priority=20) == ["/rules/3/when"]  # “ask” has the priority 10
    assert too_early({"not": CONFIDENT}, priority=10) == ["/rules/3/when"]  # escalations come first
    assert too_early({"all": [ADULT, {"not": CONFIDENT}]}, priority=20) == ["/rules/3/when"]


@pytest.mark.parametrize(
    ("condition", "changed"),
    [
        ({"not": CONFIDENT}, {"priority": 5}),  # after the rule that asks
        ({"all": [RAN, {"not": CONFIDENT}]}, {"priority": 20}),
        (CONFIDENT, {"priority": 20}),
        ({"any": [MINOR, CONFIDENT]}, {"priority": 20}),  # true for another reason
        ({"not": CONFIDENT}, {"priority": 20, "enabled": False}),
    ],
)
def test_what_waits_for_the_agent_is_not_warned_of(condition, changed):
    assert too_early(condition, **changed) == []


def test_what_does_not_end_the_case_may_come_first():
    assert too_early({"not": CONFIDENT}, {"prioritise": "high"}, priority=20) == []


def test_an_agent_that_takes_from_another_must_come_after_it():
    note = {**ADDRESS_STEP, "input": {"city": "agents.address.output.note"}}
    agents = {"address": ADDRESS_STEP, "second": note}
    early = warned(rule("always", {"run": ["second"]}), agents=agents)
    said = "The step “second” takes its “city” from the step “address”, but “tried” can run it before."
    said += " Ask there that “agents.address.status” is “succeeded”."
    assert early == [("", "/agents/second/input/city", said)]
    assert warned(rule(RAN, {"run": ["second"]}), agents=agents) == []


def test_the_bundled_workflow_has_nothing_to_warn_of():
    from pathlib import Path

    from orchestration.agents.registry import registry
    from orchestration.rules.pack import load
    from orchestration.services.version import freeze

    pack = Path(registry().workflows["kyc"].path)
    assert check(freeze(load(pack.read_text()).content)) == ()


def test_a_thousand_contradictions_are_told_by_ten():
    many = [rule("always", sets(f"v{n}"), key=f"r{n}") for n in range(60)]
    assert len(warned(*many)) == 10


def test_decisions_are_not_contradictions():
    assert warned(rule(DE, decide("approve"), key="one"), rule(MINOR, decide("decline"), key="other")) == []
