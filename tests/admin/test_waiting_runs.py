"""The pages and the history say who is waited for and until when."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from orchestration.models import AgentAttempt, AgentRun, AgentRunContent, Client, StepState
from orchestration.services import case as cases
from orchestration.services import reaper
from orchestration.services.answer import TooLate
from orchestration.services.history import history_of
from tests.admin.conftest import browser_of, person, text_of
from tests.doorbells import answer
from tests.services.awaiting import NOTE, Told, take_in, waiting_case
from tests.services.posting import post
from tests.services.stepping import FAR
from tests.small_workflow import publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client.objects.create(name="bank")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    return Told(monkeypatch)


def test_the_history_tells_who_was_waited_for_and_what_came_of_it(client: Client, told: Told, settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Kolkata"
    case = waiting_case(client)
    until = AgentRun.objects.get().due_at.astimezone(ZoneInfo("Asia/Kolkata"))
    AgentRun.objects.update(due_at=Now() - timedelta(seconds=1))
    reaper.reap()
    with pytest.raises(TooLate):
        take_in(case)
    assert [(entry.text, entry.who, entry.note, entry.tone) for entry in history_of(case).entries[1:]] == [
        (
            f"Agent step hear waits for an outside party until {until.day} {until:%b %Y, %H:%M}",
            "test.later", NOTE, "info",
        ),
        ("Agent step hear failed: no outside party answered in time", "worker", "", "bad"),
        (
            "An outside party answered too late, which changes nothing (agent step hear)",
            "outside party", "Found in the register", "quiet",
        ),
    ]  # fmt: skip


def test_case_page_and_list_say_who_is_waited_for_and_until_when(client: Client, told: Told) -> None:
    case = waiting_case(client)
    until = date_format(timezone.localtime(AgentRun.objects.get().due_at), "j M Y, H:i")
    browser = browser_of(person("specialist"))
    page = text_of(browser.get(reverse("admin:orchestration_case_change", args=[case.pk])))
    assert "<dt>Outside party, for hear</dt><dd>The registry office answers by post" in page
    assert page.count(f"{until}</") == 3  # in the header, with the run, and in the history
    assert '<span class="c-label c-info">Waiting for an outside party</span>' in page
    assert "attempt 1 left to an outside party" in page
    listed = text_of(browser.get(reverse("admin:orchestration_agentrun_changelist")))
    assert f'The registry office answers by post <br><span title="due {until}">in 59' in listed
    cases.cancel(case_id=case.pk, actor="client: bank")
    page = text_of(browser.get(reverse("admin:orchestration_case_change", args=[case.pk])))
    assert "Nobody needs the answer any more." in page
    assert "<dt>Outside party" not in page
    AgentRun.objects.get().content.__class__.objects.update(summary="", erased_at=timezone.now())
    listed = text_of(browser.get(reverse("admin:orchestration_agentrun_changelist")))
    assert "An outside party <br>" in listed


def test_the_list_of_runs_costs_as_many_queries_with_three_waiting_as_with_one(client: Client, told: Told) -> None:
    browser, counts = browser_of(person("specialist")), []
    for more in (1, 2):
        for _ in range(more):
            waiting_case(client)
        with CaptureQueriesContext(connection) as queries:
            browser.get(reverse("admin:orchestration_agentrun_changelist"))
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"circuit": "open", "circuit_held": True}, "It waits because the circuit of its step is open"),
        ({"rate": 1, "tokens": 0.0, "refilled_at": FAR}, "It waits in line: its step may not run more often"),
    ],
    ids=["circuit", "rate"],
)
def test_the_case_page_says_why_a_run_is_held_back(state: dict[str, Any], told: str, client: Client) -> None:
    workflow = publish(use="test.apart")
    StepState.objects.create(workflow=workflow, step="hear", agent="test.apart", **state)
    case = post(workflow, client)
    answer(at_most=3)
    page = text_of(browser_of(person("analyst")).get(reverse("admin:orchestration_case_change", args=[case.pk])))
    assert told in page


def test_the_case_page_tells_attempts_apart_by_place_and_by_what_went_wrong(client: Client) -> None:
    case = post(publish(use="test.dying", config={"deaths": 1}, attempts=2), client, now=False)
    with transaction.atomic():  # the step's first attempt took its process down, so it is tried again in one of its own
        run = AgentRun.objects.create(
            case=case, version=case.version, step="hear", agent="test.dying", agent_version="1.0", config_digest="c",
            input_digest="i", asked_event=1, status="running", attempts=2,
        )  # fmt: skip
        AgentRunContent.objects.create(run=run, input={}, errors=[{"attempt": 2, "kind": "memory", "text": "Too big."}])
        AgentAttempt.objects.create(run=run, number=1, status="vanished", error_kind="vanished")
        AgentAttempt.objects.create(
            run=run, number=2, status="failed", error_kind="memory", isolated=True, duration=2.5
        )
    page = text_of(browser_of(person("analyst")).get(reverse("admin:orchestration_case_change", args=[case.pk])))
    assert "Attempt 2, it needed too much memory: Too big." in page
    assert "2 attempts, 2.5 s, attempt 2 in a process of its own" in page
    assert "attempt 1 its process was lost" in page
