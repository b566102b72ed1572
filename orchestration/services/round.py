"""Rounds of a case: evaluate, run inline agents, record the step, until it is decided or must wait.

What happens when the process dies: before the claim commits, or on a new case that is not taken, nothing; after it,
the lease runs out. The reaper then rings again. What inline agents gave is recorded in one transaction with the step
that follows from it, so a process lost on the way leaves nothing half-done; as the attempt was counted beforehand,
the next process is careful and has the agents run in processes of their own. Every write is conditional on the
lease's token and on the last event seen, so of two processes at most one gets through.
"""

from __future__ import annotations

import structlog
from django.conf import settings

from orchestration.services.run import run_inline
from orchestration.services.step import give_up, give_up_unread, news, record, record_results
from orchestration.services.turn import Stale, Turn, Unusable, claim, fault_of, release_after_fault

log = structlog.get_logger(__name__)


def run_case(*, case_id: int) -> None:
    """Answer a doorbell: work on the case as far as it goes. Lost or doubled doorbells do no harm."""
    with structlog.contextvars.bound_contextvars(case_id=case_id):
        if not _worked_on(case_id, at_hand=True):
            _worked_on(case_id, at_hand=False)


def _worked_on(case_id: int, *, at_hand: bool) -> bool:
    """False when the case was worked on untaken and nothing of it could be written, so that it must be taken first."""
    try:
        turn = claim(case_id, at_hand=at_hand)
    except Unusable as error:
        log.exception("version_unusable")
        if error.case.attempts > settings.CONDUCTOR["attempts"]:
            give_up_unread(error.case, str(error))
        else:
            release_after_fault(error.case, str(error), token=error.case.lease_token)
        return True
    try:
        if turn and turn.case.attempts > settings.CONDUCTOR["attempts"]:
            give_up(turn)
        elif turn:
            carry_on(turn)
    except Stale:
        log.info("round_overtaken")
        return turn.taken
    except Exception as error:
        log.exception("round_failed")
        if turn.taken:
            release_after_fault(turn.case, fault_of(error), token=turn.token)
        return turn.taken
    return True


def carry_on(turn: Turn) -> None:
    """Rounds until the case is released."""
    while True:
        try:
            if turn.awaits_runs:
                record_results(turn)
                return
            step = turn.evaluate()
            together = step.kind == "run" and not news(turn, step) and all(map(turn.is_inline, step.awaited))
            if not together and not record(turn, step):
                return
        except Stale:
            if not turn.taken:
                raise
            if not turn.reload():
                log.info("lease_lost")
                return
        else:
            run_inline(turn, step)
