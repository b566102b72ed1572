"""The page of an agent step in a real browser: whatever hinders saving, nothing typed is lost, and no secret kept."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from playwright.sync_api import Locator, Page, Request, expect

from orchestration.models import Workflow, WorkflowVersion
from orchestration.services.agent_config import plain_step
from orchestration.services.draft import change_part, part_of
from tests.browser.test_unsaved import sign_in_again
from tests.factories import UserFactory
from tests.submitting import ARCHITECT, draft_of, somebody

pytestmark = pytest.mark.browser
HEAR = {"use": "test.echo", "input": {"text": "case.text"}}
LOGIN = {"user": "bank", "password": {"secret": "post-office"}}
DESK = {"use": "test.desk", "config": {"login": LOGIN, "offices": [{"name": "Lyon"}]}}
HUSH = "hush-hush-hush"


@pytest.fixture
def draft(workflow: Workflow) -> WorkflowVersion:
    return draft_of(workflow, somebody())


@pytest.fixture
def ana(sign_in: Callable[..., Page]) -> Page:
    page = sign_in("ana", group=ARCHITECT)
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def open_step(page: Page, draft: WorkflowVersion, key: str = "hear") -> Locator:
    page.goto(f"/admin/orchestration/workflowversion/{draft.pk}/agents/{key}/")
    expect(page.get_by_role("button", name="Source (YAML)")).to_be_visible()
    return page.locator("conductor-config")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save step").click()


def stored(draft: WorkflowVersion, key: str) -> Any:
    draft.refresh_from_db()
    return plain_step(part_of(draft, "agents", key).value)


def put(draft: WorkflowVersion, key: str, value: Any) -> None:
    draft.refresh_from_db()
    part = part_of(draft, "agents", key)
    given = {"version_id": draft.pk, "section": "agents", "key": key, "seen": part.seen, "user": UserFactory()}
    change_part(**given, value=value, new=part.value is None)


def kept(page: Page) -> str:
    """All that this tab's storage holds, as when one leaves."""
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    return str(page.evaluate("JSON.stringify({...sessionStorage})"))


def test_a_session_that_ends_costs_nothing_and_one_goes_on_where_one_was(ana: Page, draft: WorkflowVersion) -> None:
    config = open_step(ana, draft)
    config.get_by_label("Confidence").fill("0.6")
    config.get_by_label("Cost").fill("2")
    Session.objects.all().delete()
    expect(ana.locator("[data-other-problems]")).to_have_text("")
    save(ana)
    alert = ana.get_by_role("alert")
    expect(alert).to_contain_text("your session has ended")
    expect(alert).to_be_focused()
    expect(config.get_by_label("Confidence")).to_have_value("0.6")
    ana.get_by_role("button", name="Check it").click()
    expect(ana.locator("[data-check-answer]")).to_contain_text("You are signed out")
    sign_in_again(ana)
    config.get_by_role("button", name="Undo").click()  # nor are the steps of undo gone
    alert.get_by_role("button", name="Save again").click()
    expect(ana.get_by_text("” is saved.")).to_be_visible()
    assert stored(draft, "hear") == {**HEAR, "config": {"confidence": 0.6}}


