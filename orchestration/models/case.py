"""Case: one piece of work. The row is narrow; what can be erased lives in CaseContent."""

import secrets

import uuid_utils.compat
from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from orchestration.models.document import DocumentField
from orchestration.models.run import UNFINISHED


class CaseStatus(models.TextChoices):
    HELD = "held", "Held"
    RECEIVED = "received", "Received"
    RUNNING = "running", "Running"
    WAITING = "waiting", "Waiting"
    ESCALATED = "escalated", "With a person"
    DECIDED = "decided", "Decided"
    CANCELLED = "cancelled", "Cancelled"


FINAL = (CaseStatus.DECIDED, CaseStatus.CANCELLED)
UNDECIDED = tuple(status for status in CaseStatus if status not in FINAL)


class Priority(models.IntegerChoices):
    LOW = 0, "Low"
    NORMAL = 1, "Normal"
    HIGH = 2, "High"
    URGENT = 3, "Urgent"


class WaitsFor(models.TextChoices):
    RUNS = "runs", "Agents"
    TIME = "time", "A moment"
    CHILD = "child", "Another case"


class CaseQuerySet(models.QuerySet["Case"]):
    def claimable(self) -> "CaseQuerySet":
        """Cases that a worker may take up now: no live lease, due, and nothing left that they wait for."""
        unfinished_run = Exists(
            apps.get_model("orchestration", "AgentRun").objects.filter(
                case=OuterRef("pk"), purpose="live", status__in=UNFINISHED
            )
        )
        undecided_child = Exists(
            apps.get_model("orchestration", "CaseEffect").objects.filter(
                case=OuterRef("pk"), waits=True, child__status__in=UNDECIDED
            )
        )
        ready = (
            Q(status__in=[CaseStatus.RECEIVED, CaseStatus.RUNNING])
            | Q(status=CaseStatus.WAITING, waits_for=WaitsFor.TIME)
            | Q(status=CaseStatus.WAITING, waits_for=WaitsFor.RUNS) & ~unfinished_run
            | Q(status=CaseStatus.WAITING, waits_for=WaitsFor.CHILD) & ~undecided_child
        )
        free = Q(leased_until__isnull=True) | Q(leased_until__lt=Now())
        due = Q(due_at__isnull=True) | Q(due_at__lte=Now())
        return self.filter(ready & free & due)


def new_salt() -> str:
    return secrets.token_hex(16)


class Case(models.Model):
    public_id = models.UUIDField(default=uuid_utils.compat.uuid7, unique=True, editable=False)
    workflow = models.ForeignKey("Workflow", on_delete=models.PROTECT, related_name="cases", db_index=False)
    version = models.ForeignKey("WorkflowVersion", on_delete=models.PROTECT, related_name="cases")
    client = models.ForeignKey("Client", on_delete=models.PROTECT, related_name="cases", db_index=False)
    test = models.BooleanField(default=False)
    reference = models.CharField(max_length=200, blank=True)
    posted_priority = models.SmallIntegerField(choices=Priority, default=Priority.NORMAL)
    priority = models.SmallIntegerField(choices=Priority, default=Priority.NORMAL)
    status = models.CharField(max_length=10, choices=CaseStatus, default=CaseStatus.RECEIVED)
    outcome = models.CharField(max_length=80, blank=True)
    decided_by = models.CharField(max_length=10, blank=True)  # rules | person
    received_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)

    idempotency_key = models.CharField(max_length=255, null=True, blank=True, editable=False)
    body_digest = models.CharField(max_length=64, blank=True, editable=False)

    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", db_index=False
    )
    depth = models.PositiveSmallIntegerField(default=0)

    # The round: who runs it (lease, token), how often it was tried, when it is due, what it has seen.
    lease_token = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    fault = models.CharField(max_length=300, blank=True, help_text="Why the last attempt failed, if it did.")
    due_at = models.DateTimeField(null=True, blank=True)
    rung_at = models.DateTimeField(null=True, blank=True)
    woken_at = models.DateTimeField(db_default=Now())
    waits_for = models.CharField(max_length=5, choices=WaitsFor, blank=True)
    last_event = models.PositiveIntegerField(default=0)
    rounds = models.PositiveSmallIntegerField(default=0)
    # Where the case stood when a person last sent it back: rounds and failed runs before that do not count.
    sent_back_round = models.PositiveSmallIntegerField(default=0)
    sent_back_event = models.PositiveIntegerField(default=0)

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("move_case", "Can move an undecided case to another version"),
            ("cancel_case", "Can cancel an undecided case"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="case_once_per_idempotency_key",
            )
        ]
        indexes = [
            models.Index(fields=["workflow", "status", "-id"], name="case_by_workflow_status"),
            models.Index(fields=["client", "-id"], name="case_by_client"),
            models.Index(fields=["received_at"], name="case_by_received"),
            # This class of index serves `=` and LIKE 'beginning%' alike; only PostgreSQL knows such classes.
            models.Index(fields=["reference"], name="case_by_reference", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["parent"], condition=Q(parent__isnull=False), name="case_by_parent"),
            models.Index(
                fields=["due_at"],
                condition=Q(status__in=["received", "running", "waiting"]),
                name="case_unfinished_by_due",
            ),
        ]

    def __str__(self) -> str:
        return self.reference or str(self.public_id)


class CaseContent(models.Model):
    """What the case is about. Erasing blanks it, the salt included, so that kept digests tell nothing.

    `corrections` maps dotted paths below `case.` to a person's values; `human` holds a person's answers.
    """

    case = models.OneToOneField("Case", on_delete=models.CASCADE, primary_key=True, related_name="content")
    payload = DocumentField()
    corrections = DocumentField(default=dict, blank=True)
    human = DocumentField(default=dict, blank=True)
    salt = models.CharField(max_length=32, default=new_salt)
    erased_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Content of case {self.case_id}"
