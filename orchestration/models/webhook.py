"""WebhookEndpoint and WebhookDelivery: where and what outside systems are told; deliveries are an outbox."""

import uuid_utils.compat
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

WEBHOOK_EVENTS = ("case.decided", "case.escalated", "case.cancelled", "case.notified", "decision.superseded")


class WebhookEndpoint(models.Model):
    client = models.ForeignKey("Client", on_delete=models.CASCADE, related_name="endpoints")
    url = models.CharField("URL", max_length=500, validators=[URLValidator(schemes=["https", "http"])])
    events = models.JSONField(default=list, help_text="None chosen: all events.")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["client", "url"]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """Inserted in its event's transaction; sent afterwards."""

    public_id = models.UUIDField(default=uuid_utils.compat.uuid7, unique=True, editable=False)
    endpoint = models.ForeignKey("WebhookEndpoint", on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey("CaseEvent", on_delete=models.PROTECT, related_name="deliveries")
    name = models.CharField(max_length=40)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    delivered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "webhook deliveries"
        constraints = [models.UniqueConstraint(fields=["endpoint", "event"], name="delivery_once_per_event")]

    def __str__(self) -> str:
        return f"{self.name} to {self.endpoint_id}"


def endpoints_of(client: str) -> Exists:
    """Whether the client with the id in this field of the outer query has an active endpoint."""
    return Exists(WebhookEndpoint.objects.filter(client_id=OuterRef(client), active=True))
