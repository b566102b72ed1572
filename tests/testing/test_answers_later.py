"""An outside party answers in memory as it would over REST: a result, an error, or too late."""

from collections.abc import Iterator
from typing import Any

import pytest

from orchestration.plugin_api import AgentError, AgentResult
from orchestration.testing import Conductor, PayloadMisfit, Result

from . import agents
from .test_conductor import PACK

NOW = "2026-03-02T12:00:00+00:00"
HOUR = "2026-03-02T13:00:00+00:00"
WELCOME = AgentResult(output={"text": "Welcome Ada", "on": "2026-03-02"}, confidence=0.9, summary="Greeted", cost=0.5)


def later(**step: Any) -> str:
    more = "".join(f", {name}: {value}" for name, value in step.items())
    text = PACK.replace("{use: acme.greeter, config: {greeting: Moin}}", f"{{use: acme.later{more}}}")
    assert text != PACK
    return text


@pytest.fixture
def waiting() -> Iterator[Result]:
    agents.SENT.clear()
    with Conductor.of_pack(later(attempts=2), agents=[agents.Later]) as conductor:
        yield conductor.run({"first_name": "Ada"}, now=NOW)


def test_a_case_waits_for_an_outside_party_and_goes_on_with_its_answer(waiting: Result) -> None:
    assert (waiting.kind, waiting.outcome, waiting.cost) == ("run", "", 0.25)
    awaited = waiting.awaited["greet"]
    assert (awaited.note, awaited.until.isoformat(), awaited.attempt) == ("The herald greets", HOUR, 1)
    assert awaited.planned.input == {"first_name": "Ada"}
    assert [sorted(callback) for callback in agents.SENT] == [["token", "url"]]

    done = waiting.post("greet", WELCOME, now="2026-03-02T12:59:59+00:00")

    assert (done.kind, done.outcome, done.awaited, done.cost) == ("decide", "greeted", {}, 0.75)
    assert done.runs["greet"].output == {"text": "Welcome Ada", "on": "2026-03-02"}
    outcome = done.outcomes["greet"]
    assert (outcome.summary, outcome.transcript) == ("Greeted", "asked 1")


def test_an_answer_that_does_not_fit_is_refused_and_still_waited_for(waiting: Result) -> None:
    with pytest.raises(PayloadMisfit, match="/output/text Field required; /output/on Input should be a valid date"):
        waiting.post("greet", AgentResult(output={"on": "soon"}))
    with pytest.raises(PayloadMisfit, match="The confidence is 2"):
        waiting.post("greet", AgentResult(output={"text": "x"}, confidence=2))
    assert waiting.post("greet", WELCOME).outcome == "greeted"


def test_after_an_error_that_may_pass_the_party_is_asked_again_as_often_as_the_step_allows(waiting: Result) -> None:
    again = waiting.post("greet", AgentError("The herald is hoarse.", cost=0.5), now="2026-03-02T12:30:00+00:00")
    awaited = again.awaited["greet"]
    assert (again.kind, awaited.attempt, awaited.until.isoformat()) == ("run", 2, "2026-03-02T13:30:00+00:00")
    assert (again.cost, len(agents.SENT)) == (1.0, 2)

    failed = again.post("greet", AgentError("The herald is hoarse."))

    assert (failed.kind, failed.reason, failed.outcomes["greet"].error) == (
        "escalate", "agent-failed", "The herald is hoarse.",
    )  # fmt: skip


def test_a_permanent_error_ends_the_run_and_a_person_may_have_it_made_again(waiting: Result) -> None:
    failed = waiting.post("greet", AgentError("There is no herald.", permanent=True))
    assert (failed.reason, len(agents.SENT)) == ("agent-failed", 1)

    again = failed.answer({})

    assert (again.kind, again.awaited["greet"].attempt) == ("run", 1)
    assert again.post("greet", WELCOME).outcome == "greeted"


def test_an_answer_that_does_not_come_in_time_is_given_up(waiting: Result) -> None:
    assert waiting.later("2026-03-02T12:59:59+00:00").awaited == waiting.awaited
    with pytest.raises(ValueError, match="nobody waits for the answer"):
        waiting.post("greet", WELCOME, now=HOUR)

    over = waiting.later(HOUR)

    assert (over.kind, over.reason, over.awaited, over.cost) == ("escalate", "agent-failed", {}, 0.25)
    outcome = over.outcomes["greet"]
    assert (outcome.error_kind, outcome.error, outcome.transcript) == (
        "expired", "Nobody answered in time.", "asked 1",
    )  # fmt: skip
    with pytest.raises(ValueError, match="owes an answer for the step 'greet'"):
        over.post("greet", WELCOME)


def test_what_the_agent_used_before_it_answers_later_is_of_the_budget() -> None:
    text = later().replace("  slug: greeting\n", "  slug: greeting\n  budget: 0.7\n")
    with Conductor.of_pack(text, agents=[agents.Later]) as conductor:
        assert conductor.run({"first_name": "Ada"}).post("greet", WELCOME).reason == "budget-used-up"


def test_an_inline_agent_has_nobody_to_call_back() -> None:
    class Hasty(agents.Later):
        inline = True

        def run(self, request: Any) -> Any:
            raise AgentError(f"callback is {request.callback}", permanent=True)

    with Conductor.of_pack(later(), agents=[Hasty]) as conductor:
        assert conductor.run({"first_name": "Ada"}).outcomes["greet"].error == "callback is None"
