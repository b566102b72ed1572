"""Heartbeat: when a worker was last heard from."""

from django.db import models


class Heartbeat(models.Model):
    name = models.CharField(max_length=120, unique=True)
    heard_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
