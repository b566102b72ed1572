"""The walk of a round (DESIGN §2, point 2): order, terminal actions, run requests, effects."""

from __future__ import annotations

import pytest

from orchestration.engine.step import ChildOpened, Notified, Prioritised

APPROVE = {"decide": {"outcome": "approve"}}
REJECT = {"decide": {"outcome": "reject"}}
DONE = {"decide": {"outcome": "done"}}
WAIT = {"wait": {"for": "2d"}}
RUN_A, RUN_B = {"run": ["a"]}, {"run": ["b"]}
TWO_STEPS = {"a": {}, "b": {}}


def escalate(reason="look", **more):
    return {"escalate": {"queue": "desk", "reason": reason, **more}}


def child(name="kid", *, wait=False, **payload):
    return {"open_case": {"workflow": "other", "as": name, "payload": payload, "wait": wait}}


def table(key, *, priority=0, decide=None, reason=None, when="-"):
    output = {"decide": "outcome"} if decide else {"escalate": "reason", "queue": "desk"}
    rows = [{"key": "only", "when": [when], "then": [decide or reason]}]
    return {
        "key": key,
        "title": f"Table {key}",
        "hit_policy": "first",
        "priority": priority,
        "inputs": [{"fact": "case.age"}],
        "outputs": [output],
        "rows": rows,
    }


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        # priority goes before everything else, high to low
        ([{"then": APPROVE, "priority": 1}, {"then": REJECT, "priority": 2}], "r1"),
        ([{"then": APPROVE, "priority": -1}, {"then": escalate(), "priority": -2}], "r0"),
        # at equal priority: escalate before all others, wherever it stands
        ([{"then": APPROVE}, {"then": WAIT}, {"then": escalate()}], "r2"),
        ([{"then": APPROVE}, {"then": [{"notify": {"name": "x"}}, escalate()]}], "r1"),
        # then waits, before decisions
        ([{"then": APPROVE}, {"then": WAIT}], "r1"),
        ([{"then": APPROVE}, {"then": child(wait=True)}], "r1"),
        # a rule that waits and then decides stands with the decisions
        ([{"then": [WAIT, APPROVE]}, {"then": REJECT}], "r0"),
        ([{"then": [WAIT, APPROVE]}, {"then": WAIT}], "r1"),
        # then the order in which they are written
        ([{"then": APPROVE}, {"then": REJECT}], "r0"),
        # what is not true, or not enabled, is passed over
        ([{"then": APPROVE, "when": {"fact": "case.age", "op": "gt", "value": 99}}, {"then": REJECT}], "r1"),
        ([{"then": APPROVE, "enabled": False}, {"then": REJECT}], "r1"),
    ],
)
def test_rules_are_walked_in_order(version, rules, expected):
    assert version(*rules).advance({"age": 5}).rule == expected


@pytest.mark.parametrize(
    ("rules", "tables", "expected"),
    [
        ([{"then": APPROVE}], [table("t", decide="reject")], "r0"),  # tables follow the rules of their priority
        ([{"then": APPROVE}], [table("t", reason="look")], "r0"),  # also one that escalates
        ([{"then": APPROVE}], [table("t", decide="reject", priority=1)], "t/only"),
        ([{"then": APPROVE, "priority": -1}], [table("t", decide="reject")], "t/only"),
        ([], [table("t", decide="reject"), table("u", reason="look")], "u/only"),  # among tables the same classes
        ([], [table("t", decide="reject", when="> 9"), table("u", decide="approve")], "u/only"),
    ],
)
def test_tables_follow_the_rules_of_their_priority(version, rules, tables, expected):
    assert version(*rules, tables=tables).advance({"age": 5}).rule == expected


def test_the_step_tells_what_was_true_in_walk_order(version):
    rules = [{"then": APPROVE}, {"then": escalate(), "priority": -5}, {"then": {"set": {"derived.x": 1}}}]
    step = version(*rules, tables=[table("t", decide="reject")]).advance({"age": 5})
    assert step.matched == ("r2", "r0", "t/only", "r1")


@pytest.mark.parametrize(
    ("then", "kind", "more"),
    [
        (APPROVE, "decide", {"outcome": "approve", "note": ""}),
        ({"decide": {"outcome": "reject", "note": "sorry"}}, "decide", {"outcome": "reject", "note": "sorry"}),
        (
            escalate("odd", priority="urgent"),
            "escalate",
            {"queue": "desk", "reason": "odd", "priority": "urgent", "detail": ""},
        ),
        (escalate("odd"), "escalate", {"queue": "desk", "reason": "odd", "priority": None}),
    ],
)
def test_a_terminal_action_is_the_step(version, then, kind, more):
    step = version({"then": then}).advance()
    assert (step.kind, step.rule) == (kind, "r0")
    assert {name: getattr(step, name) for name in more} == more


