"""ApiKey: one of a client's keys; only its hash is kept."""

from django.db import models


class ApiKey(models.Model):
    client = models.ForeignKey("Client", on_delete=models.CASCADE, related_name="keys")
    name = models.CharField(max_length=120)
    hint = models.CharField(max_length=16, help_text="How the key begins, to tell keys apart.")
    hashed = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    workflows = models.ManyToManyField("Workflow", blank=True, help_text="None chosen: all workflows.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["client", "name"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"
