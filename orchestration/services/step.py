"""Record a step of a case in one transaction: what was found, what comes next, and everyone who is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import transaction

from orchestration.engine.step import ChildOpened, Effect, Notified, Prioritised, Step
from orchestration.models import AgentRun, Autonomy, Case, CaseStatus, Evaluation, Priority, RuleHit
from orchestration.models.case import WaitsFor
from orchestration.models.statements import insert, lock, update
from orchestration.services.decision import decide_by_rules
from orchestration.services.doorbell import ring_case
from orchestration.services.effect import give_notice, open_child, start_wait
from orchestration.services.event import Events
from orchestration.services.run import ask_for_runs, write_inline
from orchestration.services.turn import Stale, Turn, lease_end
from orchestration.services.work_item import open_work_item

RULES: Final = "rules"


def record(turn: Turn, step: Step) -> bool:
    """Write the rounds evaluated, of which this step came last, and all that goes with it.

    True when the case stays ours: inline agents run next. Raises `Stale`, with nothing written, when the case
    changed since the turn read it.
    """
    runs: list[AgentRun] = []
    with _recording(turn) as case:
        events = Events(case)
        evaluation = _write_evaluations(turn)
        _write_ended(turn, events)
        case.status, case.waits_for, case.due_at = CaseStatus.RUNNING, "", None
        case.attempts, case.fault = 0, ""
        refused = _take_effects(turn, step, events)
        if refused:
            pass  # a child could not be opened: the next round, which knows, tells a person
        elif step.kind == "run":
            runs = ask_for_runs(turn, step)
        elif step.kind == "wait":
            _wait(turn, step, events)
        elif step.kind == "decide" and case.workflow.autonomy == Autonomy.AUTOMATIC:
            decide_by_rules(case, step, evaluation, events)
        else:
            open_work_item(case, step, events)
        keep = refused or len(runs) < len(step.runs)
        if step.kind == "run" and not keep:
            case.status, case.waits_for = CaseStatus.WAITING, WaitsFor.RUNS
        _save(turn, keep=keep)
        events.write()
    turn.evaluated, turn.ended, turn.runs = [], {}, [*turn.runs, *runs]
    return keep


def record_results(turn: Turn) -> None:
    """Write the results of inline runs and let go of the case: it goes on when its other runs have ended."""
    with _recording(turn) as case:
        events = Events(case)
        _write_evaluations(turn)
        _write_ended(turn, events)
        case.status, case.waits_for, case.due_at = CaseStatus.WAITING, WaitsFor.RUNS, None
        case.attempts, case.fault = 0, ""
        _save(turn, keep=False)
        events.write()
        if not AgentRun.objects.filter(case=case, purpose="live", status__in=["pending", "running"]).exists():
            ring_case(case.pk)  # the last one ended while this process was busy
    turn.evaluated, turn.ended = [], {}


def give_up(turn: Turn) -> None:
    """The case was taken up again and again without getting a step further: a person must see it."""
    last = turn.case.fault or "its process was lost"
    detail = f"Taken up {turn.case.attempts - 1} times without getting a step further. The last time: {last}."
    step = Step(kind="escalate", reason="gave-up", detail=detail)
    turn.add(step, "")
    record(turn, step)


def give_up_unread(case: Case, fault: str) -> None:
    """As `give_up`, for a case whose version cannot be compiled, so that no turn can be taken."""
    with transaction.atomic():
        if not lock(case, lease_token=case.lease_token, last_event=case.last_event, status=CaseStatus.RUNNING):
            return
        events = Events(case)
        detail = f"Its version cannot be used on this machine. {fault}"
        open_work_item(case, Step(kind="escalate", reason="gave-up", detail=detail), events)
        case.waits_for, case.due_at, case.attempts, case.fault, case.leased_until = "", None, 0, "", None
        update(case, *_WRITTEN)
        events.write()


def news(turn: Turn, step: Step) -> list[Effect]:
    """The step's effects that change anything: a priority the case has already is none."""
    return [
        effect
        for effect in step.effects
        if not isinstance(effect, Prioritised) or Priority[effect.priority.upper()] != turn.case.priority
    ]


