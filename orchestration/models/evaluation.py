"""Evaluation: one recorded round on one case; RuleHit: which rules led to its decision."""

from django.db import models
from django.db.models.functions import Now

from orchestration.models.document import DocumentField
from orchestration.models.immutable import FrozenModel
from orchestration.models.version import OF_A_USED_VERSION


class Purpose(models.TextChoices):
    LIVE = "live", "Live"
    SHADOW = "shadow", "Shadow"
    COMPARISON = "comparison", "Comparison"


class Evaluation(FrozenModel):
    """`now` is the round's meta.now; `step` its kind and what the kind needs, without contents of the case."""

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="evaluations")
    version = models.ForeignKey("WorkflowVersion", **OF_A_USED_VERSION)
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.LIVE)
    round = models.PositiveSmallIntegerField()
    last_event = models.PositiveIntegerField()
    now = models.DateTimeField()
    facts_digest = models.CharField(max_length=64)
    matched = DocumentField()
    step = DocumentField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["case", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "round"], condition=models.Q(purpose="live"), name="evaluation_once_per_round"
            )
        ]

    def __str__(self) -> str:
        return f"Round {self.round} of case {self.case_id}"


class RuleHit(FrozenModel):
    """`role`: terminal (gave the step), set (gave a derived fact), guard or other (was true besides)."""

    evaluation = models.ForeignKey("Evaluation", on_delete=models.PROTECT, related_name="hits")
    version = models.ForeignKey("WorkflowVersion", **OF_A_USED_VERSION)
    rule = models.CharField(max_length=161)  # a rule's key, or table/row: two names of up to 80
    role = models.CharField(max_length=10)

    class Meta:
        indexes = [models.Index(fields=["version", "rule"], name="rule_hit_by_rule")]

    def __str__(self) -> str:
        return f"{self.rule} ({self.role})"
