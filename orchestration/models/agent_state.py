"""AgentState: whether an agent is switched on, where it runs, how well it is; a missing row means defaults."""

from django.db import models
from django.db.models.functions import Now


class Isolation(models.TextChoices):
    DECLARED = "", "As the agent declares"
    INLINE = "inline", "Within the deciding step"
    WORKER = "worker", "In the worker's own process"
    SUBPROCESS = "subprocess", "In a process of its own"


class AgentState(models.Model):
    """`agent` is the name by which versions use it. `rung_at`: when its health was last asked for."""

    agent = models.CharField(max_length=160, unique=True)
    enabled = models.BooleanField(default=True)
    isolation = models.CharField(max_length=10, choices=Isolation, blank=True, default=Isolation.DECLARED)
    memory_mib = models.PositiveIntegerField(null=True, blank=True, help_text="MiB in a process of its own.")
    health_ok = models.BooleanField(null=True, blank=True)
    health_message = models.TextField(blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    rung_at = models.DateTimeField(null=True, blank=True, editable=False)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["agent"]
        permissions = [("manage_agents", "Can switch agents, set their limits and keep their secrets")]

    def __str__(self) -> str:
        return self.agent
