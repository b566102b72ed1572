"""Answers of outside parties to runs that wait for them: taken in, too late, or given up when nobody answered.

An answer ends the run whether it waits already, is still being tried, or is to be tried again: the party may post
before the agent's `Pending` is recorded, and a try whose process was lost may have told it to go. Whoever is first
under the lock of the case and the run wins; the others find the run no longer as it was and change nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from orchestration.agents.found import Found
from orchestration.agents.outcome import Outcome, failed
from orchestration.agents.posted import ResultMisfit, beside, receive_posted
from orchestration.agents.registry import registry
from orchestration.agents.text import ERROR_CHARACTERS, SUMMARY_CHARACTERS, clean
from orchestration.facts import Problem
from orchestration.models import AgentAttempt, AgentRun, Case, CaseEvent, RunStatus
from orchestration.models.case import FINAL
from orchestration.models.run import ENDED
from orchestration.plugin_api import AgentResult
from orchestration.services.callback import Standing, standing, without_token
from orchestration.services.event import Events
from orchestration.services.refusal import Refused
from orchestration.services.rule_set import loaded
from orchestration.services.run import locked, write_outcome
from orchestration.services.secret import holds_any, named_in, without

log = structlog.get_logger(__name__)

PARTY: Final = "outside party"
_AGAIN, _LATE, _REFUSED = "agent_run.answered_again", "agent_run.answered_late", "agent_run.token_refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an outside party posted, of the right form: a result, or (`output` None) an error."""

    output: Mapping[str, Any] | None = None
    confidence: float | None = None
    summary: str = ""
    evidence: tuple[Mapping[str, Any], ...] = ()
    transcript: str = ""
    cost: float = 0.0
    error: str = ""
    permanent: bool = False


class AlreadyAnswered(Refused):
    """The token has let a result in before."""


class TooLate(Refused):
    """The run has ended without the answer, or its case is over. That the answer came is on record."""


