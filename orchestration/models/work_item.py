"""WorkItem: a request for a person."""

import uuid_utils.compat
from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from orchestration.models.case import Priority
from orchestration.models.document import DocumentField


class WorkItemKind(models.TextChoices):
    ESCALATION = "escalation", "Escalation"
    APPROVAL = "approval", "Approval"
    REVIEW = "review", "Review"


class WorkItemStatus(models.TextChoices):
    OPEN = "open", "Open"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"


class WorkItem(models.Model):
    public_id = models.UUIDField(default=uuid_utils.compat.uuid7, unique=True, editable=False)
    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="work_items")
    queue = models.ForeignKey("Queue", on_delete=models.PROTECT, null=True, related_name="work_items")
    kind = models.CharField(max_length=10, choices=WorkItemKind)
    status = models.CharField(max_length=10, choices=WorkItemStatus, default=WorkItemStatus.OPEN)
    reason = models.CharField(max_length=300)
    rule = models.CharField(max_length=161, blank=True)
    proposal = models.CharField(max_length=80, blank=True, help_text="The outcome the rules propose.")
    priority = models.SmallIntegerField(choices=Priority, default=Priority.NORMAL)
    due_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="claimed_items",
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    result = models.CharField(max_length=20, blank=True)  # decided | sent_back | cancelled

    class Meta:
        ordering = ["-priority", "due_at", "id"]
        permissions = [("work_workitem", "Can claim and decide work items")]
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=models.Q(status="open", kind__in=["escalation", "approval"]),
                name="work_item_one_open_per_case",
            )
        ]
        indexes = [models.Index(fields=["status", "-priority", "due_at"], name="work_item_by_urgency")]

    def __str__(self) -> str:
        return self.reason


class WorkItemContent(models.Model):
    """What the person is told: `detail` in words, `reasons` as `{rule, title, text}`."""

    work_item = models.OneToOneField("WorkItem", on_delete=models.CASCADE, primary_key=True, related_name="content")
    detail = models.TextField(blank=True)
    reasons = DocumentField(default=list)
    erased_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Content of work item {self.work_item_id}"
