"""Queues as people see them, and the next item to take."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from orchestration.models import Queue, Workflow, WorkItem
from orchestration.services import case as cases
from orchestration.services import work_item, work_queue
from tests.factories import ClientFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam() -> User:
    return User.objects.create_user("sam")


@pytest.fixture
def two(greeting: Workflow) -> list[WorkItem]:
    client = ClientFactory()
    for _ in range(2):
        cases.accept(client=client, workflow=greeting, payload={"text": "hi", "rude": True}, decide_now=True)
    return list(WorkItem.objects.order_by("pk"))


def test_figures_count_open_work_by_queue_and_keep_empty_queues(sam: User, two: list[WorkItem]) -> None:
    Queue.objects.create(workflow=two[0].case.workflow, slug="idle", title="Idle", position=9)
    work_item.claim(work_item_id=two[0].pk, user=sam)
    figures = work_queue.queue_figures(user=sam)
    assert [(one.queue.title, one.open, one.free, one.mine) for one in figures.queues if one.queue] == [
        ("People", 2, 1, 1),
        ("Idle", 0, 0, 0),
    ]
    assert (figures.open, figures.free, figures.mine, figures.overdue) == (2, 1, 1, 0)


def test_work_without_a_queue_is_counted_too(sam: User, two: list[WorkItem]) -> None:
    WorkItem.objects.update(queue=None)
    assert [(one.queue, one.open) for one in work_queue.queue_figures(user=sam).queues if one.open] == [(None, 2)]


def test_an_item_that_somebody_was_quicker_to_claim_is_passed_over(
    sam: User, two: list[WorkItem], monkeypatch: Any
) -> None:
    quick = User.objects.create_user("quick")

    def late(*, work_item_id: int, user: User) -> WorkItem:
        if work_item_id == two[0].pk:
            work_item.claim(work_item_id=work_item_id, user=quick)
        return work_item.claim(work_item_id=work_item_id, user=user)

    monkeypatch.setattr(work_queue, "claim", late)
    assert work_queue.claim_next(user=sam) == two[1]
    assert work_queue.claim_next(user=sam) is None
