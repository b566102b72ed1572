"""Comparison runs: candidates on recorded inputs, without effect on cases, figures or anything that is erased."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import OrmQ

from orchestration.agents.attempt import NOBODY_TO_CALL_BACK
from orchestration.agents.outcome import Outcome, failed
from orchestration.models import AgentRun, Case, CaseContent, ComparisonItem, ComparisonRun, Workflow
from orchestration.services import comparison_batch as batches
from orchestration.services import comparison_run as comparisons
from orchestration.services import reaper
from orchestration.services.agent_figures import figures
from orchestration.services.agent_state import switch
from orchestration.services.comparison_report import FieldReport, report_of
from orchestration.services.refusal import Refused
from tests.doorbells import answer
from tests.factories import ClientFactory
from tests.services.posting import events, post
from tests.small_workflow import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def recorded(greeting: Workflow) -> list[Case]:
    """Three decided cases whose step `hear` said back hi, hello and good day."""
    client = ClientFactory(name="bank")
    return [post(greeting, client, text=text) for text in ("hi", "hello", "good day")]


@pytest.fixture
def candidate_says(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[dict[str, Any]]]:
    """candidate_says({"hi": Outcome(…)}): what the candidate makes of a text; of others, what echo makes."""

    def set_up(outcomes: dict[str, Any]) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []

        def run(found: Any, *, input: dict[str, Any], config: dict[str, Any], **given: Any) -> Outcome:
            asked.append({"input": input, "config": config, **given})
            text = input["text"]
            outcome = outcomes.get(text, echo(text))
            return outcome() if callable(outcome) else outcome

        monkeypatch.setattr(batches, "run_plugin", run)
        return asked

    return set_up


def echo(text: str, *, length: int | None = None, confidence: float = 0.9) -> Outcome:
    output = {"text": text, "length": len(text) if length is None else length}
    return Outcome("succeeded", output=output, confidence=confidence, duration=0.25)


def start(workflow: Workflow, **given: Any) -> ComparisonRun:
    asked = {"agent": "test.echo", "step": "hear", "candidate": "test.apart", "config": {}, "outside": True}
    return comparisons.start_comparison(workflow=workflow, user=None, **{**asked, **given})


def test_agreement_is_told_whole_by_field_and_by_case(
    greeting: Workflow, recorded: list[Case], candidate_says: Callable[..., Any]
) -> None:
    candidate_says({"hi": echo("hi", length=7, confidence=0.6), "hello": failed("agent", "No idea.", permanent=True)})
    comparison = start(greeting)
    answer()
    comparison.refresh_from_db()
    report = report_of(comparison)
    assert (comparison.status, report.total, report.done, report.waiting) == ("done", 3, 3, 0)
    assert (report.compared, report.same, report.after.failed) == (2, 1, {"agent": 1})
    assert report.fields == (FieldReport("length", 1, 2), FieldReport("text", 2, 2))
    assert (report.surer, report.sure_of) == (pytest.approx(-0.15), 2)
    assert [(one.original.case, one.differing) for one in report.differences] == [(recorded[0], ["length"])]
    assert report.after.latency == {50: 0.25, 90: 0.25, 99: 0.25}


def test_the_next_version_installed_beside_it_is_really_run_and_steps_can_use_both(
    greeting: Workflow, recorded: list[Case]
) -> None:
    comparison = start(greeting, candidate="test.echo@2")
    answer()
    report = report_of(comparison)
    assert (report.done, report.same, report.before.apart, report.after.apart) == (3, 2, 0, 3)
    assert [(one.original.case, one.differing) for one in report.differences] == [(recorded[0], ["length"])]
    assert (report.surer, report.before.cost) == (pytest.approx(-0.05), 0)
    case = post(publish(slug="newer", use="test.echo@2"), recorded[0].client, text="hi")
    answer()
    run = AgentRun.objects.get(case=case)
    assert (run.agent, run.installed_version, run.content.output) == ("test.echo@2", "2.0", {"text": "hi", "length": 3})


def test_nothing_but_the_comparison_knows_of_it(
    greeting: Workflow, recorded: list[Case], candidate_says: Callable[..., Any]
) -> None:
    def standing() -> Any:
        return [(events(case), case.status, case.outcome) for case in Case.objects.order_by("id")]

    before, numbers = standing(), figures("test.echo", days=7)
    candidate_says({})
    start(greeting)
    answer()
    assert standing() == before
    assert figures("test.echo", days=7) == numbers
    assert figures("test.apart", days=7).runs == 0
    runs = AgentRun.objects.filter(purpose="comparison")
    assert {(run.agent, run.status, run.content.sealed, run.due_at) for run in runs} == {
        ("test.apart", "succeeded", True, None)
    }
    assert runs.count() == 3
    assert not AgentRun.objects.claimable().exists()


def test_erased_content_is_left_out_and_said_so_even_when_it_is_erased_meanwhile(
    greeting: Workflow, recorded: list[Case], candidate_says: Callable[..., Any]
) -> None:
    def erase(case: Case) -> None:
        CaseContent.objects.filter(case=case).update(payload={}, salt="", erased_at=Now())

    def erased_while_it_runs() -> Outcome:
        erase(recorded[1])
        return echo("hello")

    erase(recorded[0])
    asked = candidate_says({"hello": erased_while_it_runs})
    comparison = start(greeting)
    answer()
    report = report_of(comparison)
    assert (report.skipped, report.done) == ({"The content of this case is erased.": 2}, 1)
    assert [one["input"] for one in asked] == [{"text": "good day"}, {"text": "hello"}]
    assert [run.case for run in AgentRun.objects.filter(purpose="comparison")] == [recorded[2]]


def test_a_stopped_one_ends_after_the_input_under_way(
    greeting: Workflow, recorded: list[Case], candidate_says: Callable[..., Any]
) -> None:
    def stopped_meanwhile() -> Outcome:
        assert comparisons.stop_comparison(comparison_id=comparison.pk, user=None)
        return echo("good day")

    asked = candidate_says({"good day": stopped_meanwhile})  # the newest comes first
    comparison = start(greeting)
    answer()
    comparison.refresh_from_db()
    assert (comparison.status, len(asked), report_of(comparison).waiting) == ("stopped", 1, 2)
    assert not comparisons.stop_comparison(comparison_id=comparison.pk, user=None)


def test_another_process_goes_on_after_a_crash_and_two_never_work_at_once(
    greeting: Workflow, recorded: list[Case], candidate_says: Callable[..., Any]
) -> None:
    asked = candidate_says({})
    comparison = start(greeting)
    token = batches._claim(comparison.pk)  # a process that dies right afterwards
    assert token == 1
    batches.run_comparison(comparison_id=comparison.pk)
    assert asked == []
    ComparisonRun.objects.filter(pk=comparison.pk).update(leased_until="2020-01-01T00:00Z", rung_at="2020-01-01T00:00Z")
    assert reaper.reap() == 1
    assert comparisons.ring_lost() == 0
    answer()
    comparison.refresh_from_db()
    assert (comparison.status, len(asked)) == ("done", 3)


def test_an_input_that_takes_its_process_down_each_time_is_left_out(
    greeting: Workflow, recorded: list[Case], candidate_says: Callable[..., Any]
) -> None:
    def killed() -> Outcome:
        raise KeyboardInterrupt  # as abrupt an end as a test survives

    asked = candidate_says({"hello": killed})
    comparison = start(greeting)
    for _ in range(batches.TRIES):
        with pytest.raises(KeyboardInterrupt):
            answer()
        assert not comparisons.ring_lost()  # its lease is still good
        ComparisonRun.objects.update(leased_until="2020-01-01T00:00Z", rung_at="2020-01-01T00:00Z")
        assert comparisons.ring_lost() == 1
    answer()
    comparison.refresh_from_db()
    report = report_of(comparison)
    assert (comparison.status, report.done, report.skipped) == ("done", 2, {batches.LOST: 1})
    assert [one["input"]["text"] for one in asked] == ["good day", "hello", "hello", "hello", "hi"]


def test_a_candidate_gets_the_steps_time_but_no_more_than_the_task_queue_gives_a_task(
    recorded: list[Case], candidate_says: Callable[..., Any], settings: Any
) -> None:
    asked = candidate_says({})
    published = [publish(slug=slug, timeout=limit) for slug, limit in (("brief", "5s"), ("patient", "90s"))]
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "timeout": 60}  # tasks were given longer then
    for workflow in published:
        post(workflow, recorded[0].client)
        start(workflow)
        answer()
    assert [one["timeout"] for one in asked] == [timedelta(seconds=5), timedelta(seconds=45)]


def test_a_candidate_that_is_switched_off_meanwhile_is_not_run_and_that_is_counted(
    greeting: Workflow, recorded: list[Case], candidate_says: Callable[..., Any]
) -> None:
    asked = candidate_says({})
    comparison = start(greeting)
    switch(agent="test.apart", on=False, user=None, reason="It lies")
    answer()
    report = report_of(comparison)
    assert (asked, report.after.failed, report.after.latency) == ([], {"switched-off": 3}, {})


def test_no_doorbell_is_added_while_the_last_one_waits_in_the_queue(greeting: Workflow, recorded: list[Case]) -> None:
    start(greeting)
    ComparisonRun.objects.update(rung_at=Now() - timedelta(minutes=5))
    OrmQ.objects.update(lock=timezone.now() - timedelta(minutes=6))  # a long line, not heard yet
    assert comparisons.ring_lost() == 0
    OrmQ.objects.all().delete()
    assert comparisons.ring_lost() == 1


def test_a_candidate_that_leaves_its_answer_to_others_is_asked_once_at_most(
    greeting: Workflow, recorded: list[Case], candidate_says: Callable[..., Any]
) -> None:
    asked = candidate_says({"good day": failed("output", NOBODY_TO_CALL_BACK, permanent=True)})
    comparison = start(greeting)
    answer()
    comparison.refresh_from_db()
    report = report_of(comparison)
    assert (comparison.status, len(asked)) == ("done", 1)
    assert (report.after.failed, report.skipped) == ({"output": 1}, {batches.LATER: 2})


def test_an_agent_known_to_leave_its_answers_to_others_is_refused(greeting: Workflow, recorded: list[Case]) -> None:
    start(greeting, candidate="test.later")  # nobody knows it yet
    post(publish(slug="asking", use="test.later"), recorded[0].client)
    answer(at_most=3)
    assert AgentRun.objects.get(agent="test.later", purpose="live").status == "awaiting"
    with pytest.raises(Refused, match="leaves its answers to an outside party"):
        start(greeting, candidate="test.later")


def test_the_rest_follows_with_another_doorbell(
    greeting: Workflow, recorded: list[Case], candidate_says: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = candidate_says({})
    monkeypatch.setattr(batches, "BATCH", -1.0)
    comparison = start(greeting)
    for done in (1, 2, 3):
        assert answer(at_most=1) == 1
        assert len(asked) == done
    answer()
    comparison.refresh_from_db()
    assert comparison.status == "done"


def test_the_newest_runs_are_taken_so_many_as_asked_for(greeting: Workflow, recorded: list[Case]) -> None:
    comparison = start(greeting, last=2)
    assert {item.original.case for item in ComparisonItem.objects.filter(comparison=comparison)} == set(recorded[1:])


REFUSALS = [
    # what is asked for, how the refusal begins
    ({"candidate": "test.nobody"}, "No installed package declares"),
    ({"config": {"confidence": "much"}}, "The configuration does not fit test.apart: /config/confidence"),
    ({"outside": False}, "test.apart does not declare that it stays within this machine."),
    ({"last": 0}, "Compare from 1 to 1,000 runs."),
    ({"step": "other"}, "No recorded run fits"),
    ({"version": 2}, "No recorded run fits"),
    ({"agent": "test.flaky"}, "No recorded run fits"),
]


@pytest.mark.parametrize(("given", "start_of_it"), REFUSALS, ids=[str(given) for given, _ in REFUSALS])
def test_what_cannot_be_compared_is_refused(
    given: dict[str, Any], start_of_it: str, greeting: Workflow, recorded: list[Case]
) -> None:
    with pytest.raises(Refused) as refused:
        start(greeting, **given)
    assert refused.value.message.startswith(start_of_it)
    assert not ComparisonRun.objects.exists()
