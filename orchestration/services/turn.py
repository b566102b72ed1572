"""Turn: one process's hold on a case, with the rows it read and the inline results it has not yet recorded."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.db.models.functions import Greatest, Now

from orchestration.agents.runner import Outcome
from orchestration.engine.advance import advanced
from orchestration.engine.step import Progress, RunRecord, Step
from orchestration.facts import Facts, digest
from orchestration.models import AgentRun, Case, CaseContent, CaseEffect, CaseStatus, Decision, Isolation, WorkItem
from orchestration.models.selects import Select
from orchestration.models.webhook import endpoints_of
from orchestration.models.writing import Writing
from orchestration.services.agent_state import State, state_of
from orchestration.services.event import Events
from orchestration.services.rule_set import Loaded, loaded
from orchestration.services.situation import (
    counts_as_run,
    effects_of,
    facts_of,
    progress_of,
    record_of,
    runs_of,
)


class Stale(Exception):
    """Something happened to the case since it was read; nothing was recorded."""


class Unusable(Exception):
    """The case's version cannot be compiled on this machine; the case is taken, and has this error."""

    def __init__(self, case: Case, error: Exception) -> None:
        super().__init__(fault_of(error))
        self.case = case


@dataclass(frozen=True, slots=True)
class Ended:
    """What a try of a run gave, with the input it was given."""

    given: dict[str, Any]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A round that was evaluated and is to be recorded."""

    round: int
    step: Step
    facts_digest: str


@dataclass
class Turn:
    case: Case
    version: Loaded
    content: CaseContent
    runs: list[AgentRun] = field(default_factory=list)
    effects: list[CaseEffect] = field(default_factory=list)
    evaluated: list[Evaluated] = field(default_factory=list)
    ended: dict[UUID, Ended] = field(default_factory=dict)  # by the run's public id
    decision: Decision | None = None  # the one that this turn gave
    work_item: WorkItem | None = None  # the one that it opened
    opening: Events | None = None  # of a case that is not written yet
    states: dict[str, State] = field(default_factory=dict)  # of agents, as they were when first asked for
    taken: bool = True  # False: no lease is written yet; the first writing succeeds only if nobody took it meanwhile

    def __post_init__(self) -> None:
        """Whether an earlier process was lost on this case: its agents then run in processes of their own."""
        self.careful = self.case.attempts > 1

    @cached_property
    def token(self) -> int:
        return self.case.lease_token

    @property
    def facts(self) -> Facts:
        return facts_of(self.case, self.content, effects=self.effects, now=self.case.woken_at)

    @property
    def progress(self) -> Progress:
        progress = progress_of(self.case, self.content, runs=[], effects=self.effects)
        return replace(
            progress,
            runs=tuple(self.record_of(run) for run in self.runs if counts_as_run(run, self.case)),
            cost=sum(run.cost for run in self.runs) + sum(ended.outcome.cost for ended in self.ended.values()),
        )

    @property
    def awaits_runs(self) -> bool:
        """Whether a run is still to end, so that evaluating again would be too early."""
        return any(self.record_of(run).status == "pending" for run in self.runs)

    def record_of(self, run: AgentRun) -> RunRecord:
        ended = self.ended.get(run.public_id)
        if ended is None:
            return record_of(run)
        outcome = ended.outcome
        return RunRecord(
            step=run.step,
            status="pending" if self.tries_again(run, outcome) else outcome.status,
            agent_version=run.agent_version,
            config_digest=run.config_digest,
            input_digest=run.input_digest,
            output=outcome.output or {},
            confidence=outcome.confidence,
            error=outcome.error,
        )

    def tries_again(self, run: AgentRun, outcome: Outcome) -> bool:
        left = run.attempts < self.version.steps[run.step].attempts
        return outcome.status == "failed" and not outcome.permanent and left

    def evaluate(self) -> Step:
        """The next step of the case; it is recorded with what follows from it."""
        step, seen = advanced(self.version.rule_set, self.facts, self.progress)
        self.add(step, digest(seen.document, bytes.fromhex(self.content.salt)))
        return step

    def add(self, step: Step, facts_digest: str) -> None:
        self.case.rounds += 1
        self.evaluated.append(Evaluated(self.case.rounds, step, facts_digest))

    def is_inline(self, step: str) -> bool:
        """Whether its run ends within this turn; that of an agent that is switched off does, by failing."""
        state = self.state_of(step)
        if not state.enabled:
            return True
        declared = state.isolation in (Isolation.DECLARED, Isolation.INLINE)
        return bool(self.version.steps[step].inline) and declared and not self.careful

    def state_of(self, step: str) -> State:
        """Of the step's agent; the same throughout the turn, whatever is switched meanwhile."""
        agent = self.version.steps[step].use
        if agent not in self.states:
            self.states[agent] = state_of(agent)
        return self.states[agent]

    def reload(self) -> bool:
        """Read the rows again; false when the lease is no longer ours, or the case is no longer running."""
        fresh = _load(self.case.pk)
        if fresh is None or fresh.lease_token != self.token or fresh.status != CaseStatus.RUNNING:
            return False
        self.case, self.content = fresh, fresh.content
        unwritten = [run for run in self.runs if run.pk is None]  # what agents gave stays known
        self.runs, self.effects = [*runs_of(fresh), *unwritten], effects_of(fresh)
        self.evaluated = []
        return True