class Misfit(Refused):
    """The result does not fit the agent; `problems` names each place. The token is still good."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("The result does not fit what the agent gives.")
        self.problems = problems


class NotInstalled(Refused):
    """The agent whose result this is is not installed on this machine."""


def run_for(*, public_id: uuid.UUID, token: str) -> AgentRun | None:
    """The run that this token belongs to; None for a wrong token and for a run that is not there alike. That a wrong
    one was sent for a run is on record, once."""
    erasable = [f"case__content__{name}" for name in ("payload", "corrections", "human")]
    run = AgentRun.objects.select_related("case__content").defer(*erasable).filter(public_id=public_id).first()
    if standing(run, token) != Standing.WRONG:
        return run
    if run is not None and (run.token_hash or run.answers) and not _is_noted(run, _REFUSED):
        with transaction.atomic():
            _note(*locked(run), _REFUSED)
    return None


def take_in(*, run: AgentRun, token: str, answer: Answer) -> AgentRun:
    """The run with the answer taken in. Needs the case's content loaded.

    1. What can be told without a lock, so that plugin code does not check what nobody waits for.
    2. The result is checked as if the agent had returned it, no transaction open: of the secrets that the agent may
       have told the outside party nothing is kept.
    3. Under the locks: still waited for, or on record as too late or posted again. The token is spent with the outcome.

    Raises AlreadyAnswered, TooLate, Misfit, NotInstalled; but for the record of the first two nothing is stored then.
    """
    wanted = run.status not in ENDED and run.case.status not in FINAL
    installed = registry().agents.get(run.agent)  # found before any row is locked: it may import plugins
    secrets = _secrets(run) if _live(run, token) else frozenset()
    outcome = without_token(_outcome(run, answer, secrets), token) if wanted and _live(run, token) else None
    with transaction.atomic():
        case, row = locked(run)
        live, late = _live(row, token), row.status in ENDED or case.status in FINAL
        if not live:
            _note(case, row, _AGAIN)
        elif late:
            _note_late(case, row, answer, {*secrets, token})
        elif outcome:
            _accept(case, row, outcome, installed)
    if not live:
        raise AlreadyAnswered("This result was posted before and taken in. It need not be sent again.")
    if late or outcome is None:
        raise TooLate("Nobody waits for this result any more. It is on record, and changes nothing.")
    return row


def give_up_overdue(*, at_most: int) -> int:
    """End runs for which no outside party answered in time, or whose case is over; how many."""
    in_vain = Q(due_at__lte=Now()) | Q(case__status__in=FINAL)
    overdue = AgentRun.objects.filter(in_vain, status=RunStatus.AWAITING).order_by("due_at")
    return sum(_give_up(run) for run in list(overdue.only("case_id")[:at_most]))


def _live(run: AgentRun, token: str) -> bool:
    return standing(run, token) == Standing.LIVE


def _accept(case: Case, row: AgentRun, outcome: Outcome, installed: Found | None) -> None:
    """A process that still tries the run finds another lease token; its try is written here, as it has ended here."""
    written = AgentAttempt.objects.filter(run=row, number=row.attempts).exists()
    tried = row.status == RunStatus.RUNNING and not written
    row.answers, row.token_hash, row.lease_token = row.answers + 1, "", row.lease_token + 1
    row.installed_version = row.installed_version or (installed.version if installed else "")
    write_outcome(case, row, _after_the_agent(row, outcome), tried=tried, actor=PARTY)


def _after_the_agent(row: AgentRun, outcome: Outcome) -> Outcome:
    return beside(outcome, summary=row.content.summary, transcript=row.content.transcript)


def _note_late(case: Case, row: AgentRun, answer: Answer, secrets: Set[str]) -> None:
    if row.case.content.erased_at is not None:  # what was erased does not come back in by another door
        _note(case, row, _LATE)
        return
    error = clean(answer.error, ERROR_CHARACTERS, secrets)
    output = None if holds_any(answer.output, secrets) else answer.output
    note = clean(answer.summary or error, SUMMARY_CHARACTERS, secrets)
    result = {"output": output, "confidence": answer.confidence, "error": error}
    _note(case, row, _LATE, {"note": note, "result": result})


def _note(case: Case, row: AgentRun, name: str, content: Mapping[str, Any] | None = None) -> None:
    """Once for a run, however often it is posted. Both rows are locked."""
    if _is_noted(row, name):
        return
    about = {"step": row.step, "run": str(row.public_id), "status": str(row.status)}
    events = Events(case)
    events.add(name, actor=PARTY, about=about, content=content)
    events.write()
    Case.objects.filter(pk=case.pk).update(last_event=case.last_event)


def _is_noted(run: AgentRun, name: str) -> bool:
    before = CaseEvent.objects.filter(case=run.case_id, name=name).values_list("about", flat=True)
    return any(one.get("run") == str(run.public_id) for one in before)


def _give_up(run: AgentRun) -> bool:
    try:
        with transaction.atomic():
            case, row = locked(run)
            if row.status != RunStatus.AWAITING:  # answered in the meantime
                return False
            over = case.status in FINAL
            text = "The case was closed before the outside party answered." if over else "Nobody answered in time."
            outcome = failed("not-wanted" if over else "expired", text, permanent=True)
            write_outcome(case, row, _after_the_agent(row, outcome), tried=False, actor="worker")
    except Exception:  # the next pass tries again; the other runs do not wait for this one
        log.exception("run_not_given_up", run=run.pk)
        return False
    return True


# --- What the answer comes to -----------------------------------------------------------------------


def _secrets(run: AgentRun) -> frozenset[str]:
    step = (run.version.content.get("agents") or {}).get(run.step) or {}
    return named_in(step.get("config") or {})


def _outcome(run: AgentRun, answer: Answer, secrets: frozenset[str]) -> Outcome:
    step = loaded(run.version_id).steps[run.step]  # in this process's memory before any row is locked
    if answer.output is None:
        told = clean(answer.error, ERROR_CHARACTERS, secrets)
        return failed("agent", told, permanent=answer.permanent, cost=float(answer.cost))
    found = registry().agents.get(run.agent)
    if found is None:
        log.error("agent_of_an_answer_missing", run=run.pk, reason=registry().why_not(run.agent))
        raise NotInstalled("This machine cannot check the result now. Send it again later.")
    result = AgentResult(
        output=answer.output,
        confidence=answer.confidence,
        summary=answer.summary,
        evidence=answer.evidence,
        transcript=answer.transcript,
        cost=answer.cost,
    )
    try:
        outcome = receive_posted(found, result, config=dict(step.config), secrets=secrets)
    except ResultMisfit as misfit:
        raise Misfit(misfit.problems) from None
    outcome = without(outcome, secrets)
    if outcome.status != "succeeded":
        raise Misfit([Problem("/output", outcome.error)])
    return outcome
