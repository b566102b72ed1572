"""Health of agents: asked in a process of its own, within limits, recorded, and now and then by itself."""

from __future__ import annotations

import os
from typing import Any

import pytest
from django_q.models import OrmQ

from orchestration.models import AgentEvent, AgentState
from orchestration.services import agent_health, reaper
from orchestration.services.agent_state import check_agent, state_of
from orchestration.services.secret import set_secret
from tests.doorbells import answer
from tests.factories import UserFactory
from tests.small_workflow import publish, publish_again

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now_and_then(settings: Any) -> None:
    settings.CONDUCTOR = {**settings.CONDUCTOR, "check_every": 15.0, "check_timeout": 30.0}
    agent_health.forget_all()


def rung() -> list[str]:
    """The agents whose checks doorbells ring for."""
    return [row.task["args"][0] for row in OrmQ.objects.order_by("id") if row.task["func"].endswith("check_agent")]


def test_a_check_runs_in_a_process_of_its_own() -> None:
    health = check_agent(agent="test.patient", config={"mode": "pid"})
    assert health.ok
    assert health.message != str(os.getpid())
    assert int(health.message) > 1


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("unwell", "the key has expired"),
        ("raise", "RuntimeError: no route"),
        ("exit", "SystemExit: 3"),
        ("crash", "exit status -9"),
    ],
)
def test_whatever_a_check_does_is_an_answer(mode: str, said: str) -> None:
    health = check_agent(agent="test.patient", config={"mode": mode, "message": "the key has expired"})
    assert (health.ok, said in health.message) == (False, True), health.message


def test_a_check_that_hangs_is_stopped(settings: Any) -> None:
    settings.CONDUCTOR = {**settings.CONDUCTOR, "check_timeout": 2.0}
    health = check_agent(agent="test.patient", config={"mode": "hang"})
    assert (health.ok, "took longer than" in health.message) == (False, True)


@pytest.mark.parametrize(
    ("agent", "config", "said"),
    [
        ("test.patiend", None, 'Did you mean "test.patient"?'),
        ("test.patient", {"moode": "well"}, "does not fit test.patient: moode"),
        ("test.keeper", {"password": {"secret": "nobody"}}, "names the secret “nobody” at /password"),
    ],
    ids=["not installed", "a configuration that does not fit", "a secret that is not there"],
)
def test_what_cannot_be_asked_is_not_well(agent: str, config: dict[str, Any] | None, said: str) -> None:
    health = check_agent(agent=agent, config=config)
    assert (health.ok, said in health.message) == (False, True), health.message


def test_a_check_has_the_secrets_and_its_answer_does_not() -> None:
    set_secret(name="door", value="open-sesame", note="", user=None)
    health = check_agent(agent="test.keeper", config={"password": {"secret": "door"}})
    assert (health.ok, health.message) == (True, "tried [secret]")


def test_each_configuration_of_published_versions_is_asked_and_the_fault_names_its_place() -> None:
    publish(slug="first", use="test.patient")
    publish(slug="second", use="test.patient", config={"mode": "unwell", "message": "the key has expired"})
    health = check_agent(agent="test.patient")
    assert (health.ok, health.message) == (False, "Workflow “Greeting”, step “hear”: the key has expired")
    state = state_of("test.patient")
    assert (state.health_ok, state.health_message) == (False, health.message)
    assert state.checked_at is not None


def test_health_is_on_record_when_it_changes_and_only_then() -> None:
    workflow = publish(use="test.patient")
    arne = UserFactory(first_name="Arne", last_name="Holm")
    modes = ["well", "unwell", "unwell", "well", "well"]
    for number, mode in enumerate(modes):
        publish_again(workflow, use="test.patient", config={"mode": mode, "message": f"{number}: {mode}"})
        check_agent(agent="test.patient", user=arne if mode == "well" else None)
    assert list(AgentEvent.objects.order_by("id").values_list("agent", "kind", "actor", "about")) == [
        (
            "test.patient",
            "health.changed",
            "worker",
            {"ok": False, "message": "Workflow “Greeting”, step “hear”: 1: unwell"},
        ),
        ("test.patient", "health.changed", "Arne Holm", {"ok": True, "message": "3: well"}),
    ]


def test_a_configuration_that_is_only_tried_is_not_recorded() -> None:
    check_agent(agent="test.patient", config={"mode": "unwell"})
    assert (AgentState.objects.count(), AgentEvent.objects.count()) == (0, 0)


def test_the_reaper_rings_for_agents_of_published_versions_once_in_a_while() -> None:
    publish(use="test.patient")
    publish_again(publish(slug="other", use="test.apart"), use="test.echo")
    reaper.reap()
    assert rung() == ["test.echo", "test.patient"]  # test.apart is no longer in use
    agent_health.forget_all()  # another host, which has not looked yet
    reaper.reap()
    assert len(rung()) == 2
    answer()
    assert (state_of("test.patient").health_ok, state_of("test.echo").health_ok) == (True, True)
    AgentState.objects.filter(agent="test.patient").update(rung_at="2020-01-01T00:00Z")
    agent_health.forget_all()
    reaper.reap()
    assert rung() == ["test.patient"]


def test_the_reaper_looks_seldom_and_not_at_all_where_that_is_set(
    settings: Any, django_assert_num_queries: Any
) -> None:
    publish(use="test.patient")
    assert agent_health.check_due() == 1
    with django_assert_num_queries(0):
        assert agent_health.check_due() == 0
    settings.CONDUCTOR = {**settings.CONDUCTOR, "check_every": 0.0}
    agent_health.forget_all()
    with django_assert_num_queries(0):
        assert agent_health.check_due() == 0
