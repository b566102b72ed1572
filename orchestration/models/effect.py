"""CaseEffect: what a rule did once on a case: a wait it started, a child case it opened, a notice it gave."""

from django.db import models
from django.db.models.functions import Now


class EffectKind(models.TextChoices):
    WAIT = "wait", "Wait"
    CHILD = "child", "Child case"
    NOTICE = "notice", "Notice"


class CaseEffect(models.Model):
    """`until` is the value of a wait's fact (a changed one is a new wait), `name` a child's `as` or a notice's name."""

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="effects")
    kind = models.CharField(max_length=10, choices=EffectKind)
    rule = models.CharField(max_length=161)
    name = models.CharField(max_length=80, blank=True)
    until = models.CharField(max_length=80, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    child = models.OneToOneField("Case", on_delete=models.PROTECT, null=True, blank=True, related_name="opened_by")
    waits = models.BooleanField(default=False)
    refused = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["case", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind", "rule", "name", "until"], name="effect_once_per_case_and_rule"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.rule}"
