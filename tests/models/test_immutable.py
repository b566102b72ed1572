"""What never changes: tried through the models and, past them, with SQL, after all migrations."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from orchestration.models import (
    AgentAttempt,
    AgentRun,
    AgentRunContent,
    Approval,
    Case,
    CaseContent,
    CaseEvent,
    CaseEventContent,
    Client,
    Decision,
    DecisionContent,
    Evaluation,
    Feedback,
    FeedbackContent,
    FeedbackPost,
    RuleHit,
    Submission,
    VersionEvent,
    VersionStatus,
    Workflow,
    WorkflowVersion,
    WorkItem,
    WorkItemContent,
)
from orchestration.models.immutable import Frozen, install_triggers
from orchestration.models.version_status import NEXT

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows() -> dict[str, Any]:
    workflow = Workflow.objects.create(slug="loans", title="Loans")
    version = WorkflowVersion.objects.create(
        workflow=workflow,
        number=1,
        status="published",
        content={"outcomes": ["yes"]},
        digest="d" * 64,
        author=User.objects.create_user("author"),
        emergency=True,
    )
    judge = User.objects.create_user("judge")
    submission = Submission.objects.create(version=version, digest="d" * 64, user=version.author, effect="more")
    approval = Approval.objects.create(version=version, verdict="approved", digest="d" * 64, user=judge)
    version_event = VersionEvent.objects.create(
        workflow=workflow, version=version, number=1, name="version.created", actor="author"
    )
    draft = WorkflowVersion.objects.create(workflow=workflow, number=2, content={}, digest="e" * 64)
    client = Client.objects.create(name="bank")
    case = Case.objects.create(workflow=workflow, version=version, client=client, status="decided")
    content = CaseContent.objects.create(case=case, payload={"income": 10})
    event = CaseEvent.objects.create(case=case, number=1, name="case.received", actor="client: bank")
    event_content = CaseEventContent.objects.create(event=event, content={"note": "x"})
    evaluation = Evaluation.objects.create(
        case=case, version=version, round=1, last_event=1, now=case.received_at, facts_digest="f", matched=[], step={}
    )
    hit = RuleHit.objects.create(evaluation=evaluation, version=version, rule="a", role="terminal")
    decision = Decision.objects.create(case=case, version=version, evaluation=evaluation, source="rules", outcome="yes")
    decision_content = DecisionContent.objects.create(decision=decision, reasons=[{"rule": "a"}])
    feedback = Feedback.objects.create(case=case, value="kept", user=judge)
    feedback_post = FeedbackPost.objects.create(case=case, feedback=feedback, idempotency_key="x")
    feedback_content = FeedbackContent.objects.create(feedback=feedback, note="x")
    run = AgentRun.objects.create(
        case=case, version=version, step="s", agent="a.b", agent_version="1", config_digest="c", input_digest="i",
        status="succeeded", asked_event=1,
    )  # fmt: skip
    run_content = AgentRunContent.objects.create(run=run, input={}, output={"x": 1}, sealed=True)
    attempt = AgentAttempt.objects.create(run=run, number=1, status="succeeded")
    item = WorkItem.objects.create(case=case, kind="escalation", reason="why")
    item_content = WorkItemContent.objects.create(work_item=item, detail="words")
    return {
        "version": version, "draft": draft, "case": case, "content": content, "event": event,
        "event_content": event_content, "evaluation": evaluation, "hit": hit, "decision": decision,
        "decision_content": decision_content, "run": run, "run_content": run_content, "attempt": attempt,
        "item_content": item_content, "submission": submission, "approval": approval, "version_event": version_event,
        "feedback": feedback, "feedback_post": feedback_post, "feedback_content": feedback_content,
        "judge": judge,
    }  # fmt: skip


# written once, and never changed or deleted
FROZEN = [
    "event", "evaluation", "hit", "decision", "feedback", "feedback_post", "attempt", "submission", "approval",
    "version_event",
]  # fmt: skip

# the row, the column to change, its new value: each must be refused by the database itself
CHANGES = [
    ("version", "content", "{}"),
    ("version", "digest", "0" * 64),
    ("version", "number", 9),
    ("version", "note", "another"),
    ("version", "status", "draft"),
    ("version", "status", "approved"),
    ("version", "author_id", None),
    ("draft", "status", "approved"),
    ("submission", "evidence", "{}"),
    ("submission", "effect", "less"),
    ("approval", "verdict", "rejected"),
    ("approval", "digest", "0" * 64),
    ("version_event", "actor", "nobody"),
    ("event", "name", "case.invented"),
    ("event_content", "content", "{}"),
    ("evaluation", "matched", "[]"),
    ("hit", "rule", "b"),
    ("decision", "outcome", "no"),
    ("decision_content", "reasons", "[]"),
    ("feedback", "value", "broken"),
    ("feedback", "supersedes_id", None),
    ("feedback_post", "idempotency_key", "y"),
    ("feedback_content", "note", "y"),
    ("run", "confidence", 0.1),
    ("run", "status", "pending"),
    ("run_content", "output", "{}"),
    ("attempt", "status", "failed"),
    ("item_content", "detail", "others"),
    ("content", "payload", "{}"),
    ("content", "salt", "0" * 32),
    ("case", "status", "running"),
]


@pytest.mark.parametrize(("name", "column", "value"), CHANGES)
def test_the_database_refuses_to_change_what_is_on_record(
    rows: dict[str, Any], name: str, column: str, value: Any
) -> None:
    row = rows[name]
    before = type(row)._base_manager.filter(pk=row.pk).values().get()
    with pytest.raises(DatabaseError, match=r"never|only be erased|stays so"), transaction.atomic():
        _sql(f"UPDATE {row._meta.db_table} SET {column} = %s WHERE {row._meta.pk.column} = %s", value, row.pk)
    assert type(row)._base_manager.filter(pk=row.pk).values().get() == before


@pytest.mark.parametrize("name", [*FROZEN, "version", "run"])
def test_the_database_refuses_to_delete_what_is_on_record(rows: dict[str, Any], name: str) -> None:
    row = rows[name]
    with pytest.raises(DatabaseError, match=r"never"), transaction.atomic():
        _sql(f"DELETE FROM {row._meta.db_table} WHERE {row._meta.pk.column} = %s", row.pk)
    assert type(row)._base_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize("name", FROZEN)
def test_the_models_refuse_before_the_database_is_asked(rows: dict[str, Any], name: str) -> None:
    row = rows[name]
    for attempt in (row.save, row.delete, type(row).objects.all().delete, lambda: type(row).objects.update(id=0)):
        with pytest.raises(Frozen):
            attempt()


def test_runs_and_published_versions_cannot_be_deleted_through_the_model(rows: dict[str, Any]) -> None:
    for name in ("run", "version"):
        with pytest.raises(Frozen):
            rows[name].delete()


def test_content_can_be_erased_and_shows_it(rows: dict[str, Any]) -> None:
    for name, column, blank in (
        ("content", "payload", "{}"),
        ("decision_content", "reasons", "[]"),
        ("feedback_content", "note", ""),
        ("run_content", "output", "{}"),
        ("event_content", "content", "{}"),
    ):
        row = rows[name]
        _sql(
            f"UPDATE {row._meta.db_table} SET {column} = %s, erased_at = CURRENT_TIMESTAMP "
            f"WHERE {row._meta.pk.column} = %s",
            blank,
            row.pk,
        )
        row.refresh_from_db()
        assert row.erased_at is not None


def test_a_draft_may_change_and_go(rows: dict[str, Any]) -> None:
    draft = rows["draft"]
    draft.note = "another"
    draft.save()
    draft.delete()
    assert not WorkflowVersion.objects.filter(number=2).exists()


@pytest.mark.parametrize("status", VersionStatus.values)
def test_the_database_knows_which_status_may_follow_which(rows: dict[str, Any], status: str) -> None:
    """Tried with an approval and an emergency on the row, so that nothing but the order of statuses refuses."""
    for following in VersionStatus.values:
        version = WorkflowVersion.objects.create(
            workflow=Workflow.objects.create(slug=f"{status}-{following}", title="w"), number=1, status=status,
            content={}, digest="f" * 64, approved_by=rows["judge"], emergency=status in ("published", "retired"),
            publish_at=timezone.now(),
        )  # fmt: skip
        done = True
        try:
            with transaction.atomic():
                _sql("UPDATE orchestration_workflowversion SET status = %s WHERE id = %s", following, version.pk)
        except DatabaseError:
            done = False
        assert done == (following == status or following in NEXT[status]), (status, following)


@pytest.mark.parametrize(
    "values",
    [
        {"status": "approved"},  # by nobody
        {"status": "scheduled", "publish_at": datetime(2030, 1, 1, tzinfo=UTC)},
        {"status": "published"},
        {"status": "retired"},
        {"status": "approved", "emergency": True},  # an emergency publishes and does nothing else
        {"status": "approved", "by": "author"},
        {"status": "published", "by": "judge", "published_by": "author"},
        {
            "status": "scheduled",
            "by": "judge",
            "scheduled_by": "author",
            "publish_at": datetime(2030, 1, 1, tzinfo=UTC),
        },
        {"status": "scheduled", "by": "judge"},  # at no time
    ],
)
def test_the_database_wants_the_approval_of_somebody_else(rows: dict[str, Any], values: dict[str, Any]) -> None:
    people = {"author": rows["version"].author, "judge": rows["judge"], None: None}
    version = WorkflowVersion(
        workflow=rows["version"].workflow, number=9, content={}, digest="f" * 64, author=people["author"],
        status=values["status"], approved_by=people[values.get("by")], emergency=values.get("emergency", False),
        published_by=people[values.get("published_by")], scheduled_by=people[values.get("scheduled_by")],
        publish_at=values.get("publish_at"),
    )  # fmt: skip
    _sql("UPDATE orchestration_workflowversion SET status = 'retired' WHERE id = %s", rows["version"].pk)
    with pytest.raises(DatabaseError, match="version_"), transaction.atomic():
        version.save()


def test_installing_the_triggers_again_changes_nothing(rows: dict[str, Any]) -> None:
    install_triggers(connection)
    install_triggers(connection)
    with pytest.raises(DatabaseError), transaction.atomic():
        _sql("UPDATE orchestration_decision SET outcome = 'no' WHERE id = %s", rows["decision"].pk)


def _sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
