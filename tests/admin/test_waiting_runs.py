"""The pages and the history say who is waited for and until when."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from orchestration.models import AgentRun, Client
from orchestration.services import case as cases
from orchestration.services import reaper
from orchestration.services.answer import TooLate
from orchestration.services.history import history_of
from tests.admin.conftest import browser_of, person, text_of
from tests.services.awaiting import NOTE, Told, take_in, waiting_case

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
