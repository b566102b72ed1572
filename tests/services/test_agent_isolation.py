"""Where agents run: as they declare, or where somebody has set them to run; and with how much memory."""

import os
from typing import Any

import pytest

from orchestration.models import AgentAttempt, AgentEvent, AgentRun, AgentState, Client
from orchestration.services import round as rounds
from orchestration.services import run as runs
from orchestration.services.agent_state import set_isolation
from orchestration.services.refusal import Refused
from orchestration.services.step_state import set_limits
from tests.doorbells import answer
from tests.factories import UserFactory
from tests.services.posting import post
from tests.small_workflow import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client.objects.create(name="bank")


def tries() -> list[tuple[int, str, bool]]:
    return list(AgentAttempt.objects.order_by("run", "number").values_list("number", "status", "isolated"))


@pytest.mark.parametrize(
    ("use", "isolation", "inline", "isolated"),
    [
        ("test.echo", "", True, False),
        ("test.echo", "inline", True, False),
        ("test.echo", "worker", False, False),
        ("test.echo", "subprocess", False, True),
        ("test.apart", "worker", False, False),
        ("test.apart", "subprocess", False, True),
    ],
)
def test_an_agent_runs_where_it_is_told_to(
    client: Client, use: str, isolation: str, inline: bool, isolated: bool
) -> None:
    workflow = publish(use=use)
    set_isolation(agent=use, isolation=isolation, memory_mib=None, user=None)
    case = post(workflow, client)
    assert (case.status == "decided") is inline
    answer()
    case.refresh_from_db()
    assert (case.status, case.outcome, tries()) == ("decided", "yes", [(1, "succeeded", isolated)])


@pytest.mark.parametrize("isolation", ["worker", "subprocess"])
def test_only_a_process_of_its_own_has_another_id(client: Client, isolation: str) -> None:
    from orchestration.agents.registry import registry

    found = registry().agents["test.apart"]
    seen: list[int] = []

    def run(self: Any, request: Any) -> Any:
        seen.append(os.getpid())
        raise RuntimeError("stop")

    patch = pytest.MonkeyPatch()
    patch.setattr(found.cls, "run", run)
    try:
        set_isolation(agent="test.apart", isolation=isolation, memory_mib=None, user=None)
        case = post(publish(use="test.apart", attempts=1), client)
        rounds.run_case(case_id=case.pk)
        runs.run_agent(run_id=AgentRun.objects.get().pk)
    finally:
        patch.undo()
    assert seen == ([os.getpid()] if isolation == "worker" else [])


def test_an_agent_that_took_its_worker_down_gets_a_process_of_its_own(client: Client) -> None:
    """The claim of a first try, whose worker then died."""
    set_isolation(agent="test.apart", isolation="worker", memory_mib=None, user=None)
    case = post(publish(use="test.apart"), client)
    rounds.run_case(case_id=case.pk)
    assert runs._claim(AgentRun.objects.get().pk) is not None
    AgentRun.objects.update(leased_until="2020-01-01T00:00Z")
    answer()
    case.refresh_from_db()
    assert (case.status, tries()) == ("decided", [(1, "vanished", False), (2, "succeeded", True)])


def test_the_memory_that_is_set_is_the_limit(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    real = runs.run_plugin

    def seeing(*args: Any, **kwargs: Any) -> Any:
        given.append(kwargs["memory"])
        return real(*args, **kwargs)

    monkeypatch.setattr(runs, "run_plugin", seeing)
    workflow = publish(use="test.apart")
    set_isolation(agent="test.apart", isolation="", memory_mib=900, user=None)
    post(workflow, client)
    answer()
    set_isolation(agent="test.apart", isolation="", memory_mib=None, user=None)
    post(workflow, client)
    answer()
    assert given == [900 * 2**20, 1024 * 2**20]


def test_changes_of_isolation_are_on_record_and_a_repetition_is_none() -> None:
    arne = UserFactory(first_name="Arne", last_name="Holm")
    for _ in range(2):
        set_isolation(agent="test.echo", isolation="subprocess", memory_mib=256, user=arne)
    before, after = {"isolation": "", "memory_mib": None}, {"isolation": "subprocess", "memory_mib": 256}
    event = AgentEvent.objects.get()
    assert (event.agent, event.kind, event.actor) == ("test.echo", "agent.isolation_changed", "Arne Holm")
    assert event.about == {"from": before, "to": after}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"isolation": "elsewhere"}, "Choose one of"),
        ({"agent": "test.apart", "isolation": "inline"}, "does not declare"),
        ({"memory_mib": 63}, "from 64"),
        ({"memory_mib": 1_048_577}, "to 1,048,576"),
        ({"agent": "no.such"}, "Install the package"),
    ],
    ids=["unknown place", "inline undeclared", "too little memory", "too much memory", "no such agent"],
)
def test_isolation_that_cannot_be_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        set_isolation(**{"agent": "test.echo", "isolation": "", "memory_mib": None, "user": None, **changed})
    assert said in refused.value.message
    assert AgentState.objects.count() == 0


def test_an_agent_whose_steps_have_limits_stays_out_of_the_deciding_step() -> None:
    workflow = publish()
    set_isolation(agent="test.echo", isolation="worker", memory_mib=None, user=None)
    set_limits(workflow=workflow, step="hear", concurrency=2, rate=None, user=None)
    for place in ("", "inline"):
        with pytest.raises(Refused, match="Step hear of Greeting has limits"):
            set_isolation(agent="test.echo", isolation=place, memory_mib=None, user=None)
    set_limits(workflow=workflow, step="hear", concurrency=None, rate=None, user=None)
    assert set_isolation(agent="test.echo", isolation="", memory_mib=None, user=None).isolation == ""
