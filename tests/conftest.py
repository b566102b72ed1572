"""What database tests share: a flush that the triggers let pass, nothing remembered, published workflows."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings

from orchestration.models import Workflow
from orchestration.models.immutable import drop_triggers

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

_flush = TransactionTestCase._fixture_teardown


def _without_triggers(self: TransactionTestCase) -> None:
    """On SQLite a flush deletes row by row, which the triggers refuse; post_migrate makes them anew."""
    for alias in self._databases_names(include_mirrors=False):
        drop_triggers(connections[alias])
    _flush(self)


TransactionTestCase._fixture_teardown = _without_triggers  # type: ignore[method-assign]

_MEMORIES = (
    ("orchestration.services.rule_set", "forget_all"),
    ("orchestration.services.agent_state", "forget_all"),
    ("orchestration.services.api_key", "forget_all"),
    ("orchestration.services.agent_health", "forget_all"),
    ("orchestration.api.throttling", "forget_counts"),
)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Row ids come again, so nothing that a process remembers by them may outlive a test."""
    yield
    for module, forget in _MEMORIES:
        if module in sys.modules:
            getattr(sys.modules[module], forget)()
    cache.clear()


@pytest.fixture
def greeting(db: Any) -> Workflow:
    """The published workflow `greeting`, decided within the request: its only agent is inline."""
    from tests import small_workflow

    return small_workflow.publish()


@pytest.fixture
def later(db: Any) -> Workflow:
    """The published workflow `later`: its agent runs in a process of its own, so a worker decides."""
    from tests import small_workflow

    return small_workflow.publish(slug="later", use="test.apart")
