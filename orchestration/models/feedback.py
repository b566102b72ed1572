"""Feedback: what really happened after a case was decided; corrected by a further one, and the newest counts."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from orchestration.models.immutable import FrozenModel


class Feedback(FrozenModel):
    """Told by a client with one of its keys, or by a person. `happened_at`: when it happened, where that was told.

    Each but the first of a case supersedes the one before, and nothing is superseded twice: so one is the newest.
    """

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="feedback", db_index=False)
    value = models.CharField(max_length=80)
    happened_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(db_default=Now())
    key = models.ForeignKey("ApiKey", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "feedback"
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(supersedes=None), name="feedback_one_first_per_case"),
            models.CheckConstraint(
                condition=Q(key=None, user__isnull=False) | Q(key__isnull=False, user=None),
                name="feedback_from_a_key_or_a_person",
            ),
        ]
        indexes = [
            models.Index(fields=["case", "-id"], name="feedback_by_case"),
            models.Index(fields=["user"], condition=Q(user__isnull=False), name="feedback_by_user"),
        ]

    def __str__(self) -> str:
        return self.value


class FeedbackPost(FrozenModel):
    """A post that came with an Idempotency-Key, and the feedback it told, which may have been on record already."""

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="+", db_index=False)
    idempotency_key = models.CharField(max_length=255)
    feedback = models.ForeignKey("Feedback", on_delete=models.PROTECT, related_name="posts", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "idempotency_key"], name="feedback_post_once_per_key")]

    def __str__(self) -> str:
        return self.idempotency_key


class FeedbackContent(models.Model):
    """What was written with it."""

    feedback = models.OneToOneField("Feedback", on_delete=models.CASCADE, primary_key=True, related_name="content")
    note = models.TextField(blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Content of feedback {self.feedback_id}"
