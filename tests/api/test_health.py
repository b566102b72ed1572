"""Probes: alive without a database, ready only when cases would be decided."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client as Browser
from django.utils import timezone

from orchestration.models import Heartbeat, Workflow
from orchestration.services import health
from orchestration.services.heartbeat import beat


def states(answered: Any) -> dict[str, bool]:
    return {name: check["ok"] for name, check in answered.json()["checks"].items()}


def test_healthz_needs_no_database_and_no_key(client: Browser) -> None:
    answered = client.get("/healthz")  # without the mark django_db a query is an error
    assert (answered.status_code, answered.json()) == (200, {"status": "ok"})
    assert "no-store" in answered["Cache-Control"]


def test_readyz_says_of_each_thing_that_it_is_there(client: Browser, greeting: Workflow) -> None:
    beat(name="worker here")
    answered = client.get("/readyz")
    assert answered.status_code == 200
    assert answered.json() == {
        "status": "ready",
        "checks": {
            name: {"ok": True, "detail": "ok"} for name in ("database", "migrations", "published_versions", "worker")
        },
    }


def test_a_worker_that_was_not_heard_from_lately_is_not_ready(client: Browser, greeting: Workflow) -> None:
    assert client.get("/readyz").status_code == 503
    beat(name="something else")
    Heartbeat.objects.create(name="worker gone", heard_at=timezone.now() - timedelta(seconds=31))
    answered = client.get("/readyz")
    assert (answered.status_code, answered.json()["status"]) == (503, "not ready")
    assert states(answered) == {"database": True, "migrations": True, "published_versions": True, "worker": False}
    assert answered.json()["checks"]["worker"]["detail"] == (
        "No worker was heard from in the last 30 seconds. Start manage.py worker."
    )
    Heartbeat.objects.update(heard_at=timezone.now() - timedelta(seconds=25))
    assert client.get("/readyz").status_code == 200


def test_no_published_version_is_not_ready(client: Browser, greeting: Workflow) -> None:
    beat(name="worker here")
    Workflow.objects.update(published_version=None)
    answered = client.get("/readyz")
    assert answered.status_code == 503
    assert states(answered) == {"database": True, "migrations": True, "published_versions": False, "worker": True}


def test_a_migration_not_applied_is_not_ready(
    client: Browser, greeting: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_all_applied", False)
    beat(name="worker here")
    MigrationRecorder(connection).migration_qs.filter(app="orchestration").order_by("-id").first().delete()
    answered = client.get("/readyz")
    assert answered.status_code == 503
    assert states(answered) == {"database": True, "migrations": False, "published_versions": True, "worker": True}
    assert answered.json()["checks"]["migrations"]["detail"] == "1 migrations are not applied. Run manage.py migrate."


def test_a_database_that_does_not_answer_is_not_ready(client: Browser, db: Any) -> None:
    def refuse(*_: Any) -> None:
        raise DatabaseError("gone")

    with connection.execute_wrapper(refuse):
        answered = client.get("/readyz")
    assert answered.status_code == 503
    assert states(answered) == {"database": False, "migrations": False, "published_versions": False, "worker": False}


@pytest.mark.parametrize("address", ["/healthz", "/readyz"])
def test_probes_are_only_read(client: Browser, db: Any, address: str) -> None:
    assert client.post(address).status_code == 405
