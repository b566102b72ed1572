"""Rounds of a case: evaluate, record the step, run its inline agents, until it is decided or must wait.

What happens when the process dies: before the claim commits, nothing; after it, the lease runs out and the
reaper rings again; between asking for inline runs and recording their results, the next claim finds them
still `running`, counts that attempt as vanished and sends them to a process of their own. Every write is
conditional on the lease's token and on the last event seen, so of two processes at most one gets through.
"""

from __future__ import annotations

import structlog
from django.conf import settings

from orchestration.engine.advance import advance
from orchestration.engine.step import Step
from orchestration.services.run import run_inline
from orchestration.services.step import give_up, record, record_results, revive_vanished
from orchestration.services.turn import Stale, Turn, claim, release_after_fault

log = structlog.get_logger(__name__)


def run_case(*, case_id: int) -> None:
    """Answer a doorbell: work on the case as far as it goes. Lost or doubled doorbells do no harm."""
    with structlog.contextvars.bound_contextvars(case_id=case_id):
        turn = claim(case_id)
        if turn is None:
            return
        try:
            if turn.case.attempts > settings.CONDUCTOR["attempts"]:
                give_up(turn)
            else:
                revive_vanished(turn)
                carry_on(turn)
        except Stale:
            log.info("round_overtaken")
        except Exception as error:
            log.exception("round_failed")
            release_after_fault(turn, error)


def carry_on(turn: Turn, step: Step | None = None) -> None:
    """Rounds until the case is released. A `step` given is recorded already; its inline agents run first."""
    while True:
        if step is not None:
            run_inline(turn, step)
        try:
            if turn.awaits_runs:
                record_results(turn)
                return
            step = advance(turn.version.rule_set, turn.facts, turn.progress)
            if not record(turn, step):
                return
        except Stale:
            step = None
            if not turn.reload():
                log.info("lease_lost")
                return
