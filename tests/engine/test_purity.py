"""`advance` is a pure function: the same arguments give the same step, and nothing that it is given changes."""

from __future__ import annotations

import copy
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.engine.advance import advance
from orchestration.engine.compile import compile_version
from orchestration.engine.step import ChildRecord, Progress, RunRecord, WaitRecord
from orchestration.engine.truth import moment
from orchestration.facts import Facts
from orchestration.rules.parse import version_from


def is_(fact, op="is_set", value=None):
    return {"fact": fact, "op": op, **({} if value is None else {"value": value})}


def rule(key, when, *then, **more):
    return {"key": key, "title": key, "when": when, "then": list(then), **more}


OUTPUT = {"type": "object", "properties": {"ok": {"type": "boolean"}}}
DOCUMENT = {
    "outcomes": ["approve", "reject"],
    "input_schema": {
        "type": "object",
        "properties": {
            "age": {"type": "number"},
            "due": {"type": "string", "format": "date"},
            "tags": {"type": "array"},
        },
    },
    "budget": 5,
    "agents": {
        "a": {"use": "x", "input": {"age": "case.age"}, "output_schema": OUTPUT},
        "b": {"use": "x", "input": {"risk": "derived.risk"}, "on_failure": "continue", "output_schema": OUTPUT},
    },
    "rules": [
        rule("risk", is_("case.age", "lt", 18), {"set": {"derived.risk": "high"}}, {"prioritise": "high"}),
        rule("tags", is_("case.tags", "size_gt", 1), {"set": {"derived.risk": "low"}}),
        rule("run", is_("case.age"), {"run": ["a"]}),
        rule("more", is_("derived.risk", "eq", "high"), {"run": ["b"]}, {"notify": {"name": "risky"}}),
        rule("child", is_("case.tags"), {"open_case": {"workflow": "w", "as": "kid", "wait": True}}),
        rule("wait", is_("case.due"), {"wait": {"until": "case.due"}}),
        rule("ok", is_("agents.a.output.ok", "eq", True), {"decide": {"outcome": "approve"}}, priority=-1),
        rule("no", {"not": is_("agents.b.confidence", "gte", 0.5)}, {"decide": {"outcome": "reject"}}, priority=-2),
    ],
}
RULE_SET = compile_version(version_from(DOCUMENT))
NOW = moment("2026-11-22T12:00:00Z", RULE_SET.vocabulary.zone)

cases = st.fixed_dictionaries(
    {},
    optional={
        "age": st.none() | st.integers(0, 30) | st.floats(),
        "due": st.sampled_from(["2026-11-01", "2026-12-24", "soon"]),
        "tags": st.lists(st.integers(), max_size=3),
    },
)
runs = st.lists(
    st.builds(
        RunRecord,
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["pending", "succeeded", "failed"]),
        output=st.sampled_from([{}, {"ok": True}, {"ok": False}]),
        confidence=st.none() | st.floats(0, 1),
        input_digest=st.sampled_from([None, "other"]),
    ),
    max_size=4,
).map(tuple)
waits = st.lists(
    st.builds(WaitRecord, st.sampled_from(["wait", "other"]), st.just(NOW), st.sampled_from(["2026-12-24", None])),
    max_size=2,
).map(tuple)
children = st.lists(
    st.builds(ChildRecord, st.just("child"), st.just("kid"), st.sampled_from(["running", "decided", "refused"])),
    max_size=1,
).map(tuple)
progresses = st.builds(
    Progress,
    runs=runs,
    waits=waits,
    children=children,
    notified=st.sampled_from([frozenset(), frozenset({"more"})]),
    rounds=st.integers(0, 51),
    cost=st.floats(0, 6),
    salt=st.binary(max_size=4),
)


@settings(max_examples=300, deadline=None)
@given(cases, progresses)
def test_the_same_case_gives_the_same_step_and_stays_as_it_was(case, progress):
    if isinstance(case.get("age"), float):
        case["age"] = round(case["age"] % 100, 1) if abs(case["age"]) < 1e9 else 7
    document = {"case": case, "meta": {"now": "2026-11-22T12:00:00+00:00"}, "human": {}}
    before = copy.deepcopy(document)
    first = advance(RULE_SET, Facts(document), progress)
    again = advance(RULE_SET, Facts(json.loads(json.dumps(document))), copy.deepcopy(progress))
    assert first == again
    assert document == before
    other = compile_version(version_from(copy.deepcopy(DOCUMENT)))
    assert advance(other, Facts(document), progress) == first
    other.close()


@settings(max_examples=100, deadline=None)
@given(cases, progresses)
def test_every_step_is_whole(case, progress):
    if isinstance(case.get("age"), float):
        case["age"] = 7.5
    step = advance(RULE_SET, Facts({"case": case, "meta": {"now": "2026-11-22T12:00:00+00:00"}}), progress)
    whole = {
        "run": bool(step.awaited) and {run.step for run in step.runs} <= set(step.awaited),
        "decide": step.outcome in ("approve", "reject") and bool(step.reasons),
        "escalate": bool(step.reason) and bool(step.detail or step.rule),
        "wait": (step.due is not None) is not bool(step.child),
    }
    assert whole[step.kind]
