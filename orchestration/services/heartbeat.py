"""Heartbeats: a worker says that it is there, and readiness asks when one was last heard from."""

from datetime import timedelta

from django.db.models.functions import Now

from orchestration.models import Heartbeat


def beat(*, name: str) -> None:
    """Note by the database's clock that `name` was heard from just now."""
    Heartbeat.objects.update_or_create(name=name, defaults={"heard_at": Now()})


def heard_within(*, prefix: str, span: timedelta) -> bool:
    """Whether anyone whose name begins with `prefix` was heard from within this span of time."""
    return Heartbeat.objects.filter(name__startswith=prefix, heard_at__gte=Now() - span).exists()
