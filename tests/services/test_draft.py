"""Drafts changed part by part: what others change meanwhile stays, and who comes second on one part is told."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from orchestration.models import Workflow, WorkflowVersion
from orchestration.rules.parse import RuleError
from orchestration.services import draft as drafts
from orchestration.services.draft import Overtaken, PartError, change_part, discard, part_of
from orchestration.services.refusal import Refused
from orchestration.services.version import new_draft, publish
from tests.factories import UserFactory
from tests.small_workflow import document

pytestmark = pytest.mark.django_db

HOLDS = {"title": "Greets", "given": {"case": {"text": "a"}}, "expect": {"run": ["hear"]}}
RUDE = {
    "title": "Rude",
    "given": {"case": {"text": "a", "rude": True}},
    "expect": {"escalate": "The text is rude"},
}


@pytest.fixture
def ana() -> User:
    return UserFactory(username="ana")


@pytest.fixture
def draft(greeting: Workflow, ana: User) -> WorkflowVersion:
    data = {**greeting.published_version.content, "scenarios": [HOLDS, RUDE]}
    return new_draft(workflow=greeting, data=data, user=ana)


def change(draft: WorkflowVersion, section: str, key: str, value: Any, user: User, **more: Any) -> WorkflowVersion:
    seen = more.pop("seen", part_of(draft, section, key).seen)
    return change_part(
        version_id=draft.pk, section=section, key=key, value=value, seen=seen, user=user, **more
    )  # fmt: skip


def rule(draft: WorkflowVersion, which: str, /, **changed: Any) -> dict[str, Any]:
    return {**(part_of(draft, "rules", which).value or {}), **changed}


def keys(draft: WorkflowVersion) -> list[str]:
    return [one["key"] for one in draft.content["rules"]]


@pytest.mark.parametrize(
    ("section", "key", "place"),
    [
        ("rules", "doubt", "/rules/2"),
        ("parameters", "sure", "/parameters/sure"),
        ("agents", "hear", "/agents/hear"),
        ("scenarios", "1", "/scenarios/1"),
    ],
)
def test_a_part_is_found_by_its_key(section: str, key: str, place: str, draft: WorkflowVersion) -> None:
    part = part_of(draft, section, key)
    stored = draft.content[section][int(place.rsplit("/", 1)[1]) if section in ("rules", "scenarios") else key]
    assert (part.value, part.place, len(part.seen)) == (stored, place, 64)


@pytest.mark.parametrize(
    ("section", "key"),
    [("rules", "none"), ("tables", "x"), ("parameters", "x"), ("scenarios", "2"), ("scenarios", "-1")],
)
def test_a_part_that_is_not_there_has_an_empty_digest(section: str, key: str, draft: WorkflowVersion) -> None:
    assert part_of(draft, section, key) == drafts.Part(None, "", "")


def test_one_rule_is_replaced_and_the_rest_stays(draft: WorkflowVersion, ana: User) -> None:
    saved = change(draft, "rules", "yes", rule(draft, "yes", title="Heard very well"), ana)
    assert part_of(saved, "rules", "yes").value["title"] == "Heard very well"
    assert (saved.revision, keys(saved), saved.note) == (2, keys(draft), draft.note)
    assert {**saved.content, "rules": []} == {**draft.content, "rules": []}


def test_a_rule_may_get_another_key(draft: WorkflowVersion, ana: User) -> None:
    saved = change(draft, "rules", "yes", rule(draft, "yes", key="fine"), ana)
    assert keys(saved) == ["rude", "hear", "doubt", "fine"]


def test_a_rule_is_added_where_asked_and_at_the_end_unless_asked(draft: WorkflowVersion, ana: User) -> None:
    first = rule(draft, "yes", key="first", enabled=False)
    saved = change(draft, "rules", "", first, ana, new=True, position=0)
    saved = change(saved, "rules", "", {**first, "key": "last"}, ana, new=True)
    assert keys(saved) == ["first", "rude", "hear", "doubt", "yes", "last"]


@pytest.mark.parametrize(
    ("position", "order"),
    [
        (0, ["doubt", "rude", "hear", "yes"]),
        (1, ["rude", "doubt", "hear", "yes"]),
        (99, ["rude", "hear", "yes", "doubt"]),  # the last place is the furthest
    ],
)
def test_a_rule_is_moved(position: int, order: list[str], draft: WorkflowVersion, ana: User) -> None:
    assert keys(change(draft, "rules", "doubt", rule(draft, "doubt"), ana, position=position)) == order


def test_a_rule_is_deleted_and_deleting_it_twice_is_no_fault(draft: WorkflowVersion, ana: User) -> None:
    seen = part_of(draft, "rules", "doubt").seen
    saved = change(draft, "rules", "doubt", None, ana)
    again = change(draft, "rules", "doubt", None, ana, seen=seen)
    assert (keys(saved), again.revision) == (["rude", "hear", "yes"], saved.revision)


def test_parameters_and_scenarios_are_parts_too(draft: WorkflowVersion, ana: User) -> None:
    saved = change(draft, "parameters", "sure", {"type": "number", "value": 0.9}, ana)
    saved = change(saved, "parameters", "extra", {"type": "integer", "value": 3}, ana, new=True)
    saved = change(saved, "scenarios", "0", None, ana)
    assert {name: one["value"] for name, one in saved.content["parameters"].items()} == {"sure": 0.9, "extra": 3}
    assert [one["title"] for one in saved.content["scenarios"]] == ["Rude"]


def test_the_last_of_a_kind_leaves_no_empty_section(draft: WorkflowVersion, ana: User) -> None:
    saved = change(change(draft, "scenarios", "0", None, ana), "scenarios", "0", None, ana, seen=_digest(draft, "1"))
    assert "scenarios" not in saved.content


def test_what_changes_nothing_is_no_save(draft: WorkflowVersion, ana: User) -> None:
    assert change(draft, "rules", "yes", rule(draft, "yes"), ana).revision == draft.revision


def test_true_is_another_value_than_one(draft: WorkflowVersion, ana: User) -> None:
    numbered = {"type": "list", "value": [1]}
    saved = change(draft, "parameters", "flags", numbered, ana, new=True)
    saved = change(saved, "parameters", "flags", {**numbered, "value": [True]}, ana)
    assert saved.content["parameters"]["flags"]["value"] == [True]


def test_two_people_on_different_parts_do_not_disturb_each_other(draft: WorkflowVersion, ana: User) -> None:
    ben = UserFactory(username="ben")
    seen = part_of(draft, "rules", "yes").seen
    change(draft, "rules", "rude", rule(draft, "rude", title="By Ben"), ben)
    saved = change(draft, "rules", "yes", rule(draft, "yes", title="By Ana"), ana, seen=seen)
    assert [one["title"] for one in saved.content["rules"] if one["key"] in ("rude", "yes")] == ["By Ben", "By Ana"]
    assert list(saved.contributors.all()) == [ben]


def test_of_two_on_one_part_the_second_is_told_what_is_there_now(draft: WorkflowVersion, ana: User) -> None:
    seen = part_of(draft, "rules", "yes").seen
    theirs = rule(draft, "yes", title="Theirs")
    change(draft, "rules", "yes", theirs, UserFactory())
    with pytest.raises(Overtaken, match="changed this while you edited it") as told:
        change(draft, "rules", "yes", rule(draft, "yes", title="Mine"), ana, seen=seen)
    assert told.value.now == theirs
    with pytest.raises(Overtaken):
        change(draft, "rules", "yes", None, ana, seen=seen)
    draft.refresh_from_db()
    assert part_of(draft, "rules", "yes").value == theirs


def test_a_part_that_was_deleted_meanwhile_is_not_brought_back(draft: WorkflowVersion, ana: User) -> None:
    mine, seen = rule(draft, "doubt", title="Mine"), part_of(draft, "rules", "doubt").seen
    change(draft, "rules", "doubt", None, UserFactory())
    with pytest.raises(Overtaken, match="deleted") as told:
        change(draft, "rules", "doubt", mine, ana, seen=seen)
    assert told.value.now is None


def test_a_scenario_is_found_again_after_another_was_deleted_before_it(draft: WorkflowVersion, ana: User) -> None:
    seen = part_of(draft, "scenarios", "1").seen
    change(draft, "scenarios", "0", None, UserFactory())
    saved = change(draft, "scenarios", "1", {**RUDE, "title": "Very rude"}, ana, seen=seen)
    assert [one["title"] for one in saved.content["scenarios"]] == ["Very rude"]


def test_a_save_that_came_between_is_waited_out(
    draft: WorkflowVersion, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[..., WorkflowVersion] = drafts.save_draft
    between = [lambda: change(draft, "rules", "rude", rule(draft, "rude", title="Between"), UserFactory())]

    def slow(**given: Any) -> WorkflowVersion:
        if between:
            between.pop()()
        return real(**given)

    monkeypatch.setattr(drafts, "save_draft", slow)
    saved = change(draft, "rules", "yes", rule(draft, "yes", title="Mine"), ana)
    assert [one["title"] for one in saved.content["rules"]][::3] == ["Between", "Mine"]


@pytest.mark.parametrize("key", ["rude", "hear"])
def test_a_key_that_is_taken_is_refused_at_the_key(key: str, draft: WorkflowVersion, ana: User) -> None:
    with pytest.raises(PartError) as refused:
        change(draft, "rules", "", rule(draft, "yes", key=key), ana, new=True)
    assert [problem.pointer for problem in refused.value.problems] == ["/rules/4/key"]
    with pytest.raises(PartError):
        change(draft, "parameters", "sure", {"type": "number", "value": 1}, ana, new=True, seen="")


def test_errors_point_into_the_document_and_name_the_part(draft: WorkflowVersion, ana: User) -> None:
    wrong = rule(draft, "doubt", when={"fact": "case.rud", "op": "eq", "value": True})
    with pytest.raises(RuleError) as refused:
        change(draft, "rules", "doubt", wrong, ana)
    (problem,) = refused.value.problems
    assert (refused.value.place, problem.pointer) == ("/rules/2", "/rules/2/when/fact")
    assert "case.rude" in problem.detail


def test_deleting_what_others_need_is_refused_where_they_need_it(draft: WorkflowVersion, ana: User) -> None:
    with pytest.raises(PartError) as refused:
        change(draft, "parameters", "sure", None, ana)
    assert [problem.pointer for problem in refused.value.problems] == ["/rules/2/when/not/value/parameter"]


@pytest.mark.parametrize("value", [{"key": float("nan")}, {"key": "\ud800"}, {}, {"key": 3, "when": [], "then": 1}])
def test_a_value_that_is_no_rule_is_refused(value: dict[str, Any], draft: WorkflowVersion, ana: User) -> None:
    with pytest.raises(PartError):
        change(draft, "rules", "yes", value, ana)
    draft.refresh_from_db()
    assert draft.revision == 1


def test_a_version_that_left_drafting_never_changes(greeting: Workflow, ana: User) -> None:
    version = greeting.published_version
    with pytest.raises(Refused, match="never changes"):
        change(version, "rules", "yes", rule(version, "yes", title="New"), ana)


def test_a_draft_published_while_it_is_edited_is_told(draft: WorkflowVersion, ana: User) -> None:
    value = rule(draft, "yes", title="New")
    publish(version_id=draft.pk, user=None)
    with pytest.raises(Refused, match="is published and never changes"):
        change(draft, "rules", "yes", value, ana)


def test_a_draft_deleted_while_it_is_edited_is_told(draft: WorkflowVersion, ana: User) -> None:
    value, pk = rule(draft, "yes"), draft.pk
    discard(version_id=pk)
    with pytest.raises(Refused, match="was deleted by somebody"):
        change_part(version_id=pk, section="rules", key="yes", value=value, seen="", user=ana)


def _digest(draft: WorkflowVersion, index: str) -> str:
    return part_of(draft, "scenarios", index).seen


def test_the_small_workflow_has_the_parts_these_tests_speak_of() -> None:
    assert [one["key"] for one in document()["version"]["rules"]] == ["rude", "hear", "doubt", "yes"]
