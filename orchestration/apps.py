"""The Django applications: what happens once at start and after migrations."""

from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks
from django.db import connections
from django.db.models.signals import post_migrate


class OrchestrationConfig(AppConfig):
    name = "orchestration"
    verbose_name = "Conductor"

    def ready(self) -> None:
        from orchestration import checks as ours  # noqa: F401 - registers them

        post_migrate.connect(_after_migrations, sender=self)


class AdminConfig(SimpleAdminConfig):
    """Django's admin, whose pages are imported only by those who show or check them: a worker starts sooner without."""

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_pages, checks.Tags.admin)


def _check_pages(**given: Any) -> list[checks.CheckMessage]:
    from django.contrib import admin

    admin.autodiscover()
    return check_admin_app(**given)


def _after_migrations(using: str, **_: Any) -> None:
    """Groups and triggers are made anew after every migration; see `models.immutable` for why."""
    from orchestration.models.immutable import install_triggers
    from orchestration.services.groups import install_groups

    install_triggers(connections[using])
    install_groups(using=using)
