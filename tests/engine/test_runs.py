"""A step counts as run when it ran on just this input; failures are judged before the rules (point 3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestration.engine.advance import facts_with_agents
from orchestration.engine.step import Progress, RunRecord
from orchestration.facts import digest

SALT = b"salt of the case"
APPROVE = {"decide": {"outcome": "approve"}}
INPUTS = {"type": "object", "properties": {"age": {}, "country": {}, "extra": {}}}


def run_then(outcome, *, fact="agents.a.output.ok", value=True, steps=("a",)):
    """Run the step; decide when its output says so."""
    decide = {"decide": {"outcome": outcome}}
    return [
        {"then": {"run": list(steps)}},
        {"then": decide, "when": {"fact": fact, "op": "eq", "value": value}},
    ]


def ended(planned, **more):
    """The record of a planned run that has ended."""
    return RunRecord(
        planned.step,
        more.pop("status", "succeeded"),
        agent_version="1",
        config_digest=planned.config_digest,
        input_digest=planned.input_digest,
        **more,
    )


@pytest.mark.parametrize(
    ("mapping", "schema", "case", "expected"),
    [
        ({"years": "case.age"}, {}, {"age": 5}, {"years": 5}),
        ({}, INPUTS, {"age": 5, "country": "DE"}, {"age": 5, "country": "DE"}),  # unmapped: case.<same name>
        ({"age": "case.country"}, INPUTS, {"age": 5, "country": "DE"}, {"age": "DE", "country": "DE"}),
        ({}, INPUTS, {"age": None}, {}),  # what is not there is left out
        ({"years": "human.years"}, {}, {"age": 5}, {}),
        ({}, {}, {"age": 5}, {}),
    ],
)
def test_a_step_takes_its_input_from_facts(version, mapping, schema, case, expected):
    made = version({"then": {"run": ["a"]}}, agents={"a": {"input": mapping, "input_schema": schema}})
    (planned,) = made.advance(case, salt=SALT).runs
    assert planned.input == expected
    assert planned.input_digest == digest(expected, SALT)


def test_the_input_digest_is_keyed_and_the_config_digest_tells_configurations_apart(version):
    def planned(salt=SALT, **step):
        return version({"then": {"run": ["a"]}}, agents={"a": step}).advance({"age": 5}, salt=salt).runs[0]

    same = planned()
    assert planned() == same
    assert planned(salt=b"other").input_digest != same.input_digest
    assert planned(salt=b"other").config_digest == same.config_digest
    others = [planned(config={"a": 1}), planned(agent_version="2"), planned(use="other.agent")]
    assert len({other.config_digest for other in others} | {same.config_digest}) == 4


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({}, True),
        ({"input_digest": None}, True),  # given: fits any input
        ({"input_digest": "other"}, False),
        ({"config_digest": "other"}, False),
        ({"agent_version": "2"}, False),
        ({"step": "b"}, False),
    ],
)
def test_a_step_counts_as_run_on_the_same_version_configuration_and_input(version, change, counts):
    made = version(*run_then("approve"), agents={"a": {}, "b": {}})
    first = made.advance({"age": 5}, salt=SALT)
    record = replace(ended(first.runs[0], output={"ok": True}), **change)
    step = made.advance({"age": 5}, salt=SALT, runs=(record,))
    assert (step.kind, step.outcome) == (("decide", "approve") if counts else ("run", ""))


def test_what_one_of_two_agents_side_by_side_gave_is_no_run_of_the_other(version):
    """Both have the same version and configuration, and get the same input."""
    one, other = (version(*run_then("approve"), agents={"a": {"use": use}}) for use in ("acme.age", "acme.age@2"))
    record = ended(one.advance({"age": 5}, salt=SALT).runs[0], output={"ok": True})
    assert one.advance({"age": 5}, salt=SALT, runs=(record,)).kind == "decide"
    assert other.advance({"age": 5}, salt=SALT, runs=(record,)).kind == "run"


def test_a_step_runs_again_when_what_it_reads_is_corrected(version):
    made = version(*run_then("approve"), agents={"a": {}})
    first = made.advance({"age": 5}, salt=SALT)
    runs = (ended(first.runs[0], output={"ok": True}),)
    assert made.advance({"age": 5, "country": "DE"}, salt=SALT, runs=runs).kind == "decide"  # not what it reads
    again = made.advance({"age": 6}, salt=SALT, runs=runs)
    assert (again.kind, again.runs[0].input) == ("run", {"age": 6})
    assert made.advance({"age": 5}, salt=SALT, runs=runs).kind == "decide"  # corrected back: it is still there


def test_a_pending_run_is_awaited_and_not_planned_again(version):
    made = version({"then": {"run": ["a", "b"]}}, {"then": APPROVE}, agents={"a": {}, "b": {}})
    first = made.advance({"age": 5}, salt=SALT)
    assert [run.step for run in first.runs] == ["a", "b"]
    a, b = first.runs
    step = made.advance({"age": 5}, salt=SALT, runs=(ended(a, status="pending"),))
    assert (step.awaited, [run.step for run in step.runs]) == (("a", "b"), ["b"])
    both = (ended(a, status="pending"), ended(b, output={}))
    step = made.advance({"age": 5}, salt=SALT, runs=both)
    assert (step.kind, step.awaited, step.runs) == ("run", ("a",), ())
    assert made.advance({"age": 5}, salt=SALT, runs=(ended(a), ended(b))).kind == "decide"


def test_the_last_of_several_runs_on_the_same_input_counts(version):
    made = version(*run_then("approve"), agents={"a": {}})
    planned = made.advance({"age": 5}).runs[0]
    runs = (ended(planned, status="failed", error="late"), ended(planned, output={"ok": True}))
    assert made.advance({"age": 5}, runs=runs).kind == "decide"


@pytest.mark.parametrize(
    ("agents", "failed", "detail"),
    [
        ({"a": {}}, ["a"], "agent step a failed: no answer"),
        ({"a": {"on_failure": "continue"}}, ["a"], None),
        ({"a": {}, "b": {}}, ["b", "a"], "agent step a failed: no answer"),  # in step order
        ({"a": {"on_failure": "continue"}, "b": {}}, ["a", "b"], "agent step b failed: no answer"),
        ({"a": {}}, [], None),
    ],
)
def test_failures_are_judged_before_the_rules(version, run_of, agents, failed, detail):
    runs = tuple(run_of(name, "failed", error="no answer") for name in failed)
    step = version({"then": APPROVE}, agents=agents).advance({"age": 5}, runs=runs)
    if detail is None:
        assert step.kind == "decide"
    else:
        assert (step.kind, step.reason, step.detail, step.matched) == ("escalate", "agent-failed", detail, ())


def test_a_failure_on_another_input_is_not_judged(version):
    made = version({"then": {"run": ["a"]}}, agents={"a": {}})
    failed = ended(made.advance({"age": 5}, salt=SALT).runs[0], status="failed")
    assert made.advance({"age": 5}, salt=SALT, runs=(failed,)).reason == "agent-failed"
    assert made.advance({"age": 6}, salt=SALT, runs=(failed,)).kind == "run"


@pytest.mark.parametrize(
    ("record", "facts"),
    [
        (None, {}),
        (RunRecord("a", "pending"), {}),
        (
            RunRecord("a", "succeeded", output={"ok": True}, confidence=0.5),
            {"a": {"status": "succeeded", "confidence": 0.5, "output": {"ok": True}}},
        ),
        (
            RunRecord("a", "succeeded", output={}),
            {"a": {"status": "succeeded", "confidence": None, "output": {}}},
        ),
        (RunRecord("a", "failed", output={"ok": True}, error="x"), {"a": {"status": "failed"}}),
        (RunRecord("unknown", "succeeded"), {}),
    ],
)
def test_agents_facts_show_the_run_that_counts(version, record, facts):
    made = version({"then": APPROVE}, agents={"a": {}})
    progress = Progress(runs=(record,) if record else ())
    shown = facts_with_agents(made.rule_set, made.facts({}, agents={"old": 1}), progress)
    assert shown.document["agents"] == facts


def test_a_failed_step_that_may_go_on_is_seen_by_the_rules(version, run_of):
    rules = run_then("reject", fact="agents.a.status", value="failed")
    made = version(*rules, agents={"a": {"on_failure": "continue"}})
    assert made.advance({"age": 5}, runs=(run_of("a", "failed"),)).outcome == "reject"


def test_a_step_may_read_another_steps_output(version):
    """`b` reads `a`, though it stands before it by name: a's new output makes b run again."""
    made = version(
        *run_then("approve", fact="agents.a.output.ok", steps=("b", "a")),
        agents={"a": {"input": {"score": "agents.b.output.score"}}, "b": {}},
    )
    first = made.advance({"age": 5}, salt=SALT)
    assert [(run.step, run.input) for run in first.runs] == [("b", {"age": 5}), ("a", {})]
    runs = (ended(first.runs[0], output={"score": 3}), ended(first.runs[1], output={"ok": False}))
    second = made.advance({"age": 5}, salt=SALT, runs=runs)
    assert [(run.step, run.input) for run in second.runs] == [("a", {"score": 3})]
    runs += (ended(second.runs[0], output={"ok": True}),)
    assert made.advance({"age": 5}, salt=SALT, runs=runs).outcome == "approve"


