"""Versions on their way through the pages: submitted with evidence, read, approved, scheduled, rolled back to."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from orchestration.models import Queue, VersionEvent, Workflow, WorkflowVersion
from orchestration.services import approval, schedule
from orchestration.services import version as versions
from orchestration.services.version_status import sight
from tests.admin.conftest import text_of
from tests.small_workflow import rules
from tests.submitting import approved, draft_of, published, somebody, submitted

pytestmark = pytest.mark.django_db
RUDE = {"case": {"text": "hi", "rude": True}}
HOLDS = {"title": "A rude text is escalated", "given": RUDE, "expect": {"escalate": "The text is rude"}}
FAILS = {"title": "A rude text is fine", "given": RUDE, "expect": {"outcome": "yes"}}
MARKUP = "<script>alert(1)</script>"


def url(version: WorkflowVersion, action: str = "change", *more: int) -> str:
    return reverse(f"admin:orchestration_workflowversion_{action}", args=[version.pk, *more])


def seen(version: WorkflowVersion) -> str:
    return sight(WorkflowVersion.objects.select_related("workflow").get(pk=version.pk))


def test_the_whole_story_in_three_browsers(greeting: Workflow, ana: User, anas: Browser, arnes: Browser) -> None:
    draft = draft_of(greeting, ana, rules=[{**rules()[0], "priority": 25}, *rules()[1:]], scenarios=[HOLDS])
    page = text_of(anas.get(url(draft)))
    assert "Submit for approval…" in page
    form = text_of(anas.get(url(draft, "submit")))
    for told in ("compared with version 1", "Priority: 20 → 25", "all 1 hold"):
        assert told in form
    sent = anas.post(
        url(draft, "submit"),
        {"effect": "Rude ones first.", "warnings_note": "Known.", "seen": seen(draft)},
        follow=True,
    )
    assert "is submitted and frozen" in text_of(sent)
    assert "Read and decide…" not in text_of(sent)
    review = text_of(arnes.get(url(draft, "review")))
    for told in ("Rude ones first.", "Priority: 20 → 25", "A rude text is escalated", ">Approve</button>"):
        assert told in review
    done = arnes.post(
        url(draft, "review"), {"verdict": "approve", "comment": "Good.", "seen": seen(draft)}, follow=True
    )
    assert "is approved. It can be published now." in text_of(done)
    out = arnes.post(url(draft, "publish"), {"seen": seen(draft)}, follow=True)
    assert "is published. New cases start with it." in text_of(out)
    greeting.refresh_from_db()
    assert greeting.published_version == draft


def test_a_review_shows_what_was_frozen_and_checks_anew_only_on_request(
    greeting: Workflow, ana: User, arnes: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = submitted(draft_of(greeting, ana, scenarios=[HOLDS]))
    Queue.objects.filter(slug="people").update(slug="folk")
    monkeypatch.setattr("orchestration.services.version.run_scenario", None)  # nobody asked to run one
    for page in (text_of(arnes.get(url(version, "review"))), text_of(arnes.get(url(version)))):
        assert re.search(r"0 errors, \d warnings?, when it was submitted", page)
        assert "when it was submitted" in page.partition(">Scenarios <small>")[2][:80]
    again = text_of(arnes.get(url(version, "review"), {"check": "now"}))
    assert re.search(r"[1-9] errors?, \d warnings?, checked just now", again)


def test_the_path_shows_where_a_version_stands(greeting: Workflow, ana: User, anas: Browser) -> None:
    version = submitted(draft_of(greeting, ana))
    stops = anas.get(url(version)).context["standing"].stops
    assert [(stop.title, stop.state, stop.who) for stop in stops] == [
        ("Draft", "done", "Ana Lima"), ("Submitted", "here", "Ana Lima"), ("Approved", "ahead", ""),
        ("Published", "ahead", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("scenarios", "reason"),
    [
        ([FAILS], "1 of its scenarios fails; mend the rules or the scenarios first."),
        ([HOLDS], ""),
    ],
)
def test_a_draft_says_what_keeps_it_from_being_submitted(
    scenarios: list[Any], reason: str, greeting: Workflow, ana: User, anas: Browser
) -> None:
    draft = draft_of(greeting, ana, scenarios=scenarios)
    answer = anas.get(url(draft))
    assert answer.context["standing"].hindrance == reason
    assert ("Submit for approval…" in text_of(answer)) == (not reason)
    form = text_of(anas.get(url(draft, "submit")))
    assert ("It cannot be submitted yet" in form) == bool(reason)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"effect": ""}, "what you expect the change to do"),
        ({"effect": "x", "seen": "1-0-0"}, "was changed since you opened this page"),
    ],
)
def test_a_submission_refused_keeps_what_was_written(
    given: dict[str, str], told: str, greeting: Workflow, ana: User, anas: Browser
) -> None:
    draft = draft_of(greeting, ana)
    form = {"warnings_note": "kept words", "seen": seen(draft), **given}
    refused = anas.post(url(draft, "submit"), form)
    assert (refused.status_code, refused.context["warnings_note"]) == (409, "kept words")
    assert told in text_of(refused)
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_an_approval_refused_keeps_the_comment_and_shows_what_was_published_since(
    greeting: Workflow, ana: User, arnes: Browser
) -> None:
    version = submitted(draft_of(greeting, ana, budget=1))
    before = seen(version)
    published(draft_of(greeting, ana, budget=2))
    refused = arnes.post(url(version, "review"), {"verdict": "approve", "comment": "my words", "seen": before})
    assert refused.status_code == 409
    for told in ("Another version was published since", "my words", "Budget a case: 2 → 1"):
        assert told in text_of(refused)
    version.refresh_from_db()
    assert version.status == "submitted"


def test_a_rejection_shows_its_reason_to_the_author_who_takes_it_up_again(
    greeting: Workflow, ana: User, anas: Browser, arnes: Browser
) -> None:
    version = submitted(draft_of(greeting, ana))
    assert "Say why" in text_of(arnes.post(url(version, "review"), {"verdict": "reject"}))
    arnes.post(url(version, "review"), {"verdict": "reject", "comment": f"Too bold {MARKUP}"})
    page = text_of(anas.get(url(version)))
    assert "Too bold &lt;script&gt;" in page
    assert MARKUP not in page
    assert "Take it up as a new draft" in page
    anas.post(url(version, "new-draft"))
    assert WorkflowVersion.objects.get(number=3).status == "draft"


def test_its_author_withdraws_it(greeting: Workflow, ana: User, anas: Browser, arnes: Browser) -> None:
    version = submitted(draft_of(greeting, ana))
    assert "Withdraw…" in text_of(anas.get(url(version)))
    assert "Withdraw…" not in text_of(arnes.get(url(version)))
    assert "Only who wrote on a version" in text_of(arnes.post(url(version, "withdraw"), follow=True))
    assert "is withdrawn." in text_of(anas.post(url(version, "withdraw"), {"comment": "later"}, follow=True))


def test_words_for_a_version_that_went_on_meanwhile_are_given_back(
    greeting: Workflow, ana: User, anas: Browser, arne: User
) -> None:
    version = submitted(draft_of(greeting, ana))
    approval.reject(version_id=version.pk, user=arne, comment="Not so.")
    for page, typed in (("withdraw", {"comment": "My words"}), ("submit", {"effect": "My words"})):
        told = anas.post(url(version, page), typed)
        assert (told.status_code, told.context["text"]) == (409, "My words")
        assert f"Version {version.number} is rejected" in text_of(told)


def test_a_time_is_meant_in_the_time_zone_of_the_workflow(greeting: Workflow, ana: User, arnes: Browser) -> None:
    version = approved(draft_of(greeting, ana, time_zone="Asia/Tokyo"))
    at = (timezone.now() + timedelta(days=3)).astimezone(ZoneInfo("Asia/Tokyo")).replace(second=0, microsecond=0)
    given = {"at": f"{at:%Y-%m-%dT%H:%M}", "seen": seen(version)}
    told = text_of(arnes.post(url(version, "schedule"), given, follow=True))
    version.refresh_from_db()
    assert (version.status, version.publish_at) == ("scheduled", at)
    assert f"publishes itself on {at:%-d %b %Y, %H:%M} (Asia/Tokyo)" in told
    assert f'value="{at:%Y-%m-%dT%H:%M}"' in told  # the form shows the same time
    assert "is off the schedule" in text_of(arnes.post(url(version, "unschedule"), follow=True))


def test_a_time_that_the_clocks_leap_over_is_refused(greeting: Workflow, ana: User, arnes: Browser) -> None:
    version = approved(draft_of(greeting, ana, time_zone="Europe/Berlin"))
    sundays = (datetime(year, 3, day, 2, 30, tzinfo=UTC) for year in (timezone.now().year, timezone.now().year + 1)
               for day in range(25, 32))  # fmt: skip
    at = next(day for day in sundays if day.weekday() == 6 and day > timezone.now())
    given = {"at": f"{at:%Y-%m-%dT%H:%M}", "seen": seen(version)}
    assert "That time does not exist in Europe/Berlin" in text_of(
        arnes.post(url(version, "schedule"), given, follow=True)
    )


@pytest.mark.parametrize("at", ["", "tomorrow", "2026-13-01T00:00", "2020-01-01T00:00", "9999-12-31T23:59", MARKUP])
def test_no_time_or_a_past_one_is_refused_with_words(at: str, greeting: Workflow, ana: User, arnes: Browser) -> None:
    version = approved(draft_of(greeting, ana))
    page = text_of(arnes.post(url(version, "schedule"), {"at": at, "seen": seen(version)}, follow=True))
    assert "is not a date with a time" in page or "a time that lies ahead" in page
    assert MARKUP not in page
    version.refresh_from_db()
    assert version.status == "approved"


def test_a_missed_publication_says_why(greeting: Workflow, ana: User, arne: User, arnes: Browser) -> None:
    version = approved(draft_of(greeting, ana, budget=1))
    schedule.schedule(version_id=version.pk, user=arne, at=timezone.now() + timedelta(hours=1))
    published(draft_of(greeting, ana, budget=2))
    WorkflowVersion.objects.filter(pk=version.pk).update(publish_at=timezone.now() - timedelta(seconds=1))
    schedule.publish_due()
    assert "Another version was published since it was scheduled" in text_of(arnes.get(url(version)))


def test_what_was_published_since_is_said_before_publishing(greeting: Workflow, ana: User, arnes: Browser) -> None:
    version = approved(draft_of(greeting, ana, budget=1))
    assert "was published after this one was submitted" not in text_of(arnes.get(url(version)))
    published(draft_of(greeting, ana, budget=2))
    assert "Version 3 was published after this one was submitted" in text_of(arnes.get(url(version)))


def test_the_first_page_shows_what_waits_for_whom(greeting: Workflow, ana: User, anas: Browser, arnes: Browser) -> None:
    own = draft_of(greeting, User.objects.get(username="architect"))
    submitted(own)
    to_approve, to_publish = submitted(draft_of(greeting, ana)), approved(draft_of(greeting, ana))
    assert [one.pk for one in arnes.get("/admin/").context["board"]["versions"]] == [to_approve.pk, to_publish.pk]
    assert "Versions waiting for you" not in text_of(anas.get("/admin/"))


def test_rolling_back_is_one_form(greeting: Workflow, ana: User, anas: Browser) -> None:
    first = greeting.published_version
    published(draft_of(greeting, somebody(), budget=1))
    assert "Roll back to this version…" in text_of(anas.get(url(first)))
    assert "Budget a case: 1 → none" in text_of(anas.get(url(first, "roll-back")))
    empty = anas.post(url(first, "roll-back"), {"effect": ""})
    assert (empty.status_code, "Say why you roll back" in text_of(empty)) == (409, True)
    told = text_of(anas.post(url(first, "roll-back"), {"effect": "Too dear."}, follow=True))
    assert "Version 3 has the content of version 1 and is submitted." in told
    assert "Rolls back to" in told


def test_two_versions_stand_side_by_side(greeting: Workflow, ana: User, sams: Browser) -> None:
    changed = [{**rules()[0], "title": f"Rude {MARKUP}", "when": "always"}, *rules()[1:]]
    draft = draft_of(greeting, ana, rules=changed)
    chosen = sams.get(url(draft, "compare-choice"), {"with": greeting.published_version_id})
    assert chosen.headers["Location"] == url(draft, "compare", greeting.published_version_id)
    page = text_of(sams.get(url(greeting.published_version, "compare", draft.pk)))
    for told in ("version 1 → version 2", "so that it always holds", "<h4>Version 1</h4>", "3 rules and tables"):
        assert told in page
    assert MARKUP not in page
    assert "They say the same" in text_of(sams.get(url(draft, "compare", draft.pk)))


def test_versions_of_two_workflows_are_not_compared(greeting: Workflow, later: Workflow, sams: Browser) -> None:
    version = greeting.published_version
    assert sams.get(url(version, "compare", later.published_version_id)).status_code == 404
    assert sams.get(url(version, "compare", 999_999)).status_code == 404
    for asked in ("", "x", str(later.published_version_id), "9" * 30):
        assert sams.get(url(version, "compare-choice"), {"with": asked}).status_code == 404  # it has no other


def test_the_activity_tells_who_did_what_page_by_page(
    greeting: Workflow, ana: User, arne: User, sams: Browser, django_assert_max_num_queries: Any
) -> None:
    draft = draft_of(greeting, ana)
    for number in range(3):
        data = {**draft.content, "budget": number}
        versions.save_draft(version_id=draft.pk, data=data, note=f"n{number}", revision=number + 1, user=ana)
    approval.submit(version_id=draft.pk, user=ana, effect=f"Less {MARKUP}", warnings_note="x")
    approval.approve(version_id=draft.pk, user=arne)
    address = reverse("admin:orchestration_workflowversion_activity", args=[greeting.pk])
    with django_assert_max_num_queries(12):
        page = text_of(sams.get(address))
    for told in ("<strong>Arne Holm</strong> approved it", "edited the draft, 3 times", "Less &lt;script&gt;",
                 "<strong>command line</strong> published it in an emergency", "version 2</a>"):  # fmt: skip
        assert told in page
    assert MARKUP not in page
    for number in range(120):
        VersionEvent.objects.create(
            workflow=greeting, version=draft, number=2, name="version.reviewed", actor=f"{number}"
        )
    first, last = sams.get(address), sams.get(address, {"page": "3"})
    assert ("Page 1 of 3" in text_of(first), "Page 3 of 3" in text_of(last)) == (True, True)
    assert [len(one.context["entries"]) for one in (first, last)] == [50, 26]  # three saves in a row are one entry
    assert "Page 3 of 3" in text_of(sams.get(address, {"page": "99999999999999"}))
    assert sams.get(reverse("admin:orchestration_workflowversion_activity", args=[999])).status_code == 404
