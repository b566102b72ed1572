"""Feedback on one case from several at the same moment."""

import threading
from itertools import pairwise
from typing import Any

import pytest
from django.db import close_old_connections, connections

from orchestration.models import ApiKey, Case, CaseEvent, Feedback, Workflow
from orchestration.services import case as cases
from orchestration.services.feedback import take_in
from tests.factories import ClientFactory, bearer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("values", [["kept"] * 4, ["kept", "broken"] * 2], ids=["the same", "different"])
def test_each_is_taken_in_or_a_repeat_and_one_is_the_newest(greeting: Workflow, values: list[str]) -> None:
    client = ClientFactory(name="bank")
    bearer(client)
    key = ApiKey.objects.get()
    case = cases.accept(client=client, workflow=greeting, payload={"text": "hi"}, decide_now=True).case
    start, results = threading.Barrier(len(values)), []

    def tell(value: str) -> None:
        close_old_connections()
        try:
            seen: Any = Case.objects.select_related("workflow").get(pk=case.pk)
            start.wait()
            results.append(take_in(case=seen, value=value, key=key).repeated)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=tell, args=[value]) for value in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = list(Feedback.objects.filter(case=case).order_by("id"))
    assert len(results) == len(values)
    assert len(rows) == results.count(False) >= len(set(values))
    assert [row.supersedes_id for row in rows] == [None, *(row.pk for row in rows[:-1])]
    assert all(one.value != other.value for one, other in pairwise(rows))
    numbers = list(CaseEvent.objects.filter(case=case).order_by("number").values_list("number", flat=True))
    case.refresh_from_db()
    assert numbers == list(range(1, case.last_event + 1))
