"""A change of rules from the analyst's submission to publication and back, as three people do it in their browsers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page, expect

from orchestration.models import VersionEvent, Workflow, WorkflowVersion
from orchestration.services import schedule
from tests.browser.test_unsaved import sign_in_again
from tests.submitting import ANALYST, ARCHITECT, draft_of, published, somebody, submitted

pytestmark = pytest.mark.django_db(transaction=True)
HOLDS = {"title": "Rude", "given": {"case": {"text": "a", "rude": True}}, "expect": {"escalate": "The text is rude"}}


def address(version: WorkflowVersion, action: str = "change") -> str:
    return f"/admin/orchestration/workflowversion/{version.pk}/{action}/"


@pytest.mark.parametrize(("width", "dark"), [(1400, False), (390, True)])
def test_one_submits_another_approves_it_publishes_itself_and_is_rolled_back(
    width: int, dark: bool, workflow: Workflow, sign_in: Callable[..., Page]
) -> None:
    first = workflow.published_version
    ana = sign_in("ana", group=ANALYST, width=width, dark=dark)
    arne = sign_in("arne", group=ARCHITECT, width=width, dark=dark)
    draft = draft_of(workflow, User.objects.get(username="ana"), budget=2, scenarios=[HOLDS])

    ana.goto(address(draft))
    ana.get_by_role("link", name="Submit for approval…").click()
    expect(ana.get_by_role("region", name="What it changes")).to_contain_text("Budget a case: none → 2")
    ana.get_by_label("What you expect it to do").fill("No case costs more than 2.")
    note = ana.get_by_label("Why the warning")
    if note.count():
        note.fill("Meant so.")
    ana.keyboard.press("Control+Enter")
    expect(ana.get_by_text("is submitted and frozen")).to_be_visible()
    ana.get_by_role("link", name="What was submitted").click()
    expect(ana.get_by_role("button", name="Approve")).to_have_count(0)  # not by its author

    arne.goto("/admin/")
    arne.get_by_role("region", name="Versions waiting for you").get_by_role("link").click()
    arne.get_by_role("link", name="Read and decide…").click()
    expect(arne.get_by_text("No case costs more than 2.")).to_be_visible()
    arne.get_by_role("button", name="Run them again now").click()
    expect(arne.get_by_role("status")).to_have_text("1 of 1 run, all hold")
    expect(arne.get_by_role("region", name="Scenarios run again").get_by_role("row", name="Rude")).to_contain_text(
        "holds"
    )
    arne.get_by_label("Comment").fill("Sound.")
    arne.get_by_role("button", name="Approve").click()
    at = timezone.now() + timedelta(days=1)
    arne.get_by_label("Or at a time").fill(f"{at:%Y-%m-%dT%H:%M}")
    arne.get_by_role("button", name="Schedule").click()
    expect(arne.get_by_text("publishes itself on")).to_be_visible()

    WorkflowVersion.objects.filter(pk=draft.pk).update(publish_at=timezone.now() - timedelta(seconds=1))
    assert schedule.publish_due() == 1
    arne.reload()
    expect(arne.get_by_role("list", name="The path of this version").locator("[aria-current]")).to_contain_text(
        "Published"
    )

    ana.goto(address(first))
    ana.get_by_role("link", name="Roll back to this version…").click()
    ana.get_by_label("Why, and what you expect of it").fill("Two is too little.")
    ana.get_by_role("button", name="Make and submit it").click()
    expect(ana.get_by_text("One other person approves and publishes it.")).to_be_visible()
    back = WorkflowVersion.objects.get(restores=first)
    arne.goto(address(back, "review"))
    arne.get_by_role("button", name="Approve").click()
    arne.get_by_role("button", name="Publish now").click()
    expect(arne.get_by_text("New cases start with it.").first).to_be_visible()
    workflow.refresh_from_db()
    assert (workflow.published_version, back.digest) == (back, first.digest)

    for page in (ana, arne):
        for path in (
            address(back),
            address(back, "review"),
            address(back, f"compare/{draft.pk}"),
            address(first, "roll-back"),
        ):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_a_verdict_half_written_is_not_lost_by_leaving(workflow: Workflow, sign_in: Callable[..., Page]) -> None:
    version = submitted(draft_of(workflow, somebody(ANALYST), budget=2))
    page, asked = sign_in("arne", group=ARCHITECT), []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(address(version, "review"))
    page.get_by_label("Comment").press_sequentially("I am not sure")
    page.get_by_role("link", name="The whole version").click()
    expect(page.get_by_label("Comment")).to_have_value("I am not sure")
    assert asked == ["beforeunload"]


WORDS = [
    # the page, the field, the button, and what is said once it is done
    ("submit", "What you expect it to do", "Submit for approval", "is submitted and frozen"),
    ("review", "Comment", "Reject", "is rejected"),
    ("withdraw", "Why", "Withdraw it", "is withdrawn"),
    ("roll-back", "Why, and what you expect of it", "Make and submit it", "One other person approves and publishes"),
]  # fmt: skip


@pytest.mark.browser
@pytest.mark.parametrize(("page", "field", "button", "done"), WORDS, ids=[one[0] for one in WORDS])
def test_words_on_a_version_outlive_a_lost_session_and_a_reload(
    page: str, field: str, button: str, done: str, workflow: Workflow, sign_in: Callable[..., Page]
) -> None:
    ana = sign_in("ana", group=ARCHITECT)
    ana.on("dialog", lambda dialog: dialog.accept())
    author = somebody() if page == "review" else User.objects.get(username="ana")
    draft = draft_of(workflow, author, budget=2, scenarios=[HOLDS])
    made = {"submit": lambda _: draft, "roll-back": lambda one: published(one) and workflow.published_version}
    version = made.get(page, submitted)(draft)
    ana.goto(address(version, page))
    ana.get_by_label(field).fill("Because of the costs.")
    for note in ana.get_by_label("Why the warning").all():
        note.fill("Meant so.")
    Session.objects.all().delete()
    ana.get_by_role("button", name=button).click()
    expect(ana.get_by_role("alert")).to_contain_text("your session has ended")
    sign_in_again(ana)
    ana.reload()
    expect(ana.get_by_label(field)).to_have_value("")
    ana.get_by_role("button", name="Take it back").click()
    expect(ana.get_by_label(field)).to_have_value("Because of the costs.")
    ana.get_by_role("button", name=button).click()
    expect(ana.get_by_text(done).first).to_be_visible()
    assert VersionEvent.objects.latest("pk").note == "Because of the costs."
    assert ana.evaluate("sessionStorage.length") == 0
