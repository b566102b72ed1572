"""Statements written once do what Django's own would: values, defaults, expressions, keys, triggers."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from orchestration.models import ApiKey, Case, CaseContent, CaseEvent, Client, Evaluation, Priority, Workflow
from orchestration.models.selects import Select
from orchestration.models.statements import insert, lock, update
from tests.factories import ClientFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(greeting: Workflow) -> Case:
    return Case(
        workflow=greeting,
        version_id=greeting.published_version_id,
        client=ClientFactory(),
        reference="Ä %s \\ ' \"",
        priority=Priority.HIGH,
        status="running",
    )


def test_a_row_is_stored_as_save_would_store_it(case: Case) -> None:
    insert([case])
    stored = Case.objects.get()
    assert (case.pk, case._state.adding) == (stored.pk, False)
    names = [field.attname for field in Case._meta.concrete_fields]
    assert {name: getattr(case, name) for name in names} == {name: getattr(stored, name) for name in names}
    assert (stored.reference, stored.priority, stored.idempotency_key) == ("Ä %s \\ ' \"", 2, None)
    assert timezone.now() - stored.woken_at < timedelta(minutes=5)  # the database's default


def test_a_row_made_before_its_owner_was_stored_takes_the_owners_key(case: Case) -> None:
    content = CaseContent(case=case, payload={"nul": "\x00", "list": [1, 2.5, None, True], "☂": {}})
    insert([case])
    insert([content])
    assert CaseContent.objects.get(case=case).payload == content.payload


def test_rows_of_one_insert_get_their_own_keys(case: Case) -> None:
    insert([case])
    rows = [CaseEvent(case=case, number=number, name="case.tried", actor="x", about={"n": number}) for number in (1, 2)]
    insert(rows)
    assert {row.pk: row.number for row in CaseEvent.objects.all()} == {row.pk: row.number for row in rows}
    assert [row.at for row in rows] == [row.at for row in CaseEvent.objects.order_by("number")]


def test_expressions_are_worked_out_by_the_database(case: Case) -> None:
    case.leased_until = Now() + timedelta(hours=1)
    insert([case])
    assert timedelta(minutes=50) < Case.objects.get().leased_until - timezone.now() < timedelta(minutes=70)
    case.due_at = Now() - timedelta(hours=1)
    update(case, "due_at")
    assert Case.objects.get().due_at < timezone.now()
    assert case.due_at == Case.objects.get().due_at


def test_an_update_writes_just_the_fields_named(case: Case) -> None:
    insert([case])
    case.status, case.outcome, case.rounds = "decided", "yes", 3
    update(case, "status", "outcome")
    stored = Case.objects.get()
    assert (stored.status, stored.outcome, stored.rounds) == ("decided", "yes", 0)


def test_triggers_and_constraints_hold(case: Case, greeting: Workflow) -> None:
    insert([case])
    row = Evaluation(
        case=case, version_id=case.version_id, round=1, last_event=1, now=timezone.now(), facts_digest="d",
        matched=[], step={},
    )  # fmt: skip
    insert([row])
    row.round = 2
    for wrong in (lambda: update(row, "round"), lambda: insert([CaseContent(case_id=case.pk, payload=None)])):
        with pytest.raises(DatabaseError), transaction.atomic():
            wrong()
    assert (Evaluation.objects.get().round, CaseContent.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    ("values", "held"),
    [({"status": "running"}, True), ({"status": "waiting"}, False), ({"lease_token": 0, "last_event": 1}, False)],
)
def test_a_row_is_held_only_as_it_was_seen(case: Case, values: dict[str, Any], held: bool) -> None:
    insert([case])
    assert lock(case, **values) is held


def test_nothing_to_insert_is_nothing_to_do(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        insert([])


def test_a_select_is_run_again_with_other_values() -> None:
    keys = Select(lambda name: ApiKey.objects.select_related("client").filter(client__name=name).order_by("name"))
    for name in ("a", "b'%s"):
        client = Client.objects.create(name=name)
        for number in range(2):
            ApiKey.objects.create(client=client, name=f"{name}{number}", hashed=f"{name}{number}", scopes=["x"])
    for name in ("a", "b'%s", "a", "c"):
        expected = list(ApiKey.objects.filter(client__name=name).order_by("name"))
        assert keys(name=name) == expected
        assert keys.first(name=name) == (expected[0] if expected else None)


def test_a_select_gives_what_the_queryset_gives(django_assert_num_queries: Any) -> None:
    client = Client.objects.create(name="a")
    ApiKey.objects.create(client=client, name="k", hashed="h", scopes=["x", "y"])
    found = Select(lambda hashed: ApiKey.objects.select_related("client").filter(hashed=hashed).defer("hint"))
    found(hashed="h")
    with django_assert_num_queries(1):
        key = found(hashed="h")[0]
        assert (key.client, key.scopes) == (client, ["x", "y"])
    assert key.get_deferred_fields() == {"hint"}
    assert connection.alias == key._state.db
