"""WorkflowVersion: an immutable bundle of rules, tables, parameters, agent steps and scenarios."""

from django.conf import settings
from django.db import models

from orchestration.models.document import DocumentField
from orchestration.models.immutable import Frozen


class VersionStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    SUBMITTED = "submitted", "Submitted"
    APPROVED = "approved", "Approved"
    SCHEDULED = "scheduled", "Scheduled"
    PUBLISHED = "published", "Published"
    RETIRED = "retired", "Retired"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"


class WorkflowVersion(models.Model):
    """`content` is `rules.parse.version_to`'s document; `digest` its SHA-256. Both freeze with submission."""

    workflow = models.ForeignKey("Workflow", on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=20, choices=VersionStatus, default=VersionStatus.DRAFT)
    note = models.TextField(blank=True, help_text="What this version changes, and why.")
    content = DocumentField(default=dict)
    digest = models.CharField(max_length=64)
    revision = models.PositiveIntegerField(default=1, help_text="Counts the saves of a draft.")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    contributors = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    emergency = models.BooleanField(default=False, help_text="Published from the command line, past the four eyes.")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["workflow", "-number"]
        permissions = [("publish_workflowversion", "Can publish a version somebody else wrote")]
        constraints = [
            models.UniqueConstraint(fields=["workflow", "number"], name="version_number_once_per_workflow"),
            models.UniqueConstraint(
                fields=["workflow"], condition=models.Q(status="published"), name="version_one_published"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.workflow} · version {self.number}"

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        if self.status != VersionStatus.DRAFT:
            raise Frozen(f"Version {self.number} is {self.get_status_display().lower()} and is never deleted.")
        return super().delete(*args, **kwargs)  # type: ignore[arg-type]
