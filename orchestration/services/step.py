"""Record a step of a case in one transaction: what was found, what comes next, and everyone who is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from orchestration.engine.step import ChildOpened, Effect, Notified, Prioritised, Step
from orchestration.models import AgentRun, Autonomy, Case, CaseStatus, Evaluation, Priority, RuleHit
from orchestration.models.case import WaitsFor
from orchestration.models.writing import Writing
from orchestration.services.decision import decide_by_rules
from orchestration.services.doorbell import ring_case
from orchestration.services.effect import give_notice, open_child, start_wait
from orchestration.services.event import Events
from orchestration.services.run import ask_for_runs, unfinished_runs, write_inline
from orchestration.services.turn import Stale, Turn, lease_end
from orchestration.services.work_item import open_work_item

RULES: Final = "rules"


def record(turn: Turn, step: Step) -> bool:
    """Write the rounds evaluated, of which this step came last, and all that goes with it.

    True when the case stays ours: inline agents run next. Raises `Stale`, with nothing written, when the case
    changed since the turn read it.
    """
    runs: list[AgentRun] = []
    with _recording(turn) as writing:
        case, events = turn.case, turn.opening or Events(turn.case)
        evaluation = _write_evaluations(turn, writing)
        _write_ended(turn, events, writing)
        case.status, case.waits_for, case.due_at = CaseStatus.RUNNING, "", None
        case.attempts, case.fault = 0, ""
        refused = _take_effects(turn, step, events, writing)
        if refused:
            pass  # a child could not be opened: the next round, which knows, tells a person
        elif step.kind == "run":
            runs = ask_for_runs(turn, step, writing)
        elif step.kind == "wait":
            _wait(turn, step, events, writing)
        elif step.kind == "decide" and case.workflow.autonomy == Autonomy.AUTOMATIC:
            turn.decision = decide_by_rules(case, step, evaluation, events, writing)
        else:
            turn.work_item = open_work_item(case, step, events, writing)
        keep = refused or len(runs) < len(step.runs)
        if step.kind == "run" and not keep:
            case.status, case.waits_for = CaseStatus.WAITING, WaitsFor.RUNS
        _save(turn, keep=keep)
        events.write_with(writing)
    turn.evaluated, turn.ended, turn.runs = [], {}, [*turn.runs, *runs]
    return keep


def record_results(turn: Turn) -> None:
    """Write the results of inline runs and let go of the case: it goes on when its other runs have ended."""
    with _recording(turn) as writing:
        case, events = turn.case, turn.opening or Events(turn.case)
        _write_evaluations(turn, writing)
        _write_ended(turn, events, writing)
        case.status, case.waits_for, case.due_at = CaseStatus.WAITING, WaitsFor.RUNS, None
        case.attempts, case.fault = 0, ""
        _save(turn, keep=False)
        events.write_with(writing)
        writing.then(lambda: _ring_unless_awaited(case))
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
    writing, events, seen = Writing(), Events(case), _seen(case)
    detail = f"Its version cannot be used on this machine. {fault}"
    open_work_item(case, Step(kind="escalate", reason="gave-up", detail=detail), events, writing)
    case.waits_for, case.due_at, case.attempts, case.fault, case.leased_until = "", None, 0, "", None
    writing.update(case, *_WRITTEN, seen=seen)
    events.write_with(writing)
    writing.run()


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
def _recording(turn: Turn) -> Iterator[Writing]:
    """What is to be written; it goes out at the end: with a new case, or if the case's row is as it was seen.

    Undone in memory if it could not be written."""
    case, writing, seen, new = turn.case, Writing(), _seen(turn.case), turn.case.pk is None
    before, effects = dict(case.__dict__), list(turn.effects)
    runs = [(run, dict(run.__dict__)) for run in turn.runs if run.pk is None]
    try:
        if new:
            writing.insert(case)
            writing.insert(turn.content)
        yield writing
        if not new:
            writing.update(case, *_WRITTEN, seen=seen)
        if not writing.run():
            raise Stale
    except BaseException:
        for row, values in ((case, before), *runs):
            row.__dict__.update(values)
        turn.effects, turn.decision, turn.work_item = effects, None, None
        raise
    turn.opening, turn.taken = None, True


def _seen(case: Case) -> dict[str, Any]:
    """What must still be so when the step is written: the lease is ours, or still nobody's, and nothing happened from
    outside."""
    return {"lease_token": case.lease_token, "last_event": case.last_event, "status": case.status}


_WRITTEN: Final = (
    "status", "waits_for", "due_at", "attempts", "fault", "rounds", "last_event", "priority", "outcome",
    "decided_by", "decided_at", "leased_until",
)  # fmt: skip


def _save(turn: Turn, *, keep: bool) -> None:
    """Kept, the case is leased anew, and the attempt that goes on is counted."""
    turn.case.leased_until = lease_end() if keep else None
    turn.case.attempts = 1 if keep else turn.case.attempts


def _ring_unless_awaited(case: Case) -> None:
    """The last run may have ended while this process was busy."""
    if not unfinished_runs(case.pk):
        ring_case(case.pk)


def _write_ended(turn: Turn, events: Events, writing: Writing) -> None:
    if turn.case.waits_for in (WaitsFor.TIME, WaitsFor.CHILD):
        events.add("case.woken", actor="worker", about={"waited_for": str(turn.case.waits_for)})
    write_inline(turn, events, writing)


def _write_evaluations(turn: Turn, writing: Writing) -> Evaluation:
    """One row for each round evaluated, and rule hits for a decision. The last of them."""
    case, row = turn.case, Evaluation()
    for one in turn.evaluated:
        row = writing.add(
            Evaluation,
            case=case,
            version_id=case.version_id,
            round=one.round,
            last_event=case.last_event,
            now=case.woken_at,
            facts_digest=one.facts_digest,
            matched=list(one.step.matched),
            step=step_document(one.step),
        )
    step = turn.evaluated[-1].step if turn.evaluated else None
    if step and step.kind == "decide":
        giving = {reason.rule for reason in step.reasons}
        for rule in step.matched:
            role = _role(rule, step, giving)
            writing.add(RuleHit, evaluation=row, version_id=case.version_id, rule=rule, role=role)
    return row


def _role(rule: str, step: Step, giving: set[str]) -> str:
    if rule == step.rule:
        return "terminal"
    return "set" if rule in giving else "other"


def _take_effects(turn: Turn, step: Step, events: Events, writing: Writing) -> bool:
    """Write what the step does besides. True when a child case was refused."""
    case, refused = turn.case, False
    for effect in news(turn, step):
        match effect:
            case Prioritised(rule=rule, priority=priority):
                case.priority = Priority[priority.upper()]
                events.add("case.prioritised", actor=RULES, about={"rule": rule, "priority": priority})
            case Notified():
                turn.effects.append(give_notice(case, effect, events, writing))
            case ChildOpened():
                turn.effects.append(open_child(case, effect, events, writing))
                refused = refused or bool(turn.effects[-1].refused)
    return refused


def _wait(turn: Turn, step: Step, events: Events, writing: Writing) -> None:
    case = turn.case
    case.status = CaseStatus.WAITING
    if step.due is None:
        case.waits_for = WaitsFor.CHILD
    else:
        case.waits_for, case.due_at = WaitsFor.TIME, step.due
        if not any(wait.rule == step.rule and wait.due == step.due for wait in turn.progress.waits):
            turn.effects.append(start_wait(case, step, writing))
    events.add("case.paused", actor=RULES, about=step_document(step))
