"""Cases a second through the queue, beside django-q2 draining as many empty tasks with the same settings.

`python -m benchmarks.throughput`: on PostgreSQL (DATABASE_URL, or the server on 127.0.0.1:5432) and on SQLite, each
in a database made for the run. All KYC sample cases are posted first, then `manage.py worker` with two processes is
started; the clock runs from the first case that is done to the last. Empty tasks are drained likewise.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.report import Goal, Report, main
from benchmarks.throwaway import ROOT, environment, manage, throwaway_database

GOALS = [Goal("vs_empty_tasks_postgresql", at_least=0.35)]

_POST = """
import django, sys; django.setup()
from orchestration.models import Client, Workflow
from orchestration.services import case as cases, demo, pack, version
from orchestration.agents.registry import registry
imported = pack.import_pack(text=registry().workflows["kyc"].path.read_text())
version.publish(version_id=imported.version.pk, user=None)
workflow = Workflow.objects.get(pk=imported.workflow.pk)
client = Client.objects.create(name="benchmark")
for sample in demo.samples("kyc", seed=7, count=int(sys.argv[1])):
    cases.accept(client=client, workflow=workflow, payload=sample["payload"], reference=sample["reference"])
"""
_RING = """
import django, sys; django.setup()
from django_q.tasks import async_task
for _ in range(int(sys.argv[1])):
    async_task("benchmarks.throughput.nothing")
"""
_COUNT = """
import django, sys, time; django.setup()
from django_q.models import OrmQ
from orchestration.models import Case
total = int(sys.argv[2])
left = (lambda: Case.objects.exclude(status__in=["decided", "escalated"]).count()) if sys.argv[1] == "cases" else (
    lambda: OrmQ.objects.count())
first = None
while True:
    now, count = time.perf_counter(), left()
    if first is None and count < total:
        first = (now, count)
    if count == 0:
        break
    time.sleep(0.02)
print((first[1]) / (now - first[0]))
"""


def nothing() -> None:
    """The empty task."""


def measure(arguments: argparse.Namespace) -> Report:
    report = Report(
        "Throughput: cases drained a second, beside django-q2's empty tasks",
        GOALS,
        ["django", "django-q2", "psycopg"],
        columns=["database", "cases", "cases/s", "empty tasks/s", "ratio"],
    )
    for kind, count in (("postgresql", arguments.cases), ("sqlite", arguments.cases // 2)):
        cases, tasks = _drained(kind, "cases", _POST, count), _drained(kind, "tasks", _RING, count)
        report.figures[f"vs_empty_tasks_{kind}"] = round(cases / tasks, 3)
        report.rows.append([kind, str(count), f"{cases:.0f}", f"{tasks:.0f}", f"{cases / tasks:.2f}"])
    return report


def _drained(kind: str, what: str, fill: str, count: int) -> float:
    """Fill the queue of a fresh database, start the worker, and return how many a second it drained."""
    with tempfile.TemporaryDirectory() as folder, throwaway_database(kind, Path(folder)) as url:
        env = environment(url, Path(folder))
        manage(env, "migrate", "--verbosity", "0")
        subprocess.run([sys.executable, "-c", fill, str(count)], cwd=ROOT, env=env, check=True)
        worker = subprocess.Popen([sys.executable, "manage.py", "worker", "--processes", "2"], cwd=ROOT, env=env)
        try:
            counted = subprocess.run(
                [sys.executable, "-c", _COUNT, what, str(count)],
                cwd=ROOT, env=env, check=True, capture_output=True, text=True, timeout=170,
            )  # fmt: skip
        finally:
            worker.terminate()
            worker.wait(30)
        return float(counted.stdout)


if __name__ == "__main__":
    option = {"name": "--cases", "type": int, "default": 2_000, "help": "on PostgreSQL; half as many on SQLite"}
    sys.exit(main(measure, __doc__ or "", option))
