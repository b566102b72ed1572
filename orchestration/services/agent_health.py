"""How well agents are: asked in a process of their own, now and then for those in use, and recorded."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from orchestration import queue
from orchestration.agents.health import check_apart
from orchestration.agents.registry import registry
from orchestration.models import AgentState, Workflow, WorkflowVersion
from orchestration.plugin_api import Health
from orchestration.services.agent_event import WORKER, record
from orchestration.services.secret import Unresolved, resolve

LOOK_EVERY: Final = 15.0
"""Seconds between two looks at whose check is due; the reaper passes far more often."""


def check_due() -> int:
    """Ring for the checks of agents in use that were not asked for a while. How many it rang for.

    Agents in use are those of published versions. Of several hosts only one rings: whoever moves `rung_at`.
    """
    global _next_look
    every = timedelta(minutes=settings.CONDUCTOR["check_every"])
    with _lock:
        if not every or time.monotonic() < _next_look:
            return 0
        _next_look = time.monotonic() + LOOK_EVERY
    names = sorted(_in_use())
    AgentState.objects.bulk_create((AgentState(agent=name) for name in names), ignore_conflicts=True)
    due = Q(rung_at=None) | Q(rung_at__lt=Now() - every)
    rung = 0
    for name in list(AgentState.objects.filter(due, agent__in=names).values_list("agent", flat=True)):
        if AgentState.objects.filter(due, agent=name).update(rung_at=Now()):
            queue.ring_check(name)
            rung += 1
    return rung


def ask(agent: str, config: Mapping[str, Any] | None = None) -> Health:
    """What the agent says of this configuration, or of each that published versions use; the first fault counts.

    All together within the limit of time; no transaction is open meanwhile, and nothing is recorded.
    """
    found = registry().agents.get(agent)
    if found is None:
        return Health(False, registry().why_not(agent))
    until = time.monotonic() + settings.CONDUCTOR["check_timeout"]
    answers = []
    for place, one in _configs(agent) if config is None else [("", config)]:
        left = until - time.monotonic()
        if left <= 0:
            return Health(False, f"{place}There was no time left to check this; CONDUCTOR_CHECK_TIMEOUT is too short.")
        try:
            complete = resolve(one, found.config_schema)
        except Unresolved as error:
            return Health(False, f"{place}{error}")
        memory = settings.CONDUCTOR["agent_memory"] * 2**20
        health = check_apart(found, config=complete, seconds=left, memory=memory)
        if not health.ok:
            return Health(False, f"{place}{health.message}")
        answers.append(health)
    return answers[0] if len(answers) == 1 else Health(True, f"Well in each of {len(answers)} configurations.")


def note(agent: str, health: Health, *, user: User | None = None) -> None:
    """Record the answer, with an event when health changed; an agent never asked before counts as well."""
    with transaction.atomic():
        AgentState.objects.get_or_create(agent=agent)
        before = AgentState.objects.select_for_update().get(agent=agent)
        AgentState.objects.filter(agent=agent).update(
            health_ok=health.ok, health_message=health.message, checked_at=Now()
        )
        if health.ok != (before.health_ok is not False):
            about = {"ok": health.ok, "message": health.message}
            record("health.changed", agent=agent, user=user, actor=WORKER, about=about)


def forget_all() -> None:
    """Have the next call of `check_due` look at once, for tests."""
    global _next_look, _used
    with _lock:
        _next_look, _used = 0.0, {}


_lock = threading.Lock()
_next_look = 0.0
_used: dict[int, dict[str, list[tuple[str, Mapping[str, Any]]]]] = {}  # by published version: agent, (step, config)


def _in_use() -> set[str]:
    return {agent for _, version in _published() for agent in version}


def _configs(agent: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Each configuration that published versions give the agent, once, with where it is; none is the default one."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for title, version in _published():
        for step, config in version.get(agent, ()):
            found.setdefault(json.dumps(config, sort_keys=True), (f"Workflow “{title}”, step “{step}”: ", config))
    return list(found.values()) or [("", {})]


def _published() -> list[tuple[str, dict[str, list[tuple[str, Mapping[str, Any]]]]]]:
    """Titles of workflows, and what their published versions use. These never change, so each is read once."""
    global _used
    current = dict(Workflow.objects.exclude(published_version=None).values_list("published_version_id", "title"))
    known = {version_id: agents for version_id, agents in _used.items() if version_id in current}
    unread = [version_id for version_id in current if version_id not in known]
    for version_id, content in WorkflowVersion.objects.filter(pk__in=unread).values_list("pk", "content"):
        agents: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
        for step, spec in (content.get("agents") or {}).items():
            agents.setdefault(spec["use"], []).append((step, spec.get("config") or {}))
        known[version_id] = agents
    _used = known
    return [(title, known[version_id]) for version_id, title in current.items() if version_id in known]
