"""Rows to core: a case's facts and progress as `engine.advance` takes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from orchestration.engine.step import ChildRecord, Progress, RunRecord, WaitRecord
from orchestration.facts import Facts, lay_over
from orchestration.models import AgentRun, Case, CaseContent, CaseEffect, CaseStatus, EffectKind, Priority, Purpose

PRIORITY_NAMES = {Priority(value): Priority(value).name.lower() for value in Priority.values}


@dataclass(frozen=True, slots=True)
class Situation:
    facts: Facts
    progress: Progress


def situation_of(case: Case, *, now: datetime | None = None, until_event: int | None = None) -> Situation:
    """What is known of the case now, in three queries; `until_event` leaves out runs that ended later."""
    content: CaseContent = case.content
    effects = effects_of(case)
    runs = [run for run in runs_of(case) if until_event is None or run.asked_event <= until_event]
    return Situation(
        facts_of(case, content, effects=effects, now=now or case.woken_at),
        progress_of(case, content, runs=runs, effects=effects),
    )


def runs_of(case: Case) -> list[AgentRun]:
    """All live runs of the case, in the order they were asked for."""
    return list(AgentRun.objects.filter(case=case, purpose=Purpose.LIVE).select_related("content").order_by("id"))


def counts_as_run(run: AgentRun, case: Case) -> bool:
    """Not one that failed before the case was last sent back; the money it used counts all the same."""
    return run.status != "failed" or run.asked_event >= case.sent_back_event


def effects_of(case: Case) -> list[CaseEffect]:
    return list(CaseEffect.objects.filter(case=case).select_related("child").order_by("id"))


def facts_of(case: Case, content: CaseContent, *, effects: list[CaseEffect] | tuple[()] = (), now: datetime) -> Facts:
    """Facts without `agents` and `derived`, which `advance` adds. Needs `case.client` loaded."""
    payload = lay_over(content.payload, content.corrections) if content.corrections else content.payload
    children = {
        effect.name: {
            "status": effect.child.status if effect.child else "refused",
            "outcome": (effect.child.outcome or None) if effect.child else None,
        }
        for effect in effects
        if effect.kind == EffectKind.CHILD
    }
    return Facts(
        {
            "case": payload,
            "human": content.human,
            "children": children,
            "meta": {
                "now": _iso(now),
                "received_at": _iso(case.received_at),
                "priority": PRIORITY_NAMES[Priority(case.posted_priority)],
                "client": case.client.name,
                "reference": case.reference or None,
            },
        },
        frozenset(f"case.{path}" for path in content.corrections),
    )


def progress_of(
    case: Case, content: CaseContent, *, runs: list[AgentRun], effects: list[CaseEffect] | tuple[()] = ()
) -> Progress:
    return Progress(
        runs=tuple(record_of(run) for run in runs if counts_as_run(run, case)),
        waits=tuple(
            WaitRecord(effect.rule, effect.due_at, effect.until or None)
            for effect in effects
            if effect.kind == EffectKind.WAIT and effect.due_at
        ),
        children=tuple(
            ChildRecord(
                rule=effect.rule,
                as_=effect.name,
                status=effect.child.status if effect.child else "refused",
                outcome=(effect.child.outcome or None) if effect.child else None,
                refused=effect.refused,
            )
            for effect in effects
            if effect.kind == EffectKind.CHILD
        ),
        notified=frozenset(effect.rule for effect in effects if effect.kind == EffectKind.NOTICE),
        rounds=case.rounds - case.sent_back_round,
        cost=sum(run.cost for run in runs),
        salt=bytes.fromhex(content.salt),
    )


def record_of(run: AgentRun) -> RunRecord:
    """The core's view of a run: what it ended with, or that it is still pending."""
    ended = run.status in ("succeeded", "failed")
    content: Any = run.content if ended else None
    return RunRecord(
        step=run.step,
        status=run.status if ended else "pending",
        agent_version=run.agent_version,
        config_digest=run.config_digest,
        input_digest=run.input_digest,
        output=(content.output or {}) if content else {},
        confidence=run.confidence,
        error=_last_error(content.errors) if content and run.status == "failed" else "",
    )


def is_over(case: Case) -> bool:
    return case.status in (CaseStatus.DECIDED, CaseStatus.CANCELLED)


def _last_error(errors: list[dict[str, Any]]) -> str:
    return str(errors[-1].get("text", "")) if errors else ""


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
