"""Derived facts: set in passes until nothing changes, contradictions escalate (DESIGN §2, point 1)."""

from __future__ import annotations

import pytest

from orchestration.engine import passes
from orchestration.engine.advance import advance
from orchestration.engine.passes import same
from orchestration.engine.step import Progress

APPROVE = {"decide": {"outcome": "approve"}}


def when(fact, op, value=None):
    return {"fact": fact, "op": op, **({} if value is None else {"value": value})}


def sets(path="derived.x", value=1, **more):
    return {"then": {"set": {path: value}}, **more}


def table(policy="unique", rows=(("one", "-", 1),), *, priority=0, **more):
    return {
        "key": "t",
        "title": "Points",
        "hit_policy": policy,
        "priority": priority,
        "inputs": [{"fact": "case.age"}],
        "outputs": [{"set": "derived.points", "type": "number"}],
        "rows": [{"key": key, "when": [cell], "then": [value]} for key, cell, value in rows],
        **more,
    }


@pytest.mark.parametrize(
    ("value", "case", "derived"),
    [
        (1, {}, {"x": 1}),
        ("high", {}, {"x": "high"}),
        ({"fact": "case.age"}, {"age": 5}, {"x": 5}),
        ({"fact": "case.age"}, {}, {}),  # nothing to set
        ({"fact": "case.tags"}, {"tags": ["a"]}, {"x": ["a"]}),
        ({"fact": "case.age", "times": 4.5, "plus": 0.1}, {"age": 0.2}, {"x": 1}),
        ({"parameter": "limit"}, {}, {"x": 7}),
        ({"add": [{"fact": "case.age"}, 0.1]}, {"age": 0.2}, {"x": 0.3}),  # in decimal
        ({"subtract": [1, 0.9]}, {}, {"x": 0.1}),
        ({"multiply": [{"fact": "case.age"}, 3]}, {"age": 0.1}, {"x": 0.3}),
        ({"divide": [{"fact": "case.age"}, 4]}, {"age": 10}, {"x": 2.5}),
        ({"divide": [{"fact": "case.age"}, 5]}, {"age": 10}, {"x": 2}),
        ({"divide": [1, 3]}, {}, {"x": 1 / 3}),
        # what has no result sets nothing
        ({"divide": [1, {"fact": "case.age"}]}, {"age": 0}, {}),
        ({"divide": [0, 0]}, {}, {}),
        ({"add": [1, {"fact": "case.age"}]}, {}, {}),
        ({"add": [1, {"fact": "case.age"}]}, {"age": "5"}, {}),
        ({"add": [1, {"fact": "case.age"}]}, {"age": True}, {}),
        ({"multiply": [{"fact": "case.age"}, {"fact": "case.age"}]}, {"age": 2**53}, {}),  # beyond the limits
        ({"multiply": [{"fact": "case.age"}, {"fact": "case.age"}]}, {"age": 1e300}, {}),
    ],
)
def test_a_rule_sets_a_derived_fact(version, value, case, derived):
    made = version(sets(value=value), parameters={"limit": {"type": "number", "value": 7}})
    step = made.advance(case)
    assert step.derived == derived
    assert [type(one) for one in step.derived.values()] == [type(one) for one in derived.values()]


@pytest.mark.parametrize("value", [{"fact": "case.age"}, {"add": [{"fact": "case.age"}, 0]}])
def test_what_one_case_sets_is_not_told_of_the_next(version, value):
    made = version(sets(value=value), sets("derived.y", 1))
    assert [made.advance({"age": age}).derived for age in (5, 6, 5)] == [{"x": age, "y": 1} for age in (5, 6, 5)]


def test_what_is_set_alike_for_all_cases_is_worked_out_once(version, monkeypatch):
    worked_out = []
    real = passes._Assignments._take

    def take(self, priority, keys, values):
        worked_out.append(keys)
        real(self, priority, keys, values)

    monkeypatch.setattr(passes._Assignments, "_take", take)
    points = [table(rows=[("young", "< 18", 1), ("old", ">= 18", 2)])]
    made = version(sets(when=when("case.age", "gte", 18)), tables=points)
    old, young = {"x": 1, "points": 2}, {"points": 1}
    assert [made.advance({"age": age}).derived for age in (20, 5, 70, 5)] == [old, young, old, young]
    assert len(worked_out) == 3


def test_no_more_than_so_many_assignments_are_kept(version, monkeypatch):
    monkeypatch.setattr(passes, "MAX_KNOWN", 1)
    made = version(*(sets(f"derived.x{limit}", when=when("case.age", "gte", limit)) for limit in (1, 2, 3)))
    ages = (1, 2, 3, 2, 1)
    assert [len(made.advance({"age": age}).derived) for age in ages] == list(ages)
    assert len(made.rule_set.assigned) == 1


def test_rules_read_what_others_set(version):
    rules = [
        {"then": APPROVE, "when": when("derived.c", "eq", 3)},
        sets("derived.c", {"add": [{"fact": "derived.b"}, 1]}, when=when("derived.b", "is_set")),
        sets("derived.b", {"add": [{"fact": "derived.a"}, 1]}, when=when("derived.a", "is_set")),
        sets("derived.a", 1),
    ]
    step = version(*rules).advance()
    assert (step.kind, step.derived) == ("decide", {"a": 1, "b": 2, "c": 3})
    assert step.matched == ("r1", "r2", "r3", "r0")


