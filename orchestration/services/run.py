"""Agent runs: asked for, tried, tried again, finished; within the deciding step or in a process of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from orchestration import queue
from orchestration.agents.outcome import failed
from orchestration.agents.registry import registry
from orchestration.agents.runner import Outcome
from orchestration.agents.runner import run as run_plugin
from orchestration.engine.step import PlannedRun, Step
from orchestration.facts import digest
from orchestration.models import AgentAttempt, AgentRun, AgentRunContent, Case, RunStatus
from orchestration.models.run import UNFINISHED
from orchestration.models.statements import new_row
from orchestration.models.writing import Writing
from orchestration.services.agent_state import state_of, switched_off
from orchestration.services.callback import callback_with, give_token, without_token
from orchestration.services.doorbell import ring_case
from orchestration.services.event import Events
from orchestration.services.rule_set import Loaded, loaded
from orchestration.services.run_limits import MARGIN, is_isolated, over_or_limit
from orchestration.services.secret import Unresolved, resolve, withheld
from orchestration.services.step_line import clock
from orchestration.services.step_state import OutOfPatience, admit, leave, pass_on, settle
from orchestration.services.turn import Ended, Turn, pause

log = structlog.get_logger(__name__)


def ask_for_runs(turn: Turn, step: Step, writing: Writing) -> list[AgentRun]:
    """Rows and doorbells for those of the step's runs that take place in processes of their own."""
    apart = [planned for planned in step.runs if not turn.is_inline(planned.step)]
    rows = [_row(turn, planned, status=RunStatus.PENDING, due_at=Now(), rung_at=Now()) for planned in apart]
    for row, one in zip(rows, apart, strict=True):
        writing.insert(row)
        writing.add(AgentRunContent, run=row, input=dict(one.input))
        writing.then(lambda row=row: queue.ring_run(row.pk))
    return rows


def run_inline(turn: Turn, step: Step) -> None:
    """Run the step's inline agents in this process, no transaction open; rows and results wait in the turn.

    An agent that is switched off fails at once, without a try."""
    for planned in step.runs:
        if turn.is_inline(planned.step):
            off = switched_off(turn.state_of(planned.step))
            row = _row(turn, planned, status=RunStatus.RUNNING, attempts=0 if off else 1)
            given = dict(planned.input)
            turn.ended[row.public_id] = Ended(given, off or _try(row, given, turn.version))
            turn.runs.append(row)


def write_inline(turn: Turn, events: Events, writing: Writing) -> None:
    """Have the turn's inline runs written with what they gave."""
    for row in turn.runs:
        if end := turn.ended.get(row.public_id):
            _end(row, end.outcome, turn.content.salt, again=turn.tries_again(row, end.outcome))
            if row.status != RunStatus.PENDING:
                _tell(events, row)
            writing.insert(row)
            if row.attempts:
                writing.insert(_attempt(row, end.outcome, isolated=False), key=False)
            row.content = writing.insert(_content(row, end.given, end.outcome))


def run_agent(*, run_id: int) -> None:
    """Answer a doorbell: one try of a run outside the deciding step. Lost or doubled doorbells do no harm."""
    with structlog.contextvars.bound_contextvars(run_id=run_id):
        claimed = _claim(run_id)
        if claimed is not None:
            row, token = claimed
            outcome = _try(row, dict(row.content.input), loaded(row.version_id), apart=True, token=token)
            finish(row, outcome)
            pass_on(row)


def finish(row: AgentRun, outcome: Outcome, *, tried: bool = True) -> bool:
    """Write what a try came to or, not `tried`, why there is none any more. False when the run is no longer ours:
    another process has taken it over, or an outside party has answered."""
    with transaction.atomic():
        case, present = locked(row)
        if (present.lease_token, present.status) != (row.lease_token, RunStatus.RUNNING):
            log.info("run_overtaken", run=row.pk)
            return False
        write_outcome(case, row, outcome, tried=tried)
    return True


def locked(row: AgentRun) -> tuple[Case, AgentRun]:
    """The case and the run as they are now, locked in the order that everyone keeps: the case first."""
    case = Case.objects.select_for_update(no_key=True).get(pk=row.case_id)
    runs = AgentRun.objects.select_for_update(no_key=True, of=("self",)).select_related("case__content", "content")
    return case, runs.get(pk=row.pk)


