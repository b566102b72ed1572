"""Rules tried out: the step, each condition's truth, advice in words; on what is stored and on an unsaved part."""

from typing import Any

import pytest

from orchestration.engine.nearest import Change
from orchestration.facts import digest
from orchestration.models import AgentRun, Case, Evaluation, Workflow
from orchestration.rules.parse import RuleError, version_from
from orchestration.services.trying import advice_text, laid_over, try_facts

pytestmark = pytest.mark.django_db
HEARD = {"hear": {"output": {"text": "hi", "length": 2}, "confidence": 0.9}}


def tried(workflow: Workflow, given: Any, document: Any = None, **more: Any) -> Any:
    return try_facts(document=document or workflow.published_version.content, workflow=workflow, given=given, **more)


def test_a_trial_tells_the_step_and_why(greeting: Workflow) -> None:
    found = tried(greeting, {"case": {"text": "hi"}, "agents": HEARD})
    assert (found.step.kind, found.step.outcome, found.words.title) == ("decide", "yes", "The rules would decide: yes")
    assert [(rule.key, rule.matched, rule.gave) for rule in found.rules] == [
        ("rude", False, False),
        ("hear", True, False),
        ("doubt", False, False),
        ("yes", True, True),
    ]
    assert [rule.key for rule in found.fired] == ["yes", "hear"]
    assert found.doubts == ()


def test_what_was_not_true_has_its_conditions_and_the_nearest_change(greeting: Workflow) -> None:
    rude, doubt = tried(greeting, {"case": {"text": "hi", "rude": False}, "agents": HEARD}).kept_out
    assert [(one.text, one.truth, one.seen) for one in rude.conditions] == [
        ("rude is true", False, "no"),
        ("trusted is not true", True, "not given"),
    ]
    assert rude.conditions[1].parts == ()  # a plain `not` is one line
    assert (rude.kept_out_by, rude.wrong) == (rude.conditions[0], 1)
    assert rude.advice == "It would be true if rude were true instead of false."
    assert doubt.advice == "It would be true if confidence of hear were 0.79 instead of 0.9."
    assert rude.actions == "escalate to people because “The text is rude”"


def test_nothing_is_stored_and_no_agent_runs(greeting: Workflow) -> None:
    assert tried(greeting, {"case": {"text": "hi"}}).words.title == "Agents would look first: hear"
    assert (Case.objects.count(), AgentRun.objects.count(), Evaluation.objects.count()) == (0, 0, 0)


def test_what_a_real_case_could_not_be_is_said(greeting: Workflow) -> None:
    found = tried(greeting, {"case": {"text": 5, "colour": "red"}, "human": {"trusted": "maybe"}})
    assert sorted(doubt.split(":")[0] for doubt in found.doubts) == ["case", "case › text", "human › trusted"]


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ([], ""),
        ({"cases": {}}, "/cases"),
        ({"case": 5}, "/case"),
        ({"agents": {"hear": {"confidence": 7}}}, "/agents/hear/confidence"),
        ({"agents": {"see": {}}}, "/agents/see"),
        ({"now": "soon"}, "/now"),
    ],
)
def test_malformed_facts_are_refused_by_place(greeting: Workflow, given: Any, place: str) -> None:
    with pytest.raises(RuleError) as refused:
        tried(greeting, given)
    assert refused.value.problems[0].pointer == place


def test_an_unsaved_part_is_laid_over_what_is_stored(greeting: Workflow) -> None:
    document = greeting.published_version.content
    before = digest(document)
    rule = {"key": "yes", "title": "Now no", "when": "always", "then": [{"decide": {"outcome": "no"}}]}
    given = {"case": {"text": "hi"}, "agents": HEARD}
    assert tried(greeting, given, laid_over(document, "rules", "yes", rule), first="yes").step.outcome == "no"
    gone = tried(greeting, given, laid_over(document, "rules", "yes", None))
    assert gone.step.reason == "no-rule-decided"
    sure = {"type": "number", "value": 0.95}
    assert tried(greeting, given, laid_over(document, "parameters", "sure", sure)).step.kind == "escalate"
    assert (digest(document), tried(greeting, given).step.outcome) == (before, "yes")


def test_parts_keep_their_place() -> None:
    document = {"rules": [{"key": "a"}, {"key": "b"}], "scenarios": [1, 2], "parameters": {"x": 1}}
    assert laid_over(document, "rules", "a", {"key": "z"})["rules"] == [{"key": "z"}, {"key": "b"}]
    assert laid_over(document, "rules", "", {"key": "c"})["rules"] == [{"key": "a"}, {"key": "b"}, {"key": "c"}]
    assert laid_over(document, "tables", "t", {"key": "t"})["tables"] == [{"key": "t"}]
    assert laid_over(document, "scenarios", "1", 3)["scenarios"] == [1, 3]
    assert laid_over(document, "scenarios", "0", None)["scenarios"] == [2]
    assert laid_over(document, "parameters", "x", None)["parameters"] == {}
    with pytest.raises(RuleError, match="no section"):
        laid_over(document, "outcomes", "", [])


def test_an_unsaved_part_that_is_wrong_is_told_by_its_place(greeting: Workflow) -> None:
    rule = {"key": "yes", "title": "Odd", "when": {"fact": "case.tetx", "op": "is_set"}, "then": []}
    with pytest.raises(RuleError) as refused:
        tried(greeting, {}, laid_over(greeting.published_version.content, "rules", "yes", rule))
    assert all(problem.pointer.startswith("/rules/3") for problem in refused.value.problems)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (Change("case.text", "a", None), "It would be true if text were not given."),
        (Change("case.text", None, "b"), "It would be true if text were “b”; it is not given."),
        (Change("case.tags", ["a"], ["a", "b"]), "It would be true if tags also held “b”."),
        (
            Change("case.owners", 1, 2, (0, "share")),
            "It would be true if owners › entry 1 › share were 2 instead of 1.",
        ),
    ],
)
def test_advice_is_a_sentence(greeting: Workflow, change: Change, told: str) -> None:
    assert advice_text(change, version_from(greeting.published_version.content)) == told
