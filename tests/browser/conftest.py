"""People in real browsers: Chromium against the site as it runs."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from orchestration.models import Case, Workflow, WorkItem
from orchestration.services import case as cases
from tests import small_workflow
from tests.factories import ClientFactory, UserFactory

# Playwright's synchronous interface keeps an event loop on this thread, which Django would take for an async caller.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
PATIENCE = 120_000  # milliseconds after which a test gives up; on a quiet machine a page takes less than one second
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def sign_in(live_server: Any, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """sign_in("sam", width=420, dark=True): a page of this Workflow Specialist, in a browser of their own."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def call(name: str, *, group: str = "Workflow Specialist", width: int = 1400, dark: bool = False) -> Page:
        UserFactory(username=name, first_name=name.capitalize(), last_name="Weber", is_staff=True, group=group)
        look = "dark" if dark else "light"
        context = chromium.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 900}, color_scheme=look, locale="en-GB"
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto("/admin/login/")
        page.fill("[name=username]", name)
        page.fill("[name=password]", "secret")
        page.press("[name=password]", "Enter")
        page.wait_for_url("**/admin/")
        return page

    yield call
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def workflow(transactional_db: Any) -> Workflow:
    return small_workflow.publish()


@pytest.fixture
def escalate(workflow: Workflow) -> Callable[..., WorkItem]:
    """escalate(reference="A-1"): the open work item of a rude case."""
    client = ClientFactory(name="bank")

    def call(*, reference: str = "", **payload: Any) -> WorkItem:
        given = {"text": "hi", "rude": True, **payload}
        accepted = cases.accept(client=client, workflow=workflow, payload=given, reference=reference, decide_now=True)
        return WorkItem.objects.get(case=Case.objects.get(pk=accepted.case.pk))

    return call
