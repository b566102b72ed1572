"""The first page shows each role what matters first, at a cost that does not grow."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orchestration.models import Case, Client, Heartbeat, Workflow, WorkItem
from orchestration.services import work_item as items
from orchestration.services.heartbeat import beat
from tests.admin.conftest import browser_of, person, text_of

pytestmark = pytest.mark.django_db
Post = Callable[..., Case]


def test_an_empty_installation_says_how_to_begin(sams: Browser, arnes: Browser) -> None:
    assert "Welcome to Conductor" in text_of(arnes.get("/admin/"))
    assert "/admin/orchestration/workflow/import/" in text_of(arnes.get("/admin/"))
    assert "An Orchestration Architect can import one." in text_of(sams.get("/admin/"))


def test_figures_count_live_cases_only(post: Post, sam: User, sams: Browser) -> None:
    post(), post(), post(rude=True)
    item = items.claim(work_item_id=WorkItem.objects.get().pk, user=sam)
    items.decide(work_item_id=item.pk, user=sam, outcome="no", note="rude")
    post(rude=True)
    Case.objects.filter(pk=post().pk).update(received_at=timezone.now() - timedelta(days=8))
    Client.objects.update(test=True)
    Case.objects.filter(pk=post().pk).update(test=True)
    board = sams.get("/admin/").context["board"]
    assert [(share.title, share.automatic, share.total, share.percent) for share in board["shares"]] == [
        ("Greeting", 2, 4, 50)
    ]
    assert {row["label"]: row["count"] for row in board["day"]} == {"With a person": 1, "Decided": 3}
    assert [(one.open, one.free, one.mine) for one in board["work"].queues] == [(1, 1, 0)]


def test_overdue_work_stands_out(post: Post, sams: Browser) -> None:
    post(rude=True)
    assert "nothing is late" in text_of(sams.get("/admin/"))
    WorkItem.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    assert "act on these first" in text_of(sams.get("/admin/"))


def test_emergencies_are_shown_to_those_who_review_them(greeting: Workflow, sams: Browser, arnes: Browser) -> None:
    assert "Emergency publication to review" in text_of(arnes.get("/admin/"))
    assert "Emergency publication to review" not in text_of(sams.get("/admin/"))


def test_the_worker_is_heard_from_or_missed(greeting: Workflow, sams: Browser) -> None:
    assert "None has ever run here." in text_of(sams.get("/admin/"))
    beat(name="worker one")
    assert "No worker is heard from" not in text_of(sams.get("/admin/"))
    Heartbeat.objects.update(heard_at=timezone.now() - timedelta(hours=1))
    assert "The last sign of life was on" in text_of(sams.get("/admin/"))


def test_somebody_without_any_right_sees_no_figures(post: Post) -> None:
    post()
    page = browser_of(person("nobody")).get("/admin/")
    assert page.context["board"]["cards"] == []
    assert page.context["board"]["day_total"] == 0


def test_the_page_costs_the_same_however_many_cases(post: Post, arnes: Browser) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            arnes.get("/admin/")
        return len(queries)

    post(), post(rude=True)
    cost()
    first = cost()
    post(), post(rude=True), post(rude=True)
    assert cost() == first
