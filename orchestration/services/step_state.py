"""Limits and circuit breaker of an agent step: which runs may begin now, and which wait in the step's line.

Rows of the database hold the limits, so they count on all hosts together. Whoever asks for a run to begin holds the
lock of the step's row meanwhile, and takes it last: nobody who holds it waits for the lock of a case or another run.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from orchestration.agents.outcome import Outcome
from orchestration.models import AgentRun, Circuit, HeldRun, Isolation, StepState, Workflow
from orchestration.services.agent_event import WORKER, record
from orchestration.services.agent_state import state_of
from orchestration.services.circuit import FAILED, Bounds, Breaker, verdict_of
from orchestration.services.refusal import Refused
from orchestration.services.rule_set import loaded
from orchestration.services.step_line import ahead_of, burst, clock, jitter, wait_for_rate, wait_for_slot, wake

MOST_AT_ONCE: Final = 10_000
MOST_A_MINUTE: Final = 1_000_000
GRACE: Final = timedelta(seconds=20)
"""How much longer than its time limit a run that tries may take until it is given up for lost."""


class OutOfPatience(Exception):
    """The step's circuit kept the run waiting for too long."""


def admit(run: AgentRun) -> datetime | None:
    """None: the run may begin. Else the moment until which it is held back. Raises OutOfPatience.

    Within the transaction that marks the run as running. A run counts as running until its lease ends, so the slot
    of a lost process becomes free by itself. First come, first served: who comes later waits behind the line.
    """
    state = _locked(run)
    if state is None:
        return None
    now, place = clock(), HeldRun.objects.filter(run=run).first()
    breaker = _breaker(state, run.agent)
    if not breaker.lets_through(now):
        return _hold_for_circuit(state, run, breaker, place, now)
    if state.concurrency is not None or state.rate is not None:
        ahead = ahead_of(state, place)
        if hold := max(wait_for_slot(state, run, ahead), wait_for_rate(state, ahead, now)):
            _put_in_line(state, run, place, now, circuit_since=None)
            return now + timedelta(seconds=hold + jitter(0.25 + 0.1 * hold))
        state.tokens -= 1 if state.rate is not None else 0
    if breaker.state != Circuit.CLOSED:
        lost_at = now + loaded(run.version_id).timeouts[run.step] + GRACE
        _change(state, run.agent, breaker.tried_by(run.pk, lost_at=lost_at), now)
    state.save(update_fields=["tokens", "refilled_at"])
    if place is not None:
        place.delete()
    return None


def leave(run: AgentRun) -> None:
    """The run is not going to begin: its place in the line is given up."""
    HeldRun.objects.filter(run=run).delete()


def settle(run: AgentRun, outcome: Outcome) -> None:
    """An attempt has ended: tell the step's circuit. Within the transaction that records the attempt.

    A step without failures costs one read and no write.
    """
    verdict = verdict_of(outcome)
    seen = _rows(run).first()
    if verdict != FAILED and (seen is None or (seen.circuit == Circuit.CLOSED and not seen.recent)):
        return
    if seen is None:
        StepState.objects.get_or_create(workflow_id=run.case.workflow_id, step=run.step, defaults={"agent": run.agent})
    state = _locked(run)
    if state is not None and (verdict == FAILED or state.agent == run.agent):  # what another agent does well is no news
        now = clock()
        _change(state, run.agent, _breaker(state, run.agent).after(verdict, run=run.pk, now=now, bounds=_bounds()), now)


def pass_on(run: AgentRun) -> None:
    """The run has ended, with its transaction: wake those first in line for whom there is room now."""
    state = _rows(run).first()
    if state is not None:
        wake(state)


def set_limits(
    *, workflow: Workflow, step: str, concurrency: int | None, rate: int | None, user: User | None
) -> StepState:
    """Set how many runs of the step may take place at once and begin a minute, on all hosts; None: no limit.

    Raises Refused: no such step, one that runs within the deciding step, a number out of bounds.
    """
    agent = _agent_of(workflow, step)
    if concurrency is not None and not 1 <= concurrency <= MOST_AT_ONCE:
        raise Refused(f"From 1 to {MOST_AT_ONCE:,} runs may take place at once. Switch the agent off to stop it.")
    if rate is not None and not 1 <= rate <= MOST_A_MINUTE:
        raise Refused(f"From 1 to {MOST_A_MINUTE:,} runs may begin a minute. Switch the agent off to stop it.")
    with transaction.atomic():
        StepState.objects.get_or_create(workflow=workflow, step=step, defaults={"agent": agent})
        state = StepState.objects.select_for_update(no_key=True).get(workflow=workflow, step=step)
        seen = {"concurrency": state.concurrency, "rate": state.rate}
        wanted = {"concurrency": concurrency, "rate": rate}
        if seen != wanted:
            if rate is not None and rate != state.rate:
                state.tokens, state.refilled_at = burst(rate), clock()
            state.concurrency, state.rate, state.changed_at = concurrency, rate, timezone.now()
            state.save()
            about = {"from": seen, "to": wanted}
            record("limits.changed", agent=state.agent, workflow=workflow, step=step, user=user, about=about)
    wake(state)
    return state


