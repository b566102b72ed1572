"""What happened later: told on the case's page, recorded there, filtered by, and counted on the workflow's page."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from orchestration.models import ApiKey, Case, Client, Feedback, FeedbackContent, Workflow
from orchestration.services import work_item as items
from orchestration.services.feedback import take_in
from orchestration.services.workflow_figures import FeedbackRow, feedback_figures
from tests.admin.conftest import browser_of, person, text_of
from tests.factories import bearer
from tests.small_workflow import publish, publish_again

pytestmark = pytest.mark.django_db
Post = Callable[..., Case]
LIST = "/admin/orchestration/case/"
FORM = "Put it on record"


def url(case: Case, action: str = "change") -> str:
    return reverse(f"admin:orchestration_case_{action}", args=[case.pk])


def page_of(browser: Browser, case: Case) -> str:
    return text_of(browser.get(url(case)))


def tell(case: Case, value: str, **given: Any) -> None:
    if not ApiKey.objects.exists():
        bearer(Client.objects.get(name="bank"))
    take_in(case=case, value=value, **({"key": ApiKey.objects.get()} if "user" not in given else {}), **given)


def test_the_page_tells_what_happened_later_and_what_was_told_before(post: Post, sam: User, sams: Browser) -> None:
    case = post()
    assert "What happened later <small>nothing told yet" in page_of(sams, case)
    tell(case, "kept", happened_at=datetime(2026, 3, 2, 12, 0, tzinfo=UTC), note="on <b>time</b>\nand kind")
    page = page_of(sams, case)
    for told in ("What happened later: kept", "told by bank", "It happened on 2 Mar 2026, 12:00.", "Feedback: kept"):
        assert told in page
    assert "on &lt;b&gt;time&lt;/b&gt;\nand kind" in page
    assert "and corrected" not in page
    tell(case, "broken", user=sam)
    page = page_of(sams, case)
    assert "What happened later: broken <small>told by Sam Weber" in page
    assert "kept on 2 Mar 2026, 12:00" in page[page.index("Told before, and corrected") :]
    assert "Feedback corrected: broken" in page


def test_a_person_records_it_on_the_page_of_a_decided_case(post: Post, sam: User, sams: Browser) -> None:
    case = post()
    assert FORM in page_of(sams, case)
    given = {"value": "broken", "happened_at": "2026-03-02T12:00", "note": " never came\r\nnor called "}
    assert "On record: broken." in text_of(sams.post(url(case, "feedback"), given, follow=True))
    row = Feedback.objects.select_related("content").get()
    assert (row.value, row.user, row.happened_at) == ("broken", sam, datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
    assert row.content.note == "never came\nnor called"
    again = sams.post(url(case, "feedback"), given, follow=True)
    assert "That was on record already; nothing was changed." in text_of(again)
    assert Feedback.objects.count() == 1
    assert "<summary>Correct it</summary>" in page_of(sams, case)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"value": ""}, "Value must be one of kept, broken"),
        ({"happened_at": "2999-01-01T00:00"}, "Happened at is in the future"),
        ({"happened_at": "yesterday"}, "“yesterday” is not a date with a time"),
        ({"note": "x" * 1_001}, "Note is longer than 1,000 characters"),
    ],
)
def test_what_cannot_be_is_told_and_what_was_typed_stays(
    post: Post, sams: Browser, given: dict[str, str], said: str
) -> None:
    case, typed = post(), {"value": "kept", "happened_at": "2026-03-02T12:00", "note": "my words", **given}
    refused = sams.post(url(case, "feedback"), typed)
    assert refused.status_code == 409
    page = text_of(refused)
    assert said in page[page.index("<details") :]  # beside what was typed
    assert typed["note"] in page
    assert f'name="happened_at" value="{typed["happened_at"]}"' in page
    assert ('value="kept" required checked' in page) == (typed["value"] == "kept")
    assert not Feedback.objects.exists()


def test_the_form_is_there_only_where_it_is_of_use(post: Post, sams: Browser) -> None:
    assert FORM not in page_of(sams, post(rude=True))  # not decided
    assert FORM not in page_of(sams, post(workflow=publish(slug="silent", feedback=())))
    case, anas = post(), browser_of(person("analyst"))
    assert "What happened later" not in page_of(anas, case)
    tell(case, "kept")
    assert "What happened later: kept" in page_of(anas, case)
    assert FORM not in page_of(anas, case)
    refused = sams.post(url(Case.objects.get(status="escalated"), "feedback"), {"value": "kept"})
    assert "and not decided yet" in text_of(refused)


def test_a_closed_work_item_tells_it_too(post: Post, sam: User, sams: Browser) -> None:
    case = post(rude=True)
    item = items.claim(work_item_id=case.work_items.get().pk, user=sam)
    items.decide(work_item_id=item.pk, user=sam, outcome="no", note="why")
    tell(case, "broken")
    page = text_of(sams.get(reverse("admin:orchestration_workitem_change", args=[item.pk])))
    assert "What happened later: broken" in page


def test_an_erased_note_shows_as_erased(post: Post, sams: Browser) -> None:
    case = post()
    tell(case, "kept", note="my whisper")
    FeedbackContent.objects.update(note="", erased_at=timezone.now())
    page = page_of(sams, case)
    assert "The note was erased on" in page
    assert "whisper" not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?later=is:kept", {"A-2"}),  # A-1 was corrected
        ("?later=is:broken", {"A-1"}),
        ("?later=nothing", {"A-3"}),  # B-1 is not decided
        ("?later=is:lost", set()),
        ("?later=other", {"A-1", "A-2", "A-3", "B-1"}),
    ],
)
def test_cases_are_filtered_by_what_happened_later(post: Post, sams: Browser, query: str, found: set[str]) -> None:
    cases = {name: post(reference=name, rude=name == "B-1") for name in ("A-1", "A-2", "A-3", "B-1")}
    tell(cases["A-1"], "kept"), tell(cases["A-1"], "broken"), tell(cases["A-2"], "kept")
    page = text_of(sams.get(LIST + query))
    assert {name for name in cases if f">{name}</a>" in page} == found


def test_the_list_costs_the_same_with_much_feedback(post: Post, sams: Browser, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    case = post()
    tell(case, "kept")
    sams.get(f"{LIST}?later=is:kept")
    with CaptureQueriesContext(connection) as once:
        sams.get(f"{LIST}?later=is:kept")
    for _ in range(3):
        tell(post(), "kept")
    with django_assert_num_queries(len(once)):
        sams.get(f"{LIST}?later=is:kept")


def test_the_workflow_page_counts_by_outcome_what_happened_later(
    greeting: Workflow, post: Post, sam: User, sams: Browser
) -> None:
    page = reverse("admin:orchestration_workflow_change", args=[greeting.pk])
    assert "No case of this time is decided." in text_of(sams.get(page))
    cases = [post() for _ in range(4)]
    tell(cases[0], "kept"), tell(cases[0], "broken"), tell(cases[1], "kept"), tell(cases[2], "kept")
    declined = post(rude=True)
    item = items.claim(work_item_id=declined.work_items.get().pk, user=sam)
    items.decide(work_item_id=item.pk, user=sam, outcome="no", note="why")
    post(rude=True)  # not decided
    shown = text_of(sams.get(page))
    table = re.findall(r"<t[hd][^>]*>([^<]+)</t[hd]>", shown[shown.index("What happened later") :])
    assert table[:15] == [
        "Outcome", "Kept", "Broken", "Nothing yet", "Cases",
        "Yes", "2", "1", "1", "4",
        "No", "0", "0", "1", "1",
    ]  # fmt: skip


def test_figures_leave_out_what_does_not_count_and_keep_what_was_told_before(
    greeting: Workflow, post: Post, django_assert_num_queries: Any
) -> None:
    old, test, other = post(), post(), post()
    for case in (old, test, other):
        tell(case, "broken")
    Case.objects.filter(pk=old.pk).update(received_at=timezone.now() - timedelta(days=91))
    Case.objects.filter(pk=test.pk).update(test=True)
    tell(post(workflow=publish(slug="another")), "kept")
    publish_again(greeting, feedback=["late"])
    greeting.refresh_from_db()
    feedback_figures(greeting)
    with django_assert_num_queries(1):
        found = feedback_figures(greeting)
    assert (found.values, found.rows) == (("late", "broken"), (FeedbackRow("yes", (0, 1), 0),))


def test_a_workflow_without_feedback_says_nothing_of_it(sams: Browser) -> None:
    workflow = publish(slug="silent", feedback=())
    assert "What happened later" not in text_of(
        sams.get(reverse("admin:orchestration_workflow_change", args=[workflow.pk]))
    )


def test_the_version_page_names_the_feedback_it_declares(greeting: Workflow, sams: Browser) -> None:
    page = text_of(
        sams.get(reverse("admin:orchestration_workflowversion_change", args=[greeting.published_version_id]))
    )
    assert "<dt>Feedback</dt><dd>kept, broken</dd>" in page
