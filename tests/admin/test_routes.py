"""Who may open which page, and do what there: every route of ours against every group."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from orchestration.models import Case, Client, Workflow, WorkflowVersion, WorkItem
from orchestration.services import version as versions
from orchestration.services.api_key import create_key
from tests.admin.conftest import browser_of, person

pytestmark = pytest.mark.django_db

ALL = {"specialist", "analyst", "architect", "head"}
RUN = {"architect", "head"}
DRAFT = {"analyst", "architect", "head"}
WORK = {"specialist", "architect", "head"}
NONE: set[str] = set()

PAGES = [
    # route, argument, who may open it
    ("index", None, ALL),
    ("orchestration_case_changelist", None, ALL),
    ("orchestration_case_change", "case", ALL),
    ("orchestration_case_cancel", "case", RUN),
    ("orchestration_case_move", "case", RUN),
    ("orchestration_workitem_changelist", None, ALL),
    ("orchestration_workitem_change", "item", ALL),
    ("orchestration_workflow_changelist", None, ALL),
    ("orchestration_workflow_change", "workflow", ALL),
    ("orchestration_workflow_add", None, RUN),
    ("orchestration_workflow_import", None, RUN),
    ("orchestration_agents", None, ALL),
    ("orchestration_agent", "agent", ALL),
    ("orchestration_secrets", None, DRAFT),
    ("orchestration_workflowversion_agent-new", "draft", DRAFT),
    ("orchestration_workflowversion_agent", "step", DRAFT),
    ("orchestration_workflowversion_changelist", None, ALL),
    ("orchestration_workflowversion_change", "version", ALL),
    ("orchestration_workflowversion_export", "version", ALL),
    ("orchestration_workflowversion_edit", "draft", DRAFT),
    ("orchestration_workflowversion_discard", "draft", DRAFT),
    ("orchestration_decision_changelist", None, ALL),
    ("orchestration_agentrun_changelist", None, ALL),
    ("orchestration_client_changelist", None, RUN),
    ("orchestration_client_change", "client", RUN),
    ("orchestration_apikey_changelist", None, RUN),
    ("orchestration_apikey_change", "key", RUN),
    ("orchestration_apikey_new", None, RUN),
    ("orchestration_apikey_revoke", "key", RUN),
    ("orchestration_webhookendpoint_changelist", None, RUN),
    ("orchestration_webhookendpoint_add", None, RUN),
    ("orchestration_webhookdelivery_changelist", None, RUN),
    ("auth_user_changelist", None, NONE),
    ("auth_user_add", None, NONE),
    ("auth_group_changelist", None, NONE),
    ("django_q_ormq_changelist", None, NONE),
    ("django_q_failure_changelist", None, NONE),
]
ACTIONS = [
    # route, argument, who is not turned away; what they may do beyond that is up to the service
    ("orchestration_case_cancel", "case", RUN),
    ("orchestration_case_move", "case", RUN),
    ("orchestration_case_feedback", "case", WORK),
    ("orchestration_workitem_claim", "item", WORK),
    ("orchestration_workitem_release", "item", WORK),
    ("orchestration_workitem_decide", "item", WORK),
    ("orchestration_workitem_send-back", "item", WORK),
    ("orchestration_workitem_claim-next", None, WORK),
    ("orchestration_workflowversion_agent", "step", DRAFT),
    ("orchestration_workflowversion_agent-say", "draft", DRAFT),
    ("orchestration_workflowversion_agent-check", "draft", RUN),
    ("orchestration_workflowversion_agent-secret", "draft", RUN),
    ("orchestration_workflowversion_edit", "draft", DRAFT),
    ("orchestration_workflowversion_new-draft", "version", DRAFT),
    ("orchestration_workflowversion_discard", "draft", DRAFT),
    ("orchestration_agent-action", "switch", RUN),
    ("orchestration_secrets", None, RUN),
    ("orchestration_apikey_new", None, RUN),
    ("orchestration_apikey_revoke", "key", RUN),
    ("orchestration_workflow_import", None, RUN),
    ("orchestration_workflow_add", None, RUN),
    ("orchestration_workflow_change", "workflow", RUN),
    ("orchestration_client_change", "client", RUN),
]
POST_ONLY = [
    "orchestration_case_feedback",
    "orchestration_workitem_claim",
    "orchestration_workitem_release",
    "orchestration_workitem_decide",
    "orchestration_workitem_send-back",
    "orchestration_workflowversion_publish",
    "orchestration_workflowversion_reviewed",
    "orchestration_workflowversion_new-draft",
    "orchestration_workflow_autonomy",
    "orchestration_workflowversion_agent-say",
    "orchestration_workflowversion_agent-check",
    "orchestration_workflowversion_agent-secret",
]
RECORDS = ["case", "workitem", "workflowversion", "decision", "agentrun", "apikey", "webhookdelivery"]


@pytest.fixture
def rows(greeting: Workflow, escalate: Callable[..., WorkItem]) -> dict[str, Any]:
    item = escalate(reference="A-1")
    version = WorkflowVersion.objects.get(pk=greeting.published_version_id)
    draft = versions.new_draft(workflow=greeting, data=version.content, note="a draft")
    key, _ = create_key(name="key", scopes=["cases:read"], client="bank")
    return {
        "case": item.case_id,
        "item": item.pk,
        "workflow": greeting.pk,
        "version": version.pk,
        "draft": draft.pk,
        "client": Client.objects.get(name="bank").pk,
        "key": key.pk,
        "agent": "test.echo",
        "switch": ("test.echo", "switch"),
        "step": (draft.pk, "hear"),
    }


@pytest.mark.parametrize("role", ["specialist", "analyst", "architect", "head", "root", "nobody"])
def test_each_page_opens_for_its_groups_and_for_nobody_else(role: str, rows: dict[str, Any]) -> None:
    browser = browser_of(person(role))
    opened = {name for name, argument, _ in PAGES if _get(browser, name, rows.get(argument or "")) == 200}
    everyone = {name for name, _, _ in PAGES}
    mine = {name for name, _, groups in PAGES if role in groups}
    assert opened == {"root": everyone, "nobody": {"index"}}.get(role, mine)


@pytest.mark.parametrize("role", ["specialist", "analyst", "architect", "head", "nobody"])
def test_each_action_is_open_to_its_groups_and_to_nobody_else(role: str, rows: dict[str, Any]) -> None:
    browser = browser_of(person(role))
    turned_away = {
        name for name, argument, _ in ACTIONS if browser.post(_url(name, rows.get(argument or ""))).status_code == 403
    }
    assert turned_away == {name for name, _, groups in ACTIONS if role not in groups}


def test_somebody_not_signed_in_is_sent_to_the_sign_in(rows: dict[str, Any]) -> None:
    for name, argument, _ in PAGES:
        answer = Browser().get(_url(name, rows.get(argument or "")))
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, reverse("admin:login")), name


@pytest.mark.parametrize("name", POST_ONLY)
def test_what_changes_something_is_not_done_by_opening_an_address(name: str, roots: Browser) -> None:
    assert roots.get(_url(name, 1)).status_code == 405


@pytest.mark.parametrize("model", RECORDS)
def test_records_have_no_route_to_add_change_or_delete(model: str, roots: Browser, rows: dict[str, Any]) -> None:
    """Not even for a superuser: no such address, and a post to the page itself changes nothing."""
    base = reverse(f"admin:orchestration_{model}_changelist")
    pk = {"case": "case", "workitem": "item", "workflowversion": "version", "apikey": "key"}.get(model)
    number = rows[pk] if pk else 1
    assert roots.get(f"{base}add/").status_code in (302, 404)
    assert roots.post(f"{base}{number}/delete/", {"post": "yes"}).status_code in (302, 404)
    before = _snapshot()
    roots.post(f"{base}{number}/change/", {"status": "draft", "outcome": "no", "reason": "x", "name": "x"})
    roots.post(base, {"action": "delete_selected", "_selected_action": [number], "post": "yes"})
    assert _snapshot() == before


@pytest.mark.parametrize("model", ["caseevent", "evaluation", "rulehit", "agentattempt"])
def test_the_parts_of_the_history_have_no_pages_of_their_own(model: str, roots: Browser) -> None:
    assert roots.get(f"/admin/orchestration/{model}/").status_code == 404


@pytest.mark.parametrize("number", ["0", "999999", "x", "9" * 30])
@pytest.mark.parametrize("model", ["case", "workitem", "workflowversion", "workflow", "apikey", "decision", "agentrun"])
def test_a_row_that_is_not_there_is_no_fault(model: str, number: str, roots: Browser) -> None:
    assert roots.get(f"/admin/orchestration/{model}/{number}/change/").status_code in (302, 404)


def _snapshot() -> list[Any]:
    models = (Case, WorkItem, WorkflowVersion)
    return [list(model.objects.order_by("pk").values()) for model in models]


def _url(name: str, given: Any) -> str:
    """`given`: what the route takes, one thing or several."""
    return reverse(f"admin:{name}", args=[] if given is None else given if isinstance(given, tuple) else [given])


def _get(browser: Browser, name: str, given: Any) -> int:
    return int(browser.get(_url(name, given)).status_code)
