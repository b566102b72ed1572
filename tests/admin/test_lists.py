"""Every list costs as many queries with three rows as with one, and an empty one says what to do next."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure, OrmQ
from django_q.signing import SignedPackage

from orchestration.admin.base import COUNTED, BoundedPaginator
from orchestration.models import (
    Case,
    Client,
    Queue,
    WebhookDelivery,
    WebhookEndpoint,
    Workflow,
    WorkflowVersion,
    WorkItem,
)
from orchestration.services import version as versions
from orchestration.services import work_item as items
from orchestration.services.api_key import create_key
from tests.admin.conftest import text_of
from tests.factories import ClientFactory, UserFactory
from tests.small_workflow import publish

pytestmark = pytest.mark.django_db
EMPTY = [
    # model of ours, what an empty list says
    ("case", "No case here"),
    ("workitem", "No work here"),
    ("workflow", "No workflow yet"),
    ("workflowversion", "No version yet"),
    ("decision", "No decision yet"),
    ("agentrun", "No agent run yet"),
    ("client", "No client yet"),
    ("apikey", "No API key yet"),
    ("webhookendpoint", "No webhook endpoint yet"),
    ("webhookdelivery", "No message yet"),
]


def _cases(post: Callable[..., Case], n: int) -> None:
    post(reference=f"R-{n}")


def _items(post: Callable[..., Case], n: int) -> None:
    post(reference=f"R-{n}", rude=True)
    user = UserFactory()
    queue = Queue.objects.create(workflow=Workflow.objects.get(slug="greeting"), slug=f"q{n}", title=f"Queue {n}")
    last = WorkItem.objects.latest("pk")
    WorkItem.objects.filter(pk=last.pk).update(claimed_by=user, queue=queue)


def _workflows(post: Callable[..., Case], n: int) -> None:
    post(workflow=publish(slug=f"w{n}"), rude=True)


def _versions(post: Callable[..., Case], n: int) -> None:
    workflow = Workflow.objects.get(slug="greeting")
    draft = versions.new_draft(
        workflow=workflow, data=workflow.published_version.content, note=f"n{n}", user=UserFactory()
    )
    WorkflowVersion.objects.filter(pk=draft.pk).update(emergency=True)


def _keys(post: Callable[..., Case], n: int) -> None:
    create_key(name=f"k{n}", scopes=["cases:read"], client=f"client {n}")


def _endpoints(post: Callable[..., Case], n: int) -> None:
    WebhookEndpoint.objects.create(client=ClientFactory(name=f"hooked {n}"), url=f"https://example.com/{n}")


def _deliveries(post: Callable[..., Case], n: int) -> None:
    case = post(reference=f"R-{n}")
    endpoint = WebhookEndpoint.objects.create(client=case.client, url=f"https://example.com/{n}", active=False)
    WebhookDelivery.objects.create(endpoint=endpoint, event=case.events.latest("pk"), name="case.decided")


def _clients(post: Callable[..., Case], n: int) -> None:
    _keys(post, n)
    WebhookEndpoint.objects.create(client=Client.objects.latest("pk"), url=f"https://example.com/{n}")


def _tasks(post: Callable[..., Case], n: int) -> None:
    OrmQ.objects.create(key="conductor", payload=SignedPackage.dumps({"func": "x", "args": (n,)}), lock=timezone.now())


def _failures(post: Callable[..., Case], n: int) -> None:
    now = timezone.now()
    Failure.objects.create(id=str(n), name=f"t{n}", func="x", started=now, stopped=now, success=False)


LISTS = [
    ("orchestration_case", _cases),
    ("orchestration_workitem", _items),
    ("orchestration_workflow", _workflows),
    ("orchestration_workflowversion", _versions),
    ("orchestration_decision", _cases),
    ("orchestration_agentrun", _cases),
    ("orchestration_client", _clients),
    ("orchestration_apikey", _keys),
    ("orchestration_webhookendpoint", _endpoints),
    ("orchestration_webhookdelivery", _deliveries),
    ("auth_user", lambda post, n: UserFactory()),
    ("auth_group", lambda post, n: Group.objects.create(name=f"g{n}")),
    ("django_q_ormq", _tasks),
    ("django_q_failure", _failures),
]


@pytest.mark.parametrize(("name", "make"), LISTS, ids=[name for name, _ in LISTS])
def test_a_list_costs_the_same_with_three_rows_as_with_one(
    name: str, make: Callable[..., Any], roots: Browser, post: Callable[..., Case]
) -> None:
    url = reverse(f"admin:{name}_changelist")
    make(post, 1)
    roots.get(url)  # what a process reads once, it has read
    with_one, rows = _cost(roots, url)
    make(post, 2)
    make(post, 3)
    roots.get(url)
    with_three, more = _cost(roots, url)
    assert more == rows + 2
    assert with_three == with_one


@pytest.mark.parametrize("page", ["case", "workitem"])
def test_a_story_costs_the_same_however_long_it_is(page: str, roots: Browser, post: Callable[..., Case]) -> None:
    case = post(rude=True)
    item = WorkItem.objects.get()
    url = reverse(f"admin:orchestration_{page}_change", args=[case.pk if page == "case" else item.pk])
    roots.get(url)
    before = _queries(roots, url)
    for _ in range(3):
        user = UserFactory()
        items.claim(work_item_id=item.pk, user=user)
        items.release(work_item_id=item.pk, user=user)
    assert _queries(roots, url) == before


@pytest.mark.parametrize(("model", "title"), EMPTY)
def test_an_empty_list_says_what_to_do_next(model: str, title: str, roots: Browser) -> None:
    page = text_of(roots.get(reverse(f"admin:orchestration_{model}_changelist")))
    assert f"<h2>{title}</h2>" in page


def test_a_list_that_filters_made_empty_offers_to_take_them_off(sams: Browser, post: Callable[..., Case]) -> None:
    post(reference="A-1")
    page = text_of(sams.get(reverse("admin:orchestration_case_changelist") + "?q=nothing"))
    assert "Take all filters off" in page


def test_a_list_counts_no_further_than_anybody_pages(post: Callable[..., Case]) -> None:
    for number in range(3):
        post(reference=f"R-{number}")
    assert BoundedPaginator(Case.objects.order_by("-id"), 2).count == 3
    with CaptureQueriesContext(connection) as queries:
        assert BoundedPaginator(Case.objects.order_by("-id"), 2).num_pages == 2
    assert [f"LIMIT {COUNTED + 1}" in query["sql"] for query in queries] == [True]


def _cost(browser: Browser, url: str) -> tuple[int, int]:
    with CaptureQueriesContext(connection) as queries:
        answer = browser.get(url)
    return len(queries), len(answer.context["cl"].result_list)


def _queries(browser: Browser, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(url).status_code == 200
    return len(queries)
