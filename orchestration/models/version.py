"""WorkflowVersion: an immutable bundle of rules, tables, parameters, agent steps and scenarios."""

from typing import Any, Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from orchestration.models.document import DocumentField
from orchestration.models.immutable import Frozen
from orchestration.models.version_status import VersionStatus

OF_A_USED_VERSION: Final[dict[str, Any]] = {
    "on_delete": models.DO_NOTHING, "db_constraint": False, "db_index": False, "related_name": "+",
}  # fmt: skip
"""A foreign key of rows that every case writes many of. A trigger keeps every version that was ever used from being
deleted, so that nobody needs to ask: not the version which rows it has, nor each row whether it is there."""


class WorkflowVersion(models.Model):
    """`content` is `rules.parse.version_to`'s document; `digest` its SHA-256. Both freeze with submission.

    `approved_by` repeats the Approval row's person, so that the database itself can hold the four eyes.
    `publish_over` is the version that was published when somebody scheduled this one, the one they compared it with.
    """

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
    restores = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    publish_at = models.DateTimeField(null=True, blank=True)
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    publish_over = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
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
        permissions = [
            ("approve_workflowversion", "Can approve or reject a version somebody else wrote"),
            ("publish_workflowversion", "Can publish a version somebody else wrote"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["workflow", "number"], name="version_number_once_per_workflow"),
            models.UniqueConstraint(fields=["workflow"], condition=Q(status="published"), name="version_one_published"),
            models.CheckConstraint(
                condition=~Q(status__in=["approved", "scheduled", "published", "retired"])
                | Q(approved_by__isnull=False)
                | Q(emergency=True, status__in=["published", "retired"]),
                name="version_approved_before_it_is_published",
            ),
            models.CheckConstraint(
                condition=Q(author=None)
                | (
                    (Q(approved_by=None) | ~Q(approved_by=F("author")))
                    & (Q(published_by=None) | ~Q(published_by=F("author")))
                    & (Q(scheduled_by=None) | ~Q(scheduled_by=F("author")))
                ),
                name="version_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(status="scheduled") | Q(publish_at__isnull=False), name="version_scheduled_at_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["publish_at"], condition=Q(status="scheduled"), name="version_scheduled_by_time")
        ]

    def __str__(self) -> str:
        return f"{self.workflow} · version {self.number}"

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        if self.status != VersionStatus.DRAFT:
            raise Frozen(f"Version {self.number} is {self.get_status_display().lower()} and is never deleted.")
        return super().delete(*args, **kwargs)  # type: ignore[arg-type]
