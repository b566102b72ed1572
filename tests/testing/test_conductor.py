"""The conductor in memory decides as the product does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.rules.reading import RuleError
from orchestration.testing import Conductor, PayloadMisfit

from .agents import Flaky, Greeter

PACK = """\
conductor: 1
workflow:
  slug: greeting
  title: Greeting
  outcomes: [greeted, refused]
  input_schema:
    type: object
    properties:
      first_name: {type: string, title: First name}
      urgent: {type: boolean, title: Urgent}
      calm: {type: boolean, title: Calm}
    required: [first_name]
    additionalProperties: false
  human_fields:
    type: object
    properties:
      known: {type: boolean, title: Known}
    additionalProperties: false
queues:
  - {slug: desk, title: Desk}
version:
  agents:
    greet: {use: acme.greeter, config: {greeting: Moin}}
  rules:
    - key: ask
      title: A nameless guest is asked for
      priority: 30
      when:
        all:
          - {fact: case.first_name, op: eq, value: ""}
          - {fact: human.known, op: is_not_set}
      then: [{escalate: {queue: desk, reason: Who is it}}]
    - key: calm
      title: Calm guests wait a day
      priority: 20
      when: {fact: case.calm, op: eq, value: true}
      then: [{wait: {for: 1d}}]
    - {key: greet, title: Greet, priority: 10, when: always, then: [{run: [greet]}]}
    - key: done
      title: Whoever was greeted is done
      priority: 5
      when: {fact: agents.greet.output.text, op: is_set}
      then: [{decide: {outcome: greeted}}]
  scenarios:
    - title: A guest
      given: {case: {first_name: Ada}, agents: {greet: {output: {text: Moin Ada}}}}
      expect: {outcome: greeted}
    - title: Nobody
      given: {case: {first_name: ""}}
      expect: {outcome: greeted}
"""


@pytest.fixture
def conductor() -> Iterator[Conductor]:
    with Conductor.of_pack(PACK, agents=[Greeter]) as one:
        yield one


def test_a_case_is_decided_with_its_agents(conductor: Conductor) -> None:
    result = conductor.run({"first_name": "Ada"})
    assert (result.kind, result.outcome) == ("decide", "greeted")
    assert result.runs["greet"].output == {"text": "Moin Ada"}
    assert (result.outcomes["greet"].summary, result.outcomes["greet"].cost) == ("Greeted", 0.25)
    assert [reason.rule for reason in result.reasons] == ["done"]


def test_scenarios_are_tried_and_what_fails_says_why(conductor: Conductor) -> None:
    assert [(one.title, one.passed, one.message) for one in conductor.scenarios()] == [
        ("A guest", True, ""),
        ("Nobody", False, "expected outcome greeted, but the rules escalate with reason Who is it"),
    ]


def test_the_checker_is_heard(conductor: Conductor) -> None:
    assert any("refused" in one.message for one in conductor.findings)  # an outcome that no rule gives


def test_a_person_answers_and_the_case_goes_on(conductor: Conductor) -> None:
    asked = conductor.run({"first_name": ""})
    assert (asked.kind, asked.queue, asked.reason) == ("escalate", "desk", "Who is it")
    failed = asked.answer({"known": True})
    assert (failed.kind, failed.reason) == ("escalate", "agent-failed")  # the agent greets nobody
    done = failed.answer(corrections={"first_name": "Ada"})
    assert (done.kind, done.outcome) == ("decide", "greeted")
    with pytest.raises(ValueError, match="Only an escalated case"):
        done.answer({})


def test_a_waiting_case_goes_on_when_its_time_has_come(conductor: Conductor) -> None:
    waiting = conductor.run({"first_name": "Ada", "calm": True}, now="2026-03-02T12:00:00+01:00")
    assert (waiting.kind, str(waiting.step.due)) == ("wait", "2026-03-03 11:00:00+00:00")
    assert waiting.later("2026-03-03T10:59:59+00:00").kind == "wait"
    assert waiting.later("2026-03-03T11:00:00+00:00").outcome == "greeted"
    with pytest.raises(ValueError, match="never goes back"):
        waiting.later("2026-03-01T00:00:00+00:00")


def test_every_fault_of_a_payload_is_named(conductor: Conductor) -> None:
    with pytest.raises(PayloadMisfit) as error:
        conductor.run({"urgent": "yes", "more": 1})
    assert len(error.value.problems) == 3
    with pytest.raises(PayloadMisfit, match="/known"):
        conductor.run({"first_name": ""}).answer({"known": "perhaps"})
    with pytest.raises(ValueError, match="no offset"):
        conductor.run({"first_name": "Ada"}, now="2026-03-02T12:00:00")


def test_an_agent_is_tried_as_often_as_the_step_allows(tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    path.write_text(PACK.replace("use: acme.greeter,", "use: acme.flaky,"))
    with Conductor.of_pack(path, agents=[Flaky]) as conductor:
        assert conductor.run({"first_name": "Ada"}).outcome == "greeted"
    path.write_text(PACK.replace("use: acme.greeter,", "use: acme.flaky, attempts: 1,"))
    with Conductor.of_pack(path, agents=[Flaky]) as conductor:
        assert conductor.run({"first_name": "Ada"}).reason == "agent-failed"


def test_agents_that_are_not_there_and_packs_that_cannot_be_read_are_named() -> None:
    with pytest.raises(ValueError, match=r"not there: acme\.greeter"):
        Conductor.of_pack(PACK, agents=[])
    with pytest.raises(RuleError):
        Conductor.of_pack(PACK.replace("conductor: 1", "conductor: 2"), agents=[Greeter])