DERIVED_INPUT = {"a": {"input": {"risk": "derived.risk"}}}


def risk(value):
    return {"then": {"set": {"derived.risk": value}}}


def test_a_step_may_read_what_the_rules_set(version):
    made = version(risk({"fact": "case.country"}), *run_then("approve"), agents=DERIVED_INPUT)
    first = made.advance({"country": "low"}, salt=SALT)
    assert (first.kind, first.runs[0].input) == ("run", {"risk": "low"})
    runs = (ended(first.runs[0], output={"ok": True}),)
    assert made.advance({"country": "low"}, salt=SALT, runs=runs).outcome == "approve"
    assert made.advance({"country": "high"}, salt=SALT, runs=runs).runs[0].input == {"risk": "high"}


def test_a_failure_of_such_a_step_is_judged_too(version):
    made = version(risk("low"), {"then": [{"run": ["a"]}, APPROVE]}, agents=DERIVED_INPUT)
    failed = ended(made.advance().runs[0], status="failed")
    assert made.advance(runs=(failed,)).reason == "agent-failed"


def test_steps_that_chase_each_other_end_in_a_conflict(version):
    """The output of `a` changes the risk that `a` was run on, and without it the risk is what it was."""
    made = version(
        {**risk("high"), "when": {"fact": "agents.a.output.ok", "op": "is_not_set"}},
        {**risk("low"), "when": {"fact": "agents.a.output.ok", "op": "is_set"}},
        *run_then("approve"),
        agents=DERIVED_INPUT,
    )
    first = made.advance()
    assert first.runs[0].input == {"risk": "high"}
    step = made.advance(runs=(ended(first.runs[0], output={"ok": True}),))
    assert (step.kind, step.reason) == ("escalate", "rule-conflict")
