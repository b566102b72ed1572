"""Tasks of the queue: each takes a row's id and calls one service. They never raise and return nothing."""

import structlog

log = structlog.get_logger(__name__)


def run_case(case_id: int) -> None:
    from orchestration.services import round as rounds

    try:
        rounds.run_case(case_id=case_id)
    except Exception:  # the row keeps its lease or due time, so the reaper rings again
        log.exception("run_case_failed", case_id=case_id)


def run_agent(run_id: int) -> None:
    from orchestration.services import run

    try:
        run.run_agent(run_id=run_id)
    except Exception:
        log.exception("run_agent_failed", run_id=run_id)
