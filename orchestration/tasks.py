"""Tasks of the queue: each takes a row's id, or an agent's name, and calls one service. They never raise and return
nothing."""

from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError, connection

log = structlog.get_logger(__name__)


def import_services() -> None:
    """What the tasks use; processes that are forked afterwards share it."""
    from orchestration.services import agent_state, comparison_batch, round, run  # noqa: F401


def run_case(case_id: int) -> None:
    from orchestration.services import round as rounds

    try:
        _again_if_disconnected(lambda: rounds.run_case(case_id=case_id))
    except Exception:  # the row keeps its lease or due time, so the reaper rings again
        log.exception("run_case_failed", case_id=case_id)


def run_agent(run_id: int) -> None:
    from orchestration.services import run

    try:
        _again_if_disconnected(lambda: run.run_agent(run_id=run_id))
    except Exception:
        log.exception("run_agent_failed", run_id=run_id)


def _again_if_disconnected(serve: Callable[[], None]) -> None:
    """A connection that was lost since the last task is opened anew; the row tells what is still to be done."""
    try:
        serve()
    except (OperationalError, InterfaceError):
        connection.close_if_unusable_or_obsolete()
        if connection.connection is not None:
            raise
        serve()


def check_agent(agent: str) -> None:
    from orchestration.services import agent_state

    try:
        agent_state.check_agent(agent=agent)
    except Exception:
        log.exception("check_agent_failed", agent=agent)


def run_comparison(comparison_id: int) -> None:
    from orchestration.services import comparison_batch

    try:
        _again_if_disconnected(lambda: comparison_batch.run_comparison(comparison_id=comparison_id))
    except Exception:  # the row keeps its lease, and is rung for again
        log.exception("run_comparison_failed", comparison_id=comparison_id)
