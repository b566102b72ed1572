"""Databases made for one benchmark run and dropped after it."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SERVER = "postgres://postgres@127.0.0.1:5432/postgres"


@contextmanager
def throwaway_database(kind: str, folder: Path) -> Iterator[str]:
    """The address of a fresh `sqlite` or `postgresql` database; the server is DATABASE_URL's or the local one."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'benchmark.sqlite3'}"
        return
    import psycopg

    server = os.environ.get("DATABASE_URL", SERVER)
    name = f"conductor_benchmark_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    try:
        yield f"{server.rsplit('/', 1)[0]}/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"drop database {name} with (force)")


def environment(url: str, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "conductor_site.settings",
        "DEMO": "1",
        "SECRET_KEY": "benchmark-benchmark-benchmark-benchmark-benchmark-benchmark",
        "DATABASE_URL": url,
        "VAR_DIR": str(folder),
        "LOG_LEVEL": "WARNING",
        "PYTHONPATH": str(ROOT),
    }


def manage(env: Mapping[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=dict(env), check=True, capture_output=True, text=True).stdout
