"""Scenarios: beside those of the published version, made from real cases, imported by title, measured by coverage."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orchestration.models import Case, CaseContent, Client, Workflow, WorkflowVersion, WorkItem
from orchestration.rules.parse import RuleError
from orchestration.services import case as cases
from orchestration.services import version as versions
from orchestration.services import work_item as work_items
from orchestration.services.refusal import Refused
from orchestration.services.scenario import (
    compared,
    covered,
    expectation,
    given_of_case,
    recent_cases,
    scenario_of_case,
)
from orchestration.services.scenario_import import Done, import_scenarios
from tests.factories import ClientFactory, UserFactory

pytestmark = pytest.mark.django_db
HEARD = {"hear": {"output": {"text": "hi", "length": 2}, "confidence": 0.9}}
HOLDS = {"title": "Polite", "given": {"case": {"text": "hi"}, "agents": HEARD}, "expect": {"outcome": "yes"}}
RUDE = {
    "title": "Rude",
    "given": {"case": {"text": "hi", "rude": True}},
    "expect": {"escalate": "The text is rude"},
}


@pytest.fixture
def ana(db: Any) -> User:
    return UserFactory(username="ana", group="Orchestration Analyst")


def draft_of(workflow: Workflow, user: User | None = None, **changed: Any) -> WorkflowVersion:
    content = workflow.published_version.content
    return versions.new_draft(workflow=workflow, data={**content, **changed}, note="a draft", user=user)


def post(workflow: Workflow, reference: str = "A-1", **payload: Any) -> Case:
    client = Client.objects.filter(name="bank").first() or ClientFactory(name="bank")
    payload = {"text": "hi", **payload}
    accepted = cases.accept(client=client, workflow=workflow, payload=payload, reference=reference, decide_now=True)
    return Case.objects.get(pk=accepted.case.pk)


def test_each_scenario_runs_on_this_version_and_on_the_published_one(greeting: Workflow) -> None:
    content = greeting.published_version.content
    rules = [
        {**rule, "then": [{"decide": {"outcome": "no"}}]} if rule["key"] == "yes" else rule for rule in content["rules"]
    ]
    draft = draft_of(greeting, rules=rules, scenarios=[HOLDS, RUDE])
    first, second = compared(version=draft, published=greeting.published_version)
    assert (first.here.passed, first.published.passed, first.changed) == (False, True, True)
    assert first.here.message == "expected outcome yes, but the rules decide no"
    assert (second.here.passed, second.published.passed, second.changed) == (True, True, False)
    assert (first.expected, second.expected) == ("decide yes", "escalate: The text is rude")
    (only,) = compared(version=draft, published=None, first=1, count=1)
    assert (only.number, only.scenario.title, only.published) == (1, "Rude", None)


def test_coverage_names_what_no_scenario_exercises(greeting: Workflow) -> None:
    draft = draft_of(greeting, scenarios=[HOLDS])
    assert [one.key for one in covered(draft).missed] == ["rude", "doubt"]
    assert covered(draft, compared(version=draft, published=None)) == covered(draft)


def test_a_decided_case_becomes_a_scenario_that_holds(greeting: Workflow) -> None:
    case = post(greeting)
    made = scenario_of_case(case=case)
    assert (made["title"], made["expect"]) == ("Case A-1: yes, as the rules decided", {"outcome": "yes"})
    assert made["given"]["case"] == {"text": "hi"}
    assert made["given"]["agents"] == HEARD
    assert made["given"]["meta"]["client"] == "bank"
    (row,) = compared(version=draft_of(greeting, scenarios=[made]), published=None)
    assert row.here.passed


def test_what_a_person_decided_is_what_is_expected(greeting: Workflow) -> None:
    case = post(greeting, rude=True)
    assert scenario_of_case(case=case)["expect"] == {"escalate": "The text is rude"}
    sam = UserFactory(username="sam", group="Workflow Specialist")
    item = WorkItem.objects.get(case=case)
    work_items.claim(work_item_id=item.pk, user=sam)
    work_items.decide(work_item_id=item.pk, user=sam, outcome="no", note="too rude")
    case.refresh_from_db()
    made = scenario_of_case(case=case)
    assert (made["title"], made["expect"]) == ("Case A-1: no, as a person decided", {"outcome": "no"})


def test_corrections_and_answers_are_part_of_it(greeting: Workflow) -> None:
    case = post(greeting, rude=True)
    sam = UserFactory(username="sam", group="Workflow Specialist")
    item = WorkItem.objects.get(case=case)
    work_items.claim(work_item_id=item.pk, user=sam)
    work_items.send_back(
        work_item_id=item.pk, user=sam, corrections={"text": "hello"}, human={"trusted": True}, note="known"
    )
    given = given_of_case(case=case)
    assert (given["case"], given["human"]) == ({"text": "hello", "rude": True}, {"trusted": True})


def test_an_erased_case_gives_nothing(greeting: Workflow) -> None:
    case = post(greeting)
    CaseContent.objects.filter(case=case).update(payload={}, erased_at=timezone.now())
    with pytest.raises(Refused, match="erased"):
        given_of_case(case=case)
    assert recent_cases(workflow=greeting) == []


def test_a_case_that_is_under_way_has_no_answer_to_expect(later: Workflow) -> None:
    with pytest.raises(Refused, match="neither decided nor with a person"):
        scenario_of_case(case=post(later))


def test_cases_are_found_by_reference_and_number(greeting: Workflow, later: Workflow) -> None:
    one, two = post(greeting, "A-1"), post(greeting, "B-2")
    post(later, "A-3")
    assert recent_cases(workflow=greeting) == [two, one]
    assert recent_cases(workflow=greeting, search="a-") == [one]
    assert recent_cases(workflow=greeting, search=str(two.public_id)) == [two]
    assert recent_cases(workflow=greeting, search="%") == []


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ({"outcome": "yes"}, "decide yes"),
        ({"escalate": "Odd"}, "escalate: Odd"),
        ({"run": ["a", "b"]}, "run a, b"),
        ({"wait": True}, "wait (yes)"),
    ],
)
def test_expectations_in_words(expect: dict[str, Any], told: str) -> None:
    assert expectation(expect) == told


def test_imported_scenarios_change_those_of_their_title_and_add_the_others(greeting: Workflow, ana: User) -> None:
    draft = draft_of(greeting, ana, scenarios=[HOLDS, RUDE])
    changed = {**RUDE, "given": {"case": {"text": "you!", "rude": True}}}
    new = {**HOLDS, "title": "New"}
    assert import_scenarios(version_id=draft.pk, scenarios=[changed, HOLDS, new], user=ana) == Done(1, 1, 1)
    draft.refresh_from_db()
    assert draft.content["scenarios"] == [HOLDS, changed, new]
    assert import_scenarios(version_id=draft.pk, scenarios=[new], user=ana, replace=True) == Done(1, 0, 0)
    draft.refresh_from_db()
    assert draft.content["scenarios"] == [new]


def test_an_import_is_all_or_nothing(greeting: Workflow, ana: User) -> None:
    draft = draft_of(greeting, ana, scenarios=[HOLDS])
    wrong = {**RUDE, "expect": {"outcome": "maybe"}}
    with pytest.raises(RuleError, match="maybe"):
        import_scenarios(version_id=draft.pk, scenarios=[{**HOLDS, "title": "New"}, wrong], user=ana)
    with pytest.raises(Refused, match="never changes"):
        import_scenarios(version_id=greeting.published_version_id, scenarios=[HOLDS], user=ana)
    with pytest.raises(Refused, match="deleted"):
        import_scenarios(version_id=0, scenarios=[HOLDS], user=ana)
    draft.refresh_from_db()
    assert draft.content["scenarios"] == [HOLDS]
