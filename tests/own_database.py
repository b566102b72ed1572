"""A database of its own for a test with real processes: migrated once in this test process, then copied."""

from __future__ import annotations

import atexit
import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def own_database(folder: Path) -> Iterator[str]:
    """The address of a migrated database, on SQLite or on the server that DATABASE_URL names; gone at the end."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        file = folder / "site.sqlite3"
        with closing(sqlite3.connect(_migrated_file())) as given, closing(sqlite3.connect(file)) as taken:
            given.backup(taken)
        yield f"sqlite:///{file}"
        return
    name = f"conductor_test_{uuid.uuid4().hex[:12]}"
    _ask(server, f"create database {name} template {_migrated_database(server)}")
    try:
        yield f"{server.rsplit('/', 1)[0]}/{name}"
    finally:
        _ask(server, f"drop database {name} with (force)")


def end_session(process: int) -> None:
    """As the PostgreSQL server does when it stops: the session behind this process of it is over."""
    import psycopg

    server = connection.settings_dict
    address = {"host": server["HOST"], "port": server["PORT"], "user": server["USER"], "password": server["PASSWORD"]}
    with psycopg.connect(dbname="postgres", **address, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", [process])


@cache
def _migrated_file() -> Path:
    file: Path = settings.VAR_DIR / "migrated.sqlite3"
    _migrate(f"sqlite:///{file}")
    return file


@cache
def _migrated_database(server: str) -> str:
    name = f"conductor_migrated_{uuid.uuid4().hex[:12]}"
    _ask(server, f"create database {name}")
    atexit.register(_drop, server, name, os.getpid())
    _migrate(f"{server.rsplit('/', 1)[0]}/{name}")
    return name


def _drop(server: str, name: str, process: int) -> None:
    if os.getpid() == process:  # not a fork of it
        _ask(server, f"drop database {name} with (force)")


def _migrate(database: str) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "conductor_site.settings",
        "DEMO": "1",
        "DATABASE_URL": database,
        "VAR_DIR": str(settings.VAR_DIR),
    }
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _ask(server: str, sql: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql)
