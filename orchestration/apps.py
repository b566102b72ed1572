"""The Django application: what happens once at start and after migrations."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class OrchestrationConfig(AppConfig):
    name = "orchestration"
    verbose_name = "Conductor"

    def ready(self) -> None:
        from orchestration import checks  # noqa: F401 - registers them

        post_migrate.connect(_after_migrations, sender=self)


def _after_migrations(using: str, **_: Any) -> None:
    """Groups and triggers are made anew after every migration; see `models.immutable` for why."""
    from orchestration.models.immutable import install_triggers
    from orchestration.services.groups import install_groups

    install_triggers(connections[using])
    install_groups(using=using)
