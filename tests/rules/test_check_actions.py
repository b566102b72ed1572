"""Rules whose actions cannot be done are found before they are saved."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.rules.check import check
from tests.rules.contents import content, decide, rule, table, version, when

PARAMETERS = {"factor": {"type": "number", "value": 2}, "word": {"type": "string", "value": "x"}}


def findings(*actions: Any, **changed: Any) -> list[tuple[str, str, str]]:
    """Severity, pointer below the rule, and message."""
    rules = [*version()["rules"], rule("always", *actions, **changed)]
    uses = rule(when(fact="case.age", op="lt", value={"parameter": "factor"}), key="uses")
    uses_too = rule(when(fact="case.name", op="eq", value={"parameter": "word"}), key="uses-too")
    found = check(content(rules=[*rules, uses, uses_too], parameters=PARAMETERS), queues={"desk"}, workflows={"credit"})
    return [(one.severity, one.pointer.removeprefix("/rules/3"), one.message) for one in found]


GOOD = [
    [{"run": ["address"]}, decide("approve")],
    [{"set": {"derived.x": 1, "derived.y": {"fact": "case.born"}, "derived.z": {"parameter": "word"}}}],
    [{"set": {"derived.x": {"divide": [{"fact": "case.age", "times": 2}, {"parameter": "factor"}]}}}],
    [{"prioritise": "high"}, {"notify": {"name": "x"}}, {"escalate": {"queue": "desk", "reason": "R"}}],
    [{"wait": {"for": "2d"}}],
    [{"wait": {"until": "case.born"}}, {"notify": {"name": "later"}}],
    [{"open_case": {"workflow": "credit", "as": "credit", "payload": {"who": "case.owners"}, "wait": True}}],
]


@pytest.mark.parametrize("actions", GOOD)
def test_sound_actions_have_no_findings(actions):
    assert findings(*actions) == []


BAD = [
    (
        [{"run": ["adress"]}],
        ("error", "/then/0/run/0", "There is no agent step “adress”. Did you mean “address”?"),
    ),
    ([{"run": ["address", "address"]}], ("warning", "/then/0/run/1", "The step “address” is named twice.")),
    ([decide("aprove")], ("error", "/then/0/decide/outcome", "There is no outcome “aprove”. Did you mean “approve”?")),
    (
        [{"escalate": {"queue": "dsk", "reason": "R"}}],
        ("error", "/then/0/escalate/queue", "There is no queue “dsk”. Did you mean “desk”?"),
    ),
    (
        [decide("approve"), {"notify": {"name": "x"}}],
        ("error", "/then/1", "Nothing may follow “decide”: the case is out of the rule's hands then."),
    ),
    (
        [{"escalate": {"queue": "desk", "reason": "R"}}, {"prioritise": "low"}],
        ("error", "/then/1", "Nothing may follow “escalate”: the case is out of the rule's hands then."),
    ),
    (
        [{"set": {"derived.x": {"add": [1, {"fact": "case.name"}]}}}],
        ("error", "/then/0/set/derived.x/add/1", "“case.name” is a text, but a number is needed."),
    ),
    (
        [{"set": {"derived.x": {"add": [1, "1"]}}}],
        ("error", "/then/0/set/derived.x/add/1", "The text “1” is not a number."),
    ),
    (
        [{"set": {"derived.x": {"divide": [1, 0]}}}],
        ("error", "/then/0/set/derived.x/divide/1", "Nothing can be divided by 0."),
    ),
    (
        [{"set": {"derived.x": {"fact": "case.nme"}}}],
        ("error", "/then/0/set/derived.x/fact", "There is no fact “case.nme”. Did you mean “case.name”?"),
    ),
    (
        [{"wait": {"for": "6mo"}}],
        (
            "error",
            "/then/0/wait/for",
            "“6mo” is not a duration. Write a number and a unit: 30s, 20m, 4h or 3d.",
        ),
    ),
    (
        [{"wait": {"until": "case.name"}}],
        (
            "error",
            "/then/0/wait/until",
            "“until” needs a date or a date with time, but “case.name” is a text.",
        ),
    ),
    (
        [{"open_case": {"workflow": "credits", "as": "c", "payload": {"a/b": "case.nme"}}}],
        ("error", "/then/0/open_case/workflow", "There is no workflow “credits”. Did you mean “credit”?"),
        (
            "error",
            "/then/0/open_case/payload/a~1b",
            "There is no fact “case.nme”. Did you mean “case.name”?",
        ),
    ),
]


@pytest.mark.parametrize(("actions", "expected"), [(actions, list(expected)) for actions, *expected in BAD])
def test_what_is_wrong_is_named(actions, expected):
    assert findings(*actions) == expected


def test_without_knowing_queues_and_workflows_they_are_not_checked():
    unknown = {"escalate": {"queue": "anything", "reason": "R"}}
    assert check(content(rules=[*version()["rules"], rule("always", unknown)])) == ()


def test_a_key_is_used_once_among_rules_and_tables():
    rules = [*version()["rules"], rule("always", key="yes"), rule("always", key="risk")]
    found = check(content(rules=rules, tables=[table()]))
    assert [(one.severity, one.pointer, one.rule) for one in found] == [
        ("error", "/rules/3/key", "yes"),
        ("error", "/tables/0/key", "risk"),
    ]


def test_a_derived_fact_has_one_type_everywhere():
    sets = rule("always", {"set": {"derived.risk": 5}})
    found = check(content(rules=[*version()["rules"], sets], tables=[table()]))
    assert [(one.pointer, one.message) for one in found] == [
        ("/tables/0/outputs/0", "“derived.risk” is set to a text here, but “tried” sets it to a whole number.")
    ]


def test_derived_facts_are_typed_by_what_sets_them():
    sets = {
        "derived.a": {"fact": "case.age"},
        "derived.b": {"fact": "derived.c"},
        "derived.c": "high",
        "derived.d": {"add": [1, 2]},
    }
    conditions = {
        "all": [
            when(fact="derived.a", op="gt", value=1),
            when(fact="derived.b", op="eq", value="hihg"),
            when(fact="derived.d", op="gt", value=1.5),
            when(fact="derived.e", op="is_set"),
        ]
    }
    rules = [*version()["rules"], rule("always", {"set": sets}), rule(conditions, key="reads")]
    found = check(content(rules=rules))
    assert [(one.pointer, one.suggestion) for one in found] == [
        ("/rules/4/when/all/1/value", "high"),
        ("/rules/4/when/all/3/fact", "derived.d"),
    ]


def test_whole_numbers_and_numbers_make_a_number():
    sets = rule("always", {"set": {"derived.points": 5}}, key="five")
    half = rule("always", {"set": {"derived.points": 2.5}}, key="half", priority=1)
    reads = rule(when(fact="derived.points", op="gt", value=1.5), key="reads")
    assert check(content(rules=[*version()["rules"], sets, half, reads])) == ()
