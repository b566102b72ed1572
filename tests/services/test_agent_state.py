"""The state of agents: what switching and isolation do to runs, what they cost, and what is on record."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from orchestration.models import AgentAttempt, AgentEvent, AgentRun, AgentState, Client, WorkItem
from orchestration.models.immutable import Frozen
from orchestration.services import reaper
from orchestration.services import round as rounds
from orchestration.services.agent_state import forget_all, state_of, states, switch
from orchestration.services.refusal import Refused
from tests.doorbells import answer
from tests.factories import UserFactory
from tests.services.posting import events, post
from tests.small_workflow import publish, rules

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client.objects.create(name="bank")


@pytest.fixture
def arne(db: None) -> User:
    return UserFactory(first_name="Arne", last_name="Holm")


def agent_events() -> list[tuple[str, str, str, dict[str, Any]]]:
    return list(AgentEvent.objects.order_by("id").values_list("agent", "kind", "actor", "about"))


def test_an_agent_nobody_touched_has_the_defaults() -> None:
    state = state_of("test.echo")
    assert (state.enabled, state.isolation, state.memory_mib, state.health_ok) == (True, "", None, None)
    assert states(["test.echo", "no.such"]) == {"test.echo": state, "no.such": state_of("no.such")}


# --- Switched off -----------------------------------------------------------------------------------


@pytest.mark.parametrize("use", ["test.echo", "test.apart"], ids=["inline", "apart"])
@pytest.mark.parametrize("now", [True, False], ids=["within the post", "by a worker"])
def test_runs_of_an_agent_that_is_switched_off_fail_at_once_without_a_try(
    client: Client, arne: User, use: str, now: bool
) -> None:
    workflow = publish(use=use)
    switch(agent=use, on=False, user=arne, reason="wrong answers")
    case = post(workflow, client, now=now)
    if case.status == "received":
        assert answer() == 1  # the case's own doorbell, none for the run
        case.refresh_from_db()
    item = WorkItem.objects.get(case=case)
    assert (case.status, item.reason) == ("escalated", "agent-failed")
    assert f"The agent {use} is switched off." in item.content.detail
    run = AgentRun.objects.get()
    assert (run.status, run.error_kind, run.attempts, AgentAttempt.objects.count()) == ("failed", "switched-off", 0, 0)
    assert run.content.errors == [{"attempt": 0, "kind": "switched-off", "text": f"The agent {use} is switched off."}]
    assert events(case) == ["case.received", "agent_run.finished", "case.escalated"]


def test_a_step_that_may_fail_goes_on_without_its_agent(client: Client) -> None:
    calm = [rules()[1], rules()[3]]  # listen, then decide
    workflow = publish(on_failure="continue", rules=calm)
    switch(agent="test.echo", on=False, user=None, reason="wrong answers")
    case = post(workflow, client)
    assert (case.status, case.outcome, AgentRun.objects.get().error_kind) == ("decided", "yes", "switched-off")


def test_runs_that_waited_for_a_worker_fail_over_as_well_and_need_not_become_due(client: Client) -> None:
    case = post(publish(use="test.apart"), client)
    rounds.run_case(case_id=case.pk)
    AgentRun.objects.update(due_at="2099-01-01T00:00Z", rung_at="2020-01-01T00:00Z")
    switch(agent="test.apart", on=False, user=None, reason="wrong answers")
    assert reaper.reap() == 1
    answer()
    case.refresh_from_db()
    assert (case.status, AgentRun.objects.get().error_kind) == ("escalated", "switched-off")
    assert AgentAttempt.objects.count() == 0


def test_a_run_under_way_finishes_when_its_agent_is_switched_off(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration.services import run as runs

    real = runs.run_plugin

    def switching(*args: Any, **kwargs: Any) -> Any:
        switch(agent="test.apart", on=False, user=None, reason="wrong answers")
        return real(*args, **kwargs)

    monkeypatch.setattr(runs, "run_plugin", switching)
    case = post(publish(use="test.apart"), client)
    answer()
    case.refresh_from_db()
    assert (case.status, case.outcome, AgentRun.objects.get().status) == ("decided", "yes", "succeeded")


def test_switched_on_again_and_sent_back_the_case_is_decided(client: Client, arne: User) -> None:
    from orchestration.services.work_item import claim, send_back

    workflow = publish()
    switch(agent="test.echo", on=False, user=arne, reason="wrong answers")
    case = post(workflow, client)
    switch(agent="test.echo", on=True, user=arne, reason="")
    user = UserFactory(group="Workflow Specialist")
    item = claim(work_item_id=WorkItem.objects.get().pk, user=user)
    send_back(work_item_id=item.pk, user=user, corrections={}, human={}, note="again")
    answer()
    case.refresh_from_db()
    assert (case.status, case.outcome) == ("decided", "yes")
    assert list(AgentRun.objects.order_by("id").values_list("status", "attempts")) == [("failed", 0), ("succeeded", 1)]


def test_switching_is_on_record_once_each_time_with_the_reason(arne: User) -> None:
    for _ in range(2):
        switch(agent="test.echo", on=False, user=arne, reason="  wrong answers ")
    switch(agent="test.echo", on=True, user=None, reason="")
    assert agent_events() == [
        ("test.echo", "agent.switched_off", "Arne Holm", {"reason": "wrong answers"}),
        ("test.echo", "agent.switched_on", "command line", {}),
    ]
    assert state_of("test.echo").enabled is True


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reason": "  "}, "Say why"),
        ({"agent": "test.ecko"}, 'Did you mean "test.echo"?'),
    ],
    ids=["without a reason", "an agent that is not there"],
)
def test_a_switch_that_makes_no_sense_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        switch(**{"agent": "test.echo", "on": False, "user": None, "reason": "wrong answers", **changed})
    assert said in refused.value.message
    assert (AgentState.objects.count(), AgentEvent.objects.count()) == (0, 0)


def test_an_agent_that_was_uninstalled_can_still_be_switched_off() -> None:
    AgentState.objects.create(agent="gone.agent")
    assert switch(agent="gone.agent", on=False, user=None, reason="gone").enabled is False


def test_the_states_cost_a_case_no_query(client: Client) -> None:
    workflow = publish()
    switch(agent="test.apart", on=False, user=None, reason="wrong answers")
    state_of("test.echo")
    with CaptureQueriesContext(connection) as seen:
        assert post(workflow, client).status == "decided"
    assert [query["sql"] for query in seen if "agentstate" in query["sql"]] == []
    forget_all()
    with CaptureQueriesContext(connection) as seen:
        post(workflow, client)
    assert len([query for query in seen if "agentstate" in query["sql"]]) == 1


def test_within_one_process_a_switch_is_heard_at_once_and_others_read_anew() -> None:
    assert state_of("test.echo").enabled
    AgentState.objects.create(agent="test.echo", enabled=False)  # as another process does it
    assert state_of("test.echo").enabled  # for about a second
    forget_all()
    assert not state_of("test.echo").enabled


# --- On record --------------------------------------------------------------------------------------


def test_events_of_agents_never_change(arne: User) -> None:
    switch(agent="test.echo", on=False, user=arne, reason="wrong answers")
    event = AgentEvent.objects.get()
    with pytest.raises(Frozen):
        event.save()
    with pytest.raises(Frozen):
        AgentEvent.objects.all().delete()
    for sql in ("UPDATE orchestration_agentevent SET actor = 'nobody'", "DELETE FROM orchestration_agentevent"):
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute(sql)
    assert AgentEvent.objects.get().actor == "Arne Holm"


@pytest.mark.parametrize(
    ("group", "may"),
    [
        ("Workflow Specialist", False),
        ("Orchestration Analyst", False),
        ("Orchestration Architect", True),
        ("Head of AI Operations", True),
    ],
)
def test_architects_and_heads_may_manage_agents(group: str, may: bool) -> None:
    assert UserFactory(group=group).has_perm("orchestration.manage_agents") is may
