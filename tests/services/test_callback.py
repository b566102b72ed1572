"""Runs that wait for an outside party: what is recorded, who may answer, and what an answer comes to."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from orchestration.agents.outcome import Outcome, failed
from orchestration.models import AgentAttempt, AgentRun, CaseEvent, Client, Decision, WorkItem
from orchestration.services import answer as answers
from orchestration.services import reaper
from orchestration.services.answer import AlreadyAnswered, Answer, Misfit
from orchestration.services.callback import Standing, callback_with, give_token, standing
from tests.doorbells import answer as answer_doorbells
from tests.services.awaiting import NOTE, WAITING, Told, as_of, run_and_token, take_in, waiting_case
from tests.services.posting import events, post
from tests.small_workflow import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client.objects.create(name="bank")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    return Told(monkeypatch)


def test_an_agent_that_answers_later_leaves_its_run_waiting_with_a_note_and_a_time(client: Client) -> None:
    case = waiting_case(client)  # the agent really runs, in a process of its own
    run = AgentRun.objects.get()
    assert (case.status, case.waits_for, run.status, run.leased_until) == ("waiting", "runs", "awaiting", None)
    assert timedelta(minutes=59) < run.due_at - timezone.now() < timedelta(minutes=61)
    assert (run.content.summary, run.content.sealed, run.content.output) == (NOTE, False, None)
    assert list(AgentAttempt.objects.values_list("number", "status", "isolated")) == [(1, "pending", True)]
    event = CaseEvent.objects.get(name="agent_run.awaited")
    assert event.about == {"step": "hear", "run": str(run.public_id), "until": run.due_at.isoformat()}
    assert event.content.content == {"note": NOTE}
    assert reaper.reap() == 0


def test_an_agent_that_prints_its_token_does_not_get_it_stored(client: Client) -> None:
    case = waiting_case(client)
    run, token = run_and_token(case)
    assert standing(run, token) == Standing.LIVE
    assert "callback={'url': 'http://127.0.0.1:8000/api/v1/agent-runs/" in run.content.transcript
    assert "'token': '[secret]'" in run.content.transcript
    stored = [str(row) for model in (AgentRun, AgentAttempt, CaseEvent) for row in model.objects.values_list()]
    stored += [str(row) for row in type(run.content).objects.values_list()]
    assert not [row for row in stored if token in row]
    assert token[3:] not in "".join(stored)


def test_an_answer_ends_the_run_and_the_case_goes_on(client: Client, told: Told) -> None:
    case = waiting_case(client)
    run = take_in(case)
    assert (run.status, run.confidence, run.due_at, run.answers) == ("succeeded", 0.9, None, 1)
    content = AgentRun.objects.get().content
    assert (content.output, content.summary, content.sealed) == (
        {"text": "hello", "length": 5}, "Found in the register", True,
    )  # fmt: skip
    answer_doorbells()
    assert as_of(case) == ("decided", "yes")
    assert events(case) == ["case.received", "agent_run.awaited", "agent_run.finished", "case.decided"]
    assert CaseEvent.objects.get(name="agent_run.finished").actor == "outside party"
    assert (AgentAttempt.objects.count(), Decision.objects.count(), case.last_event) == (1, 1, 4)


@pytest.mark.parametrize("permanent", [True, False])
def test_an_error_that_cannot_pass_or_comes_at_the_last_try_ends_the_run(
    client: Client, told: Told, permanent: bool
) -> None:
    case = waiting_case(client, attempts=3 if permanent else 1)
    take_in(case, Answer(error="There is no such company.", permanent=permanent))
    answer_doorbells()
    run = AgentRun.objects.get()
    assert (run.status, run.error_kind, len(told)) == ("failed", "agent", 1)
    assert run.content.errors == [{"attempt": 1, "kind": "agent", "text": "There is no such company."}]
    assert (as_of(case)[0], WorkItem.objects.get().reason) == ("escalated", "agent-failed")
    assert "There is no such company." in WorkItem.objects.get().content.detail


def test_an_error_that_may_pass_has_the_run_tried_again_with_another_token(client: Client, told: Told) -> None:
    case = waiting_case(client, attempts=2)
    _, first = run_and_token(case)
    run = take_in(case, Answer(error="The register is closed today."))
    assert (run.status, run.answers, run.content.sealed) == ("pending", 1, False)
    with pytest.raises(AlreadyAnswered):
        take_in(case, Answer(error="The register is closed today."), token=first)
    AgentRun.objects.update(due_at=Now())
    reaper.reap()
    answer_doorbells()
    assert AgentRun.objects.get().status == "awaiting"
    assert [call["idempotency_key"] for call in told] == [str(run.public_id)] * 2
    assert told[0]["callback"]["token"] == first != told[1]["callback"]["token"]
    with pytest.raises(AlreadyAnswered):  # the same answer again is none to the second try
        take_in(case, Answer(error="The register is closed today."), token=first)
    take_in(case, token=told[1]["callback"]["token"])
    answer_doorbells()
    assert as_of(case) == ("decided", "yes")
    assert list(AgentAttempt.objects.values_list("number", "status")) == [(1, "pending"), (2, "pending")]


def test_what_the_agent_wrote_down_stays_beside_what_the_party_did(client: Client, told: Told) -> None:
    told.outcomes = [Outcome("pending", summary=NOTE, expires_in=60.0, transcript="letter sent", cost=0.25)]
    case = waiting_case(client)
    assert AgentRun.objects.get().cost == 0.25
    take_in(case, Answer(output={"text": "a", "length": 1}, transcript="letter opened", cost=0.5))
    run = AgentRun.objects.get()
    assert run.content.transcript == "letter sent\n--- posted by the outside party ---\nletter opened"
    assert run.cost == 0.75


def test_every_try_hands_out_the_same_token_until_it_is_answered(client: Client, told: Told) -> None:
    told.outcomes = [failed("exception", "lost its way"), WAITING]
    case = waiting_case(client, attempts=2)
    AgentRun.objects.update(due_at=Now())
    reaper.reap()
    answer_doorbells()
    assert [call["callback"] for call in told] == [callback_with(*run_and_token(case))] * 2
    assert (AgentRun.objects.get().status, as_of(case)[0]) == ("awaiting", "waiting")


def test_tokens_are_of_one_run_and_cannot_be_told_from_its_id(client: Client, told: Told) -> None:
    one, other = waiting_case(client), waiting_case(client)
    (run, token), (_, another) = run_and_token(one), run_and_token(other)
    assert token != another
    assert len(token) == 46
    assert standing(run, another) == standing(run, "") == standing(run, token[:-1]) == Standing.WRONG
    assert standing(None, token) == Standing.WRONG
    assert answers.run_for(public_id=run.public_id, token=token) == run
    assert answers.run_for(public_id=run.public_id, token=another) is None
    run.case.content.salt = "ab" * 16
    assert give_token(run) != token


def test_a_token_outlives_a_change_of_the_secret_key(client: Client, told: Told, settings: Any) -> None:
    case = waiting_case(client)
    run, token = run_and_token(case)
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another-secret-another-secret-another-secret-another-secret"
    assert standing(run, token) == Standing.LIVE
    settings.SECRET_KEY_FALLBACKS = [former]
    assert give_token(run) == token  # the next try hands it out again
    settings.SECRET_KEY_FALLBACKS = []
    fresh = give_token(run)
    assert fresh != token
    assert (standing(run, fresh), standing(run, token)) == (Standing.LIVE, Standing.WRONG)


def test_without_a_public_address_an_agent_cannot_answer_later(client: Client, settings: Any) -> None:
    settings.CONDUCTOR = {**settings.CONDUCTOR, "public_url": ""}
    case = waiting_case(client)
    run = AgentRun.objects.get()
    assert (run.status, run.error_kind, run.token_hash) == ("failed", "output", "")
    assert "no callback to post a result to" in run.content.errors[0]["text"]
    assert as_of(case)[0] == "escalated"


def test_an_inline_agent_has_no_callback(client: Client, told: Told) -> None:
    told.outcomes = [Outcome("succeeded", output={"text": "a", "length": 1}, confidence=0.9)]
    post(publish(use="test.echo", slug="inline"), client)
    assert told[0]["callback"] is None
    assert AgentRun.objects.get().token_hash == ""


@pytest.mark.parametrize(
    ("output", "pointers"),
    [
        ({"text": "a"}, ["/output/length"]),
        ({"text": 1, "length": "many", "more": True}, ["/output/text", "/output/length", "/output/more"]),
        ({"text": "a\x00", "length": 1}, ["/output"]),  # what no database stores
        ({"text": "a" * 70_000, "length": 1}, ["/output"]),  # beyond the limits on values
    ],
)
def test_a_result_that_does_not_fit_is_refused_and_the_token_still_good(
    client: Client, told: Told, output: dict[str, Any], pointers: list[str]
) -> None:
    case = waiting_case(client)
    with pytest.raises(Misfit) as refused:
        take_in(case, Answer(output=output))
    assert [problem.pointer for problem in refused.value.problems] == pointers
    run = AgentRun.objects.get()
    assert (run.status, run.answers, events(case)[-1]) == ("awaiting", 0, "agent_run.awaited")
    assert take_in(case).status == "succeeded"
