"""ComparisonRun: another agent or configuration tried on recorded inputs, without effect; ComparisonItem: one input."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class ComparisonStatus(models.TextChoices):
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"


class ItemState(models.TextChoices):
    WAITING = "waiting", "Still to come"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Left out"


class ComparisonRun(models.Model):
    """`agent` did the recorded runs of the step; `candidate` with `config` (secrets by name) does them again.

    The row is the truth: whoever holds the lease works on its items, and a lost process is followed by another.
    """

    agent = models.CharField(max_length=120)
    workflow = models.ForeignKey("Workflow", on_delete=models.PROTECT, related_name="+")
    step = models.CharField(max_length=100)
    candidate = models.CharField(max_length=120)
    config = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=ComparisonStatus, default=ComparisonStatus.RUNNING)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)
    lease_token = models.PositiveIntegerField(default=0, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    rung_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["agent", "-id"], name="comparison_by_agent")]

    def __str__(self) -> str:
        return f"{self.candidate} compared with {self.agent}"


class ComparisonItem(models.Model):
    """`same`: both succeeded with the same output. `differing` names fields, never what they held.

    What was found lies in the candidate's AgentRun, whose content is erased with the case.
    """

    comparison = models.ForeignKey("ComparisonRun", on_delete=models.CASCADE, related_name="items")
    original = models.ForeignKey("AgentRun", on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.OneToOneField("AgentRun", on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=ItemState, default=ItemState.WAITING)
    reason = models.CharField(max_length=200, blank=True)
    same = models.BooleanField(null=True)
    fields = models.JSONField(default=list)
    differing = models.JSONField(default=list)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["comparison", "original"], name="comparison_item_once_per_run")]

    def __str__(self) -> str:
        return f"Item {self.pk} of comparison {self.comparison_id}"
