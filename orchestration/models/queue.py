"""Queue: where a workflow's work items wait for the people with the right skills."""

from django.db import models

from orchestration.models.selects import Select


class Queue(models.Model):
    workflow = models.ForeignKey("Workflow", on_delete=models.CASCADE, related_name="queues")
    slug = models.SlugField(max_length=80)
    title = models.CharField(max_length=200)
    skills = models.JSONField(default=list, blank=True, help_text="What a person here must be able to do.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["workflow", "position", "slug"]
        constraints = [models.UniqueConstraint(fields=["workflow", "slug"], name="queue_once_per_workflow")]

    def __str__(self) -> str:
        return self.title


queues_of = Select(lambda workflow_id: Queue.objects.filter(workflow_id=workflow_id).order_by("position", "slug"))
