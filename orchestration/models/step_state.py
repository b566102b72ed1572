"""StepState: limits and circuit breaker of an agent step; HeldRun: a run that these hold back, in the step's line."""

from django.db import models
from django.db.models.functions import Now


class Circuit(models.TextChoices):
    CLOSED = "closed", "Closed: runs go through"
    OPEN = "open", "Open: runs wait"
    HALF_OPEN = "half_open", "Half open: one run tries"


class StepState(models.Model):
    """Beside the versions, not in them: it counts for every version of the workflow at once.

    `circuit_until`: open, when a run may try; half open, when the run that tries (`probe`) is given up for lost.
    `recent` lists `[moment, failed]` of the last attempts, oldest first, moments in seconds since 1970.
    `openings` counts how often the circuit opened without having closed in between.
    """

    workflow = models.ForeignKey("Workflow", on_delete=models.CASCADE, related_name="step_states")
    step = models.CharField(max_length=80)
    agent = models.CharField(max_length=160, help_text="The agent that last ran in this step.")
    concurrency = models.PositiveIntegerField(null=True, blank=True, help_text="Runs at the same time, on all hosts.")
    rate = models.PositiveIntegerField(null=True, blank=True, help_text="Runs that may begin a minute.")
    circuit = models.CharField(max_length=10, choices=Circuit, default=Circuit.CLOSED)
    circuit_until = models.DateTimeField(null=True, blank=True)
    circuit_held = models.BooleanField(default=False, help_text="A person holds it open.")
    openings = models.PositiveSmallIntegerField(default=0)
    probe = models.ForeignKey("AgentRun", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    recent = models.JSONField(default=list, blank=True, editable=False)
    tokens = models.FloatField(default=0.0, editable=False)
    refilled_at = models.DateTimeField(null=True, blank=True, editable=False)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["workflow", "step"]
        constraints = [models.UniqueConstraint(fields=["workflow", "step"], name="step_state_once_per_step")]

    def __str__(self) -> str:
        return f"{self.step} of {self.workflow_id}"


class HeldRun(models.Model):
    """A place in the line before a step; who came first has the smaller id. `circuit_since`: since when the circuit
    has kept it waiting."""

    state = models.ForeignKey("StepState", on_delete=models.CASCADE, related_name="held")
    run = models.OneToOneField("AgentRun", on_delete=models.CASCADE, related_name="held")
    since = models.DateTimeField()
    circuit_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Run {self.run_id}, held back since {self.since}"
