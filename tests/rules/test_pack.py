"""A pack is one file: read strictly, written always in the same way."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from orchestration.rules.pack import Pack, dump, load, place_in_pack
from orchestration.rules.parse import version_from
from orchestration.rules.reading import RuleError
from orchestration.rules.yaml_writing import dump_yaml
from tests.rules.contents import INPUT_SCHEMA, version
from tests.rules.strategies import versions

WORKFLOW = {
    "slug": "onboarding",
    "title": "Onboarding",
    "objective": "Quick and right.",
    "autonomy": "supervised",
    "qa_sample_rate": 0.05,
    "service_levels": {"escalation": "4h", "review": "3d"},
    "baseline": {"cases_per_person_day": 18, "minutes_per_case": 25},
}
QUEUES = ({"slug": "desk", "title": "Desk", "skills": ["documents"]}, {"slug": "other", "title": "Other"})


def document(**changed: Any) -> dict[str, Any]:
    whole = version()
    workflow = {**WORKFLOW, "outcomes": whole["outcomes"], "input_schema": INPUT_SCHEMA}
    return {
        "conductor": 1,
        "workflow": {**workflow, **changed.pop("workflow", {})},
        "queues": list(QUEUES),
        "version": {"note": "First", "rules": whole["rules"], "agents": {"address": {"use": "kyc.address"}}},
        **changed,
    }


def problems(data: Any) -> list[tuple[str, str]]:
    with pytest.raises(RuleError) as caught:
        load(dump_yaml(data))
    return [(problem.pointer, problem.detail) for problem in caught.value.problems]


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(versions)
def test_a_pack_that_was_written_is_written_again_byte_for_byte(data):
    pack = Pack(WORKFLOW, QUEUES, "A note", version_from(data))
    text = dump(pack)
    again = load(text)
    assert dump(again) == text
    frozen = {"agent_version": "", "input_schema": {}, "output_schema": {}, "inline": False}
    bare = tuple(replace(step, **frozen) for step in pack.content.agents)
    assert again == replace(pack, content=replace(pack.content, agents=bare))


def test_the_order_in_which_a_database_keeps_names_does_not_show():
    pack = load(dump_yaml(document()))
    turned = json.loads(json.dumps(document()), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert dump(load(dump_yaml(turned))) == dump(pack)


def test_what_saving_a_version_freezes_is_left_out():
    pack = Pack(WORKFLOW, QUEUES, "", version_from(version()))
    step = load(dump(pack)).content.agents[0]
    assert (step.use, dict(step.input)) == ("kyc.address", {"city": "case.address.city"})
    assert (step.agent_version, step.input_schema, step.output_schema, step.inline) == ("", {}, {}, False)


def test_a_pack_gives_its_workflow_queues_note_and_content():
    pack = load(dump_yaml(document()))
    assert pack.workflow == WORKFLOW
    assert pack.queues == QUEUES
    assert pack.note == "First"
    assert pack.content.outcomes == ("approve", "decline")
    assert [rule.key for rule in pack.content.rules] == ["ask", "yes", "no"]


def test_feedback_stands_beside_the_outcomes_and_a_pack_without_it_says_nothing_of_it():
    text = dump_yaml(document(workflow={"feedback": ["repaid", "defaulted"]}))
    pack = load(text)
    assert pack.content.feedback == ("repaid", "defaulted")
    assert "\n  outcomes: [approve, decline]\n  feedback: [repaid, defaulted]\n  input_schema:" in dump(pack)
    assert dump(load(dump(pack))) == dump(pack)
    assert "feedback" not in dump(load(dump_yaml(document())))


BAD = [
    # (document, [(pointer, message)])
    ({}, "", "The pack lacks the entry “conductor”."),
    (document(conductor=2), "/conductor", "Packs have the format number 1; this one has 2."),
    (document(conductor=True), "/conductor", "Packs have the format number 1; this one has True."),
    (document(queue=[]), "/queue", "The pack has no entry “queue”. Did you mean “queues”?"),
    (document(workflow={"slug": "a b"}), "/workflow/slug", None),
    (
        document(workflow={"slug": "a.b"}),  # no address leads to it
        "/workflow/slug",
        "The slug “a.b” is not possible: it has up to 80 letters, digits, “-” and “_”.",
    ),
    (
        document(workflow={"outcomes": ["x" * 81]}),
        "/workflow/outcomes/0",
        "The outcome has 81 characters; at most 80 are possible.",
    ),
    (
        document(workflow={"tittle": "x"}),
        "/workflow/tittle",
        "The workflow has no entry “tittle”. Did you mean “title”?",
    ),
    (
        document(workflow={"autonomy": "auto"}),
        "/workflow/autonomy",
        "“autonomy” cannot be “auto”; it is one of automatic, supervised, manual, paused. Did you mean “automatic”?",
    ),
    (
        document(workflow={"qa_sample_rate": 5}),
        "/workflow/qa_sample_rate",
        "“qa_sample_rate” is a share from 0 to 1, not 5.",
    ),
    (document(workflow={"service_levels": {"escalation": "soon"}}), "/workflow/service_levels/escalation", None),
    (document(workflow={"baseline": {"minutes_per_case": -1}}), "/workflow/baseline/minutes_per_case", None),
    (document(workflow={"outcomes": []}), "/workflow/outcomes", "“outcomes” must have at least one entry."),
    (document(workflow={"feedback": []}), "/workflow/feedback", "“feedback” must have at least one entry."),
    (document(workflow={"feedback": [1]}), "/workflow/feedback/0", "The feedback value must be a text, not 1."),
    (document(workflow={"budget": "x"}), "/workflow/budget", "The budget must be a number, not “x”."),
    (document(queues=[{"slug": "a", "title": "A"}] * 2), "/queues/1/slug", "There are two queues “a”."),
    (document(queues=[{"slug": "a"}]), "/queues/0", "The queue lacks the entry “title”."),
    (document(version=[]), "/version", "The version must be a mapping of names to values, not a list."),
    (document(version={"ruls": []}), "/version/ruls", "The version has no entry “ruls”. Did you mean “rules”?"),
    (document(version={"rules": [{}]}), "/version/rules/0", "The rule lacks the entry “key”."),
    (document(version={"note": 5}), "/version/note", "The note must be a text, not 5."),
]


@pytest.mark.parametrize(("data", "pointer", "said"), BAD)
def test_a_bad_pack_is_refused_at_its_place(data, pointer, said):
    found = problems(data)[0]
    assert found == (pointer, said if said is not None else found[1])


def test_errors_of_all_parts_are_named_at_once():
    bad = document(workflow={"autonomy": "x", "outcomes": 5}, queues=5, version={"rules": 5, "agents": 5})
    pointers = [pointer for pointer, _ in problems(bad)]
    assert pointers == ["/workflow/autonomy", "/queues", "/workflow/outcomes", "/version/agents", "/version/rules"]


def test_values_beyond_the_limits_are_refused_everywhere():
    assert problems(document(workflow={"title": "x" * 60_001}))[0][0] == "/workflow/title"
    text = dump_yaml(document()).replace("0.05", ".inf")
    with pytest.raises(RuleError, match="finite"):
        load(text)


@pytest.mark.parametrize("text", ["", "[]", "5", "conductor: 1", "conductor: 1\nworkflow:\nversion:\n"])
def test_what_is_no_pack_is_refused(text):
    with pytest.raises(RuleError):
        load(text)


def test_places_of_a_version_are_found_in_its_pack():
    assert place_in_pack("/rules/3/when") == "/version/rules/3/when"
    assert place_in_pack("/input_schema/type") == "/workflow/input_schema/type"
    assert place_in_pack("") == "/workflow"
