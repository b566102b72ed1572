"""An agent step configured in a real browser by the form of its model, and an agent switched off and checked."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from orchestration.models import Secret, Workflow, WorkflowVersion, WorkItem
from orchestration.services import agent_state
from orchestration.services import case as cases
from orchestration.services.agent_config import plain_step
from orchestration.services.draft import part_of
from tests.factories import ClientFactory
from tests.small_workflow import publish
from tests.submitting import ARCHITECT, draft_of, somebody

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def draft(workflow: Workflow) -> WorkflowVersion:
    return draft_of(workflow, somebody())


@pytest.fixture
def arne(sign_in: Callable[..., Page]) -> Page:
    return sign_in("arne", group=ARCHITECT)


@pytest.fixture(autouse=True)
def known_anew() -> Any:
    agent_state.forget_all()
    yield
    agent_state.forget_all()


def place(draft: WorkflowVersion, rest: str) -> str:
    return f"/admin/orchestration/workflowversion/{draft.pk}/{rest}"


def test_a_step_is_configured_by_the_form_of_its_agents_model(draft: WorkflowVersion, arne: Page) -> None:
    arne.goto(place(draft, "agents/~new/"))
    arne.get_by_label("Search the installed agents").fill("letters")
    arne.get_by_role("radio", name="Answers letters").check()
    expect(arne.get_by_label("Name", exact=True)).to_have_value("desk")
    config = arne.locator("conductor-config")

    config.get_by_label("Tone").select_option("formal")
    config.get_by_label("Sureness").fill("1.5")
    wrong = config.get_by_label("Sureness")
    expect(config.locator("[data-pointer='/sureness']")).to_contain_text("This should be less than or equal to 1.")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    wrong.fill("0.75")
    expect(config.locator("[data-pointer='/sureness'] [data-problem]")).to_have_count(0)

    config.get_by_label("User").fill("bank")
    config.get_by_role("button", name="New secret…").click()
    secret = config.get_by_role("group", name="New secret for Password")
    secret.get_by_label("Name").fill("post-office")
    secret.get_by_label("Value").fill("wrong-password")
    secret.get_by_role("button", name="Keep the secret").click()
    expect(config.get_by_label("Password")).to_have_value("post-office")

    offices = config.get_by_role("group", name="Offices")
    offices.get_by_role("button", name="Add the first").click()
    expect(offices.get_by_label("Name")).to_be_focused()
    arne.keyboard.type("Lyon")
    offices.get_by_role("button", name="Add office").click()
    arne.keyboard.type("Nice")
    offices.get_by_role("group", name="Office 2").get_by_label("Share").fill("0.25")
    offices.get_by_role("button", name="Move Office 2 up").click()

    sort = config.get_by_role("group", name="Sorted by")
    sort.get_by_role("button", name="Change it").click()
    sort.get_by_label("Sorted by: kind").select_option("Words")
    sort.get_by_role("button", name="Add word").click()
    arne.keyboard.type("urgent")
    stamps = config.get_by_role("group", name="Stamps")
    stamps.get_by_role("button", name="Set it").click()
    stamps.get_by_label("Stamps: name of a new entry").fill("red")
    arne.keyboard.press("Enter")
    stamps.get_by_role("textbox", name="red").fill("7")

    arne.get_by_role("button", name="Check it").click()
    cure = "Set the secret that the step names to the password of the post office's website."
    expect(arne.locator("[data-check-answer]")).to_contain_text(cure, timeout=30_000)

    arne.get_by_role("button", name="Source (YAML)").click()
    expect(arne.get_by_label("The step as YAML")).to_have_value(
        re.compile(re.escape("password: {secret: post-office}"))
    )
    arne.get_by_role("button", name="Form", exact=True).click()
    arne.get_by_label("If it fails").select_option("continue")
    arne.get_by_role("button", name="Save step").click()
    expect(arne.get_by_text("The step “desk” is saved.")).to_be_visible()
    draft.refresh_from_db()
    assert plain_step(part_of(draft, "agents", "desk").value) == {
        "use": "test.desk",
        "on_failure": "continue",
        "config": {
            "tone": "formal",
            "sureness": 0.75,
            "login": {"user": "bank", "password": {"secret": "post-office"}},
            "offices": [{"name": "Nice", "share": 0.25}, {"name": "Lyon"}],
            "sort": {"kind": "words", "words": ["urgent"]},
            "stamps": {"red": 7},
        },
    }
    assert "wrong-password" not in arne.content() + Secret.objects.get().sealed


def test_what_another_agent_had_stays_until_the_page_is_left_and_undo_takes_back(
    draft: WorkflowVersion, arne: Page
) -> None:
    arne.goto(place(draft, "agents/hear/"))
    config = arne.locator("conductor-config")
    config.get_by_label("Confidence").fill("0.6")
    config.get_by_label("Cost").fill("2")
    config.get_by_label("Cost").press("Control+z")
    expect(config.get_by_label("Cost")).to_have_value("")
    expect(config.get_by_label("Confidence")).to_have_value("0.6")
    arne.get_by_text("choose another…").click()
    arne.get_by_role("radio", name="Is checked").check()
    expect(config.get_by_label("Mode")).to_be_visible()
    expect(config.get_by_label("Confidence")).to_have_count(0)
    arne.get_by_text("choose another…").click()
    arne.locator("input[type=radio][value='test.echo']").check()
    expect(config.get_by_label("Confidence")).to_have_value("0.6")
    assert arne.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_an_agent_is_switched_off_and_its_cases_go_to_a_person(workflow: Workflow, arne: Page) -> None:
    arne.goto("/admin/agents/")
    arne.get_by_role("link", name="Says back what it was given", exact=True).click()
    arne.get_by_text("Switch it off…").click()
    arne.get_by_label("Reason").last.fill("It lies")
    arne.get_by_role("button", name="Switch off").click()
    expect(arne.get_by_role("heading", name="Switched off").first).to_be_visible()
    agent_state.forget_all()
    given = {"client": ClientFactory(name="bank"), "workflow": workflow, "payload": {"text": "hi"}}
    case = cases.accept(**given, reference="A-1", decide_now=True).case
    assert WorkItem.objects.get(case_id=case.pk).reason == "agent-failed"
    arne.goto(f"/admin/orchestration/case/{case.pk}/change/")
    expect(arne.get_by_role("region", name="What the agents found")).to_contain_text("it was switched off")
    arne.get_by_role("link", name="test.echo").first.click()
    arne.get_by_role("button", name="Switch on").click()
    expect(arne.get_by_text("The agent test.echo is switched on.")).to_be_visible()


def test_a_check_shows_what_ails_an_agent_and_what_helps(transactional_db: Any, arne: Page) -> None:
    publish(use="test.patient", config={"mode": "ill", "message": "The sensor is not connected. Plug it in."})
    arne.goto("/admin/agents/test.patient/")
    arne.get_by_role("button", name="Check now").click()
    ails = arne.get_by_role("alert").filter(has=arne.get_by_role("heading", name="Cannot work"))
    expect(ails).to_contain_text("Plug it in.")
    expect(ails).to_contain_text("What to do: Mend what it names, then check it again.")
    arne.goto("/admin/")
    expect(arne.get_by_role("region", name="Agents that need attention")).to_contain_text("Plug it in.")


def test_the_pages_fit_a_narrow_dark_screen(draft: WorkflowVersion, sign_in: Callable[..., Page]) -> None:
    page = sign_in("ana", group="Orchestration Analyst", width=390, dark=True)
    for path in ("/admin/agents/", "/admin/agents/test.echo/", "/admin/secrets/", place(draft, "agents/hear/")):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
