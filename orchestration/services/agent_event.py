"""What happens to agents, their steps' limits and their secrets, written down as it happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import QuerySet

from orchestration.models import AgentEvent, Workflow

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
        actor=(user.get_full_name() or user.get_username()) if user else actor,
        about=dict(about or {}),
    )


def events_of(agent: str) -> QuerySet[AgentEvent]:
    """What happened to this agent and to steps that used it, the newest first."""
    return AgentEvent.objects.filter(agent=agent).select_related("workflow").order_by("-id")
