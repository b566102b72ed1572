"""VersionEvent: who did what to a workflow's versions, and when; append-only."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from orchestration.models.immutable import FrozenModel


class VersionEvent(FrozenModel):
    """`name` is `version.past_tense`, one of `services.version_event.WORDS`. It outlives a draft that is discarded,
    so `version` may name a row that is gone; `number` is the version's."""

    workflow = models.ForeignKey("Workflow", on_delete=models.PROTECT, related_name="version_events")
    version = models.ForeignKey(
        "WorkflowVersion", on_delete=models.DO_NOTHING, db_constraint=False, related_name="events"
    )
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=40)
    actor = models.CharField(max_length=160)  # "command line", "worker" or a person's name
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())
    note = models.TextField(blank=True)
    about = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["workflow", "-id"], name="version_event_by_workflow")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"
