"""The page of a rule in a real browser: errors in their place, the source view, and nothing lost on the way."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from orchestration.models import WorkflowVersion
from orchestration.services.draft import change_part, part_of
from tests.browser.test_rule_editor import RUDE, SignIn, ana, draft, open_rule, stored
from tests.factories import UserFactory

pytestmark = pytest.mark.browser
__all__ = ["ana", "draft"]  # fixtures


def test_errors_stand_beside_their_field_while_one_writes(ana: Page, draft: WorkflowVersion) -> None:
    condition, _ = open_rule(ana, draft)
    condition.evaluate("(element, value) => { element.value = value; }", {"fact": "case.rude", "op": "lt", "value": 3})
    ana.get_by_label("Title").fill("x")
    expect(condition.locator(".e-problems")).to_contain_text("“lt” is not possible here")
    expect(condition.get_by_label("Comparison")).to_have_attribute("aria-invalid", "true")
    condition.get_by_label("Comparison").select_option("eq")
    expect(condition.get_by_label("Comparison")).not_to_have_attribute("aria-invalid", "true")


def test_what_is_refused_keeps_everything_and_says_where(ana: Page, draft: WorkflowVersion) -> None:
    condition, action = open_rule(ana, draft)
    ana.get_by_label("Title").fill("Half done")
    condition.get_by_role("button", name="+ Condition").click()
    action.get_by_role("button", name="+ Decide the case").click()
    ana.get_by_role("button", name="Save rule").click()
    expect(ana.get_by_role("heading", name="Not saved")).to_be_visible()
    expect(condition.locator(".c-error")).to_have_text("Choose a fact.")
    expect(ana.get_by_label("Title")).to_have_value("Half done")
    assert stored(draft, "half-done") is None


def test_the_source_view_goes_both_ways_and_keeps_broken_yaml(ana: Page, draft: WorkflowVersion) -> None:
    condition, _ = open_rule(ana, draft, "rude")
    to_source, to_editor = (ana.get_by_role("button", name=name) for name in ("Source (YAML)", "Editor"))
    to_source.click()
    text = ana.get_by_label("The rule as YAML")
    expect(text).to_be_focused()
    good = text.input_value()
    text.fill("key: [\n" + good)
    to_editor.click()
    expect(ana.locator("[data-source-errors]")).to_contain_text("this is not YAML")
    assert text.input_value() == "key: [\n" + good
    text.fill(good.replace("op: eq, value: true", "op: ne, value: true", 1))
    to_editor.click()
    expect(condition.get_by_label("Comparison").first).to_have_value("ne")
    ana.get_by_role("button", name="Save rule").click()
    expect(ana.get_by_text("is saved.")).to_be_visible()
    assert stored(draft, "rude")["when"]["all"][0]["op"] == "ne"


def test_of_two_editors_the_second_sees_both_and_loses_nothing(ana: Page, draft: WorkflowVersion) -> None:
    open_rule(ana, draft, "rude")
    ana.get_by_label("Title").fill("Mine")
    theirs, seen = {**RUDE, "title": "Theirs"}, part_of(draft, "rules", "rude").seen
    change_part(version_id=draft.pk, section="rules", key="rude", value=theirs, seen=seen, user=UserFactory())
    ana.get_by_role("button", name="Save rule").click()
    expect(ana.get_by_role("row", name="Title Theirs Mine")).to_be_visible()
    expect(ana.get_by_label("Title")).to_have_value("Mine")
    ana.get_by_role("button", name="Save mine over it").click()
    expect(ana.get_by_text("The rule “Mine” is saved.")).to_be_visible()
    assert stored(draft, "rude") == {**RUDE, "title": "Mine"}


def test_leaving_with_changes_is_asked_about(ana: Page, draft: WorkflowVersion) -> None:
    condition, _ = open_rule(ana, draft, "rude")
    asked: list[str] = []
    ana.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    condition.get_by_role("button", name="Duplicate").first.click()
    ana.get_by_role("link", name="Back without saving").click()
    ana.wait_for_url("**/change/**")
    assert asked == ["beforeunload"]
    assert stored(draft, "rude") == RUDE


def test_two_hundred_facts_and_forty_conditions_are_searched_and_saved(ana: Page, draft: WorkflowVersion) -> None:
    condition, _ = open_rule(ana, draft, "rude")
    many = {"any": [{"fact": f"case.field_{n}", "op": "eq", "value": str(n)} for n in range(40)]}
    condition.evaluate("(element, value) => { element.value = value; }", many)
    last = condition.get_by_role("combobox", name="Fact").last
    last.click()
    assert condition.locator(".e-facts-option").count() > 200
    last.fill("field 199")
    expect(condition.locator(".e-facts-option")).to_have_count(1)
    last.press("Enter")
    ana.get_by_role("button", name="Save rule").click()
    expect(ana.get_by_text("is saved.")).to_be_visible()
    assert len(stored(draft, "rude")["when"]["any"]) == 40
    assert stored(draft, "rude")["when"]["any"][-1]["fact"] == "case.field_199"


@pytest.mark.parametrize("width", [390, 700, 1600])
def test_the_page_fits_every_width(width: int, sign_in: SignIn, draft: WorkflowVersion) -> None:
    page = sign_in("ana", group="Orchestration Analyst", width=width)
    open_rule(page, draft, "rude")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_javascript_the_yaml_is_the_editor(
    live_server: Any, chromium: Browser, sign_in: SignIn, draft: WorkflowVersion
) -> None:
    cookies = sign_in("ana", group="Orchestration Analyst").context.cookies()
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"/admin/orchestration/workflowversion/{draft.pk}/rules/rude/")
    expect(page.get_by_label("Title")).to_be_hidden()
    source = page.get_by_label("The rule as YAML")
    source.fill(source.input_value().replace("Rude texts", "Loud texts"))
    page.get_by_role("button", name="Save rule").press("Enter")
    expect(page.get_by_text("The rule “Loud texts go to a person” is saved.")).to_be_visible()
    context.close()
    assert json.dumps(stored(draft, "rude")).count("Loud texts") == 1
