"""Which installed agents there are, which versions use them, and what could not be loaded."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from orchestration.agents.found import Found
from orchestration.agents.registry import Failure, registry
from orchestration.models import VersionStatus, WorkflowVersion

IN_USE = (VersionStatus.DRAFT, VersionStatus.SUBMITTED, VersionStatus.APPROVED, VersionStatus.SCHEDULED,
          VersionStatus.PUBLISHED)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Use:
    version: WorkflowVersion
    step: str
    agent_version: str


@dataclass(frozen=True, slots=True)
class InstalledAgent:
    found: Found
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Agents:
    installed: tuple[InstalledAgent, ...]
    missing: tuple[tuple[str, str, tuple[Use, ...]], ...]  # name, why it is not there, who would use it
    failures: tuple[Failure, ...]


def agents_in_use() -> Agents:
    """Installed agents with the drafts and published versions that use them, in one query."""
    uses: dict[str, list[Use]] = defaultdict(list)
    versions = WorkflowVersion.objects.filter(status__in=IN_USE).select_related("workflow")
    for version in versions.order_by("workflow__title", "-number"):
        for step, spec in (version.content.get("agents") or {}).items():
            uses[spec.get("use", "")].append(Use(version, step, spec.get("agent_version", "")))
    found = registry()
    return Agents(
        tuple(InstalledAgent(agent, tuple(uses.get(name, ()))) for name, agent in found.agents.items()),
        tuple(
            (name, found.why_not(name), tuple(users))
            for name, users in sorted(uses.items())
            if name not in found.agents
        ),
        found.failures,
    )