@pytest.mark.parametrize(
    ("rules", "awaited"),
    [
        ([{"then": RUN_A}, {"then": APPROVE}], ("a",)),  # requests before the terminal are run first
        ([{"then": [RUN_A, APPROVE]}], ("a",)),
        ([{"then": {"run": ["a", "b"]}}, {"then": escalate(), "priority": -1}], ("a", "b")),
        ([{"then": RUN_A}, {"then": RUN_A}, {"then": RUN_B}, {"then": WAIT}], ("a", "b")),  # each once
        ([{"then": RUN_A}], ("a",)),  # no terminal action at all
        ([{"then": APPROVE}, {"then": RUN_A, "priority": -1}], ()),  # after the terminal it is not reached
        ([{"then": escalate()}, {"then": RUN_A}], ()),
        ([{"then": RUN_A}, {"then": child(wait=True)}], ("a",)),
    ],
)
def test_requests_before_the_terminal_action_are_run_together(version, rules, awaited):
    step = version(*rules, agents=TWO_STEPS).advance({"age": 5})
    assert (step.kind == "run", step.awaited) == (bool(awaited), awaited)
    assert tuple(run.step for run in step.runs) == awaited


def test_effects_before_the_terminal_action_belong_to_the_step(version):
    before = [
        {"then": {"prioritise": "high"}},
        {"then": {"notify": {"name": "started"}}},
        {"then": child("kid", years="case.age", missing="case.country")},
    ]
    after = [{"then": {"notify": {"name": "late"}}, "priority": -1}]
    effects = (
        Prioritised("r0", "high"),
        Notified("r1", "started"),
        ChildOpened("r2", "kid", "other", {"years": 5}, False),
    )
    decided = version(*before, {"then": APPROVE}, *after).advance({"age": 5})
    assert (decided.kind, decided.effects) == ("decide", effects)
    running = version(*before, {"then": [RUN_A, APPROVE]}, *after, agents=TWO_STEPS).advance({"age": 5})
    assert (running.kind, running.effects) == ("run", effects)
    stuck = version(*before).advance({"age": 5})
    assert (stuck.kind, stuck.reason, stuck.effects) == ("escalate", "no-rule-decided", effects)


def test_of_two_priorities_the_first_met_counts(version):
    step = version({"then": {"prioritise": "low"}}, {"then": {"prioritise": "urgent"}, "priority": 1}).advance()
    assert step.effects == (Prioritised("r1", "urgent"),)


def test_a_case_that_waits_for_a_child_runs_what_was_asked_before_first(version):
    rules = [{"then": RUN_A}, {"then": child(wait=True)}]
    step = version(*rules, agents=TWO_STEPS).advance({"age": 5})
    assert (step.kind, step.awaited, step.effects) == ("run", ("a",), ())


def test_no_terminal_action_and_nothing_to_run_escalates(version):
    step = version({"then": {"set": {"derived.x": 1}}}).advance()
    assert (step.kind, step.reason, step.rule, step.queue) == ("escalate", "no-rule-decided", "", "")


@pytest.mark.parametrize(
    ("progress", "reason"),
    [
        ({"rounds": 49}, ""),
        ({"rounds": 50}, "too-many-rounds"),
        ({"rounds": 99, "cost": 99.0}, "too-many-rounds"),
        ({"cost": 1.99}, ""),
        ({"cost": 2.0}, "budget-used-up"),
        ({"cost": 9.5}, "budget-used-up"),
    ],
)
def test_too_many_rounds_or_a_budget_used_up_escalate(version, progress, reason):
    step = version({"then": APPROVE}, budget=2).advance(**progress)
    assert (step.kind, step.reason) == (("escalate", reason) if reason else ("decide", ""))


def test_a_version_without_a_budget_has_no_limit_of_cost(version):
    assert version({"then": APPROVE}).advance(cost=1e9).kind == "decide"


def test_a_budget_of_nothing_lets_free_agents_work(version):
    assert version({"then": APPROVE}, budget=0).advance(cost=0.0).kind == "decide"
    assert version({"then": APPROVE}, budget=0).advance(cost=0.01).reason == "budget-used-up"


def test_the_same_arguments_give_the_same_step(version):
    made = version({"then": [RUN_A, child("kid", wait=True)]}, {"then": REJECT}, {"then": DONE}, agents=TWO_STEPS)
    assert made.advance({"age": 5}) == made.advance({"age": 5})
