"""CaseEvent: append-only history of a case, numbered per case."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from orchestration.models.document import DocumentField
from orchestration.models.immutable import FrozenModel


class CaseEvent(FrozenModel):
    """`name` is `noun.past_tense`. `about` holds identifiers only; what can be erased is in CaseEventContent."""

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="events", db_index=False)
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=40)
    actor = models.CharField(max_length=160)  # "rules", "worker", "client: …" or a person's name
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    at = models.DateTimeField(db_default=Now())
    about = models.JSONField(default=dict)

    class Meta:
        ordering = ["case", "number"]
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="event_number_once_per_case")]
        indexes = [
            models.Index(fields=["user"], condition=models.Q(user__isnull=False), name="event_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class CaseEventContent(models.Model):
    """What a person or an outside system told with the event, such as corrected facts and a note."""

    event = models.OneToOneField("CaseEvent", on_delete=models.CASCADE, primary_key=True, related_name="content")
    content = DocumentField()
    erased_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Content of event {self.event_id}"
