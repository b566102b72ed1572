"""An outside party and somebody else at one run in the same moment."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import close_old_connections, connections
from django.db.models.functions import Now

from orchestration.models import (
    AgentAttempt,
    AgentRun,
    Case,
    CaseEvent,
    Client,
    Decision,
)
from orchestration.services import answer as answers
from orchestration.services import case as cases
from orchestration.services import run as runs
from orchestration.services.answer import Answer
from orchestration.services.refusal import Refused
from tests.doorbells import answer as answer_doorbells
from tests.services.awaiting import GOOD, WAITING, Told, as_of, lost, run_and_token, waiting_case
from tests.services.posting import events, post
from tests.small_workflow import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client.objects.create(name="bank")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    return Told(monkeypatch)


def _race(*acts: Callable[[], object]) -> list[str]:
    """Each act in a thread of its own, all at once: what came of each, in order."""
    start, results = threading.Barrier(len(acts)), ["" for _ in acts]

    def run(place: int, act: Callable[[], object]) -> None:
        close_old_connections()
        start.wait()
        try:
            results[place] = str(act() or "done")
        except Refused as refused:
            results[place] = type(refused).__name__
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def _posting(case: Case, answer: Answer = GOOD) -> Callable[[], object]:
    run, token = run_and_token(case)
    return lambda: answers.take_in(run=run, token=token, answer=answer).status


def _is_whole(case: Case) -> None:
    """Nothing is doubled or left out, whoever was first."""
    case.refresh_from_db()
    numbers = list(CaseEvent.objects.filter(case=case).order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, case.last_event + 1))
    assert Decision.objects.filter(case=case).count() <= 1
    names = events(case)
    assert names.count("agent_run.finished") == 1
    assert names.count("agent_run.answered_late") <= 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("again", range(3))
def test_of_two_posts_of_one_result_at_once_one_is_taken_in(client: Client, told: Told, again: int) -> None:
    case = waiting_case(client)
    results = _race(*[_posting(case)] * 4)
    assert sorted(results) == ["AlreadyAnswered"] * 3 + ["succeeded"]
    answer_doorbells()
    assert as_of(case) == ("decided", "yes")
    assert AgentRun.objects.get().answers == 1
    _is_whole(case)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("again", range(3))
def test_of_an_answer_and_the_expiry_at_once_exactly_one_ends_the_run(client: Client, told: Told, again: int) -> None:
    case = waiting_case(client)
    post_it = _posting(case)
    AgentRun.objects.update(due_at=Now() - timedelta(seconds=1))
    posted, given_up = _race(post_it, lambda: str(answers.give_up_overdue(at_most=9)))
    status = AgentRun.objects.get().status
    assert (posted, given_up, status) in {("succeeded", "0", "succeeded"), ("TooLate", "1", "failed")}
    answer_doorbells()
    assert as_of(case)[0] == ("decided" if status == "succeeded" else "escalated")
    _is_whole(case)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("again", range(3))
def test_of_an_answer_and_a_cancellation_at_once_the_case_ends_cancelled(
    client: Client, told: Told, again: int
) -> None:
    case = waiting_case(client)
    posted, cancelled = _race(
        _posting(case), lambda: cases.cancel(case_id=case.pk, actor="client: bank") and "cancelled"
    )
    assert (posted in {"succeeded", "TooLate"}, cancelled) == (True, "cancelled")
    answers.give_up_overdue(at_most=9)
    answer_doorbells()
    run = AgentRun.objects.get()
    assert run.status == ("succeeded" if posted == "succeeded" else "failed")
    assert (as_of(case)[0], Decision.objects.count()) == ("cancelled", 0)
    _is_whole(case)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("again", range(3))
def test_of_an_answer_and_the_record_of_waiting_the_answer_stands(client: Client, told: Told, again: int) -> None:
    case = post(publish(use="test.later"), client)
    told.outcomes = [lost]
    answer_doorbells()
    row = AgentRun.objects.select_related("case__content", "content").get()
    posted, _waiting = _race(_posting(case), lambda: runs.finish(row, WAITING))
    assert (posted, AgentRun.objects.get().status) == ("succeeded", "succeeded")
    answer_doorbells()
    assert as_of(case) == ("decided", "yes")
    _is_whole(case)
    assert AgentAttempt.objects.count() == 1
