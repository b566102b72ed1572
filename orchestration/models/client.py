"""Client: an outside system, which owns its cases, idempotency keys and webhook endpoints."""

from django.db import models


class Client(models.Model):
    name = models.CharField(max_length=120, unique=True)
    test = models.BooleanField(default=False, help_text="Its cases run but do not count in any figure.")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    has_endpoints = True
    """Whether webhook endpoints are worth looking for; a select that knows that there are none says so."""

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
