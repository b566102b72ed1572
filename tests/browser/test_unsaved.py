"""Whatever stands in the way of saving, what an analyst typed stays: in the page, with its undo, and after a reload."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from orchestration.models import WorkflowVersion
from tests.browser.test_rule_change_story import TABLE
from tests.browser.test_rule_editor import ana, draft, open_rule, stored

pytestmark = pytest.mark.browser
__all__ = ["ana", "draft"]  # fixtures


def sign_in_again(page: Page) -> None:
    """In another tab, by the link that the page offers."""
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in another tab").click()
    tab = opened.value
    tab.fill("[name=username]", "ana")
    tab.fill("[name=password]", "secret")
    tab.press("[name=password]", "Enter")
    tab.wait_for_url("**/admin/")
    tab.close()


def test_a_session_that_ends_costs_nothing_and_one_goes_on_where_one_was(ana: Page, draft: WorkflowVersion) -> None:
    condition, _ = open_rule(ana, draft, "rude")
    condition.get_by_role("button", name="Duplicate").first.click()
    ana.get_by_label("Title").fill("Typed before the session ended")
    Session.objects.all().delete()
    ana.get_by_role("button", name="Save rule").click()
    alert = ana.get_by_role("alert")
    expect(alert).to_contain_text("your session has ended")
    expect(alert).to_be_focused()
    expect(ana.get_by_label("Title")).to_have_value("Typed before the session ended")
    sign_in_again(ana)
    condition.get_by_role("button", name="Undo").click()  # nor are the steps of undo gone
    alert.get_by_role("button", name="Save again").click()
    expect(ana.get_by_text("is saved.")).to_be_visible()
    assert stored(draft, "rude")["title"] == "Typed before the session ended"
    assert len(stored(draft, "rude")["when"]["all"]) == 2


def test_what_the_server_refuses_leaves_undo_and_says_what_is_wrong(ana: Page, draft: WorkflowVersion) -> None:
    condition, _ = open_rule(ana, draft, "rude")
    condition.get_by_role("button", name="+ Condition").first.click()
    ana.get_by_role("button", name="Save rule").click()
    expect(ana.get_by_role("heading", name="Not saved")).to_be_visible()
    expect(condition.locator(".c-error").first).to_have_text("Choose a fact.")
    condition.get_by_role("button", name="Undo").click()
    ana.get_by_role("button", name="Save rule").click()
    expect(ana.get_by_text("is saved.")).to_be_visible()


def test_a_permission_taken_away_and_given_back_costs_nothing(ana: Page, draft: WorkflowVersion) -> None:
    user, groups = User.objects.get(username="ana"), [*User.objects.get(username="ana").groups.all()]
    ana.goto(f"/admin/orchestration/workflowversion/{draft.pk}/parameters/")
    ana.get_by_label("Value").first.fill("0.9")
    user.groups.clear()
    ana.get_by_role("button", name="Save all").click()
    expect(ana.get_by_role("alert")).to_contain_text("You may not change versions any more")
    expect(ana.get_by_label("Value").first).to_have_value("0.9")
    user.groups.set(groups)
    ana.get_by_role("button", name="Save again").click()
    expect(ana.get_by_text("Saved: “Sure enough”")).to_be_visible()
    draft.refresh_from_db()
    assert draft.content["parameters"]["sure"]["value"] == 0.9


def at_the_rule(page: Page, draft: WorkflowVersion) -> Callable[[], str]:
    open_rule(page, draft, "rude")
    page.get_by_label("Title").fill("typed")
    return page.get_by_label("Title").input_value


def at_the_source(page: Page, draft: WorkflowVersion) -> Callable[[], str]:
    open_rule(page, draft, "rude")
    page.get_by_role("button", name="Source (YAML)").click()
    expect(page.get_by_label("The rule as YAML")).to_be_focused()
    page.get_by_label("The rule as YAML").fill("typed")
    return page.get_by_label("The rule as YAML").input_value


def at_the_step(page: Page, draft: WorkflowVersion) -> Callable[[], str]:
    page.goto(f"/admin/orchestration/workflowversion/{draft.pk}/agents/hear/")
    page.get_by_label("Time limit").fill("typed")
    return page.get_by_label("Time limit").input_value


def at_the_steps_source(page: Page, draft: WorkflowVersion) -> Callable[[], str]:
    page.goto(f"/admin/orchestration/workflowversion/{draft.pk}/agents/hear/")
    page.get_by_role("button", name="Source (YAML)").click()
    expect(page.get_by_label("The step as YAML")).to_be_focused()
    page.get_by_label("The step as YAML").fill("typed")
    return page.get_by_label("The step as YAML").input_value


def at_the_table(page: Page, draft: WorkflowVersion) -> Callable[[], str]:
    draft.content = {**draft.content, "tables": [TABLE]}
    WorkflowVersion.objects.filter(pk=draft.pk).update(content=draft.content)
    page.goto(f"/admin/orchestration/workflowversion/{draft.pk}/tables/mood/")
    page.get_by_label("Title").fill("typed")
    return page.get_by_label("Title").input_value


def at_the_parameters(page: Page, draft: WorkflowVersion) -> Callable[[], str]:
    page.goto(f"/admin/orchestration/workflowversion/{draft.pk}/parameters/")
    page.get_by_label("Value").first.fill("typed")
    return page.get_by_label("Value").first.input_value


def at_the_sections(page: Page, draft: WorkflowVersion) -> Callable[[], str]:
    page.goto(f"/admin/orchestration/workflowversion/{draft.pk}/edit/")
    page.get_by_label("Rules", exact=True).fill("typed")
    return page.get_by_label("Rules", exact=True).input_value


def test_what_is_typed_while_the_source_is_being_made_is_in_it(ana: Page, draft: WorkflowVersion) -> None:
    open_rule(ana, draft, "rude")
    title, waiting = ana.get_by_label("Title"), []  # for a server that takes its time over the first question
    ana.route("**/~say/", lambda route: route.continue_() if waiting else waiting.append(route))
    with ana.expect_request("**/~say/"):
        ana.get_by_role("button", name="Source (YAML)").click()
    title.fill("Typed while it waited")
    waiting[0].continue_()
    expect(ana.get_by_label("The rule as YAML")).to_have_value(re.compile("Typed while it waited"))


PLACES = [
    at_the_rule, at_the_source, at_the_step, at_the_steps_source, at_the_table, at_the_parameters, at_the_sections,
]  # fmt: skip


@pytest.mark.parametrize("typing", PLACES)
def test_a_line_that_breaks_costs_nothing_and_a_reload_offers_it_back(
    typing: Callable[..., Callable[[], str]], ana: Page, draft: WorkflowVersion
) -> None:
    ana.on("dialog", lambda dialog: dialog.accept())
    typed = typing(ana, draft)
    ana.context.set_offline(True)
    ana.locator("[data-main]").click()
    expect(ana.get_by_role("alert")).to_contain_text("The server does not answer")
    assert typed() == "typed"
    ana.context.set_offline(False)
    ana.reload()
    assert typed() != "typed"
    ana.get_by_role("button", name="Take it back").click()
    assert typed() == "typed"
