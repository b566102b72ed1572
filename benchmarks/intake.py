"""Cases posted with `Prefer: wait` and decided in the answer, beside a bare DRF view that inserts one row.

`python -m benchmarks.intake`: PostgreSQL (DATABASE_URL, or the server on 127.0.0.1:5432) in a database made for the
run, gunicorn with two workers, eight clients. The cases are the KYC samples, decided by the published rules and their
four inline agents, everything recorded. The bare view stands behind the same middleware and database options, in a
gunicorn of its own that is started as any Django site is, on Django's own database engine, and gets the same bodies;
either is asked in turn, so that what else the machine does falls on both alike.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.load import Tally, load, prepared, round_and_round
from benchmarks.report import Goal, Report, main, say
from benchmarks.throwaway import ROOT, environment, manage, throwaway_database

GOALS = [Goal("vs_bare_drf", at_least=0.4), Goal("p95_over_bare", at_most=3.5)]
CLIENTS = 8
WORKERS = 2
SAMPLES = 1_000
DECIDED = {"201 decided", "201 escalated"}

_PREPARE = """
import django, json, sys; django.setup()
from orchestration.agents.registry import registry
from orchestration.services import demo, pack, version
imported = pack.import_pack(text=registry().workflows["kyc"].path.read_text())
version.publish(version_id=imported.version.pk, user=None)
slug = imported.workflow.slug
print(json.dumps([
    {"workflow": slug, **{name: sample[name] for name in ("reference", "priority", "payload")}}
    for sample in demo.samples("kyc", seed=11, count=int(sys.argv[1]))
]))
"""


def measure(arguments: argparse.Namespace) -> Report:
    report = Report(
        "Intake: cases decided in the answer, beside a bare DRF view",
        GOALS,
        ["django", "djangorestframework", "gunicorn", "psycopg", "durable_rules"],
        columns=["view", "requests", "requests/s", "p50 ms", "p95 ms", "answers"],
    )
    ours, bare = _tallies(arguments.rounds, arguments.seconds)
    for name, tally in (("Conductor", ours), ("bare DRF view", bare)):
        times = [f"{tally.percentile(percent) * 1000:.1f}" for percent in (50, 95)]
        kinds = ", ".join(f"{count} × {kind}" for kind, count in tally.kinds.most_common())
        report.rows.append([name, str(len(tally.seconds)), f"{tally.per_second:.0f}", *times, kinds])
    report.figures["vs_bare_drf"] = round(ours.per_second / bare.per_second, 3)
    report.figures["p95_over_bare"] = round(ours.percentile(95) / bare.percentile(95), 2)
    report.figures["cases_per_second"] = round(ours.per_second, 1)
    report.figures["bare_per_second"] = round(bare.per_second, 1)
    return report


def _tallies(rounds: int, seconds: float) -> tuple[Tally, Tally]:
    with tempfile.TemporaryDirectory() as folder, throwaway_database("postgresql", Path(folder)) as url:
        env = environment(url, Path(folder)) | {"CONDUCTOR_RATE": "", "DEBUG": "0"}
        bare_env = env | {"DJANGO_SETTINGS_MODULE": "benchmarks.bare.settings"}
        manage(bare_env, "migrate", "--run-syncdb", "--verbosity", "0")
        bodies = [json.dumps(one).encode() for one in json.loads(_run(env, "-c", _PREPARE, str(SAMPLES)))]
        key = manage(env, "apikey", "create", "benchmark", "--scope", "cases:write").strip()
        headers = [f"Authorization: Bearer {key}", "Prefer: wait=5"]
        with _served("conductor_site.wsgi", env) as port, _served("benchmarks.bare.wsgi", bare_env) as bare_port:
            ours = [prepared(port, "/api/v1/cases", body, headers) for body in bodies]
            bare = [prepared(bare_port, "/entries", body) for body in bodies]
            sides = (port, round_and_round(ours)), (bare_port, round_and_round(bare))
            return _alternating(sides, rounds=rounds, seconds=seconds)


def _alternating(sides: Sequence[tuple[int, Iterator[bytes]]], *, rounds: int, seconds: float) -> tuple[Tally, Tally]:
    totals = Tally(), Tally()
    for number in range(rounds + 1):  # the first round warms up and does not count
        pair = [load(port, posts, clients=CLIENTS, seconds=seconds) for port, posts in sides]
        say(f"round {number}: Conductor {pair[0].per_second:.0f}, bare {pair[1].per_second:.0f} requests a second")
        for total, tally in zip(totals, pair, strict=True):
            if number:
                total.add(tally)
    wrong = set(totals[0].kinds) - DECIDED | set(totals[1].kinds) - {"201"}
    if wrong:
        raise SystemExit(f"Answers that should not be: {', '.join(sorted(wrong))}")
    return totals


@contextmanager
def _served(site: str, env: Mapping[str, str]) -> Iterator[int]:
    """gunicorn with this WSGI module on a free port, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["gunicorn", site, "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS)]
    server = subprocess.Popen([sys.executable, "-m", *words, "--log-level", "warning"], cwd=ROOT, env=dict(env))
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if server.poll() is not None:
                    raise SystemExit(f"gunicorn ended with {server.returncode}") from None
                time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def _run(env: Mapping[str, str], *words: str) -> str:
    command: Sequence[str] = [sys.executable, *words]
    return subprocess.run(command, cwd=ROOT, env=dict(env), check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    options = (
        {"name": "--rounds", "type": int, "default": 5, "help": "of either site, in turn"},
        {"name": "--seconds", "type": float, "default": 8.0, "help": "that a round lasts"},
    )
    sys.exit(main(measure, __doc__ or "", *options))