def write_outcome(case: Case, row: AgentRun, outcome: Outcome, *, tried: bool, actor: str = "") -> None:
    """The one place where a stored run is put off, left to an outside party, or ended. Both rows are locked.

    `tried`: a try goes with it. `actor`: who gave the outcome, where that was not the agent. Rings the case when
    nothing is left that it waits for.
    """
    again = tries_again(row, outcome)
    content: AgentRunContent = row.content
    _fill(content, row, outcome, sealed=not again and outcome.status != "pending")
    content.save()
    _end(row, outcome, row.case.content.salt, again=again)
    row.leased_until = None
    row.save(update_fields=_ENDING)
    if tried:
        _attempt(row, outcome, isolated=is_isolated(row)).save(force_insert=True)
    if not again:
        events = Events(case)
        _tell(events, row, actor=actor, note=outcome.summary)
        events.write()
        Case.objects.filter(pk=case.pk).update(last_event=case.last_event)
        if not unfinished_runs(case.pk):
            ring_case(case.pk)
    if tried:
        settle(row, outcome)
    else:
        leave(row)


def tries_again(row: AgentRun, outcome: Outcome) -> bool:
    passing = outcome.status == "failed" and not outcome.permanent
    return passing and row.attempts < loaded(row.version_id).steps[row.step].attempts


def unfinished_runs(case_id: int) -> bool:
    return AgentRun.objects.filter(case_id=case_id, purpose="live", status__in=UNFINISHED).exists()


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
    "token_hash", "answers", "lease_token", "leased_until",
)  # fmt: skip


def _claim(run_id: int) -> tuple[AgentRun, str] | None:
    """Lease and tokens, the attempt counted and committed before it is made; or the step's limits hold it back. The
    run's own token with it, which an outside party may use before the attempt has ended."""
    with transaction.atomic():
        row = AgentRun.objects.claimable().select_for_update(of=("self",)).filter(pk=run_id).first()
        if row is None:
            return None
        if row.status == RunStatus.RUNNING and row.attempts:
            lost = {"status": "vanished", "error_kind": "vanished", "isolated": is_isolated(row)}
            _, is_news = AgentAttempt.objects.get_or_create(run=row, number=row.attempts, defaults=lost)
            if is_news:
                settle(row, failed("vanished", ""))
        over, limit = over_or_limit(row)
        row.lease_token += 1
        try:
            held_until = None if over else admit(row)
        except OutOfPatience as error:
            held_until, over = None, failed("circuit-open", str(error), permanent=True)
        if held_until is not None:
            row.status, row.due_at, row.leased_until = RunStatus.PENDING, held_until, None
            row.save(update_fields=["lease_token", "status", "due_at", "leased_until"])
            return None
        row.status, token = RunStatus.RUNNING, ""
        if over is None:
            row.attempts += 1
            token = give_token(row)
        row.save(update_fields=["lease_token", "status", "attempts", "token_hash"])
        AgentRun.objects.filter(pk=row.pk).update(leased_until=Now() + limit + MARGIN)
    if over is not None:
        finish(row, over, tried=False)
        pass_on(row)
        return None
    return row, token


def _try(row: AgentRun, given: dict[str, Any], version: Loaded, *, apart: bool = False, token: str = "") -> Outcome:
    """One attempt; secrets take their places in the configuration only here. Never raises for what the agent does."""
    spec = version.steps[row.step]
    found = registry().agents.get(row.agent)
    if found is None:
        text = registry().why_not(row.agent)
        return Outcome(status="failed", error_kind="not-installed", error=text, permanent=True)
    row.installed_version = found.version
    try:
        config = resolve(spec.config, found.config_schema)
    except Unresolved as error:
        return failed("config", str(error), permanent=True)
    outcome = run_plugin(
        found,
        input=given,
        config=config,
        idempotency_key=str(row.public_id),
        attempt=row.attempts,
        timeout=version.timeouts[row.step],
        isolate=apart and is_isolated(row),
        memory=(state_of(row.agent).memory_mib or settings.CONDUCTOR["agent_memory"]) * 2**20,
        callback=callback_with(row, token),
    )
    return without_token(withheld(outcome, config, found.config_schema), token)


def _end(row: AgentRun, outcome: Outcome, salt: str, *, again: bool) -> None:
    row.error_kind, row.cost = outcome.error_kind, row.cost + outcome.cost
    row.confidence = outcome.confidence
    if again:
        row.status, row.due_at = RunStatus.PENDING, clock() + pause(row.attempts, outcome.retry_after)
        return
    if outcome.status == "pending":
        row.status, row.due_at = RunStatus.AWAITING, clock() + timedelta(seconds=outcome.expires_in or 0)
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
        duration=outcome.duration or None,
    )


def _tell(events: Events, row: AgentRun, *, actor: str = "", note: str = "") -> None:
    actor = actor or f"agent: {row.agent}"
    about: dict[str, Any] = {"step": row.step, "run": str(row.public_id)}
    if row.status == RunStatus.AWAITING and row.due_at:
        until = row.due_at.isoformat()
        events.add("agent_run.awaited", actor=actor, about={**about, "until": until}, content={"note": note})
        return
    about |= {"status": str(row.status), "confidence": row.confidence}
    error = {"error_kind": row.error_kind} if row.error_kind else {}
    events.add("agent_run.finished", actor=actor, about={**about, **error})
