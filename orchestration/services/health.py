"""Is everything there that cases need to be decided: each check by itself, with what to do when it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from orchestration.models import Workflow
from orchestration.services.heartbeat import heard_within

log = structlog.get_logger(__name__)

WORKER_SILENCE: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    detail: str


def checks() -> list[Check]:
    """All checks, in the order in which one would mend them. Never raises."""
    found = [_check(name, ask) for name, ask in _CHECKS[:1]]
    if not found[0].ok:
        return found + [Check(name, False, "Not checked: the database does not answer.") for name, _ in _CHECKS[1:]]
    return found + [_check(name, ask) for name, ask in _CHECKS[1:]]


def _check(name: str, ask: Callable[[], str]) -> Check:
    try:
        fault = ask()
    except Exception as error:
        log.warning("readiness_check_failed", check=name, exc_info=True)
        fault = f"Cannot be checked: {type(error).__name__}."
    return Check(name, not fault, fault or "ok")


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _migrations() -> str:
    """Asked of the database until all are applied; this process's code does not get new ones."""
    global _all_applied
    if not _all_applied:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if pending:
            return f"{len(pending)} migrations are not applied. Run manage.py migrate."
        _all_applied = True
    return ""


def _published() -> str:
    if Workflow.objects.filter(published_version__isnull=False).exists():
        return ""
    return "No workflow has a published version. Publish one in the admin, or use manage.py import_workflow."


def _worker() -> str:
    if heard_within(prefix="worker", span=WORKER_SILENCE):
        return ""
    return f"No worker was heard from in the last {WORKER_SILENCE.seconds} seconds. Start manage.py worker."


_all_applied = False
_CHECKS: Final[tuple[tuple[str, Callable[[], str]], ...]] = (
    ("database", _database),
    ("migrations", _migrations),
    ("published_versions", _published),
    ("worker", _worker),
)
