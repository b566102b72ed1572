"""The pages of agents say how each is and what helps, cost no more with more rows, and change things for few."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from orchestration.agents.outcome import ERROR_KINDS
from orchestration.agents.registry import registry
from orchestration.models import AgentRun, AgentState, Case, Circuit, StepState, Workflow, WorkItem
from orchestration.services import agent_state
from orchestration.services.agent_condition import ERROR_WORDS, attention
from tests.admin.conftest import browser_of, person, text_of
from tests.small_workflow import publish, publish_again
from tests.submitting import draft_of

pytestmark = pytest.mark.django_db
AGENT = "test.echo"
LIST = "/admin/agents/"
Post = Callable[..., Case]


def page_of(browser: Browser, agent: str = AGENT) -> str:
    return text_of(browser.get(reverse("admin:orchestration_agent", args=[agent])))


def act(browser: Browser, action: str, agent: str = AGENT, **given: Any) -> str:
    """What the page says after one of its forms was sent."""
    url = reverse("admin:orchestration_agent-action", args=[agent, action])
    return text_of(browser.post(url, given, follow=True))


@pytest.fixture(autouse=True)
def known_anew() -> Any:
    agent_state.forget_all()
    yield
    agent_state.forget_all()


def opened(workflow: Workflow, *, agent: str = AGENT, **changed: Any) -> StepState:
    """The circuit of the workflow's step `hear`, open for a quarter of an hour."""
    state, _ = StepState.objects.update_or_create(
        workflow=workflow,
        step="hear",
        defaults={
            "agent": agent,
            "circuit": Circuit.OPEN,
            "circuit_until": timezone.now() + timedelta(minutes=15),
            **changed,
        },
    )
    return state


def test_the_page_tells_what_the_agent_is_where_it_is_used_and_what_it_did(post: Post, sams: Browser) -> None:
    case = post(reference="A-1")
    page = page_of(sams)
    for told in (
        "Says back what it was given",
        "conductor-test-agents 1.0",
        "Greeting › hear",
        "if it fails, a person takes over",
        "1 runs from 90 to 100 per cent",
        reverse("admin:orchestration_case_change", args=[case.pk]),
    ):
        assert told in page
    assert "Switch off" not in page  # he may look


def test_a_failure_is_told_in_words_with_its_case(db: Any, arnes: Browser, post: Post) -> None:
    post(workflow=publish(slug="refusing", use="test.refusing", attempts=1), reference="A-1")
    page = page_of(arnes, "test.refusing")
    assert page.count("It said that it could not do the work") == 2  # among the figures, and with the case
    assert "no such account" in page


def test_every_kind_of_error_has_words() -> None:
    assert set(ERROR_WORDS) == set(ERROR_KINDS)


CONDITIONS = [
    # what is the matter, what the page and the list say, what helps
    (lambda one: AgentState.objects.create(agent=AGENT, health_ok=True), "works", ""),
    (lambda one: None, "not asked yet", ""),
    (
        lambda one: AgentState.objects.create(agent=AGENT, health_ok=False, health_message="No line. Plug it in."),
        "No line. Plug it in.",
        "Mend what it names",
    ),
    (lambda one: opened(one), "so no run is tried until", "Read the last failures"),
    (lambda one: opened(one, circuit_until=timezone.now()), "The next run tries", "let one run try"),
    (lambda one: opened(one, circuit_held=True, circuit_until=None), "Somebody holds the circuit", "Close the circuit"),
    (lambda one: opened(one, circuit=Circuit.HALF_OPEN, probe=AgentRun.objects.get()), "is trying now", "one run try"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "told", "helps"), CONDITIONS, ids=range(len(CONDITIONS)))
def test_pages_say_how_an_agent_is_and_what_helps(
    make: Any, told: str, helps: str, greeting: Workflow, post: Post, arnes: Browser, sams: Browser
) -> None:
    post(reference="A-1")
    AgentState.objects.all().delete()
    make(greeting)
    agent_state.forget_all()
    page = page_of(arnes)
    assert told in page
    assert told in text_of(arnes.get(LIST))
    assert ("What to do:" in page) is bool(helps)
    assert helps in page
    front = text_of(sams.get("/admin/"))
    assert ("Agents that need attention" in front) is bool(helps)
    assert not helps or "An Orchestration Architect or the Head of AI Operations can do it." in page_of(sams)


def test_a_circuit_that_another_agent_opened_is_not_laid_at_this_ones_door(greeting: Workflow, arnes: Browser) -> None:
    opened(greeting, agent="test.flaky")
    assert "circuit open" not in page_of(arnes)
    assert attention() == []


