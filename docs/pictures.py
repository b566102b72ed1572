"""Makes the pictures of `people-guide.md`: `python docs/pictures.py [http://127.0.0.1:8000]`, while `make demo` runs.

It works one item of the demo as the specialist would, claims it, looks at what would happen, and gives it back.
"""

import os
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

PICTURES = Path(__file__).parent / "pictures"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WIDE, HIGH = 1290, 780


def main(site: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(base_url=site, viewport={"width": WIDE, "height": HIGH}, color_scheme="light")
        sign_in(page)
        take(page, "overview")
        page.goto("/admin/orchestration/workitem/")
        take(page, "queue")
        page.goto("/admin/agents/kyc.address/")
        take(page, "agent")
        page.goto("/admin/orchestration/workitem/")
        choose(page)
        page.get_by_text("You have claimed this.").wait_for()
        take(page, "item")
        work(page)
        browser.close()


def sign_in(page: Page, name: str = "specialist") -> None:
    page.goto("/admin/login/?next=/admin/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", "conductor")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")


def choose(page: Page) -> None:
    """Claim an item that shows well what people do, or whichever is next."""
    telling = page.get_by_role("link", name="Name differs from the document")
    if telling.count():
        telling.first.click()
        page.get_by_role("button", name="Claim it").click()
    else:
        page.get_by_role("button", name="Claim the next one").click()


def work(page: Page) -> None:
    """Fill both forms, take their pictures, and leave the item as it was found."""
    page.locator("[name=outcome]").first.check()
    page.fill("#note", "Called the applicant; the passport is in her birth name. Marriage certificate seen.")
    part(page, "Decide", "decide")
    answers = page.locator("select[name^='fact:human.']")
    answers.first.select_option("true")
    page.get_by_role("button", name="See what would happen").click()
    page.locator("#preview .c-panel").wait_for()
    part(page, "Send back to the rules", "send-back")
    page.get_by_role("region", name="History").screenshot(path=PICTURES / "history.png")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Give it back").click()
    page.get_by_text("Given back to the queue.").wait_for()


def take(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / f"{name}.png")


def part(page: Page, region: str, name: str) -> None:
    page.get_by_role("region", name=region, exact=True).screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
