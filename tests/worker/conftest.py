"""A real worker on a database of its own: started, rung, and looked at from outside."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django_q.brokers import Broker
from django_q.conf import Conf
from django_q.tasks import async_task

from orchestration.management.worker.processes import _fields, alive, descendants
from tests.own_database import own_database

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 600.0  # seconds after which a test gives up; what is tested takes a few


def wait_until(condition: Callable[[], object], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, f"waited {PATIENCE} s in vain until {what}"
        time.sleep(0.05)


@dataclass
class Site:
    """An installation with its own database, and a folder in which tasks leave their lines."""

    folder: Path
    url: str
    workers: list["Worker"] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        return os.environ | {
            "DATABASE_URL": self.url,
            "VAR_DIR": str(self.folder / "var"),
            "DJANGO_SETTINGS_MODULE": "conductor_site.settings",
            "DEMO": "1",
            "LOG_LEVEL": "INFO",
        }

    def ring(self, words: list[str], *, gate: str = "", task: str = "chime") -> None:
        more = (gate,) if gate else ()
        for word in words:
            async_task(f"tests.worker.chimes.{task}", str(self.folder), word, *more, broker=Doorbells(self))

    def open(self, gate: str) -> None:
        (self.folder / gate).touch()

    def log(self) -> str:
        return (self.folder / "worker.log").read_text()

    def lines(self, word: str) -> list[str]:
        file = self.folder / word
        return file.read_text().splitlines() if file.exists() else []

    def done(self, words: list[str]) -> bool:
        return all("ended" in self.lines(word) for word in words)

    def count(self, table: str, where: str = "1=1") -> int:
        with self.database() as connection:
            return connection.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0]

    @contextmanager
    def database(self) -> Iterator[Any]:
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=20)) as one, one:
                yield one
        else:
            with psycopg.connect(self.url) as one:
                yield one

    def start(self, **options: float) -> "Worker":
        worker = Worker(self, options)
        self.workers.append(worker)
        return worker


class Doorbells(Broker):
    """Puts a task where a site's web process would: this process has a database of its own, and the same secret."""

    def __init__(self, site: Site) -> None:
        super().__init__(Conf.CLUSTER_NAME)
        self.site = site

    def enqueue(self, task: str) -> None:
        columns, values = "key, payload, lock", f"'{self.list_key}', '{task}', current_timestamp"
        with self.site.database() as connection:
            connection.execute(f"INSERT INTO django_q_ormq ({columns}) VALUES ({values})")


class Worker:
    """`manage.py worker` with short times, and its tree of processes."""

    def __init__(self, site: Site, options: dict[str, float]) -> None:
        options = {"processes": 2, "quiet-after": 8, "stalled-after": 30, "drain": 30} | options
        flags = [text for key, value in options.items() for text in (f"--{key}", str(value))]
        with (site.folder / "worker.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "worker", *flags], cwd=ROOT, env=site.env, stdout=log, stderr=log
            )
        self.processes = int(options["processes"])
        wait_until(lambda: len(self.tree()) >= self.processes + 4, "the cluster is complete")

    def tree(self) -> list[int]:
        return [process for process in descendants(self.process.pid) if alive(process)]

    def roles(self) -> dict[str, list[int]]:
        """Who is who: main forks the sentinel, which forks the workers, then the monitor, then the pusher."""
        main, sentinel, *rest = self.tree()
        rest.sort(key=started_at)
        return {
            "main": [main],
            "sentinel": [sentinel],
            "one worker": rest[:1],
            "all workers": rest[: self.processes],
            "monitor": [rest[self.processes]],
            "pusher": [rest[self.processes + 1]],
        }

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def started_at(process: int) -> tuple[int, int]:
    """Orders processes by age."""
    return int(_fields(Path(f"/proc/{process}"))[19]), process


def asleep(process: int) -> bool:
    """It waits for something, and is neither at work nor ready to go on."""
    return _fields(Path(f"/proc/{process}"))[0] == "S"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with own_database(tmp_path) as url:
        site = Site(tmp_path, url)
        try:
            yield site
        finally:
            for worker in site.workers:
                worker.process.kill()
                worker.process.wait()
            log = site.folder / "worker.log"
            print(log.read_text() if log.exists() else "")