def test_an_agent_that_is_needed_and_missing_is_told_on_every_page(
    greeting: Workflow, arnes: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = replace(registry(), agents={name: one for name, one in registry().agents.items() if name != AGENT})
    for module in ("services.agent_use", "admin.agent_page"):
        monkeypatch.setattr(f"orchestration.{module}.registry", lambda: left)
    assert "is needed, but not installed" in text_of(arnes.get(LIST))
    page = page_of(arnes)
    assert "Ask an operator to install its package." in page
    assert "Switch off" in page


def test_an_agent_nobody_ever_heard_of_has_no_page(arnes: Browser) -> None:
    assert arnes.get(reverse("admin:orchestration_agent", args=["no.such"])).status_code == 404
    assert arnes.post("/admin/agents/test.echo/dance/").status_code == 404


def test_switched_off_its_cases_go_the_way_the_step_says(post: Post, arnes: Browser) -> None:
    going_on = publish(slug="going-on", on_failure="continue")
    page = page_of(arnes)
    assert "in Greeting › hear a person takes over" in page
    assert "the rules go on without it" in page
    assert "Say why the agent is switched off" in act(arnes, "switch", on="0", reason=" ")
    said = act(arnes, "switch", on="0", reason="It lies")
    assert "switched it off on" in said
    assert "It lies" in said
    case = post(reference="A-1")
    assert WorkItem.objects.get(case=case).reason == "agent-failed"
    assert case.status == "escalated"
    other = post(workflow=going_on, reference="A-2")
    assert WorkItem.objects.get(case=other).reason == "Not sure what was heard"  # the rules went on
    assert "The agent test.echo is switched on." in act(arnes, "switch", on="1")
    assert post(reference="A-3").status == "decided"


def test_a_check_shows_its_answer_and_cure(db: Any, arnes: Browser) -> None:
    cure = "Connect the sensor, then ask again."
    workflow = publish(use="test.patient", config={"mode": "ill", "message": cure})
    assert f"The agent test.patient cannot work just now: Workflow “Greeting”, step “hear”: {cure}" in act(
        arnes, "check", "test.patient"
    )
    assert cure in page_of(arnes, "test.patient")
    publish_again(workflow, agents={"hear": {"use": "test.patient", "input": {"text": "case.text"}}})
    assert "The agent test.patient can work." in act(arnes, "check", "test.patient")


def test_limits_and_circuit_of_a_step_are_set_and_told(db: Any, arnes: Browser) -> None:
    publish(use="test.apart")
    step = {"workflow": "greeting", "step": "hear"}
    said = act(arnes, "limits", "test.apart", concurrency="2", rate="", **step)
    assert "Limits: 2 at a time." in said
    assert "at most 2 at a time, no limit begun a minute" in said  # among the events
    said = act(arnes, "limits", "test.apart", concurrency="two", rate="", **step)
    assert "The number of runs at a time is a whole number" in said
    assert "Say why the circuit is opened" in act(arnes, "circuit", "test.apart", state="open", reason="", **step)
    said = act(arnes, "circuit", "test.apart", state="open", reason="The bureau moves house", **step)
    assert "The bureau moves house" in said
    assert "Somebody holds the circuit" in said
    act(arnes, "circuit", "test.apart", state="closed", reason="", **step)
    assert StepState.objects.get().circuit == Circuit.CLOSED
    assert "is no state of a circuit" in act(arnes, "circuit", "test.apart", state="ajar", reason="x", **step)


def test_where_it_runs_is_set_and_told(greeting: Workflow, arnes: Browser) -> None:
    said = act(arnes, "isolation", isolation="subprocess", memory_mib="256")
    assert "In a process of its own, with at most 256 MiB of memory" in said
    assert "The memory is a number of MiB" in act(arnes, "isolation", isolation="subprocess", memory_mib="1")
    assert "no place to run" in act(arnes, "isolation", isolation="moon", memory_mib="")


def test_the_pages_cost_as_many_queries_with_three_rows_as_with_one(
    greeting: Workflow, post: Post, arnes: Browser
) -> None:
    opened(greeting)
    page_of(arnes)  # counts what past days hold, once
    counts = []
    for more in (1, 2):
        for number in range(more):
            post(reference=f"{more}-{number}")
            draft_of(greeting)
        urls = (LIST, reverse("admin:orchestration_agent", args=[AGENT]), "/admin/")
        agent_state.forget_all()
        for url in urls:
            with CaptureQueriesContext(connection) as queries:
                assert arnes.get(url).status_code == 200
            counts.append(len(queries))
    assert counts[:3] == counts[3:]
    assert max(counts) < 40


def test_the_first_page_costs_two_queries_more_while_all_is_well(greeting: Workflow) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert attention() == []
    assert len(queries) == 2


@pytest.mark.parametrize("role", ["specialist", "analyst"])
def test_who_may_only_look_changes_nothing(role: str, greeting: Workflow) -> None:
    browser = browser_of(person(role))
    for action in ("switch", "check", "isolation", "limits", "circuit"):
        url = reverse("admin:orchestration_agent-action", args=[AGENT, action])
        assert browser.post(url, {"on": "0", "reason": "x"}).status_code == 403
    assert not AgentState.objects.exists()
