"""One input of a comparison: the candidate's run as it is recorded, and where its output differs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from orchestration.agents.outcome import Outcome
from orchestration.agents.registry import registry
from orchestration.facts import digest
from orchestration.models import AgentAttempt, AgentRun, AgentRunContent, ComparisonRun, Purpose, RunStatus
from orchestration.services.rule_set import loaded


def recorded(comparison: ComparisonRun, original: AgentRun, outcome: Outcome, salt: str) -> AgentRun:
    """The candidate's run, ended as it is written, so that nothing ever takes it up."""
    found = registry().agents.get(comparison.candidate)
    version = found.version if found else ""
    tried = outcome.duration > 0  # else nothing was run: it is off, or not there
    run = AgentRun.objects.create(
        case_id=original.case_id,
        version_id=original.version_id,
        purpose=Purpose.COMPARISON,
        step=original.step,
        agent=comparison.candidate,
        agent_version=version,
        installed_version=version,
        config_digest=digest(comparison.config),
        input_digest=original.input_digest,
        output_digest=digest(outcome.output or {}, bytes.fromhex(salt)),
        status=RunStatus.SUCCEEDED if outcome.status == "succeeded" else RunStatus.FAILED,
        confidence=outcome.confidence,
        error_kind=outcome.error_kind,
        cost=outcome.cost,
        attempts=int(tried),
        asked_event=original.asked_event,
        finished_at=timezone.now(),
    )
    error = {"attempt": int(tried), "kind": outcome.error_kind, "text": outcome.error}
    AgentRunContent.objects.create(
        run=run,
        input=original.content.input,
        output=outcome.output,
        summary=outcome.summary,
        evidence=list(outcome.evidence),
        transcript=outcome.transcript,
        errors=[error] if outcome.status == "failed" else [],
        sealed=True,
    )
    if tried:
        AgentAttempt.objects.create(
            run=run,
            number=1,
            status=outcome.status,
            error_kind=outcome.error_kind,
            isolated=True,
            duration=outcome.duration,
        )
    return run


def compared(original: AgentRun, outcome: Outcome) -> tuple[list[str], list[str]]:
    """Fields of the two outputs, and those that differ. A name that no schema tells may be content: it is `other`."""
    before, after = original.content.output, outcome.output
    if original.status != RunStatus.SUCCEEDED or outcome.status != "succeeded":
        return [], []
    known = loaded(original.version_id).steps[original.step].output_schema.get("properties", {})
    names = sorted({*(before or {}), *(after or {})})
    return _told(names, known), _told(differing_fields(before or {}, after or {}), known)


def differing_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Names of what only one of them has, or has otherwise."""
    names = sorted({*before, *after})
    return [name for name in names if (name in before) != (name in after) or before.get(name) != after.get(name)]


def _told(names: list[str], known: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(name if name in known else "other" for name in names))
