"""Cases whose agent has left the answer to an outside party, and that party, for tests."""

from typing import Any

import pytest

from orchestration.agents.outcome import Outcome
from orchestration.models import AgentRun, Case, Client, Workflow
from orchestration.services import answer as answers
from orchestration.services import run as runs
from orchestration.services.answer import Answer
from orchestration.services.callback import give_token
from tests.doorbells import answer
from tests.services.posting import post
from tests.small_workflow import publish

GOOD = Answer(output={"text": "hello", "length": 5}, confidence=0.9, summary="Found in the register")
NOTE = "The registry office answers by post"
WAITING = Outcome("pending", summary=NOTE, expires_in=3600.0)


class Told(list[dict[str, Any]]):
    """What each try of an agent was given. It comes to the first of `outcomes` (a function of what it was given, or an
    outcome), or waits for an outside party when none is left."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.outcomes: list[Any] = []
        monkeypatch.setattr(runs, "run_plugin", self._run)
        self._run_agent = runs.run_agent
        monkeypatch.setattr(runs, "run_agent", self._or_lost)

    def _run(self, found: Any, **given: Any) -> Outcome:
        self.append(given)
        outcome = self.outcomes.pop(0) if self.outcomes else WAITING
        return outcome(given) if callable(outcome) else outcome

    def _or_lost(self, *, run_id: int) -> None:
        """A lost process writes nothing and tells nobody; the doorbells of a test go on."""
        try:
            self._run_agent(run_id=run_id)
        except SystemExit:
            return


def lost(_: dict[str, Any]) -> Outcome:
    """An outcome: the worker is gone in the middle of the try."""
    raise SystemExit


def waiting_case(client: Client, **changed: Any) -> Case:
    """A case whose agent has left the answer to an outside party; `changed` as in `small_workflow.document`."""
    workflow = Workflow.objects.filter(slug="greeting").first() or publish(use="test.later", **changed)
    case = post(workflow, client)
    answer()
    case.refresh_from_db()
    return case


def run_and_token(case: Case) -> tuple[AgentRun, str]:
    run = AgentRun.objects.select_related("case__content").filter(case=case).latest("id")
    return run, give_token(run)


def take_in(case: Case, given: Answer = GOOD, *, token: str = "") -> AgentRun:
    """What the outside party posts, with the run's present token unless another is given."""
    run, present = run_and_token(case)
    return answers.take_in(run=run, token=token or present, answer=given)


def as_of(case: Case) -> tuple[str, str]:
    """Status and outcome now."""
    case.refresh_from_db()
    return case.status, case.outcome