def test_what_the_server_refuses_leaves_undo_and_says_what_is_wrong(ana: Page, draft: WorkflowVersion) -> None:
    config = open_step(ana, draft)
    config.get_by_label("Confidence").fill("much")
    ana.get_by_label("Name", exact=True).fill("")
    save(ana)
    expect(ana.get_by_role("heading", name="Not saved")).to_be_visible()
    expect(config.locator("[data-pointer='/confidence'] .c-error")).to_have_text("This must be a number.")
    expect(ana.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    config.get_by_role("button", name="Undo").click()
    ana.get_by_label("Name", exact=True).fill("hear")
    save(ana)
    expect(ana.get_by_text("” is saved.")).to_be_visible()
    assert stored(draft, "hear") == HEAR


def test_a_permission_taken_away_and_given_back_costs_nothing(ana: Page, draft: WorkflowVersion) -> None:
    user, groups = User.objects.get(username="ana"), [*User.objects.get(username="ana").groups.all()]
    open_step(ana, draft).get_by_label("Confidence").fill("0.6")
    user.groups.clear()
    save(ana)
    expect(ana.get_by_role("alert")).to_contain_text("You may not change versions any more")
    user.groups.set(groups)
    ana.get_by_role("button", name="Save again").click()
    expect(ana.get_by_text("” is saved.")).to_be_visible()
    assert stored(draft, "hear") == {**HEAR, "config": {"confidence": 0.6}}


def test_of_two_editors_the_second_sees_both_and_loses_nothing(ana: Page, draft: WorkflowVersion) -> None:
    config = open_step(ana, draft)
    config.get_by_label("Confidence").fill("0.6")
    put(draft, "hear", {**HEAR, "attempts": 5})
    save(ana)
    conflict = ana.get_by_role("alert", name="Conflict")
    conflict.get_by_text("What is stored now").click()
    expect(conflict).to_contain_text("attempts: 5")
    config.get_by_role("button", name="Undo").click()
    expect(config.get_by_label("Confidence")).to_have_value("")
    config.get_by_role("button", name="Redo").click()
    ana.get_by_role("button", name="Save mine over it").click()
    expect(ana.get_by_text("” is saved.")).to_be_visible()
    assert stored(draft, "hear") == {**HEAR, "config": {"confidence": 0.6}}


def test_a_secret_being_set_outlives_a_lost_session_and_is_never_kept_or_sent_with_the_step(
    ana: Page, draft: WorkflowVersion
) -> None:
    put(draft, "desk", DESK)
    config = open_step(ana, draft, "desk")
    sent: list[tuple[str, str]] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            sent.append((request.url, request.post_data or ""))

    ana.on("request", note)
    config.get_by_role("button", name="New secret…").click()
    secret = config.get_by_role("group", name="New secret for Password")
    secret.get_by_label("Name").fill("counter")
    secret.get_by_label("Value").fill(HUSH)
    config.get_by_label("User").fill("bank two")
    Session.objects.all().delete()
    save(ana)
    secret.get_by_role("button", name="Keep the secret").click()
    expect(secret.get_by_role("alert")).to_contain_text("The secret was not set. You are signed out")
    assert "bank two" in kept(ana)
    assert HUSH not in kept(ana)
    sign_in_again(ana)
    with ana.expect_response("**/~secret/") as told:
        secret.get_by_role("button", name="Keep the secret").click()
    assert HUSH not in told.value.text()
    expect(config.get_by_label("Password")).to_have_value("counter")
    save(ana)
    expect(ana.get_by_text("” is saved.")).to_be_visible()
    assert stored(draft, "desk")["config"]["login"] == {"user": "bank two", "password": {"secret": "counter"}}
    assert {url.rsplit("/", 2)[1] for url, body in sent if HUSH in body} == {"~secret"}
    assert HUSH not in ana.content() + kept(ana)


def test_a_secret_written_out_is_kept_in_the_page_alone(ana: Page, draft: WorkflowVersion) -> None:
    put(draft, "desk", {**DESK, "config": {**DESK["config"], "login": {"user": "bank", "password": HUSH}}})
    config = open_step(ana, draft, "desk")
    config.get_by_label("User").fill("bank two")
    assert kept(ana) == "{}"
    ana.get_by_role("button", name="Source (YAML)").click()
    source = ana.get_by_label("The step as YAML")
    expect(source).to_be_focused()
    source.fill(source.input_value().replace(f"password: {HUSH}", "password: {secret: counter}"))
    assert "bank two" in kept(ana)
    ana.context.set_offline(True)
    source.fill(source.input_value().replace("{secret: counter}", HUSH))
    assert kept(ana) == "{}"
    save(ana)
    expect(ana.get_by_role("alert")).to_contain_text("The server does not answer")
    assert kept(ana) == "{}"


def test_the_page_of_the_whole_draft_obeys_the_same_law(ana: Page, draft: WorkflowVersion) -> None:
    put(draft, "desk", DESK)
    ana.goto(f"/admin/orchestration/workflowversion/{draft.pk}/edit/")
    steps, rules = ana.get_by_label("Agent steps"), ana.get_by_label("Rules", exact=True)
    rules.fill("my rules")
    assert "my rules" in kept(ana)
    named = steps.input_value()
    steps.fill(named.replace("{secret: post-office}", HUSH))
    assert kept(ana) == "{}"
    ana.context.set_offline(True)
    ana.locator("[data-main]").click()
    expect(ana.get_by_role("alert")).to_contain_text("The server does not answer")
    expect(steps).to_have_value(named.replace("{secret: post-office}", HUSH))
    assert kept(ana) == "{}"
    steps.fill(named)
    assert "my rules" in kept(ana)
    rules.fill(f"login: {{user: bank, password: {HUSH}}}")  # wherever it is written
    assert kept(ana) == "{}"


WRITTEN = {
    # text: whether a secret is written out at `password` or `api_key`
    "user: bank": False,
    "password: {secret: post-office}": False,
    '{"password":{"secret":"post-office"}}': False,
    "login:\n  password:\n    secret: post-office\n  user: bank": False,
    "password: null": False,
    "{password: ~, user: bank}": False,
    'password: ""\nuser: bank': False,
    '{"api_key":null}': False,
    "old-password: 1": False,
    "password:": False,
    "password: hush": True,
    '{"password":"hush"}': True,
    "'api_key' : hush": True,
    "password: null-and-void": True,
    "password: ~hush": True,
    "password: |\n  hush": True,
    "password:\n  bank:hush": True,
    "password:\n  desk: hush": True,  # secrets under free names
    "password:\n  - hush": True,
    "password: {secret: one}\napi_key: hush": True,
    "password: {secret: one, other: hush}": True,
}


def test_what_counts_as_written_out(ana: Page, draft: WorkflowVersion) -> None:
    open_step(ana, draft)
    asked = """async (texts) => {
        const { writesSecret } = await import("/static/orchestration/written-secret.js");
        return texts.map((text) => writesSecret(text, ["api_key", "password"]));
    }"""
    assert dict(zip(WRITTEN, ana.evaluate(asked, list(WRITTEN)), strict=True)) == WRITTEN
