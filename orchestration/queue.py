"""The queue as a doorbell: a task carries the id of a row and nothing else; the row is the truth.

The queue lies in the same database as the rows, so a ring inside a transaction is heard when it commits and vanishes
when it rolls back. A lost or doubled ring is harmless: tasks look at the row, and the reaper rings again.
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Min, QuerySet
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task


def ring(case_id: int) -> None:
    """Ask for the next round of a case."""
    async_task("orchestration.tasks.run_case", case_id)


def ring_run(run_id: int) -> None:
    """Ask for an agent run to be carried out."""
    async_task("orchestration.tasks.run_agent", run_id)


def ring_check(agent: str) -> None:
    """Ask for an agent to be asked how it is."""
    async_task("orchestration.tasks.check_agent", agent)


def ring_comparison(comparison_id: int) -> None:
    """Ask for the next batch of a comparison run."""
    async_task("orchestration.tasks.run_comparison", comparison_id)


def waiting() -> int:
    """How many doorbells were rung and are not answered yet, those being worked on included."""
    return _doorbells().count()


def unheard() -> int:
    """How many doorbells no worker has fetched yet."""
    return _doorbells().filter(lock__lte=timezone.now()).count()


def oldest_unheard() -> datetime | None:
    """When the doorbell that has waited longest was rung, of those no worker has fetched yet."""
    return _doorbells().filter(lock__lte=timezone.now()).aggregate(oldest=Min("lock"))["oldest"]


def hand_back(doorbells: Collection[int]) -> int:
    """Let other workers fetch these at once: the worker that fetched them is gone, and their lock would outlast it."""
    return _doorbells().filter(pk__in=doorbells).update(lock=timezone.now())


def _doorbells() -> QuerySet[OrmQ]:
    return OrmQ.objects.using(Conf.ORM).filter(key=Conf.CLUSTER_NAME)
