"""A whole site in real processes on a database of its own: web, worker, and what kills them."""

from __future__ import annotations

import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.own_database import own_database

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 600  # seconds after which a test gives up; on a quiet machine everything takes a few


class Site:
    """`url` of the web; `rows(sql)` asks the database past Django. `python`: of the environment it runs in."""

    def __init__(self, folder: Path, database: str, python: str = sys.executable, **settings: str) -> None:
        self.folder, self.database, self.python = folder, database, python
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "conductor_site.settings",
            "DEMO": "1",
            "SECRET_KEY": "flows-flows-flows-flows-flows-flows-flows-flows-flows-flows",
            "DATABASE_URL": database,
            "VAR_DIR": str(folder),
            "LOG_LEVEL": "WARNING",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests/site")]),
            **settings,
        }
        self._log = (folder / "site.log").open("ab")
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def manage(self, *arguments: str) -> str:
        command = [self.python, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start_web(self) -> None:
        command = ["gunicorn", "conductor_site.wsgi", "--bind", f"127.0.0.1:{self.port}", "--workers", "2"]
        self._start("web", ["-m", *command, "--log-level", "error"])
        until = time.monotonic() + PATIENCE
        while self.alive("web") and time.monotonic() < until:
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=20).close()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"the web does not answer: {Path(self._log.name).read_text()}")

    def start_worker(self, *options: str) -> None:
        self._start("worker", ["manage.py", "worker", "--processes", "2", *options])

    def main(self, name: str) -> int:
        return self._running[name].pid

    def alive(self, name: str) -> bool:
        return self._running[name].poll() is None

    def processes(self, name: str) -> list[int]:
        """The process ids of web or worker: the main one and everything below it."""
        parents: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                except OSError:
                    continue
                if fields[0] != "Z":
                    parents.setdefault(int(fields[1]), []).append(int(entry.name))
        found, front = [], [self._running[name].pid]
        while front:
            pid = front.pop()
            found.append(pid)
            front += parents.get(pid, [])
        return sorted(found)

    def stop(self) -> None:
        everything = [pid for name in self._running for pid in self.processes(name)]
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        for process in self._running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pid in everything:
            kill(pid)
        self._log.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        if self.database.startswith("sqlite"):
            with closing(sqlite3.connect(self.database.removeprefix("sqlite:///"), timeout=20)) as connection:
                return connection.execute(sql).fetchall()
        import psycopg

        with psycopg.connect(self.database) as connection:
            return connection.execute(sql).fetchall()

    def _start(self, name: str, arguments: list[str]) -> None:
        self._running[name] = subprocess.Popen(
            [self.python, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )


@contextmanager
def site(folder: Path, python: str = sys.executable, **settings: str) -> Iterator[Site]:
    """A migrated site on SQLite, or on a fresh database of the server that DATABASE_URL names; stopped at the end."""
    with own_database(folder) as database:
        made = Site(folder, database, python, **settings)
        try:
            yield made
        finally:
            made.stop()


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def free_port() -> int:
    """Below the ports that the kernel gives to connections, so that none of these takes it while a web is restarted."""
    while True:
        port = random.SystemRandom().randint(10_000, 30_000)
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
