"""A case can be found, and its page tells its whole story."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from orchestration.models import (
    AgentRunContent,
    Case,
    CaseContent,
    CaseEventContent,
    DecisionContent,
    Workflow,
    WorkItem,
)
from orchestration.services import work_item as items
from tests.admin.conftest import browser_of, person, text_of
from tests.doorbells import answer
from tests.small_workflow import publish, publish_again

pytestmark = pytest.mark.django_db
Post = Callable[..., Case]
LIST = "/admin/orchestration/case/"


def page_of(browser: Browser, case: Case) -> str:
    return text_of(browser.get(reverse("admin:orchestration_case_change", args=[case.pk])))


def listed(browser: Browser, query: str = "") -> set[str]:
    page = text_of(browser.get(LIST + query))
    return {reference for reference in ("A-1", "A-2", "B-1") if f">{reference}</a>" in page}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"A-1", "A-2", "B-1"}),
        ("?q=A", {"A-1", "A-2"}),  # how the reference begins
        ("?q=B-1", {"B-1"}),
        ("?q=1", set()),  # not what it ends in
        ("?status__exact=escalated", {"B-1"}),
        ("?outcome=yes", {"A-1", "A-2"}),
        ("?by=rules", {"A-1", "A-2"}),
        ("?by=person", set()),
        ("?status__exact=decided&q=A-2", {"A-2"}),
    ],
)
def test_cases_are_found_by_reference_and_filters(query: str, found: set[str], post: Post, sams: Browser) -> None:
    post(reference="A-1"), post(reference="A-2"), post(reference="B-1", rude=True)
    assert listed(sams, query) == found


def test_a_case_is_found_by_its_number(post: Post, sams: Browser) -> None:
    case = post(reference="A-1")
    post(reference="A-2")
    assert listed(sams, f"?q={case.public_id}") == {"A-1"}


def test_the_page_tells_what_was_decided_why_and_by_what(post: Post, sams: Browser) -> None:
    page = page_of(sams, post(reference="A-1", text="good morning"))
    for told in (
        "Decided: yes",  # the decision, with its reason
        "Heard well",
        "good morning",  # the payload, under its title
        '<dt style="--depth:0" title="text">Text</dt>',
        "Heard good morning",  # the agent's summary
        'aria-label="Confidence 90 per cent"',
        "gave the answer",  # the rule that decided
        "Rude texts go to a person",  # a rule that did not, and the value seen
        "seen: not given",
        "Received",  # the history
        "Agent step hear finished, 90% confident",
    ):
        assert told in page


def test_an_escalated_case_shows_why_and_leads_to_its_work_item(post: Post, sams: Browser) -> None:
    page = page_of(sams, post(rude=True))
    assert "The text is rude" in page
    assert reverse("admin:orchestration_workitem_change", args=[WorkItem.objects.get().pk]) in page


def test_whatever_a_client_posts_shows_as_text(post: Post, sams: Browser) -> None:
    bad = "<script>alert(1)</script>"
    page = page_of(sams, post(reference=bad, text=bad)) + text_of(sams.get(LIST))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_failed_agent_shows_its_attempts_and_errors(db: Any, sams: Browser, post: Post) -> None:
    workflow = publish(slug="refusing", use="test.refusing", attempts=1)
    page = page_of(sams, post(workflow=workflow))
    assert "Attempt 1, it said that it could not do the work: no such account" in page
    assert "agent-failed" in page
    assert "1 attempt, " in page


def test_erased_content_shows_as_erased_everywhere(sam: User, post: Post, sams: Browser) -> None:
    case = post(rude=True, text="my whisper", reference="A-1")
    item = items.claim(work_item_id=WorkItem.objects.get().pk, user=sam)
    items.send_back(work_item_id=item.pk, user=sam, corrections={"rude": False}, human={}, note="a whisper of a joke")
    answer()
    assert "my whisper" in page_of(sams, case)
    now = timezone.now()
    CaseContent.objects.update(payload={}, corrections={}, human={}, salt="00" * 16, erased_at=now)
    AgentRunContent.objects.update(
        input={}, output=None, summary="", evidence=[], transcript="", errors=[], erased_at=now
    )
    DecisionContent.objects.update(reasons=[], note="", erased_at=now)
    CaseEventContent.objects.update(content={}, erased_at=now)
    page = page_of(sams, case)
    assert "whisper" not in page
    assert "The content of this case was erased" in page
    assert page.count("c-erased") >= 5
    assert "Decided: yes" in page


def test_a_waiting_child_and_its_parent_lead_to_each_other(post: Post, sams: Browser, greeting: Any) -> None:
    opened = {"workflow": "greeting", "as": "second", "payload": {"text": "case.text"}, "wait": True}
    rules = [
        {"key": "ask", "title": "Ask", "priority": 5, "when": "always", "then": [{"open_case": opened}]},
        {"key": "yes", "title": "Yes", "when": "always", "then": [{"decide": {"outcome": "yes"}}]},
    ]
    parent = post(workflow=publish(slug="parent", rules=rules), reference="A-1")
    child = Case.objects.get(parent=parent)
    assert reverse("admin:orchestration_case_change", args=[child.pk]) in page_of(sams, parent)
    assert "this case waits for it" in page_of(sams, parent)
    assert reverse("admin:orchestration_case_change", args=[parent.pk]) in page_of(sams, child)


def test_cancelling_asks_first_and_then_cancels(post: Post, arnes: Browser) -> None:
    case = post(rude=True, reference="A-1")
    url = reverse("admin:orchestration_case_cancel", args=[case.pk])
    assert "Cancel case A-1?" in text_of(arnes.get(url))
    assert Case.objects.get().status == "escalated"
    assert "Case A-1 is cancelled." in text_of(arnes.post(url, follow=True))
    assert Case.objects.get().status == "cancelled"
    assert WorkItem.objects.get().status == "cancelled"


def test_an_undecided_case_moves_to_a_version_that_is_chosen(post: Post, arnes: Browser, greeting: Workflow) -> None:
    case = post(rude=True, reference="A-1")
    url = reverse("admin:orchestration_case_move", args=[case.pk])
    assert "No other version of Greeting was ever published" in text_of(arnes.get(url))
    second = publish_again(greeting)
    page = text_of(arnes.get(url))
    assert "It is worked on under version 1." in page
    assert f'value="{second.pk}" required checked> Version 2 <span class="c-label c-good">Published</span>' in page
    assert "Case A-1 goes on with version 2." in text_of(arnes.post(url, {"version": second.pk}, follow=True))
    assert Case.objects.get().version == second
    assert "Moved from version 1 to version 2" in page_of(arnes, case)
    for wrong in ("", "x", "999999", "9" * 30):
        refused = arnes.post(url, {"version": wrong}, follow=True)
        assert "workflow that is or was published." in text_of(refused)


def test_a_decided_case_is_not_cancelled(post: Post, arnes: Browser) -> None:
    case = post()
    refused = arnes.post(reverse("admin:orchestration_case_cancel", args=[case.pk]), follow=True)
    assert "The case is decided and cannot be cancelled." in text_of(refused)
    assert Case.objects.get().status == "decided"


def test_only_who_may_cancel_sees_how(post: Post, sams: Browser) -> None:
    case = post(rude=True)
    assert "Cancel case…" not in page_of(sams, case)
    assert "Cancel case…" in page_of(browser_of(person("head")), case)


def test_moments_are_in_the_sites_time_zone(post: Post, sams: Browser, settings: Any) -> None:
    case = post()
    Case.objects.update(received_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    settings.TIME_ZONE = "Asia/Kolkata"
    assert "2 Jul 2026, 04:00" in page_of(sams, case)
    assert "2 Jul 2026, 04:00" in text_of(sams.get(LIST))
