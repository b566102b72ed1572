"""One django-q2 cluster that tells the watchdog what it does, and proves by a canary that it still can."""

import mmap
import os
import struct
import time
from collections.abc import Mapping
from typing import Any

import django

from orchestration.management.worker.processes import die_with_parent
from orchestration.management.worker.progress import Kind, Reporter

CANARY_EVERY = 5.0  # seconds between canaries on an empty queue
CANARY_LOST = 300.0  # seconds after which another one is sent although the last was never acknowledged


def run(*, progress_fd: int, processes: int, watchdog_pid: int) -> None:
    """Start the cluster and stay its main process until SIGTERM has drained it.

    The broker is handed to the cluster, and the receivers are connected, before anything is forked: so every process of
    the cluster reports through the one pipe.
    """
    die_with_parent(watchdog_pid)
    django.setup()
    from django_q.cluster import Cluster
    from django_q.conf import Conf
    from django_q.signals import post_execute_in_worker, post_spawn, pre_execute

    from orchestration.tasks import import_services

    import_services()
    Conf.QUEUE_LIMIT = max(1, Conf.QUEUE_LIMIT // Conf.WORKERS) * processes
    Conf.WORKERS = processes
    reporter = Reporter(progress_fd)

    def started(task: Mapping[str, Any], **_: object) -> None:
        reporter.tell(Kind.STARTED, task.get("ack_id", 0))

    def ended(task: Mapping[str, Any], **_: object) -> None:
        will_be_acknowledged = task["success"] or task.get("ack_failure", False)
        reporter.tell(Kind.ENDED if will_be_acknowledged else Kind.DROPPED, task.get("ack_id", 0))

    post_spawn.connect(_trust_the_connection, weak=False)
    pre_execute.connect(started, weak=False)
    post_execute_in_worker.connect(ended, weak=False)
    Cluster(broker=_reporting_broker(reporter)).start()


def _trust_the_connection(**_: object) -> None:
    """A worker does not ask before each task whether its connection still lives: a task that finds it lost opens
    another and begins again."""
    from django.db import connection

    connection.settings_dict["CONN_HEALTH_CHECKS"] = False


def canary() -> None:
    """Does nothing: that it was done shows that the workers hear and the monitor acknowledges."""


def _reporting_broker(reporter: Reporter) -> Any:
    from django_q.brokers.orm import ORM
    from django_q.signing import SignedPackage

    class ReportingBroker(ORM):
        """django-q2's broker on our database. The canary never touches the database, so it tests this cluster alone."""

        def __init__(self) -> None:
            super().__init__()
            self._canaries = _Canaries()
            self._looked_at = 0.0

        def dequeue(self) -> list[tuple[int, str]] | None:
            if (now := time.monotonic()) - self._looked_at >= 0.5:
                self._looked_at = now
                reporter.tell(Kind.LOOKED)
            fetched = super().dequeue() or self._canary()
            for doorbell, _ in fetched or ():
                reporter.tell(Kind.FETCHED, doorbell)
            return fetched

        def acknowledge(self, task_id: int) -> None:
            if task_id < 0:
                self._canaries.acknowledge()
            else:
                super().acknowledge(task_id)
            reporter.tell(Kind.ACKNOWLEDGED, task_id)

        def fail(self, task_id: int) -> None:
            super().fail(task_id)
            reporter.tell(Kind.DROPPED, task_id)

        def _canary(self) -> list[tuple[int, str]] | None:
            if not (number := self._canaries.next()):
                return None
            task = {"id": f"canary-{os.getpid()}-{number}", "name": "canary", "func": f"{__name__}.canary"}
            task |= {"args": (), "kwargs": {}, "started": None, "ack_failure": True}
            return [(-number, SignedPackage.dumps(task))]

    return ReportingBroker()


class _Canaries:
    """Counts canaries in memory that pusher and monitor share, without a lock that could die with its holder.

    At most one is on its way, until it is given up for lost with the worker that had it.
    """

    _number = struct.Struct("<q")

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 2 * self._number.size)
        self._sent_at = time.monotonic()

    def next(self) -> int:
        sent, acknowledged, now = self._read(0), self._read(1), time.monotonic()
        if now - self._sent_at < (CANARY_EVERY if sent == acknowledged else CANARY_LOST):
            return 0
        self._sent_at = now
        self._write(0, sent + 1)
        return sent + 1

    def acknowledge(self) -> None:
        self._write(1, self._read(0))

    def _read(self, place: int) -> int:
        return int(self._number.unpack_from(self._shared, place * self._number.size)[0])

    def _write(self, place: int, number: int) -> None:
        self._number.pack_into(self._shared, place * self._number.size, number)
