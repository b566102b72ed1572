"""One change of rules as three people live it in their browsers, from the first click to its publication and back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from orchestration.models import Case, Workflow, WorkflowVersion
from orchestration.services import case as cases
from orchestration.services import reaper
from tests import small_workflow
from tests.factories import ClientFactory
from tests.submitting import ANALYST, ARCHITECT, status_of, story_of

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HEAD = "Head of AI Operations"
HEARD = {"hear": {"output": {"text": "hi", "length": 2}, "confidence": 0.9}}
POLITE = {"title": "Polite", "given": {"case": {"text": "hi"}, "agents": HEARD}, "expect": {"outcome": "yes"}}
TABLE = {
    "key": "mood", "title": "How kind is it", "hit_policy": "first",
    "inputs": [{"fact": "case.text", "title": "Text"}],
    "outputs": [{"set": "derived.mood", "type": "string", "values": ["bad", "good"]}],
    "rows": [{"key": "hello", "when": ['"hi"'], "then": ["good"]}, {"key": "rest", "when": ["-"], "then": ["bad"]}],
}  # fmt: skip
LOUD = {
    "all": [
        {"fact": "case.text", "op": "starts_with", "value": "HELLO"},
        {"any": [{"fact": "case.rude", "op": "eq", "value": True}, {"fact": "case.rude", "op": "is_not_set"}]},
    ]
}
FORGED = """async ([path, values]) => {
    const form = new FormData();
    form.set('csrfmiddlewaretoken', document.querySelector('[name=csrfmiddlewaretoken]').value);
    for (const [name, value] of Object.entries(values)) form.set(name, value);
    return (await fetch(path, {method: 'POST', body: form})).status;
}"""


@pytest.fixture
def workflow(transactional_db: Any) -> Workflow:
    return small_workflow.publish(tables=[TABLE], scenarios=[POLITE])


def at(version: WorkflowVersion, rest: str = "change/") -> str:
    return f"/admin/orchestration/workflowversion/{version.pk}/{rest}"


def accept(workflow: Workflow, reference: str) -> Case:
    client = ClientFactory(name=f"bank {reference}")
    workflow.refresh_from_db()
    payload = {"text": "HELLO there"}
    return cases.accept(
        client=client, workflow=workflow, payload=payload, reference=reference, decide_now=True
    ).case  # fmt: skip


def test_a_change_of_rules_is_written_tried_approved_published_by_itself_and_rolled_back(
    workflow: Workflow, sign_in: Callable[..., Page]
) -> None:
    first = workflow.published_version
    before = accept(workflow, "A-1")
    assert Case.objects.get(pk=before.pk).outcome == "yes"
    ana = sign_in("ana", group=ANALYST)
    arne = sign_in("arne", group=ARCHITECT)
    hedda = sign_in("hedda", group=HEAD, dark=True)

    draft = makes_a_draft(ana, first)
    writes_a_rule(ana, draft)
    edits_the_table(ana, draft)
    tries_it_on_a_case(ana, draft)
    runs_the_scenarios(ana, draft)
    submits(ana, draft)
    may_not_approve(ana, draft)

    reads_and_approves(arne, draft)
    schedules(arne, draft)
    assert status_of(draft) == "scheduled"
    # A schedule counts in minutes; its moment is moved to now instead of waiting for it.
    WorkflowVersion.objects.filter(pk=draft.pk).update(publish_at=timezone.now() - timedelta(seconds=1))
    reaper.reap()
    assert [status_of(draft), status_of(first)] == ["published", "retired"]
    assert story_of(draft)[-1] == ("published", "worker")
    assert Case.objects.get(pk=before.pk).version_id == first.pk  # a case keeps the version it began with
    assert Case.objects.get(pk=accept(workflow, "A-2").pk).work_items.get().reason == "Too loud"

    back = rolls_back(arne, first)
    may_not_approve(arne, back, status=409)
    reads_and_approves(hedda, back, "Too many went to people.")
    hedda.get_by_role("button", name="Publish now").click()
    expect(hedda.get_by_text("New cases start with it.").first).to_be_visible()
    assert [status_of(one) for one in (first, draft, back)] == ["retired", "retired", "published"]
    back.refresh_from_db()
    assert (back.digest, back.content) == (first.digest, first.content)
    assert Case.objects.get(pk=accept(workflow, "A-3").pk).outcome == "yes"

    hedda.goto(f"/admin/orchestration/workflowversion/activity/{workflow.pk}/")
    for name in ("Ana", "Arne", "Hedda"):
        expect(hedda.get_by_text(name).first).to_be_visible()


def makes_a_draft(page: Page, first: WorkflowVersion) -> WorkflowVersion:
    page.goto(at(first))
    page.get_by_role("button", name="New draft from this version").click()
    page.get_by_label("What this version changes, and why").fill("Loud greetings go to a person")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("is saved.")).to_be_visible()
    draft = WorkflowVersion.objects.exclude(pk=first.pk).get()
    assert (draft.status, draft.note) == ("draft", "Loud greetings go to a person")
    assert draft.author is not None
    assert draft.author.username == "ana"
    return draft


def writes_a_rule(page: Page, draft: WorkflowVersion) -> None:
    page.get_by_role("link", name="Add a rule").click()
    condition, action, keys = page.locator("conductor-condition"), page.locator("conductor-actions"), page.keyboard
    page.get_by_label("Title").fill("Loud greetings")
    page.get_by_label("Priority", exact=True).fill("30")
    condition.get_by_role("button", name="+ Condition").click()
    keys.type("case.text")
    keys.press("Enter")
    expect(condition.get_by_label("Comparison")).to_be_focused()
    condition.get_by_label("Comparison").select_option("starts_with")
    condition.get_by_label("Value", exact=True).fill("HELLO")
    condition.get_by_role("button", name="+ Group").focus()
    keys.press("Enter")
    group = condition.locator(".e-any")
    expect(group.get_by_label("How the conditions are joined")).to_be_focused()
    group.get_by_role("combobox", name="Fact").fill("case.rude")
    keys.press("Enter")
    group.get_by_role("button", name="Duplicate").last.click()
    group.get_by_label("Comparison").last.select_option("is_not_set")
    action.get_by_role("button", name="+ Escalate to a person").click()
    action.get_by_label("Queue").select_option("people")
    action.get_by_label("Reason, as people read it").fill("Too loud")
    expect(page.locator("[data-sentence]")).to_contain_text("rude is not given")
    keys.press("Control+Enter")
    expect(page.get_by_text("The rule “Loud greetings” is saved.")).to_be_visible()
    draft.refresh_from_db()
    (rule,) = (one for one in draft.content["rules"] if one["key"] == "loud-greetings")
    assert (rule["when"], rule["priority"]) == (LOUD, 30)
    assert rule["then"] == [{"escalate": {"queue": "people", "reason": "Too loud"}}]


def edits_the_table(page: Page, draft: WorkflowVersion) -> None:
    page.goto(at(draft))
    page.get_by_role("link", name="Edit How kind is it").click()
    page.locator("td[data-row='0'][data-column='1']").click()
    page.keyboard.press("F2")
    page.keyboard.press("End")
    page.keyboard.type(',"hey"')
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("The table “How kind is it” is saved.")).to_be_visible()
    draft.refresh_from_db()
    assert [row["when"] for row in draft.content["tables"][0]["rows"]] == [['"hi","hey"'], ["-"]]


def tries_it_on_a_case(page: Page, draft: WorkflowVersion) -> None:
    page.goto(at(draft))
    page.get_by_role("link", name="Try it").click()
    page.get_by_text("The newest 1 case").click()
    page.get_by_role("link", name="A-1").click()
    page.get_by_role("button", name="Try it").click()
    came = page.get_by_role("heading", name="It would come back to a person in People: Too loud")
    expect(page.locator("#try-result").locator(came)).to_be_visible()
    assert Case.objects.get().outcome == "yes"  # nothing is stored


def runs_the_scenarios(page: Page, draft: WorkflowVersion) -> None:
    page.goto(at(draft, "scenarios/"))
    expect(page.locator("#scenario-counts")).to_contain_text("all 1 hold")
    expect(page.locator("#scenario-0 .c-tick")).to_have_count(2)  # here and published


def submits(page: Page, draft: WorkflowVersion) -> None:
    page.goto(at(draft))
    page.get_by_role("link", name="Submit for approval…").click()
    page.get_by_label("What you expect it to do").fill("One in a hundred goes to a person.")
    note = page.get_by_label("Why the warning")
    if note.count():
        note.fill("Meant so.")
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_text("is submitted and frozen")).to_be_visible()
    draft.refresh_from_db()
    assert (draft.status, draft.submission.effect) == ("submitted", "One in a hundred goes to a person.")
    assert draft.submission.digest == draft.digest


def may_not_approve(page: Page, version: WorkflowVersion, *, status: int = 403) -> None:
    """There is no button for it, and a request made by hand is refused."""
    page.goto(at(version, "review/"))
    expect(page.get_by_role("region", name="What it changes").first).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    assert page.evaluate(FORGED, [at(version, "review/"), {"verdict": "approve", "comment": "Mine"}]) == status
    assert status_of(version) == "submitted"
    assert not version.approvals.exists()


def reads_and_approves(page: Page, version: WorkflowVersion, effect: str = "One in a hundred") -> None:
    page.goto("/admin/")
    page.get_by_role("region", name="Versions waiting for you").get_by_role("link").click()
    page.get_by_role("link", name="Read and decide…").click()
    expect(page.get_by_role("region", name="What it changes")).to_contain_text("Loud greetings")
    expect(page.get_by_role("region", name="Scenarios")).to_contain_text("Polite")
    expect(page.get_by_text(effect)).to_be_visible()
    page.get_by_label("Comment").fill("Sound.")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("is approved. It can be published now.")).to_be_visible()
    approval = version.approvals.select_related("user").get()
    version.refresh_from_db()
    assert (version.status, approval.verdict, approval.digest) == ("approved", "approved", version.digest)
    assert approval.user != version.author


def schedules(page: Page, version: WorkflowVersion) -> None:
    page.get_by_label("Or at a time").fill(f"{timezone.now() + timedelta(days=1):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Schedule").click()
    expect(page.get_by_text("publishes itself on")).to_be_visible()


def rolls_back(page: Page, first: WorkflowVersion) -> WorkflowVersion:
    page.goto(at(first))
    page.get_by_role("link", name="Roll back to this version…").click()
    page.get_by_label("Why, and what you expect of it").fill("Too many went to people.")
    page.get_by_role("button", name="Make and submit it").click()
    expect(page.get_by_text("One other person approves and publishes it.")).to_be_visible()
    return WorkflowVersion.objects.get(restores=first)
