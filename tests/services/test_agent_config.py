"""Agent steps of a draft: checked by the agent's own model, saved, renamed with all that names them, removed."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from orchestration.models import Workflow, WorkflowVersion
from orchestration.services import version as versions
from orchestration.services.agent_config import (
    StepInUse,
    as_stored,
    config_lines,
    plain_step,
    remove_step,
    save_step,
    say_step,
)
from orchestration.services.draft import Overtaken, PartError, change_part, part_of
from orchestration.services.editing import content_of
from orchestration.services.step_names import StepUse, renamed, step_uses
from tests.admin.conftest import person

pytestmark = pytest.mark.django_db
ECHO = {"use": "test.echo", "input": {"text": "case.text"}}


@pytest.fixture
def ana(db: Any) -> User:
    return person("analyst")


@pytest.fixture
def draft(greeting: Workflow, ana: User) -> WorkflowVersion:
    return versions.new_draft(workflow=greeting, data=greeting.published_version.content, note="a draft", user=ana)


def said(draft: WorkflowVersion, data: Any, *, name: str = "hear", key: str = "hear") -> list[tuple[str, str]]:
    remarks = say_step(content_of(draft), name, data, key=key).remarks
    return [(one.severity, one.pointer) for one in remarks]


SAYINGS = [
    # the step, severity and place of what is said
    (ECHO, []),
    ({**ECHO, "config": {"confidence": 0.5}}, []),
    ({**ECHO, "config": {"confidence": "much"}}, [("error", "/config/confidence")]),
    ({**ECHO, "config": {"sureness": 1}}, [("error", "/config/sureness")]),
    ({**ECHO, "timeout": "soon"}, [("error", "/timeout")]),
    ({**ECHO, "attempts": 0}, [("error", "/attempts")]),
    ({**ECHO, "on_failure": "cry"}, [("error", "/on_failure")]),
    ({**ECHO, "input": {"text": "case.rude"}}, [("error", "/input/text")]),  # a boolean where a text is needed
    ({**ECHO, "input": {"text": "case.txt"}}, [("error", "/input/text")]),
    ({**ECHO, "input": {"voice": "case.text"}}, [("error", "/input/voice")]),
    ({"use": "test.ecco"}, [("error", "/use")]),
    ({"use": "no agent"}, [("error", "/use")]),
    ([], [("error", "")]),
    ({**ECHO, "config": []}, [("error", "/config")]),
]


@pytest.mark.parametrize(("step", "expected"), SAYINGS, ids=range(len(SAYINGS)))
def test_what_is_wrong_with_a_step_is_told_at_its_place(
    step: Any, expected: list[tuple[str, str]], draft: WorkflowVersion
) -> None:
    assert list(dict.fromkeys(said(draft, step))) == expected


def test_a_name_is_free_and_well_formed(draft: WorkflowVersion) -> None:
    assert said(draft, ECHO, name="hear", key="") == [("error", "/name")]
    assert said(draft, ECHO, name="two words", key="") == [("error", "/name")]
    assert said(draft, ECHO, name="again", key="") == []


def test_numbers_keep_their_spelling() -> None:
    stored = {"a": 1.0, "b": [2.0, 3], "c": True, "d": 1}
    assert repr(as_stored({"a": 1, "b": [2, 3, 4], "c": 1, "d": True}, stored)) == repr(
        {"a": 1.0, "b": [2.0, 3, 4], "c": 1, "d": True}
    )


def test_a_step_is_saved_and_what_its_agent_refuses_is_not(draft: WorkflowVersion, ana: User) -> None:
    seen = part_of(draft, "agents", "hear").seen
    with pytest.raises(PartError) as refused:
        save_step(
            version_id=draft.pk, key="hear", name="hear", value={**ECHO, "config": {"cost": "x"}}, seen=seen, user=ana
        )
    assert [one.pointer for one in refused.value.problems] == ["/agents/hear/config/cost"]
    value = {**ECHO, "config": {"cost": 2}}
    save_step(version_id=draft.pk, key="hear", name="hear", value=value, seen=seen, user=ana)
    draft.refresh_from_db()
    assert plain_step(draft.content["agents"]["hear"]) == value
    assert draft.content["agents"]["hear"]["agent_version"] == "1.0"


def test_saving_what_is_stored_makes_no_revision(draft: WorkflowVersion, ana: User) -> None:
    part = part_of(draft, "agents", "hear")
    save_step(
        version_id=draft.pk, key="hear", name="hear", value=plain_step(part.value or {}), seen=part.seen, user=ana
    )
    draft.refresh_from_db()
    assert draft.revision == 1


def test_a_new_name_is_told_to_everything_that_names_the_step(draft: WorkflowVersion, ana: User) -> None:
    part = part_of(draft, "agents", "hear")
    told = save_step(version_id=draft.pk, key="hear", name="listen", value=ECHO, seen=part.seen, user=ana)
    draft.refresh_from_db()
    assert told == ("Listen first", "Doubtful ones go to a person")
    assert list(draft.content["agents"]) == ["listen"]
    assert step_uses(draft.content, "hear") == ()
    assert [use.key for use in step_uses(draft.content, "listen")] == ["hear", "doubt"]


def test_only_mentions_are_renamed() -> None:
    document = {
        "rules": [
            {
                "key": "a",
                "title": "A",
                "when": {"all": [
                    {"fact": "agents.x.output.y", "op": "eq", "value": "agents.x.output.y"},
                    {"some": "agents.x.output.list",
                     "where": {"fact": "item.z", "op": "eq", "value": {"fact": "agents.x.confidence"}}},
                    {"fact": "agents.xy.status", "op": "eq", "value": "x"},
                ]},
                "then": [{"run": ["x", "w"]}, {"set": {"derived.d": {"fact": "agents.x.status"}}},
                         {"open_case": {"workflow": "x", "as": "x", "payload": {"f": "agents.x.status"}}}],
            }
        ],
        "agents": {"w": {"use": "x", "config": {"fact": "agents.x.status"}, "input": {"i": "agents.x.output.y"}}},
        "scenarios": [{"title": "x", "given": {"case": {"run": ["x"], "fact": "agents.x.y"}, "agents": {"x": {}}},
                       "expect": {"run": ["x"]}}],
    }  # fmt: skip
    found = renamed(document, "x", "n")
    when = found["rules"][0]["when"]["all"]
    assert when[0] == {"fact": "agents.n.output.y", "op": "eq", "value": "agents.x.output.y"}
    assert when[1]["some"] == "agents.n.output.list"
    assert when[1]["where"]["value"] == {"fact": "agents.n.confidence"}
    assert when[2] == document["rules"][0]["when"]["all"][2]
    assert found["rules"][0]["then"] == [
        {"run": ["n", "w"]},
        {"set": {"derived.d": {"fact": "agents.n.status"}}},
        {"open_case": {"workflow": "x", "as": "x", "payload": {"f": "agents.n.status"}}},
    ]
    assert found["agents"] == {
        "w": {"use": "x", "config": {"fact": "agents.x.status"}, "input": {"i": "agents.n.output.y"}}
    }
    assert found["scenarios"][0]["given"] == {"case": {"run": ["x"], "fact": "agents.x.y"}, "agents": {"n": {}}}
    assert found["scenarios"][0]["expect"] == {"run": ["n"]}
    assert step_uses(document, "x") == (
        StepUse("rules", "a", "A"), StepUse("agents", "w", "w"), StepUse("scenarios", "0", "x"),
    )  # fmt: skip


def test_a_step_that_rules_use_is_not_removed_and_one_that_nothing_uses_is(draft: WorkflowVersion, ana: User) -> None:
    with pytest.raises(StepInUse) as refused:
        remove_step(version_id=draft.pk, name="hear", seen=part_of(draft, "agents", "hear").seen, user=ana)
    assert [use.key for use in refused.value.uses] == ["hear", "doubt"]
    save_step(version_id=draft.pk, key="", name="spare", value=ECHO, seen="", user=ana, new=True)
    draft.refresh_from_db()
    remove_step(version_id=draft.pk, name="spare", seen=part_of(draft, "agents", "spare").seen, user=ana)
    draft.refresh_from_db()
    assert list(draft.content["agents"]) == ["hear"]


def test_two_people_on_one_draft_do_not_overwrite_each_other(draft: WorkflowVersion, ana: User) -> None:
    seen = part_of(draft, "agents", "hear").seen
    rule = part_of(draft, "rules", "yes")
    change_part(
        version_id=draft.pk, section="rules", key="yes", value={**(rule.value or {}), "title": "Well heard"},
        seen=rule.seen, user=ana,
    )  # fmt: skip
    save_step(version_id=draft.pk, key="hear", name="hear", value={**ECHO, "attempts": 5}, seen=seen, user=ana)
    with pytest.raises(Overtaken) as overtaken:
        save_step(version_id=draft.pk, key="hear", name="listen", value={**ECHO, "attempts": 7}, seen=seen, user=ana)
    draft.refresh_from_db()
    assert (overtaken.value.now or {})["attempts"] == 5
    assert draft.content["rules"][-1]["title"] == "Well heard"
    assert list(draft.content["agents"]) == ["hear"]


def test_a_configuration_is_read_line_by_line_and_secrets_by_name_only() -> None:
    login = {"user": "bank", "password": {"secret": "post-office"}}
    config = {"login": login, "offices": [{"name": "Lyon", "open_on_saturdays": True}], "stamps": {}, "since": None}
    assert config_lines("test.desk", config) == [
        ("login › user", "bank"),
        ("login › password", "the secret post-office"),
        ("offices › 1 › name", "Lyon"),
        ("offices › 1 › open_on_saturdays", "yes"),
        ("stamps", "empty"),
        ("since", "not given"),
    ]
    assert config_lines("test.desk", {"login": {**login, "password": "hush"}})[1:] == [
        ("login › password", "written out, not shown")
    ]
    assert config_lines("test.desk", {}) == config_lines("not.installed", {}) == []
