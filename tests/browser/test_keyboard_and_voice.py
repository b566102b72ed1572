"""By keyboard alone and with a screen reader: where the focus goes, and what is said when something changes."""

import re

import pytest
from playwright.sync_api import Page, expect

from orchestration.models import WorkflowVersion
from tests.browser.test_rule_change_story import TABLE
from tests.browser.test_rule_editor import ana, draft, open_rule

pytestmark = pytest.mark.browser
__all__ = ["ana", "draft"]  # fixtures

NAME = """() => {
  const one = document.activeElement;
  return one.getAttribute("aria-label") || one.labels?.[0]?.querySelector(".e-label")?.textContent
    || one.labels?.[0]?.textContent.trim() || one.textContent.trim();
}"""
LIVE = """element => Boolean(element.closest("[aria-live=polite], [role=status], [role=alert]"))"""


def stops(page: Page, key: str, count: int) -> list[str]:
    found = []
    for _ in range(count):
        page.keyboard.press(key)
        found.append(page.evaluate(NAME))
    return found


def test_the_focus_goes_through_a_rule_in_the_order_one_reads(ana: Page, draft: WorkflowVersion) -> None:
    condition, _ = open_rule(ana, draft, "rude")
    ana.get_by_label("Title").focus()
    forward = stops(ana, "Tab", 9)
    assert forward == [
        "Key", "Priority", "Kind", "The rule takes part", "Undo (Ctrl+Z)", "Redo (Ctrl+Shift+Z)",
        "How the conditions are joined", "Duplicate", "Wrap in a group",
    ]  # fmt: skip
    assert stops(ana, "Shift+Tab", 8) == forward[-2::-1]
    comparison = condition.get_by_label("Comparison").first
    sentence = ana.locator("[data-sentence]")
    assert sentence.evaluate(LIVE)
    comparison.focus()
    ana.keyboard.press("ArrowDown")
    expect(sentence).to_contain_text("is not")
    expect(comparison).to_be_focused()  # drawn anew, and the focus is where it was


def test_an_error_belongs_to_its_field_and_is_said(ana: Page, draft: WorkflowVersion) -> None:
    condition, _ = open_rule(ana, draft)
    condition.evaluate("(element, value) => { element.value = value; }", {"fact": "case.rude", "op": "lt", "value": 3})
    ana.get_by_label("Title").fill("x")
    comparison = condition.get_by_label("Comparison")
    expect(comparison).to_have_attribute("aria-invalid", "true")
    expect(comparison).to_have_accessible_description(re.compile("“lt” is not possible here"))


def test_the_grid_is_one_stop_and_says_what_a_cell_is_and_what_is_wrong(ana: Page, draft: WorkflowVersion) -> None:
    WorkflowVersion.objects.filter(pk=draft.pk).update(content={**draft.content, "tables": [TABLE]})
    ana.goto(f"/admin/orchestration/workflowversion/{draft.pk}/tables/mood/")
    grid = ana.get_by_role("grid")
    expect(grid.locator("td[tabindex='0']")).to_have_count(1)
    grid.locator("td[tabindex='0']").focus()
    line = ana.locator("#table-line")
    assert line.evaluate(LIVE)
    before = line.text_content()
    ana.keyboard.press("ArrowRight")
    expect(line).not_to_have_text(before or "")
    ana.keyboard.press("Home")
    ana.keyboard.press("ArrowRight")
    ana.keyboard.type("(((")
    ana.keyboard.press("Enter")
    ana.keyboard.press("ArrowUp")
    cell = grid.locator("td[tabindex='0']")
    expect(cell).to_be_focused()
    expect(cell).to_have_attribute("aria-invalid", "true")
    expect(line).to_have_class("t-line c-error")
    assert ana.locator(".t-checks small").evaluate(LIVE)
    ana.keyboard.press("Control+End")
    ana.keyboard.press("Tab")  # leaves the grid at its end
    expect(grid.locator(":focus")).to_have_count(0)
