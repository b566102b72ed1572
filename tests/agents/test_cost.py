"""What an attempt cost counts, whatever came of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from orchestration.agents.found import Found
from orchestration.agents.runner import run

AgentThat = Callable[..., Found]


@pytest.mark.parametrize(
    ("body", "cost"),
    [
        ("raise AgentError('no', cost=0.25)", 0.25),
        ("raise AgentError('no', cost=1, permanent=True)", 1.0),
        ("raise AgentError('no')", 0.0),
        ("raise AgentError('no', cost=float('nan'))", 0.0),  # the failure tells more than a cost that is none
        ("raise AgentError('no', cost=-1)", 0.0),
        ("raise AgentError('no', cost='much')", 0.0),
        ("return AgentResult(output={}, cost=0.5)", 0.5),  # paid for, though the output does not fit
        ("return AgentResult(output={'text': ''}, confidence=2, cost=0.5)", 0.5),
        ("return Pending('nobody to call back', cost=0.5)", 0.5),
        ("return Pending('x', cost=float('inf'))", 0.0),
        ("import time; time.sleep(0.2)\nreturn AgentResult(output={'text': ''}, cost=0.5)", 0.5),  # too late
    ],
)
def test_a_failed_attempt_may_have_cost_money(agent_that: AgentThat, body: str, cost: float) -> None:
    given = {"input": {"first_name": "Ada"}, "config": {}, "idempotency_key": "run-1", "attempt": 1, "isolate": False}
    outcome = run(agent_that(body), timeout=timedelta(seconds=0.15), **given)  # type: ignore[arg-type]
    assert (outcome.status, outcome.cost) == ("failed", cost)


@pytest.mark.parametrize("isolate", [False, True])
def test_what_an_agent_has_used_and_noted_before_it_answers_later_is_told(agent_that: AgentThat, isolate: bool) -> None:
    found = agent_that("return Pending('x', transcript='asked with ' + request.callback['token'], cost=0.5)")
    outcome = run(
        found,
        input={"first_name": "Ada"},
        config={},
        idempotency_key="run-1",
        attempt=1,
        timeout=timedelta(seconds=30),
        isolate=isolate,
        callback={"url": "https://example.org", "token": "t"},
    )
    assert (outcome.status, outcome.cost, outcome.transcript) == ("pending", 0.5, "asked with t")


def test_what_a_misfit_has_noted_is_told(agent_that: AgentThat) -> None:
    found = agent_that("return AgentResult(output={}, transcript='looked everywhere', cost=0.5)")
    given = {"input": {"first_name": "Ada"}, "config": {}, "idempotency_key": "run-1", "attempt": 1, "isolate": False}
    outcome = run(found, timeout=timedelta(seconds=30), **given)  # type: ignore[arg-type]
    assert (outcome.error_kind, outcome.transcript, outcome.cost) == ("output", "looked everywhere", 0.5)
