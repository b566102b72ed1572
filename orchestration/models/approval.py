"""Submission and Approval: what a version was submitted with, and what somebody else said to it."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from orchestration.models.document import DocumentField
from orchestration.models.immutable import FrozenModel


class Verdict(models.TextChoices):
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"


class Submission(FrozenModel):
    """`evidence` is `services.evidence`'s document: findings, scenario results, and the difference to `compared_with`,
    the version published at that moment. `digest` is the content's."""

    version = models.OneToOneField("WorkflowVersion", on_delete=models.PROTECT, related_name="submission")
    digest = models.CharField(max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    effect = models.TextField(help_text="What the submitter expects it to do.")
    warnings_note = models.TextField(blank=True, help_text="Why the warnings are meant so.")
    compared_with = models.ForeignKey("WorkflowVersion", on_delete=models.PROTECT, null=True, related_name="+")
    evidence = DocumentField(default=dict)

    def __str__(self) -> str:
        return f"Submission of {self.version_id}"


class Approval(FrozenModel):
    """A verdict on exactly the content with this digest. A rejection may follow an approval, and takes it back."""

    version = models.ForeignKey("WorkflowVersion", on_delete=models.PROTECT, related_name="approvals")
    verdict = models.CharField(max_length=20, choices=Verdict)
    digest = models.CharField(max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())
    comment = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["version", "verdict"], name="approval_once_per_verdict")]

    def __str__(self) -> str:
        return f"{self.verdict} {self.version_id}"
