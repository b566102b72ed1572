"""Agent runs: asked for, tried, tried again, finished; within the deciding step or in a process of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from orchestration import queue
from orchestration.agents.registry import registry
from orchestration.agents.runner import Outcome
from orchestration.agents.runner import run as run_plugin
from orchestration.engine.step import PlannedRun, Step
from orchestration.facts import digest
from orchestration.models import AgentAttempt, AgentRun, AgentRunContent, Case, RunStatus
from orchestration.models.case import FINAL
from orchestration.models.statements import new_row
from orchestration.models.writing import Writing
from orchestration.services.doorbell import ring_case
from orchestration.services.event import Events
from orchestration.services.rule_set import Loaded, loaded
from orchestration.services.turn import Ended, Turn, backoff

log = structlog.get_logger(__name__)

MARGIN = timedelta(seconds=15)
"""How long a run's lease outlives its time limit."""


def ask_for_runs(turn: Turn, step: Step, writing: Writing) -> list[AgentRun]:
    """Rows and doorbells for those of the step's runs that take place in processes of their own."""
    apart = [planned for planned in step.runs if not turn.is_inline(planned.step)]
    now = timezone.now()
    rows = [_row(turn, planned, status=RunStatus.PENDING, due_at=now, rung_at=now) for planned in apart]
    for row, one in zip(rows, apart, strict=True):
        writing.insert(row)
        writing.add(AgentRunContent, run=row, input=dict(one.input))
        writing.then(lambda row=row: queue.ring_run(row.pk))
    return rows


def run_inline(turn: Turn, step: Step) -> None:
    """Run the step's inline agents in this process, no transaction open; rows and results wait in the turn."""
    for planned in step.runs:
        if turn.is_inline(planned.step):
            row = _row(turn, planned, status=RunStatus.RUNNING, attempts=1)
            given = dict(planned.input)
            turn.ended[str(row.public_id)] = Ended(given, _try(row, given, turn.version, isolate=False))
            turn.runs.append(row)


def write_inline(turn: Turn, events: Events, writing: Writing) -> None:
    """Have the turn's inline runs written with what they gave."""
    for row in turn.runs:
        if end := turn.ended.get(str(row.public_id)):
            _end(row, end.outcome, turn.content.salt, again=turn.tries_again(row, end.outcome))
            if row.status != RunStatus.PENDING:
                _tell(events, row)
            writing.insert(row)
            writing.insert(_attempt(row, end.outcome, isolated=False), key=False)
            row.content = writing.insert(_content(row, end.given, end.outcome))


def run_agent(*, run_id: int) -> None:
    """Answer a doorbell: one try of a run in a process of its own. Lost or doubled doorbells do no harm."""
    with structlog.contextvars.bound_contextvars(run_id=run_id):
        row = _claim(run_id)
        if row is not None:
            version = loaded(row.version_id)
            outcome = _try(row, dict(row.content.input), version, isolate=True)
            finish(row, outcome, isolated=True)


def finish(row: AgentRun, outcome: Outcome, *, isolated: bool) -> bool:
    """Write one try's outcome; false when another process has taken the run over. Rings the case if it can go on."""
    version = loaded(row.version_id)
    again = outcome.status == "failed" and not outcome.permanent and row.attempts < version.steps[row.step].attempts
    with transaction.atomic():
        case = Case.objects.select_for_update(no_key=True).get(pk=row.case_id)
        if not AgentRun.objects.filter(pk=row.pk, lease_token=row.lease_token, status=RunStatus.RUNNING).exists():
            log.info("run_overtaken", run=row.pk)
            return False
        content: AgentRunContent = row.content
        _fill(content, row, outcome, sealed=not again)
        content.save()
        _end(row, outcome, row.case.content.salt, again=again)
        row.leased_until = None
        row.save(update_fields=[*_ENDING, "leased_until"])
        _attempt(row, outcome, isolated=isolated).save(force_insert=True)
        if not again:
            events = Events(case)
            _tell(events, row)
            events.write()
            Case.objects.filter(pk=case.pk).update(last_event=case.last_event)
            if not unfinished_runs(case.pk):
                ring_case(case.pk)
    return True


def unfinished_runs(case_id: int) -> bool:
    return AgentRun.objects.filter(
        case_id=case_id, purpose="live", status__in=[RunStatus.PENDING, RunStatus.RUNNING]
    ).exists()


def _row(turn: Turn, planned: PlannedRun, **more: Any) -> AgentRun:
    spec = turn.version.steps[planned.step]
    return new_row(
        AgentRun,
        case=turn.case,
        version_id=turn.case.version_id,
        step=planned.step,
        agent=spec.use,
        agent_version=spec.agent_version,
        config_digest=planned.config_digest,
        input_digest=planned.input_digest,
        asked_event=turn.case.last_event,
        **more,
    )


# --- One run ----------------------------------------------------------------------------------------

_ENDING = (
    "status", "installed_version", "confidence", "error_kind", "cost", "output_digest", "due_at", "finished_at",
)  # fmt: skip


