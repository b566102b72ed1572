"""The queue is an outbox in our own database: a ring is heard when its transaction commits, and only then."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from orchestration import queue

pytestmark = pytest.mark.django_db


def rung() -> list[tuple[str, tuple[int, ...], dict[str, object]]]:
    return [(row.func(), row.args(), row.kwargs()) for row in OrmQ.objects.order_by("pk")]


def test_a_ring_carries_the_id_of_the_row_and_nothing_else():
    queue.ring(41)
    queue.ring_run(42)

    assert rung() == [("orchestration.tasks.run_case", (41,), {}), ("orchestration.tasks.run_agent", (42,), {})]


def test_a_ring_vanishes_with_the_transaction_it_was_made_in():
    with transaction.atomic():
        queue.ring(1)
        transaction.set_rollback(True)
    with transaction.atomic():
        queue.ring(2)

    assert rung() == [("orchestration.tasks.run_case", (2,), {})]


def test_a_fetched_doorbell_waits_but_is_no_longer_unheard():
    queue.ring(1)
    queue.ring(2)
    first = OrmQ.objects.order_by("pk")[0]
    OrmQ.objects.filter(pk=first.pk).update(lock=timezone.now() + timedelta(minutes=5))

    assert (queue.waiting(), queue.unheard()) == (2, 1)


def test_a_doorbell_that_is_handed_back_can_be_fetched_at_once():
    queue.ring(1)
    OrmQ.objects.update(lock=timezone.now() + timedelta(minutes=5))
    row = OrmQ.objects.get()

    assert queue.hand_back({row.pk, row.pk + 1000}) == 1
    assert queue.unheard() == 1


def test_doorbells_of_another_queue_are_left_alone():
    queue.ring(1)
    OrmQ.objects.update(key="another", lock=timezone.now() + timedelta(minutes=5))

    assert (queue.waiting(), queue.unheard(), queue.hand_back({OrmQ.objects.get().pk})) == (0, 0, 0)
