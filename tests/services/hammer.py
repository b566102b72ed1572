"""What each process of the hammering test does: `hammer.py fill …` makes runs that wait, `hammer.py work` tries them.

Workers do not wait for doorbells: each asks for any run that waits, held back or not, as often as it can.
"""

import os
import random
import sys
from pathlib import Path

import django

django.setup()

from django.db.models.functions import Now  # noqa: E402

from orchestration.models import AgentRun, Client, RunStatus, Workflow  # noqa: E402
from orchestration.services import case as cases  # noqa: E402
from orchestration.services import round as rounds  # noqa: E402
from orchestration.services import run as runs  # noqa: E402
from orchestration.services.agent_state import set_isolation  # noqa: E402
from orchestration.services.step_line import clock  # noqa: E402
from orchestration.services.step_state import set_limits  # noqa: E402


def fill(slug: str, count: str, concurrency: str, rate: str, log: str) -> None:
    workflow, client = Workflow.objects.get(slug=slug), Client.objects.create(name=slug)
    set_isolation(agent="test.gauge", isolation="worker", memory_mib=None, user=None)
    for _ in range(int(count)):
        accepted = cases.accept(client=client, workflow=workflow, payload={"text": log})
        rounds.run_case(case_id=accepted.case.pk)
    set_limits(workflow=workflow, step="hear", concurrency=int(concurrency) or None, rate=int(rate) or None, user=None)


def work(log: str) -> None:
    """Until nothing waits; when each run was let through is noted under the lock that lets it."""
    dice = random.Random(os.getpid())
    real, admitted = runs.admit, Path(f"{log}.admitted")

    def noting(run: AgentRun) -> object:
        until = real(run)
        if until is None:
            with admitted.open("a") as file:
                file.write(f"{clock().timestamp()}\n")
        return until

    runs.admit = noting
    while ids := list(AgentRun.objects.filter(status=RunStatus.PENDING).values_list("pk", flat=True)):
        run_id = dice.choice(ids)
        AgentRun.objects.filter(pk=run_id, status=RunStatus.PENDING).update(due_at=Now())
        runs.run_agent(run_id=run_id)


if __name__ == "__main__":
    {"fill": fill, "work": work}[sys.argv[1]](*sys.argv[2:])
