"""The demo in real processes: all four workflows decide cases, and more keep coming."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.flows.site_processes import ROOT, free_port

TITLES = {"Client intake", "Customer onboarding", "Non-conformance handling", "Patient scheduling"}


@pytest.mark.slow
def test_the_demo_runs_all_four_workflows_and_more_cases_keep_coming(tmp_path: Path) -> None:
    log = tmp_path / "demo.log"
    database = tmp_path / "demo.sqlite3"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "conductor_site.settings",
        "DEMO": "1",
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{database}",
        "PORT": str(free_port()),
    }
    command = [sys.executable, "manage.py", "demo", "--cases", "5", "--speed", "100000"]
    with log.open("wb") as out:
        demo = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True)
    try:
        wait_for("100 more cases have come in", log, demo)
    finally:
        demo.terminate()
        assert demo.wait(60) == 0
    said = log.read_text()
    first, more = (part.split("\n\n")[0] for part in said.split("so far:\n")[1:3])
    assert told(first) == dict.fromkeys(TITLES, 5)
    assert set(told(more)) == TITLES
    assert sum(told(more).values()) == 20 + 100
    with closing(sqlite3.connect(database)) as opened:
        rows = opened.execute("select reference from orchestration_case").fetchall()
        outcomes = opened.execute(
            "select outcome from orchestration_feedback join orchestration_case on case_id = orchestration_case.id"
        ).fetchall()
    assert len({reference for (reference,) in rows}) == len(rows)
    assert {outcome for (outcome,) in outcomes} in ({"book"}, {"book", "rescheduled"})


def test_a_port_at_which_something_answers_is_refused_before_anything_is_set_up() -> None:
    refused = pytest.raises(CommandError, match="PORT= chooses another")
    with socket.create_server(("127.0.0.1", 0)) as taken, refused:
        call_command("demo", "--port", str(taken.getsockname()[1]))


def told(lines: str) -> dict[str, int]:
    """How many cases of each workflow the demo says are decided, with a person, or waiting."""
    found = {}
    for line in filter(None, lines.splitlines()):
        title, _, counts = line.strip().partition(": ")
        found[title] = sum(int(number) for number in re.findall(r"(\d+) (?:decided|with a person|waiting)", counts))
    return found


def wait_for(text: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 300
    while time.monotonic() < until:
        if text in log.read_text():
            return
        assert process.poll() is None, log.read_text()
        time.sleep(0.2)
    raise AssertionError(log.read_text())
