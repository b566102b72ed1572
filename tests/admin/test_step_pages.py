"""The page of one agent step: checked by the agent's own model, saved on its own, and nothing typed is ever lost."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse

from orchestration.models import Secret, Workflow, WorkflowVersion
from orchestration.rules.pack import load_yaml
from orchestration.services.agent_config import plain_step
from orchestration.services.draft import change_part, part_of
from orchestration.services.secret import set_secret
from tests.admin.conftest import text_of
from tests.submitting import draft_of

pytestmark = pytest.mark.django_db
HEAR = {"use": "test.echo", "input": {"text": "case.text"}}
LOGIN = {"user": "bank", "password": {"secret": "post-office"}}
DESK = {"use": "test.desk", "config": {"login": LOGIN, "offices": [{"name": "Lyon"}]}}


@pytest.fixture
def draft(greeting: Workflow, ana: User) -> WorkflowVersion:
    return draft_of(greeting, ana)


def url(draft: WorkflowVersion, key: str = "", verb: str = "") -> str:
    name = "orchestration_workflowversion_agent" + (f"-{verb}" if verb else "" if key else "-new")
    return reverse(f"admin:{name}", args=[draft.pk, *([key] if key else [])])


def stored(draft: WorkflowVersion, key: str) -> Any:
    draft.refresh_from_db()
    value = part_of(draft, "agents", key).value
    return value and plain_step(value)


def save(browser: Browser, draft: WorkflowVersion, key: str, step: Any, **more: Any) -> Any:
    """Save as the form does, or with `source` as YAML where `step` is None."""
    draft.refresh_from_db()
    seen = part_of(draft, "agents", key).seen
    given = {"seen": seen, "name": key, "step": json.dumps(step) if step is not None else "", **more}
    return browser.post(url(draft, key), given)


def ask(browser: Browser, draft: WorkflowVersion, verb: str, **asked: Any) -> Any:
    return browser.post(url(draft, verb=verb), json.dumps(asked), content_type="application/json")


def problems(answer: Any) -> list[tuple[str, str]]:
    return [(one["pointer"], one["detail"]) for one in answer.context["document"]["problems"]]


def test_the_page_holds_the_step_its_yaml_and_what_the_agent_takes(draft: WorkflowVersion, anas: Browser) -> None:
    page = anas.get(url(draft, "hear"))
    assert page.context["document"] == {"key": "hear", "step": HEAR, "problems": [], "unsaved": False}
    assert load_yaml(page.context["source"]) == HEAR
    (echo,) = [one for one in page.context["vocabulary"]["agents"] if one["name"] == "test.echo"]
    assert list(echo["config"]["properties"]) == ["confidence", "cost"]
    assert "Listen first" in text_of(page)  # the rule that runs it


def test_a_step_is_saved_and_the_version_shows_it_line_by_line(
    draft: WorkflowVersion, anas: Browser, arne: User
) -> None:
    set_secret(name="post-office", value="hush-hush-hush", note="", user=arne)
    saved = save(anas, draft, "", DESK, name="desk")
    assert saved.headers["Location"].endswith(f"/workflowversion/{draft.pk}/change/#step-desk")
    assert stored(draft, "desk") == DESK
    page = text_of(anas.get(saved.headers["Location"]))
    assert "The step “desk” is saved. Now let a rule run it." in page
    for line in ("login › user: bank", "login › password: the secret post-office", "offices › 1 › name: Lyon"):
        assert line in page
    assert "hush-hush-hush" not in page


def test_a_secret_written_out_is_warned_of_and_not_shown(draft: WorkflowVersion, anas: Browser) -> None:
    written = {**DESK, "config": {"login": {"user": "bank", "password": "hush-hush-hush"}}}
    save(anas, draft, "", written, name="desk")
    assert [one[0] for one in problems(anas.get(url(draft, "desk")))] == ["/config/login/password"]
    page = text_of(anas.get(reverse("admin:orchestration_workflowversion_change", args=[draft.pk])))
    assert "login › password: written out, not shown" in page
    assert "hush-hush-hush" not in page


def test_a_secret_written_out_is_not_shown_where_one_only_reads(
    draft: WorkflowVersion, ana: User, anas: Browser, arne: User
) -> None:
    written = {**DESK, "config": {"login": {"user": "bank", "password": "hush-hush-hush"}}}
    seen = part_of(draft, "agents", "hear").seen
    change_part(version_id=draft.pk, section="agents", key="hear", value=written, seen=seen, user=arne)
    told = save(anas, draft, "hear", HEAR, seen=seen)
    assert told.status_code == 409
    assert "hush-hush-hush" not in text_of(told)
    ana.groups.clear()
    kept = save(anas, draft, "hear", written)
    assert kept.status_code == 403
    assert load_yaml(kept.context["text"])["config"]["login"] == {"user": "bank", "password": "written out, not shown"}
    assert "hush-hush-hush" not in text_of(kept)


WRONG = [
    # a change of the configuration, the place and words of what is wrong with it
    ({"sureness": 1.5}, "/config/sureness", "This should be less than or equal to 1."),
    ({"sureness": "very"}, "/config/sureness", "This must be a number."),
    ({"tone": "rude"}, "/config/tone", "This should be 'friendly' or 'formal'."),
    ({"login": {**LOGIN, "user": "b"}}, "/config/login/user", "The text should have at least 2 characters."),
    ({"login": {"user": "bank"}}, "/config/login/password", "This must be filled in."),
    ({"offices": [{"name": "a"}] * 4}, "/config/offices", "The list should have at most 3 items, not 4."),
    ({"offices": [{"name": "a", "share": 2}]}, "/config/offices/0/share", "This should be less than or equal to 1."),
    ({"offices": [{"name": "a"}] * 3}, "/config", "The offices together have more than all letters."),
    ({"sort": {"kind": "length", "longest": 0}}, "/config/sort/longest", "This should be greater than 0."),
    ({"stamps": {"red": "many"}}, "/config/stamps/red", "This must be a whole number."),
    ({"since": "soon"}, "/config/since", "This must be a date such as 2026-11-30."),
    ({"colour": "red"}, "/config/colour", "The agent knows no such setting."),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "place", "told"), WRONG, ids=[one[1] for one in WRONG])
def test_what_the_agents_model_refuses_is_told_at_its_field_and_not_stored(
    changed: dict[str, Any], place: str, told: str, draft: WorkflowVersion, anas: Browser
) -> None:
    answer = save(anas, draft, "", {**DESK, "config": {**DESK["config"], **changed}}, name="desk")
    assert answer.status_code == 400
    assert (place, told) in problems(answer)
    assert answer.context["document"]["unsaved"]
    assert stored(draft, "desk") is None


def test_the_page_works_without_a_script_by_its_yaml(draft: WorkflowVersion, anas: Browser) -> None:
    page = anas.get(url(draft, "hear"))
    assert "<div data-builder hidden>" in text_of(page)
    saved = save(anas, draft, "hear", None, source=page.context["source"] + "timeout: 1m\n")
    assert saved.status_code == 302, problems(saved)
    assert stored(draft, "hear") == {**HEAR, "timeout": "1m"}
    broken = save(anas, draft, "hear", None, source="use: [")
    assert broken.status_code == 400
    assert "use: [" in text_of(broken)


def test_of_two_people_on_one_step_the_second_sees_both_and_loses_nothing(
    draft: WorkflowVersion, arne: User, anas: Browser
) -> None:
    seen = part_of(draft, "agents", "hear").seen
    theirs = {**HEAR, "attempts": 5}
    change_part(version_id=draft.pk, section="agents", key="hear", value=theirs, seen=seen, user=arne)
    mine = {**HEAR, "timeout": "9s"}
    answer = save(anas, draft, "hear", mine, seen=seen)
    page = text_of(answer)
    assert answer.status_code == 409
    assert "Somebody else changed this while you edited it." in page
    assert answer.context["document"]["step"] == mine
    assert load_yaml(answer.context["stored"]) == theirs
    assert stored(draft, "hear") == theirs
    assert save(anas, draft, "hear", mine, seen=seen, over=answer.context["over"]).status_code == 302
    assert stored(draft, "hear") == mine


def test_a_published_version_is_read_only(greeting: Workflow, arnes: Browser) -> None:
    version = greeting.published_version
    page = arnes.get(url(version, "hear"), follow=True)
    assert "never changes. Make a new draft from it instead." in text_of(page)
    assert "Add a step" not in text_of(page)
    answer = save(arnes, version, "hear", {**HEAR, "attempts": 9})
    assert answer.status_code == 409
    assert "attempts: 9" in text_of(answer)  # the text to copy
    assert stored(version, "hear") == HEAR


def test_a_step_gets_a_new_name_and_is_removed_once_nothing_names_it(draft: WorkflowVersion, anas: Browser) -> None:
    renamed = save(anas, draft, "hear", HEAR, name="listen")
    assert "Its new name also stands in “Listen first”" in text_of(anas.get(renamed.headers["Location"]))
    refused = save(anas, draft, "listen", None, action="delete")
    assert refused.status_code == 409
    assert "still used by “Listen first”" in text_of(refused)
    save(anas, draft, "", DESK, name="desk")
    save(anas, draft, "desk", None, action="delete")
    assert stored(draft, "desk") is None


def test_a_draft_is_checked_by_the_agent_for_those_who_may_set_secrets(
    draft: WorkflowVersion, arne: User, arnes: Browser, anas: Browser
) -> None:
    """The agent gets the secret's value, and a draft might send it anywhere."""
    set_secret(name="post-office", value="wrong-password", note="", user=arne)
    assert ask(anas, draft, "check", name="desk", step=DESK).status_code == 403
    said = ask(arnes, draft, "check", name="desk", step=DESK).json()
    assert said["ok"] is False
    assert "Set the secret that the step names to the password of the post office's website." in said["message"]
    set_secret(name="post-office", value="right-password", note="", user=arne)
    assert ask(arnes, draft, "check", name="desk", step=DESK).json() == {
        "ok": True,
        "message": "The post office answers.",
    }
    faulty = {**DESK, "config": {"sureness": 2}}
    assert "Correct what is marked" in ask(arnes, draft, "check", name="desk", step=faulty).json()["message"]
    assert stored(draft, "desk") is None


def test_a_secret_set_from_the_form_goes_in_and_never_out(
    draft: WorkflowVersion, arnes: Browser, anas: Browser
) -> None:
    given = {"name": "post-office", "value": "hush-hush-hush", "note": "of the post office"}
    assert ask(anas, draft, "secret", **given).status_code == 403
    answer = ask(arnes, draft, "secret", **given)
    assert answer.json() == {"secrets": [{"name": "post-office", "note": "of the post office"}]}
    assert "already" in ask(arnes, draft, "secret", **given).json()["problem"]
    assert "hush" not in Secret.objects.get().sealed
    assert "hush-hush-hush" not in text_of(arnes.get(url(draft, "hear")))


def test_what_is_asked_badly_is_told(draft: WorkflowVersion, arnes: Browser) -> None:
    for verb in ("say", "check", "secret"):
        answer = arnes.post(url(draft, verb=verb), "[1", content_type="application/json")
        assert answer.status_code == 400
        assert "could not be read" in text_of(answer)
