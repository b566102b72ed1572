"""The pages of comparisons: who may see and start them, what is asked for, what they show, what they cost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from orchestration.agents.outcome import Outcome, failed
from orchestration.models import AgentEvent, Case, ComparisonRun, Workflow
from orchestration.services import comparison_batch as batches
from orchestration.services.agent_state import switch
from orchestration.services.comparison_run import start_comparison
from tests.admin.conftest import browser_of, person, text_of
from tests.doorbells import answer
from tests.small_workflow import publish_again

pytestmark = pytest.mark.django_db
FORM = {"step": "greeting/hear", "last": "100", "candidate": "test.echo", "source": "step", "config": ""}


def compare() -> str:
    return reverse("admin:orchestration_agent-compare", args=["test.echo"])


def page_of(comparison: ComparisonRun) -> str:
    return reverse("admin:orchestration_agent-comparison", args=[comparison.pk])


@pytest.fixture
def cases(post: Callable[..., Case]) -> list[Case]:
    return [post(reference=f"A-{number}", text=text) for number, text in enumerate(("hi", "hello", "good day"))]


@pytest.fixture
def upper(monkeypatch: pytest.MonkeyPatch) -> None:
    """A candidate that shouts, and fails at `hello`."""

    def run(found: Any, *, input: dict[str, Any], config: dict[str, Any], **given: Any) -> Outcome:
        if input["text"] == "hello":
            return failed("agent", "It knows no <b>hello</b>.", permanent=True)
        output = {"text": input["text"].upper(), "length": len(input["text"])}
        return Outcome("succeeded", output=output, confidence=0.6, cost=0.25, duration=0.5)

    monkeypatch.setattr(batches, "run_plugin", run)


def started(workflow: Workflow, **given: Any) -> ComparisonRun:
    asked = {"agent": "test.echo", "step": "hear", "candidate": "test.echo", "config": {}, "user": None}
    return start_comparison(workflow=workflow, **{**asked, **given})


ROLES = [
    # who, may look at a comparison, may start, stop and repeat one
    ("nobody", 403, 403),
    ("specialist", 200, 403),
    ("analyst", 200, 403),
    ("architect", 200, 302),
    ("head", 200, 302),
]


@pytest.mark.parametrize(("role", "look", "act"), ROLES, ids=[role for role, _, _ in ROLES])
def test_each_route_is_for_those_who_may(role: str, look: int, act: int, greeting: Workflow, cases: list[Case]) -> None:
    comparison = started(greeting)
    browser = browser_of(person(role))
    before = ComparisonRun.objects.count()
    assert browser.get(page_of(comparison)).status_code == look
    assert browser.get(compare()).status_code == (200 if act == 302 else 403)
    assert browser.post(compare(), FORM).status_code == act
    assert browser.post(page_of(comparison), {"action": "stop"}).status_code == act
    assert browser.post(page_of(comparison), {"action": "again"}).status_code == act
    comparison.refresh_from_db()
    assert (comparison.status == "stopped") is (act == 302)
    assert ComparisonRun.objects.count() - before == (2 if act == 302 else 0)


def test_nobody_who_is_not_signed_in_sees_anything(greeting: Workflow, cases: list[Case]) -> None:
    for path in (compare(), page_of(started(greeting))):
        assert "/login/" in Browser().get(path)["Location"]


REFUSALS = [
    # what differs from a form that is accepted, what the page says
    ({"step": "greeting/other"}, "Choose a step."),
    ({"step": "greeting/hear/7"}, "Choose a step."),
    ({"last": "many"}, "Write a number from 1 to 1,000."),
    ({"last": "1001"}, "Compare from 1 to 1,000 runs."),
    ({"since": "31.1.2026"}, "Write days as 2026-01-31"),
    ({"until": "2020-01-01"}, "No recorded run fits"),
    ({"candidate": "test.nobody"}, "No installed package declares"),
    ({"candidate": "test.apart"}, "does not declare that it stays within this machine"),
    ({"source": "written", "config": "confidence: ["}, "The configuration cannot be read"),
    ({"source": "written", "config": "- 1"}, "write a name and a value on each line"),
    ({"source": "written", "config": "confidence: much"}, "/config/confidence"),
]


@pytest.mark.parametrize(("given", "said"), REFUSALS, ids=[said for _, said in REFUSALS])
def test_what_cannot_be_compared_is_said_and_what_was_typed_stays(
    given: dict[str, str], said: str, cases: list[Case], arnes: Browser
) -> None:
    answered = arnes.post(compare(), {**FORM, "config": "confidence: 0.5", **given})
    assert answered.status_code == 400
    assert said in text_of(answered)
    assert given.get("config", "confidence: 0.5") in text_of(answered)
    assert not ComparisonRun.objects.exists()


def test_the_configuration_is_the_steps_or_what_was_written_and_the_agents_history_tells_of_it(
    cases: list[Case], greeting: Workflow, arnes: Browser
) -> None:
    publish_again(greeting, config={"confidence": 0.4})
    arnes.post(compare(), FORM)
    arnes.post(compare(), {**FORM, "source": "written", "config": "confidence: 0.3"})
    arnes.post(compare(), {**FORM, "source": "written"})
    arnes.post(compare(), {**FORM, "candidate": "test.apart", "outside": "1"})
    assert [one.config for one in ComparisonRun.objects.order_by("id")] == [
        {"confidence": 0.4}, {"confidence": 0.3}, {}, {"confidence": 0.4},
    ]  # fmt: skip
    assert "test.apart on 3 inputs; it may reach outside systems" in text_of(arnes.get("/admin/agents/test.echo/"))
    told = AgentEvent.objects.filter(kind="comparison.started", agent="test.echo").order_by("id")
    assert [(one.actor, one.step, one.about["inputs"], one.about["reaches_out"]) for one in told] == [
        *[("Arne Holm", "hear", 3, False)] * 3, ("Arne Holm", "hear", 3, True),
    ]  # fmt: skip


def test_a_step_is_offered_by_version_where_it_ran_in_several(
    cases: list[Case], greeting: Workflow, post: Callable[..., Case], arnes: Browser
) -> None:
    assert "version 1" not in text_of(arnes.get(compare()))
    publish_again(greeting, config={"confidence": 0.9, "cost": 0.5})
    greeting.refresh_from_db()
    post(text="once more")
    page = text_of(arnes.get(compare()))
    assert [words in page for words in ("all versions (4 runs)", "version 2 (1 run)", "version 1 (3 runs)")] == [
        True
    ] * 3
    arnes.post(compare(), {**FORM, "step": "greeting/hear/1"})
    comparison = ComparisonRun.objects.get()
    assert (comparison.config, comparison.items.count()) == ({}, 3)


def test_what_was_found_is_shown_with_the_cases_where_they_differ(
    greeting: Workflow, cases: list[Case], upper: None, anas: Browser
) -> None:
    comparison = started(greeting)
    assert "Nothing yet." in text_of(anas.get(page_of(comparison)))
    answer()
    page = text_of(anas.get(page_of(comparison)))
    assert "0 of 2 where both succeeded" in page
    assert "-0.300" in page
    assert "It knows no &lt;b&gt;hello&lt;/b&gt;." in page
    assert page.count("GOOD DAY") == 1
    assert page.count(reverse("admin:orchestration_case_change", args=[cases[2].pk])) == 1
    assert "Run it again" not in page  # she may look, not act
    assert "Nowhere." in text_of(anas.get(page_of(comparison) + "?field=length"))


def test_a_candidate_that_answers_otherwise_the_second_time_is_told(
    greeting: Workflow, cases: list[Case], upper: None, arnes: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = started(greeting)
    answer()
    assert "Asked twice" not in text_of(arnes.get(page_of(first)))
    arnes.post(page_of(first), {"action": "again"})
    answer()
    second = ComparisonRun.objects.latest("id")
    assert "3 of 3 <a" in text_of(arnes.get(page_of(second)))
    monkeypatch.undo()  # from now on it says what it heard
    arnes.post(page_of(first), {"action": "again"})
    answer()
    assert "0 of 3 <a" in text_of(arnes.get(page_of(ComparisonRun.objects.latest("id"))))


def test_one_that_runs_is_not_repeated_and_one_that_is_off_is_not_asked(
    greeting: Workflow, cases: list[Case], arnes: Browser
) -> None:
    comparison = started(greeting)
    page = text_of(arnes.post(page_of(comparison), {"action": "again"}, follow=True))
    assert "It is still running." in page
    switch(agent="test.echo", on=False, user=None, reason="It lies")
    assert "is switched off" in text_of(arnes.post(compare(), FORM))
    assert ComparisonRun.objects.count() == 1


def test_a_page_costs_no_more_with_many_inputs(
    greeting: Workflow, post: Callable[..., Case], upper: None, arnes: Browser, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        post(reference=f"B-{number}", text="hello" if number % 3 else f"text {number}")
    comparison = started(greeting)
    answer()
    arnes.get(page_of(comparison))
    with django_assert_max_num_queries(14):
        assert text_of(arnes.get(page_of(comparison))).count("It knows no") == 20
    with django_assert_max_num_queries(14):
        arnes.get(compare())


def test_a_name_that_no_agent_ever_had_and_a_comparison_that_never_was_are_not_found(
    greeting: Workflow, arnes: Browser
) -> None:
    assert arnes.get(reverse("admin:orchestration_agent-compare", args=["test.nobody"])).status_code == 404
    assert arnes.get(reverse("admin:orchestration_agent-comparison", args=[404])).status_code == 404
