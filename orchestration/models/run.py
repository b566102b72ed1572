"""AgentRun: one execution of an agent step on one input; AgentAttempt: one try of it."""

import uuid_utils.compat
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from orchestration.models.document import DocumentField
from orchestration.models.evaluation import Purpose
from orchestration.models.immutable import Frozen, FrozenModel
from orchestration.models.version import OF_A_USED_VERSION


class RunStatus(models.TextChoices):
    PENDING = "pending", "Waiting to run"
    RUNNING = "running", "Running"
    AWAITING = "awaiting", "Waiting for an outside party"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"


ENDED = (RunStatus.SUCCEEDED, RunStatus.FAILED)
UNFINISHED = (RunStatus.PENDING, RunStatus.RUNNING, RunStatus.AWAITING)


class RunQuerySet(models.QuerySet["AgentRun"]):
    def claimable(self) -> "RunQuerySet":
        """Runs that a worker may try now. Inline ones within a deciding step have no lease and are not among them."""
        pending = Q(status=RunStatus.PENDING, due_at__lte=Now())
        lost = Q(status=RunStatus.RUNNING, leased_until__lt=Now())
        return self.filter(pending | lost).select_related("case__content", "content")


class AgentRun(models.Model):
    public_id = models.UUIDField(default=uuid_utils.compat.uuid7, unique=True, editable=False)
    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="runs")
    version = models.ForeignKey("WorkflowVersion", **OF_A_USED_VERSION)
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.LIVE)
    step = models.CharField(max_length=80)
    agent = models.CharField(max_length=120)
    agent_version = models.CharField(max_length=40, help_text="The version frozen in the workflow version.")
    installed_version = models.CharField(max_length=40, blank=True, help_text="The version that really ran.")
    config_digest = models.CharField(max_length=64)
    input_digest = models.CharField(max_length=64)
    output_digest = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=10, choices=RunStatus, default=RunStatus.PENDING)
    confidence = models.FloatField(null=True, blank=True)
    error_kind = models.CharField(max_length=20, blank=True)
    cost = models.FloatField(default=0.0)
    attempts = models.PositiveSmallIntegerField(default=0)
    asked_event = models.PositiveIntegerField(help_text="The case's last event when the run was asked for.")
    lease_token = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    rung_at = models.DateTimeField(null=True, blank=True)
    token_hash = models.CharField(max_length=64, blank=True, editable=False)
    answers = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="How many results of outside parties were taken in; each spent a token."
    )
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["case", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "step", "agent_version", "config_digest", "input_digest"],
                condition=Q(purpose="live") & ~Q(status="failed"),
                name="run_once_per_input",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(status__in=["pending", "running", "awaiting"]),
                name="run_unfinished_by_due",
            ),
            models.Index(fields=["step"], condition=Q(status="running"), name="run_running_by_step"),
            models.Index(fields=["agent", "created_at"], name="run_by_agent"),
        ]

    def __str__(self) -> str:
        return f"{self.step} on case {self.case_id}"

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        raise Frozen("An agent run is part of its case's history and is never deleted.")


class AgentRunContent(models.Model):
    """What the agent was given and found; `errors` lists `{attempt, kind, text}`; sealed when the run ends."""

    run = models.OneToOneField("AgentRun", on_delete=models.CASCADE, primary_key=True, related_name="content")
    input = DocumentField()
    output = DocumentField(null=True)
    summary = models.TextField(blank=True)
    evidence = DocumentField(default=list)
    transcript = models.TextField(blank=True)
    errors = DocumentField(default=list)
    sealed = models.BooleanField(default=False)
    erased_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Content of run {self.run_id}"


class AgentAttempt(FrozenModel):
    """One try of a run, written when it ended; `vanished` when its process was lost."""

    run = models.ForeignKey("AgentRun", on_delete=models.PROTECT, related_name="tries", db_index=False)
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10)  # succeeded | failed | pending | vanished
    error_kind = models.CharField(max_length=20, blank=True)
    isolated = models.BooleanField(default=False)
    duration = models.FloatField(null=True, help_text="Seconds.")
    ended_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["run", "number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="attempt_once_per_number")]

    def __str__(self) -> str:
        return f"Attempt {self.number} of run {self.run_id}"