def claim(case_id: int, *, at_hand: bool = True) -> Turn | None:
    """Take the case up if it is there to be taken: lease, fencing token, attempt counted before it is used.

    A new case that can go on within this process is worked on as it stands, if `at_hand`: what comes of it is written
    only if nobody else took it. A process lost on it leaves it as it was: it is rung for again, and then taken first.
    """
    case = _load(case_id)
    if case is not None and at_hand and _is_new(case) and (version := _all_inline(case.version_id)):
        return Turn(case, version, case.content, taken=False)
    if case is None or not (_take(case) if case.status in _READY else _wake(case)):
        return None
    if case.status not in _READY:
        case = _load(case_id) or case
    begun = case.rounds > 0
    try:
        version = loaded(case.version_id)
    except DatabaseError:
        raise
    except Exception as error:
        raise Unusable(case, error) from error
    return Turn(case, version, case.content, runs_of(case) if begun else [], effects_of(case) if begun else [])


def lease_end() -> Any:
    return Now() + timedelta(seconds=settings.CONDUCTOR["lease"])


def release_after_fault(case: Case, fault: str, *, token: int) -> None:
    """Let go of the case after an error of ours; it is taken up again after a pause that doubles."""
    held = Case.objects.filter(pk=case.pk, lease_token=token, status=CaseStatus.RUNNING)
    held.update(leased_until=None, due_at=Now() + backoff(case.attempts), fault=fault[:300])


def fault_of(error: Exception) -> str:
    """The error's kind and first line: what databases add below may hold values of the case."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def backoff(attempts: int) -> timedelta:
    """1, 2, 4 … seconds, at most five minutes."""
    return timedelta(seconds=min(2 ** max(attempts - 1, 0), 300))


def pause(attempts: int, retry_after: float | None) -> timedelta:
    """Before the next try of a run: what the agent asks for, within a bound, and up to a tenth more; else any part of
    what `backoff` says. What failed together does not come back together."""
    if not retry_after:
        return backoff(attempts) * _dice.random()
    asked = min(retry_after, settings.CONDUCTOR["longest_retry_after"])
    return timedelta(seconds=asked * (1 + 0.1 * _dice.random()))


_dice: Final = random.SystemRandom()  # workers are forks: of any other one they would all have the same copy
_READY: Final = (CaseStatus.RECEIVED, CaseStatus.RUNNING)


def _is_new(case: Any) -> bool:
    """Nobody has worked on it, and it was rung for only once, when it was taken in."""
    return bool(
        case.status == CaseStatus.RECEIVED and case.takeable and not case.attempts and case.rung_at == case.received_at
    )


def _all_inline(version_id: int) -> Loaded | None:
    """The version, if it can be used on this machine and every agent in it is inline."""
    try:
        version = loaded(version_id)
    except DatabaseError:
        raise
    except Exception:
        return None  # told when the case is taken
    return version if version.all_inline else None


def _take(case: Any) -> bool:
    """A case that waits for nothing: it was free and due when it was read, and nobody has taken it since."""
    names = ("lease_token", "status", "rounds", "last_event")
    seen = {name: getattr(case, name) for name in names}
    case.lease_token, case.attempts = case.lease_token + 1, case.attempts + 1
    case.status, case.leased_until = CaseStatus.RUNNING, lease_end()
    taking = Writing()
    taking.update(case, "status", "lease_token", "attempts", "leased_until", seen=seen)
    return bool(case.takeable) and taking.run()


def _wake(case: Case) -> bool:
    """A case that waited, if what it waited for has come; that is the moment which its rules see as now."""
    rows = Case.objects.filter(pk=case.pk, status=CaseStatus.WAITING).claimable()
    changed = {"status": CaseStatus.RUNNING, "lease_token": F("lease_token") + 1, "attempts": F("attempts") + 1}
    return bool(rows.update(leased_until=lease_end(), woken_at=Greatest("woken_at", Now()), **changed))


_FREE: Final = Q(leased_until=None) | Q(leased_until__lt=Now())
_DUE: Final = Q(due_at=None) | Q(due_at__lte=Now())
_load_case = Select(
    lambda case_id: (
        Case.objects.select_related("workflow", "client", "content")
        .annotate(takeable=ExpressionWrapper(_FREE & _DUE, BooleanField()), told=endpoints_of("client_id"))
        .filter(pk=case_id)
        .order_by()
    )
)


def _load(case_id: int) -> Case | None:
    case: Any = _load_case.first(case_id=case_id)
    if case is not None:
        case.client.has_endpoints = case.told
    return case
