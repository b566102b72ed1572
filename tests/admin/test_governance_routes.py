"""No way round the four eyes: every route by which somebody could approve their own, or change what is published."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client as Browser
from django.urls import get_resolver, reverse
from django.utils import timezone

from orchestration.models import Approval, Workflow, WorkflowVersion
from orchestration.services.draft import part_of
from orchestration.services.version_status import sight
from tests.admin.conftest import GROUPS, browser_of, person, text_of
from tests.factories import bearer
from tests.submitting import approved, draft_of, published, somebody, submitted

pytestmark = pytest.mark.django_db
BASE = "/admin/orchestration/workflowversion/"
LATER = f"{timezone.now() + timedelta(days=2):%Y-%m-%dT%H:%M}"

PAGES = {  # who may open them: all read, drafters draft
    "review": set(GROUPS), "compare-choice": set(GROUPS), "submit": {"analyst", "architect", "head"},
    "withdraw": {"analyst", "architect", "head"}, "roll-back": {"analyst", "architect", "head"},
}  # fmt: skip
ACTS = ("publish", "schedule", "unschedule", "reviewed")


RULE = "key: rude\ntitle: Another\nwhen: always\nthen: [{decide: {outcome: yes}}]\n"
SCENARIO = "title: Another\ngiven: {case: {text: hi}}\nexpect: {outcome: yes}\n"


def url(version: WorkflowVersion, action: str, *more: str) -> str:
    return reverse(f"admin:orchestration_workflowversion_{action}", args=[version.pk, *more])


def part(version: WorkflowVersion, section: str, key: str = "rude") -> str:
    """What somebody saw of this part, who has its page open since it was a draft."""
    return part_of(version, section, key).seen


def seen(version: WorkflowVersion) -> str:
    return sight(WorkflowVersion.objects.select_related("workflow").get(pk=version.pk))


def all_of(version: WorkflowVersion) -> dict[str, Any]:
    return WorkflowVersion.objects.filter(pk=version.pk).values().get()


ROUTES: dict[str, Callable[[Browser, WorkflowVersion], Any]] = {
    "the approval form": lambda who, one: who.post(url(one, "review"), {"verdict": "approve", "seen": seen(one)}),
    "the rejection form": lambda who, one: who.post(url(one, "review"), {"verdict": "reject", "comment": "x"}),
    "publish": lambda who, one: who.post(url(one, "publish"), {"seen": seen(one)}),
    "publish without having seen": lambda who, one: who.post(url(one, "publish")),
    "schedule": lambda who, one: who.post(url(one, "schedule"), {"at": LATER, "seen": seen(one)}),
    "reviewed": lambda who, one: who.post(url(one, "reviewed")),
    "the editor": lambda who, one: who.post(url(one, "edit"), {"rules": "[]", "note": "x", "revision": one.revision}),
    "the draft's end": lambda who, one: who.post(url(one, "discard")),
    "submitting again": lambda who, one: who.post(url(one, "submit"), {"effect": "x", "seen": seen(one)}),
    "the admin's own form": lambda who, one: who.post(
        f"{BASE}{one.pk}/change/", {"status": "published", "approved_by": "1", "note": "x", "_save": "1"}
    ),
    "the admin's add form": lambda who, one: who.post(
        f"{BASE}add/", {"workflow": one.workflow_id, "number": 9, "status": "published"}
    ),
    "the admin's delete form": lambda who, one: who.post(f"{BASE}{one.pk}/delete/", {"post": "yes"}),
    "an action on the list": lambda who, one: who.post(
        BASE, {"action": "delete_selected", "_selected_action": [one.pk], "post": "yes"}
    ),
    "editing in the list": lambda who, one: who.post(
        BASE, {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": one.pk, "form-0-status": "published",
               "_save": "Save"},
    ),
    "the workflow's form": lambda who, one: who.post(
        reverse("admin:orchestration_workflow_change", args=[one.workflow_id]), {"published_version": one.pk}
    ),
    "the approvals' address": lambda who, one: who.post("/admin/orchestration/approval/add/", {"version": one.pk}),
}  # fmt: skip


FORMS: dict[str, Callable[[Browser, WorkflowVersion], Any]] = {  # of the parts of a version, and around it
    "the admin's history": lambda who, one: who.post(f"{BASE}{one.pk}/history/", {"revert": "1", "_save": "1"}),
    "rolling back to it": lambda who, one: who.post(url(one, "roll-back"), {"effect": "x"}),
    "importing its pack": lambda who, one: who.post(
        reverse("admin:orchestration_workflow_import"),
        {"text": who.get(url(one, "export")).content.decode().replace("Heard well", "Heard")},
    ),
    "its workflow's autonomy": lambda who, one: who.post(
        reverse("admin:orchestration_workflow_autonomy", args=[one.workflow_id]), {"autonomy": "manual"}
    ),
    "a rule's form": lambda who, one: who.post(url(one, "rule", "rude"), {"source": RULE, "seen": part(one, "rules")}),
    "a rule's end": lambda who, one: who.post(
        url(one, "rule", "rude"), {"action": "delete", "seen": part(one, "rules")}
    ),
    "a new rule": lambda who, one: who.post(url(one, "rule-new"), {"source": RULE.replace("rude", "ruder")}),
    "a rule's switch": lambda who, one: who.post(url(one, "rule-switch", "rude"), {"enabled": "0"}),
    "a new table": lambda who, one: who.post(url(one, "table-new"), {"source": RULE, "action": "save"}),
    "a table's form": lambda who, one: who.post(url(one, "table", "mood"), {"source": RULE, "action": "again"}),
    "the parameters": lambda who, one: who.post(
        url(one, "parameters"),
        {"p:sure:value": "0.1", "seen:sure": part(one, "parameters", "sure"), "action": "save-one:sure"},
    ),
    "a step's form": lambda who, one: who.post(
        url(one, "agent", "hear"),
        {"name": "hear", "source": "use: test.echo\nattempts: 9", "seen": part(one, "agents", "hear")},
    ),
    "a step's end": lambda who, one: who.post(
        url(one, "agent", "hear"), {"action": "delete", "seen": part(one, "agents", "hear")}
    ),
    "a new step": lambda who, one: who.post(url(one, "agent-new"), {"name": "more", "source": "use: test.echo"}),
    "a new scenario": lambda who, one: who.post(url(one, "scenario-new"), {"text": SCENARIO}),
    "scenarios from a file": lambda who, one: who.post(
        url(one, "scenarios-import"), {"file": SimpleUploadedFile("s.csv", b"title,expect.outcome\nmore,yes\n")}
    ),
    "trying it": lambda who, one: who.post(
        url(one, "try"), {"facts": "case: {text: hi}", "section": "rules", "value": RULE}
    ),
}  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("part", ["author", "contributor", "root"])
def test_no_route_lets_who_wrote_on_a_version_approve_it(part: str, route: str, greeting: Workflow) -> None:
    hand = person("root") if part == "root" else person("architect")
    version = draft_of(greeting, somebody("Orchestration Analyst") if part == "contributor" else hand)
    if part == "contributor":
        version.contributors.add(hand)
    submitted(version)
    before = all_of(version)
    ROUTES[route](browser_of(hand), version)
    assert all_of(version) == before
    assert (Approval.objects.count(), Workflow.objects.get().published_version_id) == (0, greeting.published_version_id)


@pytest.mark.parametrize("route", ["publish", "publish without having seen", "schedule"])
def test_no_route_lets_the_author_publish_what_was_approved(route: str, greeting: Workflow) -> None:
    root = person("root")
    version = approved(draft_of(greeting, root))
    before = all_of(version)
    ROUTES[route](browser_of(root), version)
    assert all_of(version) == before


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("status", ["published", "retired"])
def test_no_route_changes_a_published_version(status: str, route: str, greeting: Workflow) -> None:
    version = published(draft_of(greeting, budget=1))
    if status == "retired":
        published(draft_of(greeting, budget=2))
        version.refresh_from_db()
    before = all_of(version)
    ROUTES[route](browser_of(person("root")), version)
    assert all_of(version) == before
    assert version.submission.evidence["compared_with"] == 1


@pytest.mark.parametrize("action", ["withdraw", "unschedule"])
def test_what_is_published_is_not_taken_back(action: str, greeting: Workflow) -> None:
    root = person("root")
    version = published(draft_of(greeting, root))
    before = all_of(version)
    browser_of(root).post(url(version, action), {"comment": "x"})
    assert all_of(version) == before


@pytest.mark.parametrize("status", ["submitted", "approved", "published"])
def test_no_form_of_a_part_changes_what_is_frozen(status: str, greeting: Workflow) -> None:
    root = person("root")
    browser = browser_of(root)
    version = {"submitted": submitted, "approved": approved, "published": published}[status](draft_of(greeting, root))
    version.refresh_from_db()
    before = all_of(version), Approval.objects.count(), Workflow.objects.get().published_version_id
    for route, act in FORMS.items():
        act(browser, version)
        now = all_of(version), Approval.objects.count(), Workflow.objects.get().published_version_id
        assert now == before, route


def test_the_forms_tried_here_do_change_a_draft(greeting: Workflow) -> None:
    """Else a route could pass because it was asked wrongly."""
    browser = browser_of(person("root"))
    for route in ("a rule's form", "a rule's end", "a new rule", "a rule's switch", "the parameters", "a step's form",
                  "a new scenario"):  # fmt: skip
        version = draft_of(greeting)
        before = all_of(version)["content"]
        FORMS[route](browser, version)
        assert all_of(version)["content"] != before, route


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize(
    "address",
    [
        "",
        "/greeting",
        "/greeting/versions",
        "/greeting/versions/2",
        "/greeting/publish",
        "/greeting/versions/2/approve",
    ],
)
def test_the_api_has_no_way_to_change_a_version(method: str, address: str, greeting: Workflow) -> None:
    version = submitted(draft_of(greeting))
    before = [all_of(version), all_of(greeting.published_version)]
    send = getattr(Browser(), method)
    answer = send(
        f"/api/v1/workflows{address}", {"status": "published"}, content_type="application/json",
        headers={"authorization": bearer()},
    )  # fmt: skip
    assert answer.status_code in (404, 405)
    assert [all_of(version), all_of(greeting.published_version)] == before


def test_the_command_line_publishes_only_as_an_emergency_that_shows(
    greeting: Workflow, tmp_path: Any, arnes: Browser
) -> None:
    pack = tmp_path / "pack.yaml"
    pack.write_bytes(arnes.get(url(greeting.published_version, "export")).content.replace(b"Heard well", b"Heard"))
    call_command("import_workflow", str(pack), "--publish", verbosity=0)
    version = WorkflowVersion.objects.get(number=2)
    assert (version.status, version.emergency, version.approved_by) == ("published", True, None)
    page = text_of(arnes.get(url(version, "change")))
    assert "Emergency publication, not reviewed yet" in page
    assert "Published in an emergency" in page


def test_an_operator_goes_back_to_an_earlier_version_with_its_pack(
    greeting: Workflow, tmp_path: Any, arnes: Browser
) -> None:
    pack = tmp_path / "pack.yaml"
    pack.write_bytes(arnes.get(url(greeting.published_version, "export")).content)
    published(draft_of(greeting, budget=1))
    call_command("import_workflow", str(pack), "--publish", verbosity=0)
    version = WorkflowVersion.objects.get(number=3)
    assert (version.status, version.emergency, version.digest) == ("published", True, greeting.published_version.digest)


def test_every_page_of_a_version_that_acts_is_tried_here() -> None:
    """A new route must say here whether it could approve, publish or change: it fails until it is listed."""
    name = "orchestration_workflowversion_"
    found = {
        str(key).removeprefix(name)
        for key in get_resolver().namespace_dict["admin"][1].reverse_dict
        if isinstance(key, str) and key.startswith(name)
    }
    tried = {"review", "publish", "schedule", "unschedule", "reviewed", "edit", "discard", "submit", "withdraw"}
    reads = {"changelist", "change", "compare", "compare-choice", "activity", "export", "history"}
    makes_drafts = {"new-draft", "roll-back"}
    others = {one for one in found if one.split("-")[0] in OTHERS}
    assert found - others <= tried | reads | makes_drafts


OTHERS = {"agent", "rule", "rules", "table", "tables", "parameter", "parameters", "try", "scenario", "scenarios"}
"""Pages of the parts of a draft: each is among FORMS, or reads only."""


@pytest.mark.parametrize("role", [*GROUPS, "nobody"])
def test_the_pages_open_for_their_groups(role: str, greeting: Workflow) -> None:
    retired = greeting.published_version
    published(draft_of(greeting, budget=1))
    pending = submitted(draft_of(greeting, budget=3))
    rows = {"review": pending, "compare-choice": pending, "submit": draft_of(greeting), "withdraw": pending,
            "roll-back": retired}  # fmt: skip
    browser = browser_of(person(role))
    opened = {name for name, version in rows.items() if browser.get(url(version, name)).status_code in (200, 302)}
    assert opened == {name for name, groups in PAGES.items() if role in groups}
    activity = reverse("admin:orchestration_workflowversion_activity", args=[greeting.pk])
    assert browser.get(activity).status_code == (403 if role == "nobody" else 200)


@pytest.mark.parametrize("name", ACTS)
def test_what_acts_is_not_done_by_opening_an_address_nor_without_signing_in(name: str, greeting: Workflow) -> None:
    version = approved(draft_of(greeting))
    assert browser_of(person("root")).get(url(version, name)).status_code == 405
    answer = Browser().post(url(version, name))
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, reverse("admin:login"))


def test_a_token_of_another_site_is_not_enough(greeting: Workflow, arne: User) -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(arne)
    version = submitted(draft_of(greeting))
    for name in ("review", *ACTS, "withdraw", "submit"):
        assert browser.post(url(version, name), {"verdict": "approve"}).status_code == 403
    assert all_of(version)["status"] == "submitted"
