"""What is written together is stored as `save` would store it, whole or not at all."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.db.models.functions import Now
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from orchestration.models import (
    AgentAttempt,
    AgentRun,
    AgentRunContent,
    Case,
    CaseContent,
    CaseEvent,
    Evaluation,
    Priority,
    RuleHit,
    Workflow,
)
from orchestration.models.statements import new_row
from orchestration.models.writing import Writing
from tests.factories import ClientFactory
from tests.small_workflow import publish

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


def written(*rows: models.Model) -> None:
    writing = Writing()
    for row in rows:
        writing.insert(row)
    assert writing.run()


def evaluation(case: Case, round: int = 1) -> Evaluation:
    return new_row(
        Evaluation,
        case=case,
        version_id=case.version_id,
        round=round,
        last_event=1,
        now=timezone.now(),
        facts_digest="d",
        matched=["a"],
        step={},
    )


def test_a_row_is_stored_as_save_would_store_it(case: Case) -> None:
    written(case, CaseContent(case=case, payload={}))
    stored = Case.objects.get()
    assert (case.pk, case._state.adding) == (stored.pk, False)
    names = [field.attname for field in Case._meta.concrete_fields]
    assert {name: getattr(case, name) for name in names} == {name: getattr(stored, name) for name in names}
    assert (stored.reference, stored.priority, stored.idempotency_key) == ("Ä %s \\ ' \"", 2, None)
    assert timezone.now() - stored.woken_at < timedelta(minutes=5)  # the database's default


def test_rows_take_the_keys_of_those_they_belong_to(case: Case) -> None:
    content = CaseContent(case=case, payload={"nul": "\x00", "list": [1, 2.5, None, True], "☂": {}})
    first, second = evaluation(case, 1), evaluation(case, 2)
    hits = [
        new_row(RuleHit, evaluation=of, version_id=case.version_id, rule=rule, role="other")
        for of, rule in ((first, "a"), (second, "b"), (first, "c"))
    ]
    written(case, content, first, second, *hits)
    assert CaseContent.objects.get(case=case).payload == content.payload
    stored = RuleHit.objects.order_by("id").values_list("evaluation__round", "evaluation__case", "rule")
    assert list(stored) == [(1, case.pk, "a"), (2, case.pk, "b"), (1, case.pk, "c")]
    assert [row.evaluation_id for row in hits] == [first.pk, second.pk, first.pk]


def test_keys_go_to_the_rows_they_were_made_for(case: Case) -> None:
    digests = {"config_digest": "c", "asked_event": 1, "agent": "a", "agent_version": "1"}
    runs = [
        new_row(AgentRun, case=case, version_id=case.version_id, step=f"s{n}", input_digest=str(n), **digests)
        for n in range(4)
    ]
    below = [new_row(AgentRunContent, run=run, input={"step": run.step}) for run in reversed(runs)]
    tries = [new_row(AgentAttempt, run=run, number=1, status="succeeded") for run in runs]
    written(case, *runs, *below, *tries)
    assert [(run.pk, run.step) for run in runs] == list(AgentRun.objects.order_by("id").values_list("id", "step"))
    assert all(content.input == {"step": content.run.step} for content in AgentRunContent.objects.all())
    assert list(AgentAttempt.objects.order_by("run").values_list("run__step", flat=True)) == ["s0", "s1", "s2", "s3"]


def test_a_row_may_belong_to_a_new_one_of_its_own_kind(case: Case, greeting: Workflow) -> None:
    child = Case(workflow=greeting, version_id=case.version_id, client=case.client, parent=case, depth=1)
    rows = [CaseContent(case=one, payload={"depth": one.depth}) for one in (case, child)]
    written(case, rows[0], child, rows[1])
    assert Case.objects.get(depth=1).parent == case
    assert list(CaseContent.objects.order_by("case__depth").values_list("payload", flat=True)) == [
        {"depth": 0},
        {"depth": 1},
    ]


def test_expressions_are_worked_out_by_the_database(case: Case) -> None:
    case.leased_until = Now() + timedelta(hours=1)
    written(case, CaseContent(case=case, payload={}))
    assert timedelta(minutes=50) < Case.objects.get().leased_until - timezone.now() < timedelta(minutes=70)
    writing = Writing()
    case.due_at = Now() - timedelta(hours=1)
    writing.update(case, "due_at", seen={})
    assert writing.run()
    assert Case.objects.get().due_at < timezone.now()
    assert case.due_at == Case.objects.get().due_at


def test_an_update_writes_just_the_fields_named(case: Case) -> None:
    written(case)
    case.status, case.outcome, case.rounds = "decided", "yes", 3
    writing = Writing()
    writing.update(case, "status", "outcome", seen={"status": "running"})
    assert writing.run()
    stored = Case.objects.get()
    assert (stored.status, stored.outcome, stored.rounds) == ("decided", "yes", 0)


@pytest.mark.parametrize(
    ("seen", "held"),
    [({"status": "running"}, True), ({"status": "waiting"}, False), ({"lease_token": 0, "last_event": 1}, False)],
)
def test_nothing_is_written_if_the_row_is_no_longer_as_it_was_seen(
    case: Case, seen: dict[str, Any], held: bool
) -> None:
    written(case)
    writing, done = Writing(), []
    case.outcome = "yes"
    row = writing.insert(evaluation(case))
    writing.add(RuleHit, evaluation=row, version_id=case.version_id, rule="a", role="set")
    writing.update(case, "outcome", seen=seen)
    writing.then(lambda: done.append(1))
    assert writing.run() is held
    assert (Evaluation.objects.count(), RuleHit.objects.count(), len(done)) == ((1, 1, 1) if held else (0, 0, 0))
    assert Case.objects.get().outcome == ("yes" if held else "")


def test_triggers_and_constraints_hold_and_undo_the_whole(case: Case) -> None:
    written(case)
    row = evaluation(case)
    written(row)
    row.refresh_from_db()
    row.round = 2
    late = Writing()
    late.update(row, "round", seen={})
    twice = Writing()
    twice.add(CaseEvent, case=case, number=1, name="case.tried", actor="x")
    twice.insert(evaluation(case))
    for wrong in (late, twice):
        with pytest.raises(DatabaseError), transaction.atomic():
            wrong.run()
    assert (Evaluation.objects.get().round, CaseEvent.objects.count()) == (1, 0)


def test_what_is_done_then_fails_or_succeeds_with_the_rows(case: Case) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    writing = Writing()
    writing.insert(case)
    writing.then(fail)
    with pytest.raises(ZeroDivisionError):
        writing.run()
    assert Case.objects.count() == 0


@pytest.mark.skipif(connection.vendor != "postgresql", reason="elsewhere it is one statement a model")
@pytest.mark.django_db(transaction=True)
def test_postgresql_takes_it_all_in_one_statement(greeting: Workflow, django_assert_num_queries: Any) -> None:
    case = Case.objects.create(workflow=greeting, version=greeting.published_version, client=ClientFactory())
    writing = Writing()
    case.rounds = 1
    row = writing.insert(evaluation(case))
    for rule in "abc":
        writing.add(RuleHit, evaluation=row, version_id=case.version_id, rule=rule, role="other")
    writing.update(case, "rounds", seen={"rounds": 0})
    with django_assert_num_queries(1):
        assert writing.run()
    assert list(RuleHit.objects.values_list("rule", flat=True)) == ["a", "b", "c"]


def test_nothing_to_write_is_nothing_to_do(django_assert_num_queries: Any) -> None:
    writing = Writing()
    savepoint = 2  # the test's own transaction asks for one
    with django_assert_num_queries(savepoint):
        assert writing.run()


def test_a_new_row_is_what_the_model_makes(case: Case) -> None:
    values = {"version_id": 1, "step": "s", "agent": "a", "agent_version": "1", "asked_event": 1}
    quick, slow = new_row(AgentRun, case=case, **values), AgentRun(case=case, **values)
    assert (quick.case, quick._state.adding) == (case, True)
    for name in ("public_id", "_state", "created_at"):
        assert type(quick.__dict__.pop(name)) is type(slow.__dict__.pop(name))
    assert quick.__dict__ == slow.__dict__
    with pytest.raises(TypeError, match="AgentRun has no field stepp"):
        new_row(AgentRun, stepp="s")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(texts, below, max_size=3),
    max_leaves=8,
)


class Documents(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.workflow = publish()

    @given(st.dictionaries(texts, values, max_size=4), texts.map(lambda text: text.replace("\0", "")))
    def test_documents_and_texts_come_back_as_they_were(self, payload: dict[str, Any], reference: str) -> None:
        workflow = self.workflow
        client = ClientFactory(name=f"client {uuid.uuid4()}")
        case = Case(workflow=workflow, version_id=workflow.published_version_id, client=client, reference=reference)
        written(case, CaseContent(case=case, payload=payload), evaluation(case))
        stored = Case.objects.get(pk=case.pk)
        assert stored.reference == reference
        assert stored.content.payload == payload
        assert list(stored.content.payload) == list(payload)
