"""Guards are warned of where a missing value slips through, or a decision comes first."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.rules.check import check
from tests.rules.contents import ADDRESS_STEP, content, decide, rule, table, version, when

ESCALATE = {"escalate": {"queue": "desk", "reason": "Look"}}
SURE = when(fact="agents.address.confidence", op="gte", value=0.8)
UNSURE = when(fact="agents.address.confidence", op="lt", value=0.8)
RAN = when(fact="agents.address.status", op="eq", value="succeeded")
VALID = when(fact="agents.address.output.valid", op="eq", value=True)
INVALID = when(fact="agents.address.output.valid", op="eq", value=False)


def guard(condition: Any, *actions: Any, **changed: Any) -> dict[str, Any]:
    return rule(condition, *(actions or (ESCALATE,)), **{"key": "guard", "kind": "guard", "priority": 20, **changed})


def warned(*rules: Any, on_failure: str = "escalate", **changed: Any) -> list[str]:
    """The facts whose absence is warned of."""
    agents = {"address": {**ADDRESS_STEP, "on_failure": on_failure}}
    findings = check(content(rules=[*version()["rules"], *rules], agents=agents, **changed))
    assert [one for one in findings if one.severity == "error"] == []
    return [one.message.split("“")[1].split("”")[0] for one in findings if "is missing" in one.message]


CASES = [
    # (guard's condition, facts whose absence lets the case pass)
    ({"all": [RAN, {"not": SURE}]}, []),  # as the design asks for
    ({"all": [RAN, UNSURE]}, ["agents.address.confidence"]),
    (UNSURE, ["agents.address.confidence"]),
    ({"any": [UNSURE, when(fact="agents.address.confidence", op="is_not_set")]}, []),
    ({"not": {"all": [RAN, SURE]}}, []),
    (when(fact="case.age", op="lt", value=18), []),  # required by the schema: never missing
    (when(fact="case.income", op="lt", value=1000), ["case.income"]),
    (when(fact="case.age", op="gt", value={"fact": "case.income"}), ["case.income"]),
    (when(fact="case.address.city", op="eq", value="X"), ["case.address.city"]),
    ({"some": "case.owners", "where": when(fact="item.pep", op="eq", value=True)}, ["case.owners"]),
    ({"not": {"none": "case.owners", "where": when(fact="item.pep", op="eq", value=True)}}, ["case.owners"]),
    ({"not": {"every": "case.owners", "where": when(fact="item.pep", op="eq", value=False)}}, []),
    (when(fact="human.ok", op="eq", value=False), []),  # answers come after a person was asked
    (when(fact="meta.priority", op="eq", value="high"), []),
    (when(fact="agents.address.output.note", op="eq", value="x"), ["agents.address.output.note"]),  # optional
    (INVALID, []),  # there whenever the step succeeded; its failure escalates
]
HUMAN = {"type": "object", "properties": {"ok": {"type": "boolean"}}}


@pytest.mark.parametrize(("condition", "facts"), CASES)
def test_a_guard_that_passes_on_a_missing_value_is_warned_of(condition, facts):
    assert warned(guard(condition), human_fields=HUMAN) == facts


def test_where_the_case_goes_on_after_a_failure_what_the_step_promises_can_be_missing():
    assert warned(guard(INVALID), on_failure="continue") == ["agents.address.output.valid"]
    assert warned(guard({"not": {"all": [RAN, VALID]}}), on_failure="continue") == []


def test_another_guard_may_catch_what_is_missing():
    catcher = guard({"all": [RAN, {"not": SURE}]}, key="catcher")
    assert warned(guard({"all": [RAN, UNSURE]}), catcher) == []
    failed = guard(when(fact="agents.address.status", op="ne", value="succeeded"), key="failed")
    assert warned(guard(INVALID), failed, on_failure="continue") == []
    disabled = guard({"not": SURE}, key="off", enabled=False)
    assert warned(guard(UNSURE), disabled) == ["agents.address.confidence"]


def test_only_guards_are_asked_for_that():
    assert warned(rule(UNSURE, ESCALATE)) == []
    assert warned(guard(UNSURE, enabled=False)) == []


def messages(*rules: Any, **changed: Any) -> list[tuple[str, str, str]]:
    findings = check(content(rules=[*version()["rules"], *rules], **changed))
    return [(one.rule, one.pointer, one.message) for one in findings]


SAFE = {"all": [RAN, {"not": SURE}]}


def test_a_decision_before_a_guard_is_warned_of():
    early = rule(when(fact="case.age", op="gt", value=90), decide("approve"), key="early", priority=21)
    assert messages(early, guard(SAFE)) == [
        ("guard", "/rules/4/priority", "“early” can decide before this guard is reached (priority over 20).")
    ]


def test_so_is_a_table_that_decides():
    deciding = table(outputs=[{"decide": "outcome"}], rows=[], otherwise=["approve"], priority=30)
    assert messages(guard(SAFE), tables=[deciding]) == [
        ("guard", "/rules/3/priority", "“risk” can decide before this guard is reached (priority over 20).")
    ]


def test_at_equal_priority_the_guard_comes_first():
    equal = rule("always", decide("approve"), key="equal", priority=20)
    assert messages(equal, guard(SAFE)) == []


def test_a_guard_that_does_not_escalate_stops_nothing():
    assert messages(guard(SAFE, {"prioritise": "high"})) == [
        ("guard", "/rules/3/then", "This guard does not escalate, so it stops nothing.")
    ]
