"""Decision: an outcome given to a case, by rules or by a person; never edited, only superseded."""

import uuid_utils.compat
from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from orchestration.models.document import DocumentField
from orchestration.models.immutable import FrozenModel


class Decision(FrozenModel):
    """`stratum`, `probability` and `draw` say how an automatic decision stood in the quality sample.

    `draw` is in [0, 1): HMAC of the case's public id under the workflow's sampling key; it is in the sample
    when `draw < probability`.
    """

    public_id = models.UUIDField(default=uuid_utils.compat.uuid7, unique=True, editable=False)
    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="decisions")
    version = models.ForeignKey("WorkflowVersion", on_delete=models.PROTECT, related_name="+")
    evaluation = models.OneToOneField("Evaluation", on_delete=models.PROTECT, null=True, related_name="decision")
    work_item = models.OneToOneField("WorkItem", on_delete=models.PROTECT, null=True, related_name="decision")
    source = models.CharField(max_length=10)  # rules | person
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    outcome = models.CharField(max_length=80)
    proposal = models.CharField(max_length=80, blank=True, help_text="The outcome rules proposed, if it was shown.")
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    stratum = models.CharField(max_length=161, blank=True)  # workflow/outcome: two names of up to 80
    probability = models.FloatField(null=True)
    draw = models.FloatField(null=True)
    drawn = models.BooleanField(null=True)
    decided_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(source="rules"), name="decision_one_automatic_per_case"
            )
        ]
        indexes = [
            models.Index(fields=["user"], condition=models.Q(user__isnull=False), name="decision_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} ({self.source})"


class DecisionContent(models.Model):
    """Why: `reasons` lists `{rule, title, text}`; `note` is the person's own."""

    decision = models.OneToOneField("Decision", on_delete=models.CASCADE, primary_key=True, related_name="content")
    reasons = DocumentField(default=list)
    note = models.TextField(blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Content of decision {self.decision_id}"