def test_derived_facts_start_empty_in_every_round(version):
    never = when("case.age", "eq", 99)
    made = version(
        sets("derived.x", 1, when=when("derived.y", "is_set")), sets("derived.y", 1, when=never), sets("derived.z", 1)
    )
    facts = made.facts({}, derived={"y": 1, "x": 1})
    assert advance(made.rule_set, facts, Progress()).derived == {"z": 1}


def test_what_is_no_longer_set_goes_away(version):
    """`x` is set as long as `y` is not; `y` is set always: the first pass sets both, the second only `y`."""
    step = version(sets("derived.x", 1, when=when("derived.y", "is_not_set")), sets("derived.y", 2)).advance()
    assert step.derived == {"y": 2}


def chain(length):
    first = sets("derived.f0", 0)
    others = [
        sets(f"derived.f{number}", number, when=when(f"derived.f{number - 1}", "is_set")) for number in range(1, length)
    ]
    return [first, *others]


@pytest.mark.parametrize(
    ("rules", "settles"),
    [
        (chain(19), True),  # 19 passes to set them, one to see that nothing changes
        (chain(20), False),
        ([sets("derived.x", {"add": [{"fact": "derived.x"}, 1]}), sets("derived.x", 0, priority=-1)], False),
        ([sets("derived.x", 1, when=when("derived.x", "is_not_set"))], False),  # on, off, on …
    ],
)
def test_more_than_twenty_passes_escalate(version, rules, settles):
    step = version(*rules, {"then": APPROVE}).advance()
    if settles:
        assert step.kind == "decide"
    else:
        assert (step.kind, step.reason) == ("escalate", "rule-conflict")
        assert step.detail == "the derived facts still changed after 20 passes"


@pytest.mark.parametrize(
    ("rules", "rivals", "derived"),
    [
        ([sets(value=1), sets(value=2)], ["r0", "r1"], None),
        ([sets(value=1), sets(value=True)], ["r0", "r1"], None),  # true is not 1
        ([sets(value=1), sets(value=1.0)], [], {"x": 1}),  # but 1 is 1.0
        ([sets(value=1), sets(value=1)], [], {"x": 1}),
        ([sets(value=1), sets(value=2, priority=1)], [], {"x": 2}),  # the higher priority wins
        ([sets(value=1), sets(value=2), sets(value=3, priority=1)], ["r0", "r1"], None),
        ([sets(value=1), sets("derived.y", 2)], [], {"x": 1, "y": 2}),
        ([{"then": [{"set": {"derived.x": 1}}, {"set": {"derived.x": 2}}]}], [], {"x": 2}),  # in one rule the last
        # a contradiction that is gone in the last pass is none
        ([sets(value=1), sets(value=2, when=when("derived.x", "is_not_set"))], [], {"x": 1}),
    ],
)
def test_rules_of_equal_priority_that_set_a_fact_differently_escalate(version, rules, rivals, derived):
    step = version(*rules, {"then": APPROVE}).advance()
    assert (step.reason == "rule-conflict") is bool(rivals)
    if rivals:
        assert [reason.rule for reason in step.reasons] == rivals
        assert step.detail == f"{rivals[0]} and {rivals[1]} set derived.x differently"
    else:
        assert (step.kind, step.derived) == ("decide", derived)


@pytest.mark.parametrize(
    ("given", "age", "derived"),
    [
        (table(), 5, {"points": 1}),
        (table(rows=[("young", "< 18", 1), ("old", ">= 18", 2)]), 20, {"points": 2}),
        (table("collect_sum", [("a", "-", 0.1), ("b", "> 3", 0.2), ("c", "> 9", 4)]), 5, {"points": 0.3}),
        (table("rule_order", [("a", "-", 1), ("b", "> 3", 2), ("c", "> 9", 4)]), 5, {"points": [1, 2]}),
        (table("unique", [("a", "> 9", 1)], otherwise=[7]), 5, {"points": 7}),
        (table("unique", [("a", "> 9", 1)]), 5, {}),
        (table("collect_count", [("a", "> 9", 1)]), 5, {"points": 0}),
        (table(rows=[("a", "-", None)]), 5, {}),
    ],
)
def test_a_table_sets_its_facts(version, given, age, derived):
    assert version(tables=[given]).advance({"age": age}).derived == derived


@pytest.mark.parametrize("policy", ["unique", "any"])
def test_a_table_whose_promise_is_broken_escalates_naming_the_rows(version, policy):
    made = version({"then": APPROVE, "priority": 9}, tables=[table(policy, [("a", "> 3", 1), ("b", "< 9", 2)])])
    step = made.advance({"age": 5})
    assert (step.kind, step.reason) == ("escalate", "rule-conflict")
    assert [reason.rule for reason in step.reasons] == ["t/a", "t/b"]
    assert step.detail.startswith("table 'Points': ")
    assert made.advance({"age": 1}).kind == "decide"


@pytest.mark.parametrize(("priority", "expected"), [(0, None), (1, 9), (-1, 1)])
def test_a_rule_and_a_table_are_weighed_by_priority(version, priority, expected):
    step = version(sets("derived.points", 9, priority=priority), tables=[table()]).advance({"age": 5})
    if expected is None:
        assert (step.reason, step.detail) == ("rule-conflict", "r0 and t/one set derived.points differently")
    else:
        assert step.derived == {"points": expected}


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        ([1, {"a": 2}], [1, {"a": 2}], True),
        ([1, {"a": 1}], [1, {"a": True}], False),
        ({"a": 1}, {"b": 1}, False),
        ([1], [1, 2], False),
        ("1", 1, False),
    ],
)
def test_values_are_the_same_as_json_sees_it(left, right, expected):
    assert same(left, right) is expected