def step_document(step: Step) -> dict[str, Any]:
    """The step as it is kept with an evaluation: identifiers and the rule author's words, no facts."""
    document = {
        "kind": step.kind,
        "rule": step.rule,
        "outcome": step.outcome,
        "reason": step.reason,
        "queue": step.queue,
        "priority": step.priority,
        "runs": [planned.step for planned in step.runs],
        "awaited": list(step.awaited),
        "due": step.due.isoformat() if step.due else None,
        "child": step.child,
    }
    return {key: value for key, value in document.items() if value}


# --- Parts of recording -----------------------------------------------------------------------------


@contextmanager
def _recording(turn: Turn) -> Iterator[Case]:
    """A transaction that holds the case's row, which must be as the turn saw it; undone in memory on failure."""
    case = turn.case
    before, effects = dict(case.__dict__), list(turn.effects)
    try:
        with transaction.atomic():
            if not _hold(turn):
                raise Stale
            yield case
    except BaseException:
        case.__dict__.update(before)
        turn.effects = effects
        raise


def _hold(turn: Turn) -> bool:
    """Lock the case's row, if it still is as the turn read it."""
    case = turn.case
    return lock(case, lease_token=turn.token, last_event=case.last_event, status=CaseStatus.RUNNING)


_WRITTEN: Final = (
    "status", "waits_for", "due_at", "attempts", "fault", "rounds", "last_event", "priority", "outcome",
    "decided_by", "decided_at", "leased_until",
)  # fmt: skip


def _save(turn: Turn, *, keep: bool) -> None:
    """Kept, the case is leased anew, and the attempt that goes on is counted."""
    turn.case.leased_until = lease_end() if keep else None
    turn.case.attempts = 1 if keep else turn.case.attempts
    update(turn.case, *_WRITTEN)


def _write_ended(turn: Turn, events: Events) -> None:
    if turn.case.waits_for in (WaitsFor.TIME, WaitsFor.CHILD):
        events.add("case.woken", actor="worker", about={"waited_for": str(turn.case.waits_for)})
    write_inline(turn, events)


def _write_evaluations(turn: Turn) -> Evaluation:
    """One row for each round evaluated, and rule hits for a decision. The last of them."""
    case = turn.case
    rows = [
        Evaluation(
            case_id=case.pk,
            version_id=case.version_id,
            round=one.round,
            last_event=case.last_event,
            now=case.woken_at,
            facts_digest=one.facts_digest,
            matched=list(one.step.matched),
            step=step_document(one.step),
        )
        for one in turn.evaluated
    ]
    insert(rows)
    step = turn.evaluated[-1].step if turn.evaluated else None
    if step and step.kind == "decide":
        giving = {reason.rule for reason in step.reasons}
        insert(
            [
                RuleHit(
                    evaluation_id=rows[-1].pk, version_id=case.version_id, rule=rule, role=_role(rule, step, giving)
                )
                for rule in step.matched
            ]
        )
    return rows[-1] if rows else Evaluation()


def _role(rule: str, step: Step, giving: set[str]) -> str:
    if rule == step.rule:
        return "terminal"
    return "set" if rule in giving else "other"


def _take_effects(turn: Turn, step: Step, events: Events) -> bool:
    """Write what the step does besides. True when a child case was refused."""
    case, refused = turn.case, False
    for effect in news(turn, step):
        match effect:
            case Prioritised(rule=rule, priority=priority):
                case.priority = Priority[priority.upper()]
                events.add("case.prioritised", actor=RULES, about={"rule": rule, "priority": priority})
            case Notified():
                turn.effects.append(give_notice(case, effect, events))
            case ChildOpened():
                turn.effects.append(open_child(case, effect, events))
                refused = refused or bool(turn.effects[-1].refused)
    return refused


def _wait(turn: Turn, step: Step, events: Events) -> None:
    case = turn.case
    case.status = CaseStatus.WAITING
    if step.due is None:
        case.waits_for = WaitsFor.CHILD
    else:
        case.waits_for, case.due_at = WaitsFor.TIME, step.due
        if not any(wait.rule == step.rule and wait.due == step.due for wait in turn.progress.waits):
            turn.effects.append(start_wait(case, step))
    events.add("case.paused", actor=RULES, about=step_document(step))
