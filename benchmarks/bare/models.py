"""The one row."""

from django.db import models


class Entry(models.Model):
    workflow = models.SlugField(max_length=80)
    reference = models.CharField(max_length=200, blank=True)
    priority = models.CharField(max_length=10, default="normal")
    payload = models.JSONField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "bare"

    def __str__(self) -> str:
        return self.reference
