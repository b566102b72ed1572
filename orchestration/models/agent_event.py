"""AgentEvent: who did what to an agent, a step's limits or a secret, and when; append-only."""

from django.db import models
from django.db.models.functions import Now

from orchestration.models.immutable import FrozenModel


class AgentEvent(FrozenModel):
    """`kind` is `noun.past_tense`, one of `services.agent_event.WORDS`. `about` never holds a secret's value."""

    agent = models.CharField(max_length=160, blank=True)
    workflow = models.ForeignKey("Workflow", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    step = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=40)
    actor = models.CharField(max_length=160)  # "command line", "worker" or a person's name
    about = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["agent", "-id"], name="agent_event_by_agent")]

    def __str__(self) -> str:
        return f"{self.agent} {self.kind}"
