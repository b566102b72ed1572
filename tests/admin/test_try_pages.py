"""The page where rules are tried: for those who may, escaped, bounded, nothing lost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client as Browser
from django.urls import reverse

from orchestration.models import Case, Workflow, WorkflowVersion
from orchestration.rules.pack import dump_yaml
from orchestration.services import version as versions
from tests.admin.conftest import browser_of, person, text_of

pytestmark = pytest.mark.django_db
HEARD = {"hear": {"output": {"text": "hi", "length": 2}, "confidence": 0.9}}
HOLDS = {"title": "Polite", "given": {"case": {"text": "hi"}, "agents": HEARD}, "expect": {"outcome": "yes"}}
FAILS = {"title": "Rude", "given": {"case": {"text": "hi", "rude": True}}, "expect": {"outcome": "yes"}}


def url(version: WorkflowVersion, action: str, *more: Any) -> str:
    return reverse(f"admin:orchestration_workflowversion_{action}", args=[version.pk, *more])


@pytest.fixture
def draft(greeting: Workflow, ana: User) -> WorkflowVersion:
    content = {**greeting.published_version.content, "scenarios": [HOLDS, FAILS]}
    return versions.new_draft(workflow=greeting, data=content, note="a draft", user=ana)


def test_the_page_starts_with_an_example_that_can_be_tried(draft: WorkflowVersion, anas: Browser) -> None:
    page = anas.get(url(draft, "try"))
    facts = page.context["facts"].text
    assert "text: example" in facts
    assert "hear:" in facts
    result = anas.post(url(draft, "try"), {"facts": facts})
    assert (result.status_code, result.context["trial"].step.kind) == (200, "decide")


def test_a_scenario_fills_the_form(draft: WorkflowVersion, anas: Browser) -> None:
    page = anas.get(url(draft, "try") + "?scenario=1")
    assert page.context["facts"].text == dump_yaml(FAILS["given"])
    for nonsense in ("9", "-1", "x", "1" * 50):
        assert "Scenario" not in anas.get(url(draft, "try") + f"?scenario={nonsense}").context["facts"].origin


def test_a_case_fills_it_as_it_stands(draft: WorkflowVersion, anas: Browser, post: Callable[..., Case]) -> None:
    case = post(reference="A-1")
    page = anas.get(url(draft, "try") + "?search=A-")
    assert f"?case={case.pk}" in text_of(page)
    page = anas.get(url(draft, "try") + f"?case={case.pk}")
    assert (page.context["facts"].origin, "reference: A-1" in page.context["facts"].text) == (
        "Case A-1, as it stands now",
        True,
    )
    assert "There is no such case" in text_of(anas.get(url(draft, "try") + f"?case={case.pk + 99}"))


def test_who_may_not_see_cases_gets_none(draft: WorkflowVersion, post: Callable[..., Case]) -> None:
    case = post(reference="A-1")
    nobody = person("nobody")
    nobody.user_permissions.add(Permission.objects.get(codename="view_workflowversion"))
    browser = browser_of(nobody)
    page = browser.get(url(draft, "try") + f"?case={case.pk}")
    assert "You may not see cases" in text_of(page)
    assert "A-1" not in text_of(page) + text_of(browser.get(url(draft, "try") + "?search=A-"))


@pytest.mark.parametrize("action", ["try", "scenarios", "scenarios-run", "scenarios-export"])
def test_who_may_not_see_versions_is_refused(draft: WorkflowVersion, action: str) -> None:
    assert browser_of(person("nobody")).get(url(draft, action)).status_code == 403
    assert Browser().get(url(draft, action)).status_code == 302


def test_the_answer_shows_conditions_and_the_nearest_change(draft: WorkflowVersion, anas: Browser) -> None:
    page = text_of(anas.post(url(draft, "try"), {"facts": dump_yaml(HOLDS["given"])}))
    for told in (
        "The rules would decide: yes",
        "gave the answer",
        "It would be true if confidence of hear were 0.79 instead of 0.9.",
        "then it would</span> escalate to people because “The text is rude”",
    ):
        assert told in page
    assert page.index("confidence of hear were 0.79") < page.index(
        "It would be true if rude were true; it is not given."
    )


def test_the_facts_may_be_json(draft: WorkflowVersion, anas: Browser) -> None:
    assert "Agents would look first: hear" in text_of(
        anas.post(url(draft, "try"), {"facts": '{"case": {"text": "a"}}'})
    )


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ("case: [", "The facts cannot be read. Line"),
        ("cases: {}", "is not one of case, agents"),
        ("agents: {see: {}}", "agents › see"),
        ("- 1", "must be an object of facts"),
        ("a" * 500_001, "longer than 500,000 characters"),
    ],
)
def test_bad_facts_are_told_and_stay_in_the_form(draft: WorkflowVersion, anas: Browser, facts: str, told: str) -> None:
    page = anas.post(url(draft, "try"), {"facts": facts})
    assert (page.status_code, page.context["facts"].text) == (400, facts)
    assert told in text_of(page)


def test_the_fragment_tries_an_unsaved_rule(draft: WorkflowVersion, anas: Browser) -> None:
    rule = {"key": "yes", "title": "<b>Now no</b>", "when": "always", "then": [{"decide": {"outcome": "no"}}]}
    asked = {"facts": dump_yaml(HOLDS["given"]), "section": "rules", "key": "yes", "value": dump_yaml(rule)}
    page = text_of(anas.post(url(draft, "try"), asked, headers={"X-Fragment": "try"}))
    assert "The rules would decide: no" in page
    assert "with what you have not saved yet" in page
    assert "&lt;b&gt;Now no" in page
    assert "<html" not in page
    asked["value"] = "key: yes\nwhen: [\n"
    assert "thing" in text_of(anas.post(url(draft, "try"), asked, headers={"X-Fragment": "try"}))
    draft.refresh_from_db()
    assert draft.revision == 1


def test_the_form_alone_is_a_fragment_too(draft: WorkflowVersion, anas: Browser) -> None:
    page = text_of(anas.get(url(draft, "try"), headers={"X-Fragment": "try"}))
    assert "<html" not in page
    assert 'name="facts"' in page
