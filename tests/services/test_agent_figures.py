"""Figures of an agent against a count by hand over the same runs."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orchestration.models import AgentAttempt, AgentRun, Case, Client, Workflow, WorkflowVersion
from orchestration.services.agent_figures import BINS, Figures, figures
from tests.factories import WorkflowFactory

pytestmark = pytest.mark.django_db

_batches = itertools.count()
STATUSES = {"succeeded": 6, "failed": 3, "running": 1, "pending": 1}
KINDS = ("exception", "agent", "time-limit")


def cases(client: Client, *slugs: str) -> list[Case]:
    """A case of each of these workflows, whose versions nobody published."""
    made = []
    for slug in slugs:
        workflow = WorkflowFactory(slug=slug)
        version = WorkflowVersion.objects.create(workflow=workflow, number=1, content={}, digest="d" * 64)
        made.append(Case.objects.create(workflow=workflow, version=version, client=client, test=client.test))
    return made


def runs(dice: random.Random, at: list[Case], count: int, statuses: Any = STATUSES, **fixed: Any) -> None:
    """So many runs of all sorts, with their attempts; all alike in what is `fixed`."""
    now = timezone.now()
    rows = []
    batch = next(_batches)
    for number in range(count):
        status = dice.choices(list(statuses), list(statuses.values()))[0]
        case = dice.choice(at)
        values = {
            "purpose": dice.choices(["live", "shadow", "comparison"], (8, 1, 1))[0],
            "step": dice.choice(["hear", "see"]),
            "agent": dice.choice(["test.echo", "test.apart"]),
            "confidence": dice.choice([None, 0.0, 0.1, 0.29, 0.3, 0.7, 0.999, 1.0, dice.random()])
            if status == "succeeded"
            else None,
            "error_kind": dice.choice(KINDS) if status == "failed" else "",
            "cost": dice.choice([0.0, 0.25, 1.5]),
            "created_at": now - timedelta(days=dice.uniform(0, 12)),
        } | fixed
        same = {"agent_version": "1", "config_digest": "c", "input_digest": f"{batch}-{number}", "asked_event": 1}
        rows.append(AgentRun(case=case, version_id=case.version_id, status=status, **values, **same))
    AgentRun.objects.bulk_create(rows)
    AgentAttempt.objects.bulk_create(
        AgentAttempt(run=row, number=number, status="failed", duration=dice.choice([None, dice.expovariate(1)]))
        for row in AgentRun.objects.filter(tries=None)
        for number in range(1, dice.randint(1, 3))
    )


def by_hand(agent: str, days: int) -> Figures:
    today = timezone.localdate()
    first = today - timedelta(days=days - 1)
    found = [
        run
        for run in AgentRun.objects.select_related("case__workflow")
        if run.agent == agent and run.purpose == "live" and not run.case.test
        if timezone.localdate(run.created_at) >= first
    ]
    ids = {run.pk for run in found}
    tries = [one for one in AgentAttempt.objects.all() if one.run_id in ids]
    took = sorted(float(f"{one.duration:.1e}") for one in tries if one.duration is not None)
    good = [run for run in found if run.status == "succeeded"]
    bins = Counter(min(int(run.confidence * BINS), 9) for run in good if run.confidence is not None)
    failed = Counter(run.error_kind for run in found if run.status == "failed")
    days_of = [timezone.localdate(run.created_at) for run in found]
    steps = Counter((run.case.workflow.slug, run.step) for run in found)
    bad = Counter((run.case.workflow.slug, run.step) for run in found if run.status == "failed")
    return Figures(
        agent=agent,
        days=days,
        runs=len(found),
        succeeded=len(good),
        failed=dict(failed),
        attempts=len(tries),
        latency={p: took[math.ceil(len(took) * p / 100) - 1] for p in (50, 90, 99)} if took else {},
        confidence=tuple(bins[number] for number in range(BINS)),
        unsure=sum(run.confidence is None for run in good),
        cost=sum(run.cost for run in found),
        by_day=tuple((first + timedelta(days=n), days_of.count(first + timedelta(days=n))) for n in range(days)),
        steps=tuple((*place, count, bad[place]) for place, count in steps.items()),
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_figures_are_what_a_count_by_hand_gives(seed: int, zone: str) -> None:
    at = cases(Client.objects.create(name="bank"), "loans", "cards")
    at += cases(Client.objects.create(name="trial", test=True), "trials")
    with timezone.override(zone):
        runs(random.Random(seed), at, 500)
        for days in (1, 5, 30):
            found, expected = figures("test.echo", days=days), by_hand("test.echo", days)
            for name in ("runs", "succeeded", "failed", "attempts", "latency", "confidence", "unsure"):
                assert getattr(found, name) == getattr(expected, name), name
            assert found.cost == pytest.approx(expected.cost)
            assert tuple((day.day, day.runs) for day in found.by_day) == expected.by_day
            steps = {(one.workflow, one.step, one.runs, one.failed) for one in found.steps}
            assert steps == set(expected.steps)
            assert found.failures == sum(day.failed for day in found.by_day)
            assert found.succeeded == sum(day.succeeded for day in found.by_day)
        assert found.runs > 0  # of thirty days; just after midnight today has none


def test_an_agent_that_never_ran_has_figures_too() -> None:
    found = figures("test.echo", days=3)
    assert (found.runs, found.failed, found.latency, found.confidence, len(found.by_day)) == (0, {}, {}, (0,) * BINS, 3)


def test_past_days_are_counted_once_and_today_each_time(django_assert_num_queries: Any) -> None:
    at = cases(Client.objects.create(name="bank"), "loans", "cards", "savings")
    runs(random.Random(1), at, 200, statuses={"succeeded": 2, "failed": 1})
    at_first = figures("test.echo", days=30)
    with django_assert_num_queries(2 if timezone.localtime().hour else 4):  # yesterday may have more to come
        assert figures("test.echo", days=30) == at_first
    runs(random.Random(2), at, 1, agent="test.echo", purpose="live", created_at=timezone.now())
    assert figures("test.echo", days=30).runs == at_first.runs + 1


def test_a_day_with_a_run_that_has_not_ended_is_counted_again() -> None:
    at = cases(Client.objects.create(name="bank"), "loans")
    there = {"agent": "test.echo", "purpose": "live", "created_at": timezone.now() - timedelta(days=3)}
    runs(random.Random(1), at, 1, statuses={"awaiting": 1}, **there)
    assert [(one.runs, one.succeeded) for one in (figures("test.echo", days=5), figures("test.echo", days=5))] == [
        (1, 0), (1, 0),
    ]  # fmt: skip
    AgentRun.objects.update(status="succeeded", confidence=0.75)
    found = figures("test.echo", days=5)
    assert (found.succeeded, found.confidence[7], found.by_day[1].succeeded) == (1, 1, 1)


def test_without_a_cache_the_figures_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def __getattr__(self, name: str) -> Any:
            raise ConnectionError("no cache")

    runs(random.Random(1), cases(Client.objects.create(name="bank"), "loans"), 100)
    before = figures("test.echo", days=30)
    monkeypatch.setattr("orchestration.services.agent_days.cache", Gone())
    assert figures("test.echo", days=30) == before


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (-5, 1), (7, 7), (10_000, 366)])
def test_the_days_are_bounded(asked: int, given: int) -> None:
    found = figures("test.echo", days=asked)
    assert (found.days, len(found.by_day), Workflow.objects.count()) == (given, given, 0)
