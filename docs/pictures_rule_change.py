"""Makes the pictures of `first-rule-change.md`, while `make demo` runs.

`python docs/pictures_rule_change.py [http://127.0.0.1:8000]` does what the guide says: as the analyst it makes a draft,
changes a threshold, adds a rule, tries and submits it; as the architect it approves and publishes it, and looks at
how it would be rolled back.
"""

import re
import sys

from pictures import CHROMIUM, HIGH, PICTURES, WIDE, sign_in, take
from playwright.sync_api import Browser, Page, sync_playwright

EFFECT = "Two more addresses in a hundred go to a person, and the largest payments do."
NOTE = "Trust addresses at home a little less; look at very large payments"


def main(site: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        analyst = signed_in(browser, site, "analyst")
        published = make_draft(analyst)
        change_threshold(analyst)
        add_rule(analyst)
        try_it(analyst)
        submit(analyst)
        architect = signed_in(browser, site, "architect")
        publish(architect)
        look_at_rolling_back(architect, published)
        browser.close()


def signed_in(browser: Browser, site: str, name: str) -> Page:
    context = browser.new_context(base_url=site, viewport={"width": WIDE, "height": HIGH}, color_scheme="light")
    page = context.new_page()
    page.set_default_timeout(10_000)
    sign_in(page, name)
    return page


def make_draft(page: Page) -> str:
    """Make the draft and say what it is for; the address of the published version."""
    page.goto("/admin/orchestration/workflowversion/?status__exact=published")
    row = page.get_by_role("row", name="Customer onboarding")
    row.get_by_role("link", name=re.compile(r"^Version \d+")).first.click()
    published = page.url
    page.get_by_role("button", name="New draft from this version").click()
    page.get_by_label("What this version changes, and why").fill(NOTE)
    page.get_by_role("button", name="Save draft").click()
    take(page, "rule-draft")
    return published


def change_threshold(page: Page) -> None:
    page.get_by_role("link", name="Change them").click()
    value = page.locator("[name='p:address_confidence_min:value']")
    value.fill("0.85")
    value.scroll_into_view_if_needed()
    take(page, "rule-parameter")
    page.get_by_role("button", name="Save all").click()
    page.get_by_text("Saved: ").first.wait_for()
    page.get_by_role("link", name=re.compile("· version")).first.click()


def add_rule(page: Page) -> None:
    page.get_by_role("link", name="Add a rule").click()
    page.get_by_label("Title").fill("Very large payments need an enhanced review")
    page.get_by_label("Priority", exact=True).fill("55")
    page.get_by_label("Kind").select_option("guard")
    condition, actions = page.locator("conductor-condition"), page.locator("conductor-actions")
    condition.get_by_role("button", name="+ Condition").click()
    condition.get_by_role("combobox", name="Fact").fill("payments")
    page.keyboard.press("Enter")
    condition.get_by_label("Comparison").select_option("gte")
    condition.get_by_label("Value", exact=True).fill("5000000")
    actions.get_by_role("button", name="+ Escalate to a person").click()
    actions.get_by_label("Queue").select_option(index=1)
    actions.get_by_label("Reason, as people read it").fill("Very large payments")
    page.locator("[data-sentence]").get_by_text("5,000,000").wait_for()
    page.evaluate("scrollTo(0, 0)")
    take(page, "rule-editor")
    page.get_by_role("button", name="Save rule").click()
    page.get_by_text("is saved.").first.wait_for()


def try_it(page: Page) -> None:
    page.get_by_role("link", name="Try it").click()
    page.get_by_text("The newest").click()
    page.get_by_role("link", name=re.compile("^KYC-")).first.click()
    page.get_by_role("button", name="Try it").click()
    page.locator("#try-result").get_by_role("heading").first.wait_for()
    page.evaluate("scrollTo(0, 0)")
    take(page, "rule-try")
    page.get_by_role("link", name="Back to the version").click()


def submit(page: Page) -> None:
    page.get_by_role("link", name="Submit for approval…").click()
    page.get_by_label("What you expect it to do").fill(
        "Two more addresses in a hundred go to a person, and the largest payments do."
    )
    take(page, "rule-submit")
    page.get_by_role("button", name="Submit for approval").click()
    page.get_by_text("is submitted and frozen").first.wait_for()


def publish(page: Page) -> None:
    page.goto("/admin/")
    page.get_by_role("region", name="Versions waiting for you").get_by_role("link").first.click()
    page.get_by_role("link", name="Read and decide…").click()
    take(page, "rule-review")
    page.get_by_label("Comment").fill("Agreed with the compliance desk.")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Publish now").click()
    page.get_by_text("New cases start with it.").first.wait_for()
    take(page, "rule-published")


def look_at_rolling_back(page: Page, version: str) -> None:
    page.goto(version)
    page.get_by_role("link", name="Roll back to this version…").click()
    page.get_by_label("Why, and what you expect of it").fill("Too many good addresses went to a person.")
    take(page, "rule-roll-back")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
