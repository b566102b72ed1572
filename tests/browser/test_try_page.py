"""Rules tried in a real browser: on the page, beside the editor with what is not saved, and many scenarios at once."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orchestration.models import Case, Workflow, WorkflowVersion
from orchestration.services import case as cases
from orchestration.services import version as versions
from tests.factories import ClientFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HEARD = {"hear": {"output": {"text": "hi", "length": 2}, "confidence": 0.9}}
HOLDS = {"title": "Polite", "given": {"case": {"text": "hi"}, "agents": HEARD}, "expect": {"outcome": "yes"}}
FAILS = {"title": "Rude", "given": {"case": {"text": "hi", "rude": True}}, "expect": {"outcome": "yes"}}


@pytest.fixture
def draft(workflow: Workflow) -> WorkflowVersion:
    content = {**workflow.published_version.content, "scenarios": [HOLDS, FAILS]}
    return versions.new_draft(workflow=workflow, data=content, note="a draft", user=None)


@pytest.fixture
def ana(sign_in: Callable[..., Page]) -> Page:
    return sign_in("ana", group="Orchestration Analyst")


def place(draft: WorkflowVersion, rest: str) -> str:
    return f"/admin/orchestration/workflowversion/{draft.pk}/{rest}"


def test_a_case_is_tried_on_the_page(draft: WorkflowVersion, ana: Page) -> None:
    client = ClientFactory(name="bank")
    payload = {"text": "hi", "rude": True}
    cases.accept(client=client, workflow=draft.workflow, payload=payload, reference="A-1", decide_now=True)
    ana.goto(place(draft, "try/"))
    ana.get_by_text("The newest 1 case").click()
    ana.get_by_role("link", name="A-1").click()
    ana.get_by_role("button", name="Try it").click()
    result = ana.locator("#try-result")
    expect(
        result.get_by_role("heading", name="It would come back to a person in People: The text is rude")
    ).to_be_visible()
    field = ana.get_by_label("Or type them")
    field.fill(field.input_value().replace("rude: true", "rude: false"))
    field.press("Control+Enter")
    expect(result.get_by_text("It would be true if rude were true instead of false.")).to_be_visible()
    assert ana.url.endswith("?case=" + str(Case.objects.get().pk))  # the page stayed


def test_the_page_works_narrow_and_dark(draft: WorkflowVersion, sign_in: Callable[..., Page]) -> None:
    page = sign_in("ana", group="Orchestration Analyst", width=390, dark=True)
    for rest in ("try/", "scenarios/", "scenarios/0/", "scenarios/import/"):
        page.goto(place(draft, rest))
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_beside_the_editor_what_is_not_saved_is_tried(draft: WorkflowVersion, ana: Page) -> None:
    ana.goto(place(draft, "rules/rude/"))
    ana.get_by_text("Try it: what would happen to a case?").click()
    beside = ana.locator("conductor-try")
    beside.get_by_label("From a scenario").select_option("Rude")
    beside.get_by_role("button", name="Take").click()
    expect(beside.get_by_text("Scenario “Rude”")).to_be_visible()
    beside.get_by_role("button", name="Try it").click()
    expect(
        beside.get_by_role("heading", name="It would come back to a person in People: The text is rude")
    ).to_be_visible()
    ana.get_by_label("The rule takes part").uncheck()
    beside.get_by_role("button", name="Try it").click()
    expect(beside.get_by_role("heading", name="Agents would look first: hear")).to_be_visible()
    expect(beside.get_by_text("with what you have not saved yet")).to_be_visible()
    draft.refresh_from_db()
    assert draft.revision == 1


def test_trying_leaves_the_form_alone(draft: WorkflowVersion, ana: Page) -> None:
    asked: list[Any] = []
    ana.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    ana.goto(place(draft, "rules/rude/"))
    ana.get_by_text("Try it: what would happen to a case?").click()
    field = ana.locator("conductor-try #try-facts")
    field.fill("case: {text: x}")
    field.press("Control+Enter")
    expect(ana.locator("conductor-try").get_by_role("heading", name="Agents would look first: hear")).to_be_visible()
    assert ana.url.endswith("/rules/rude/")
    ana.goto("/admin/")
    assert asked == []


def test_many_scenarios_run_piece_by_piece(workflow: Workflow, ana: Page) -> None:
    many = [{**(FAILS if n % 100 == 7 else HOLDS), "title": f"Scenario {n}"} for n in range(230)]
    content = {**workflow.published_version.content, "scenarios": many}
    draft = versions.new_draft(workflow=workflow, data=content, note="a draft", user=None)
    ana.goto(place(draft, "scenarios/"))
    expect(ana.locator("#scenario-counts")).to_have_text("230, not run yet")
    ana.get_by_role("button", name="Run all 230").click()
    expect(ana.locator("#scenario-counts")).to_have_text("230 of 230 run, 3 fail")
    expect(ana.locator("#scenario-rows tr")).to_have_count(230)
    expect(ana.locator("#scenario-107 .c-cross").first).to_be_visible()
    expect(ana.get_by_role("region", name="Coverage")).to_contain_text("3 of 4 rules and table rows")


def test_a_case_becomes_a_scenario_by_one_click(draft: WorkflowVersion, ana: Page) -> None:
    client = ClientFactory(name="bank")
    payload = {"text": "hi"}
    cases.accept(client=client, workflow=draft.workflow, payload=payload, reference="A-1", decide_now=True)
    ana.goto(place(draft, "scenarios/"))
    ana.get_by_role("button", name="Make a scenario of case A-1").click()
    expect(ana.get_by_role("link", name="Case A-1: yes, as the rules decided", exact=True)).to_be_visible()
    expect(ana.locator("#scenario-2 .c-tick").first).to_be_visible()
