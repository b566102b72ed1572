"""Tasks when the database lets them down."""

import pytest
from django.db import connection

from orchestration import tasks
from orchestration.models import Client
from tests.own_database import end_session
from tests.services.posting import post
from tests.small_workflow import publish


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="elsewhere there is no server to lose")
def test_a_task_whose_connection_was_lost_since_the_last_one_is_done_on_a_new_one() -> None:
    case = post(publish(), Client.objects.create(name="bank"), now=False)
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (process,) = cursor.fetchone()
    end_session(process)
    tasks.run_case(case.pk)
    case.refresh_from_db()
    assert case.status == "decided"