def _claim(run_id: int) -> AgentRun | None:
    """Lease and token, the attempt counted and committed before it is made."""
    with transaction.atomic():
        row = AgentRun.objects.claimable().select_for_update(of=("self",)).filter(pk=run_id).first()
        if row is None:
            return None
        if row.status == RunStatus.RUNNING and row.attempts:
            lost = {"status": "vanished", "error_kind": "vanished", "isolated": True}
            AgentAttempt.objects.get_or_create(run=row, number=row.attempts, defaults=lost)
        over, limit = _over(row)
        row.lease_token += 1
        row.status = RunStatus.RUNNING
        if over is None:
            row.attempts += 1
        row.save(update_fields=["lease_token", "status", "attempts"])
        AgentRun.objects.filter(pk=row.pk).update(leased_until=Now() + limit + MARGIN)
    if over is not None:
        _close(row, over)
        return None
    return row


def _over(row: AgentRun) -> tuple[Outcome | None, timedelta]:
    """Why the run is not tried any more, if so; and how long a try may take."""
    if row.case.status in FINAL:
        text = "The case was closed before the agent could run."
        return Outcome(status="failed", error_kind="not-wanted", error=text, permanent=True), MARGIN
    try:
        version = loaded(row.version_id)
    except DatabaseError:
        raise
    except Exception as error:
        text = f"The version of the case cannot be used on this machine: {error}"[:500]
        return Outcome(status="failed", error_kind="exception", error=text, permanent=True), MARGIN
    over = _vanished(row.attempts) if row.attempts >= version.steps[row.step].attempts else None
    return over, version.timeouts[row.step]


def _close(row: AgentRun, outcome: Outcome) -> None:
    """End a run without a further try."""
    with transaction.atomic():
        case = Case.objects.select_for_update(no_key=True).get(pk=row.case_id)
        if not AgentRun.objects.filter(pk=row.pk, lease_token=row.lease_token, status=RunStatus.RUNNING).exists():
            return
        content: AgentRunContent = row.content
        _fill(content, row, outcome, sealed=True)
        content.save()
        _end(row, outcome, row.case.content.salt, again=False)
        row.save(update_fields=list(_ENDING))
        events = Events(case)
        _tell(events, row)
        events.write()
        Case.objects.filter(pk=case.pk).update(last_event=case.last_event)
        if not unfinished_runs(case.pk):
            ring_case(case.pk)


def _try(row: AgentRun, given: dict[str, Any], version: Loaded, *, isolate: bool) -> Outcome:
    """One attempt. Never raises for what the agent does."""
    spec = version.steps[row.step]
    found = registry().agents.get(row.agent)
    if found is None:
        text = registry().why_not(row.agent)
        return Outcome(status="failed", error_kind="not-installed", error=text, permanent=True)
    row.installed_version = found.version
    outcome = run_plugin(
        found,
        input=given,
        config=dict(spec.config),
        idempotency_key=str(row.public_id),
        attempt=row.attempts,
        timeout=version.timeouts[row.step],
        isolate=isolate,
        memory=settings.CONDUCTOR["agent_memory"] * 2**20,
    )
    if outcome.status == "pending":
        text = "The agent waits for an outside party to post the result, which this release cannot take in yet."
        return Outcome(status="failed", error_kind="output", error=text, permanent=True)
    return outcome


def _vanished(attempts: int) -> Outcome:
    text = f"The process was lost in each of {attempts} attempts."
    return Outcome(status="failed", error_kind="vanished", error=text, permanent=True)


def _end(row: AgentRun, outcome: Outcome, salt: str, *, again: bool) -> None:
    row.error_kind, row.cost = outcome.error_kind, row.cost + outcome.cost
    row.confidence = outcome.confidence
    if again:
        pause = timedelta(seconds=outcome.retry_after) if outcome.retry_after else backoff(row.attempts)
        row.status, row.due_at = RunStatus.PENDING, timezone.now() + pause
        return
    row.output_digest = digest(outcome.output or {}, bytes.fromhex(salt))
    row.status, row.due_at, row.finished_at = RunStatus(outcome.status), None, timezone.now()


def _content(row: AgentRun, given: dict[str, Any], outcome: Outcome) -> AgentRunContent:
    content = new_row(AgentRunContent, run=row, input=given)
    _fill(content, row, outcome, sealed=row.status != RunStatus.PENDING)
    return content


def _fill(content: AgentRunContent, row: AgentRun, outcome: Outcome, *, sealed: bool) -> None:
    content.output, content.summary, content.sealed = outcome.output, outcome.summary, sealed
    content.evidence, content.transcript = list(outcome.evidence), outcome.transcript
    if outcome.status == "failed":
        error = {"attempt": row.attempts, "kind": outcome.error_kind, "text": outcome.error}
        content.errors = [*content.errors, error]


def _attempt(row: AgentRun, outcome: Outcome, *, isolated: bool) -> AgentAttempt:
    return new_row(
        AgentAttempt,
        run=row,
        number=row.attempts,
        status=outcome.status,
        error_kind=outcome.error_kind,
        isolated=isolated,
        duration=outcome.duration,
    )


def _tell(events: Events, row: AgentRun) -> None:
    events.add(
        "agent_run.finished",
        actor=f"agent: {row.agent}",
        about={"step": row.step, "run": str(row.public_id), "status": str(row.status), "confidence": row.confidence},
    )