def set_circuit(*, workflow: Workflow, step: str, state: str, user: User | None, reason: str) -> StepState:
    """`open`: keep it open until somebody closes it. `half_open`: let the next run try. `closed`: all may run.

    Raises Refused: no such step or state, no reason for opening.
    """
    agent = _agent_of(workflow, step)
    if state not in Circuit.values:
        raise Refused(f"“{state}” is no state of a circuit. It is closed, open or half_open.")
    reason = reason.strip()[:500]
    if state == Circuit.OPEN and not reason:
        raise Refused("Say why the circuit is opened: people with its cases will ask.")
    with transaction.atomic():
        StepState.objects.get_or_create(workflow=workflow, step=step, defaults={"agent": agent})
        row = StepState.objects.select_for_update(no_key=True).get(workflow=workflow, step=step)
        wanted = {
            Circuit.OPEN: Breaker(Circuit.OPEN, held=True),
            Circuit.HALF_OPEN: Breaker(Circuit.HALF_OPEN, clock(), openings=row.openings),
            Circuit.CLOSED: Breaker(),
        }[Circuit(state)]
        _change(row, row.agent, wanted, clock(), user=user, about={"reason": reason} if reason else {})
    if state != Circuit.OPEN:
        wake(row)
    return row


# --- The circuit's line -----------------------------------------------------------------------------


def _hold_for_circuit(
    state: StepState, run: AgentRun, breaker: Breaker, place: HeldRun | None, now: datetime
) -> datetime:
    since = (place and place.circuit_since) or now
    end = since + timedelta(seconds=settings.CONDUCTOR["circuit_patience"])
    if end <= now:
        leave(run)
        raise OutOfPatience(f"The circuit of step {run.step} is open, because its agent kept failing.")
    ahead = ahead_of(state, place)
    _put_in_line(state, run, place, now, circuit_since=since)
    if breaker.held or breaker.until is None:
        return end
    return min(end, breaker.until + timedelta(seconds=jitter(min(0.1 * ahead, 30.0))))


def _put_in_line(
    state: StepState, run: AgentRun, place: HeldRun | None, now: datetime, *, circuit_since: datetime | None
) -> None:
    if place is None:
        HeldRun.objects.create(state=state, run=run, since=now, circuit_since=circuit_since)
    elif place.circuit_since != circuit_since:
        HeldRun.objects.filter(pk=place.pk).update(circuit_since=circuit_since)


# --- The row ----------------------------------------------------------------------------------------


def _rows(run: AgentRun) -> Any:
    return StepState.objects.filter(workflow_id=run.case.workflow_id, step=run.step)


def _locked(run: AgentRun) -> StepState | None:
    found: StepState | None = _rows(run).select_for_update(no_key=True).first()
    return found


def _breaker(state: StepState, agent: str) -> Breaker:
    """A circuit that another agent opened in this step does not count, unless a person holds it."""
    if state.agent != agent and not state.circuit_held:
        return Breaker()
    recent = tuple((moment, bool(failed)) for moment, failed in state.recent)
    return Breaker(state.circuit, state.circuit_until, state.circuit_held, state.openings, state.probe_id, recent)


def _change(
    state: StepState,
    agent: str,
    breaker: Breaker,
    now: datetime,
    *,
    user: User | None = None,
    about: dict[str, Any] | None = None,
) -> None:
    """Write the circuit to its locked row, with an event when it opened, half opened or closed."""
    before = _breaker(state, agent)
    if breaker == before and state.agent == agent:
        return
    recent = [[moment, int(failed)] for moment, failed in breaker.recent]
    state.agent, state.circuit, state.circuit_until = agent, breaker.state, breaker.until
    state.circuit_held, state.openings, state.probe_id = breaker.held, breaker.openings, breaker.probe
    state.recent, state.changed_at = recent, now
    state.save()
    if (breaker.state, breaker.held) != (before.state, before.held):
        kind = {Circuit.OPEN: "circuit.opened", Circuit.HALF_OPEN: "circuit.half_opened"}.get(
            Circuit(breaker.state), "circuit.closed"
        )
        if user is None and breaker.until:
            about = {"until": breaker.until.isoformat(), **(about or {})}
        if user is None and breaker.recent:
            about = {"failed": sum(bad for _, bad in breaker.recent), "of": len(breaker.recent), **(about or {})}
        record(kind, agent=agent, workflow=state.workflow_id, step=state.step, user=user, actor=WORKER, about=about)


def _bounds() -> Bounds:
    ours = settings.CONDUCTOR
    return Bounds(
        attempts=ours["circuit_attempts"],
        window=timedelta(seconds=ours["circuit_window"]),
        pause=timedelta(seconds=ours["circuit_pause"]),
        longest=timedelta(seconds=ours["circuit_longest"]),
    )


def _agent_of(workflow: Workflow, step: str) -> str:
    """The agent that this step of the workflow uses now. Raises Refused."""
    newest = workflow.versions.order_by("-number")
    for version in filter(None, (workflow.published_version, newest.first())):
        spec = (version.content.get("agents") or {}).get(step)
        if spec is not None:
            here = spec.get("inline") and state_of(spec["use"]).isolation in (Isolation.DECLARED, Isolation.INLINE)
            if here:
                raise Refused(
                    f"Step {step} runs within the deciding step, which has no limits. Isolate its agent first."
                )
            return str(spec["use"])
    raise Refused(f"The workflow {workflow.slug} has no step “{step}”.")
