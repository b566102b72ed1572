"""Workflow: one kind of work, such as customer onboarding."""

import secrets

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.functional import cached_property

from orchestration.models.queue import Queue, queues_of


class Autonomy(models.TextChoices):
    AUTOMATIC = "automatic", "Automatic: rules decide, a sample is reviewed"
    SUPERVISED = "supervised", "Supervised: rules propose, a person approves"
    MANUAL = "manual", "Manual: a person decides without a proposal"
    PAUSED = "paused", "Paused: new cases are held"


def new_sampling_key() -> str:
    return secrets.token_hex(32)


class Workflow(models.Model):
    slug = models.SlugField(max_length=80, unique=True, help_text="Its name in the API; cannot change later.")
    title = models.CharField(max_length=200)
    objective = models.TextField(blank=True, help_text="What the work is for, in a sentence or two.")
    autonomy = models.CharField(max_length=20, choices=Autonomy, default=Autonomy.AUTOMATIC)
    qa_sample_rate = models.FloatField(
        "quality sample rate",
        default=0.05,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="Share of automatic decisions that people review, 0 to 1.",
    )
    service_levels = models.JSONField(
        default=dict, blank=True, help_text='How soon people should act, such as {"escalation": "4h"}.'
    )
    baseline = models.JSONField(
        default=dict,
        blank=True,
        help_text="The work before Conductor: minutes per case, cases per person and day.",
    )
    sampling_key = models.CharField(max_length=64, default=new_sampling_key, editable=False)
    published_version = models.ForeignKey(
        "WorkflowVersion", on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["title"]
        permissions = [("change_autonomy", "Can change how much a workflow decides by itself")]

    def __str__(self) -> str:
        return self.title

    @cached_property
    def queues_in_order(self) -> list[Queue]:
        """Its queues as they were when this row was first asked for them; the first takes what names none."""
        return queues_of(workflow_id=self.pk)
