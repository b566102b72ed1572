"""What the editors are told: the words of a version, what a rule says, and numbers and YAML that come back the same."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orchestration.models import CaseContent, Workflow, WorkflowVersion
from orchestration.rules.language import VersionContent
from orchestration.rules.parse import version_from
from orchestration.services import case as cases
from orchestration.services.editing import (
    Said,
    content_of,
    say,
    vocabulary,
)
from orchestration.services.version import new_draft
from tests.factories import ClientFactory
from tests.small_workflow import rules

SCHEMA = {
    "type": "object",
    "properties": {
        "age": {"type": "integer", "title": "Age", "minimum": 0, "maximum": 120, "description": "In years"},
        "country": {"type": "string", "enum": ["DE", "FR"]},
        "address": {"type": "object", "title": "Home", "properties": {"city": {"type": "string"}}},
        "owners": {
            "type": "array",
            "title": "Owners",
            "items": {"type": "object", "properties": {"share": {"type": "number", "title": "Share"}}},
        },
    },
}
CONTENT = version_from(
    {
        "outcomes": ["yes", "no"],
        "input_schema": SCHEMA,
        "parameters": {
            "sure": {"type": "number", "value": 0.8, "label": "Sure enough"},
            "long": {"type": "duration", "value": "30d", "unit": "calendar"},
            "blocked": {"type": "list", "value": [f"C{n}" for n in range(10)]},
        },
        "agents": {
            "look": {"use": "x.look", "output_schema": {"type": "object", "properties": {"ok": {"type": "boolean"}}}}
        },
        "rules": [
            {"key": "risky", "title": "Risky", "when": "always", "then": [{"set": {"derived.risk": "high"}}]},
            {"key": "no", "title": "No", "when": "always", "then": [{"decide": {"outcome": "no"}}]},
        ],
    }
)  # fmt: skip


class _Version:
    """As much of a version as the vocabulary looks at."""

    class workflow:
        class queues:
            @staticmethod
            def values_list(*_: str) -> list[tuple[str, str]]:
                return [("people", "People")]


def words(**more: Any) -> dict[str, Any]:
    return vocabulary(_Version, CONTENT, **more)  # type: ignore[arg-type]


def fact(found: dict[str, Any], path: str) -> dict[str, Any]:
    return next(one for group in found["facts"] for one in group["facts"] if one["path"] == path)


@pytest.mark.django_db
def test_facts_are_grouped_by_where_they_come_from() -> None:
    groups = [(group["source"], group["title"]) for group in words()["facts"]]
    assert groups == [
        ("case", "The case"),
        ("agents", "Agent “look”"),
        ("derived", "Set by rules and tables"),
        ("meta", "About the case"),
    ]


@pytest.mark.django_db
def test_a_fact_has_title_type_bounds_values_and_its_elements() -> None:
    found = words()
    assert fact(found, "case.age") == {
        "path": "case.age", "type": "integer", "title": "Age", "minimum": 0, "maximum": 120, "description": "In years",
    }  # fmt: skip
    assert fact(found, "case.country")["values"] == ["DE", "FR"]
    assert fact(found, "case.address.city") == {
        "path": "case.address.city", "type": "string", "title": "City", "within": "Home",
    }  # fmt: skip
    share = {"path": "item.share", "type": "number", "title": "Share"}
    assert fact(found, "case.owners")["items"] == [
        {"path": "item", "type": "object", "title": "The element itself"}, share,
    ]  # fmt: skip
    assert fact(found, "agents.look.output.ok")["title"] == "Ok"
    assert fact(found, "derived.risk")["type"] == "string"


@pytest.mark.django_db
def test_operators_say_their_types_and_the_shape_of_their_value() -> None:
    operators = {one["name"]: one for one in words()["operators"]}
    assert operators["between"] == {
        "name": "between", "types": ["date", "datetime", "integer", "number"], "takes": "pair",
        "words": "is between", "value": "same",
    }  # fmt: skip
    assert [operators[name]["value"] for name in ("older_than", "size_gt", "matches", "eq")] == [
        "period", "count", "pattern", "same",
    ]  # fmt: skip
    assert operators["older_than"]["words"] == "is at least … ago"


@pytest.mark.django_db
def test_parameters_steps_outcomes_queues_and_workflows_are_there(greeting: Workflow) -> None:
    found = words()
    assert found["parameters"] == [
        {"name": "blocked", "title": "Blocked", "type": "array", "items": "string",
         "value": "C0, C1, C2, C3, C4, C5, C6, C7, …"},
        {"name": "long", "title": "Long", "type": "duration", "items": "", "value": "30d calendar"},
        {"name": "sure", "title": "Sure enough", "type": "number", "items": "", "value": "0.8"},
    ]  # fmt: skip
    assert (found["steps"], found["outcomes"]) == ([{"name": "look", "title": "x.look"}], ["yes", "no"])
    assert found["queues"] == [{"name": "people", "title": "People"}]
    assert found["workflows"] == [{"name": "greeting", "title": "Greeting"}]


@pytest.fixture
def post(greeting: Workflow) -> Callable[..., None]:
    client = ClientFactory()

    def call(**payload: Any) -> None:
        cases.accept(client=client, workflow=greeting, payload=payload, decide_now=True)

    return call


def greeting_words(greeting: Workflow, *, examples: bool) -> dict[str, Any]:
    version = WorkflowVersion.objects.select_related("workflow").get(pk=greeting.published_version_id)
    return vocabulary(version, content_of(version), examples=examples)


@pytest.mark.django_db
def test_examples_come_from_the_newest_case_that_has_the_fact(greeting: Workflow, post: Callable[..., None]) -> None:
    post(text="old " + "x" * 60, rude=False)
    post(text="  new\n text ")
    found = greeting_words(greeting, examples=True)
    assert fact(found, "case.text")["example"] == "new text"
    assert fact(found, "case.rude")["example"] == "no"
    assert fact(found, "agents.hear.status")["example"] == "succeeded"
    assert "example" not in fact(found, "case.until")


@pytest.mark.django_db
def test_without_the_permission_there_are_no_examples_and_erased_cases_give_none(
    greeting: Workflow, post: Callable[..., None]
) -> None:
    post(text="secret")
    assert "secret" not in str(greeting_words(greeting, examples=False))
    CaseContent.objects.update(erased_at="2026-01-01T00:00Z")
    assert "secret" not in str(greeting_words(greeting, examples=True))


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_cases(greeting: Workflow, post: Callable[..., None]) -> None:
    counts = []
    for _ in range(2):
        post(text="a")
        post(text="b")
        with CaptureQueriesContext(connection) as asked:
            greeting_words(greeting, examples=True)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 6


@pytest.fixture
def draft(greeting: Workflow) -> WorkflowVersion:
    return new_draft(workflow=greeting, data=greeting.published_version.content)


def said(draft: WorkflowVersion, rule: Any, key: str = "") -> Said:
    return say(draft, content_of(draft), rule, key=key)


@pytest.mark.django_db
def test_a_stored_rule_says_what_it_says_everywhere(draft: WorkflowVersion) -> None:
    rude = rules()[0]
    found = said(draft, rude, "rude")
    assert found.rule == rude
    assert found.remarks == ()
    assert (
        found.sentence
        == "When all of: rude is true; trusted is not true; escalate to people because “The text is rude”."
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "pointer", "told"),
    [
        ({"when": {"fact": "case.rud", "op": "eq", "value": True}}, "/when/fact", "Did you mean “case.rude”?"),
        ({"when": {"all": [{"fact": "case.rude", "op": "lt", "value": 3}]}}, "/when/all/0/op", "not possible here"),
        ({"then": [{"escalate": {"queue": "nobody", "reason": "x"}}]}, "/then/0/escalate/queue", "no queue “nobody”"),
        ({"then": [{"decide": {"outcome": "perhaps"}}]}, "/then/0/decide/outcome", "no outcome “perhaps”"),
        ({"key": "hear"}, "/key", "There is a rule “hear” already."),  # of another rule
        ({"title": " "}, "/title", "must not be empty"),
        ({"when": {"fact": "", "op": "eq", "value": 1}}, "/when/fact", "is not a path"),  # not chosen yet
        ({"then": []}, "/then", "at least one entry"),
        ({"then": [{"set": {"derived.x": {"divide": [1, 0]}}}]}, "/then/0/set/derived.x/divide/1", "divided by 0"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_in_the_rule(
    changed: dict[str, Any], pointer: str, told: str, draft: WorkflowVersion
) -> None:
    found = said(draft, {**rules()[0], **changed}, "rude")
    assert [one.pointer for one in found.remarks if told in one.detail] == [pointer]
    assert found.wrong


@pytest.mark.django_db
def test_a_guard_that_a_missing_value_passes_is_warned_of(draft: WorkflowVersion) -> None:
    weak = {"fact": "agents.hear.confidence", "op": "lt", "value": 0.8}
    found = said(draft, {**rules()[2], "when": weak}, "doubt")
    assert {one.severity for one in found.remarks} == {"warning"}
    assert (found.wrong, found.remarks[0].pointer) == (False, "/when")


@pytest.mark.django_db
@pytest.mark.parametrize("value", [None, 3, [], "always", {"when": {"all": 3}, "then": 3}, {"key": float("nan")}])
def test_what_is_no_rule_is_told_and_breaks_nothing(value: Any, draft: WorkflowVersion) -> None:
    found = said(draft, value)
    assert (found.rule, found.wrong) == (None, True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("when", "then", "sentence"),
    [
        ("always", [], "Always …"),
        ({"fact": "", "op": "eq", "value": ""}, [{"decide": {"outcome": "yes"}}], "When …, decide yes."),
        (
            {"all": [{"fact": "case.rude", "op": "eq", "value": True}, {"fact": "", "op": "eq"}]},
            [{"run": []}, {"decide": {"outcome": "yes"}}],
            "When rude is true and …, …, then decide yes.",
        ),
        (
            {"some": "", "where": {"fact": "", "op": "x"}},
            [{"prioritise": "high"}],
            "When for at least one of …: …; give the case high priority.",
        ),
        ({"not": None}, None, "When it is not so that …, …"),
    ],
)
def test_an_unfinished_rule_is_said_as_far_as_it_goes(
    when: Any, then: Any, sentence: str, draft: WorkflowVersion
) -> None:
    found = said(draft, {"key": "x", "title": "X", "when": when, "then": then}).sentence
    assert found == sentence


@pytest.mark.django_db
def test_an_unfinished_rule_is_checked_as_far_as_it_goes(draft: WorkflowVersion) -> None:
    when = {"all": [{"fact": "", "op": "eq", "value": ""}, {"fact": "case.rude", "op": "lt", "value": 3}]}
    then = [{"run": []}, {"escalate": {"queue": "nobody", "reason": "x"}}]
    found = said(draft, {"key": "x", "title": "X", "when": when, "then": then})
    assert {one.pointer for one in found.remarks} == {
        "/when/all/0/fact", "/when/all/1/op", "/then/0/run", "/then/1/escalate/queue",
    }  # fmt: skip


def test_the_content_of_a_version_is_read_once() -> None:
    class Stored:
        digest = "of a test"
        content = {"outcomes": ["yes"], "input_schema": {"type": "object"}}

    first: VersionContent = content_of(Stored)  # type: ignore[arg-type]
    assert content_of(Stored) is first  # type: ignore[arg-type]
