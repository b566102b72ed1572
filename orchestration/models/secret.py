"""Secret: a value that agents need and nobody may read, sealed with a key that is not in the database."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Secret(models.Model):
    """`sealed` holds name and value, encrypted by `services.secret`; nothing else reads it."""

    name = models.SlugField(max_length=80, unique=True)
    sealed = models.TextField(editable=False)
    note = models.CharField(max_length=300, blank=True, help_text="What it is for, and who renews it.")
    changed_at = models.DateTimeField(db_default=Now())
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
