"""What happens to agents, their steps' limits and their secrets, written down as it happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format

from orchestration.models import AgentEvent, Isolation, Workflow

WORDS: Final = {
    "agent.switched_off": "switched it off",
    "agent.switched_on": "switched it on",
    "agent.isolation_changed": "changed where it runs",
    "health.changed": "found its health changed",
    "limits.changed": "changed the limits of a step",
    "circuit.opened": "opened the circuit of a step",
    "circuit.half_opened": "let one run try whether a step works again",
    "circuit.closed": "closed the circuit of a step",
    "comparison.started": "had it compared with a candidate",
    "comparison.stopped": "stopped a comparison",
    "secret.created": "set a new secret",
    "secret.changed": "replaced a secret",
    "secret.deleted": "deleted a secret",
    "secrets.sealed_anew": "sealed all secrets anew",
}
"""Every event there is, as the end of a sentence about its actor."""

WORKER: Final = "worker"


def record(
    kind: str,
    *,
    agent: str = "",
    workflow: Workflow | int | None = None,
    step: str = "",
    user: User | None = None,
    actor: str = "command line",
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write one event, within the transaction that makes it true. `actor` counts where there is no user."""
    if kind not in WORDS:
        raise AssertionError(f"{kind} is no event of an agent")
    AgentEvent.objects.create(
        agent=agent,
        workflow_id=workflow.pk if isinstance(workflow, Workflow) else workflow,
        step=step,
        kind=kind,
        actor=((user.get_full_name() or user.get_username()) if user else actor)[:160],
        about=dict(about or {}),
    )


def events_of(agent: str) -> QuerySet[AgentEvent]:
    """What happened to this agent and to steps that used it, the newest first."""
    return AgentEvent.objects.filter(agent=agent).select_related("workflow").order_by("-id")


def details(event: AgentEvent) -> str:
    """What the event tells besides its kind, in a few words; it never holds a secret's value."""
    about = event.about
    if said := about.get("reason") or about.get("message") or about.get("secret"):
        return str(said)
    to = about.get("to") or {}
    if event.kind == "limits.changed":
        return f"{_or_none(to.get('concurrency'), 'at a time')}, {_or_none(to.get('rate'), 'begun a minute')}"
    if event.kind == "agent.isolation_changed":
        memory = f"{to['memory_mib']:,} MiB of memory" if to.get("memory_mib") else "memory as in the settings"
        return f"{Isolation(to.get('isolation', '')).label}, {memory}"
    if event.kind == "circuit.opened" and "of" in about:
        until = parse_datetime(str(about.get("until", "")))
        when = f"; until {date_format(timezone.localtime(until), 'j M Y, H:i')}" if until else ""
        return f"{about.get('failed')} of its last {about['of']} attempts had failed{when}"
    return ""


def _or_none(number: int | None, words: str) -> str:
    return f"no limit {words}" if number is None else f"at most {number:,} {words}"
