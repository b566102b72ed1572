"""What running an agent costs beside the agent itself: `python -m benchmarks.agents [--json]`.

1. One inline run with all its checks, beside calling the agent's function on a ready request.
2. One run in a process of its own when that process waits ready, and when none does.
3. Processor time of a case posted and decided in the answer (SQLite) with 1,000 more packages installed, beside the
   same without: looking for them again would show there, and what else the machine does does not.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.report import Goal, Report, main, say
from benchmarks.throwaway import ROOT, environment, manage
from orchestration.agents.found import Found
from orchestration.agents.registry import registry
from orchestration.agents.runner import run
from orchestration.agents.waiting import end_waiting
from orchestration.plugin_api import Request

GOALS = (
    Goal("inline_overhead_ms", at_most=0.5),
    Goal("isolated_warm_ms", at_most=30),
    Goal("request_1000_packages_ratio", at_most=1.1),
)
INPUTS: dict[str, dict[str, Any]] = {
    "kyc.address": {
        "country": "DE",
        "street_address": "Hauptstraße 12",
        "city": "Berlin",
        "country_area": "BE",
        "postal_code": "10827",
    },
    "kyc.contact": {"country": "DE", "email": "ada.lovelace@example.org", "phone": "+49 30 901820"},
}
TURNS, CALLS = 9, 200
WARM, COLD = 50, 3
PACKAGES, POSTS = 1_000, 25

_PREPARE = """
import django; django.setup()
from orchestration.agents.registry import registry
from orchestration.services import pack, version
imported = pack.import_pack(text=registry().workflows["kyc"].path.read_text())
version.publish(version_id=imported.version.pk, user=None)
"""
_SERVE = """
import json, sys, time
import django; django.setup()
from django.test import Client
from orchestration.services import demo
samples = demo.samples("kyc", seed=11, count=1000)
client = Client(headers={"authorization": f"Bearer {sys.argv[1]}", "prefer": "wait=5"})
sent = 0
for line in sys.stdin:
    times = []
    for sample in samples[sent : sent + int(line)]:
        body = json.dumps({"workflow": "kyc-onboarding", "payload": sample["payload"]})
        begun = time.process_time()
        answer = client.post("/api/v1/cases", body, content_type="application/json", headers={"host": "localhost"})
        times.append(time.process_time() - begun)
        assert answer.status_code == 201 and answer.json()["status"] in ("decided", "escalated"), answer.content
    sent += int(line)
    print(json.dumps(times), flush=True)
"""


def measure(arguments: argparse.Namespace) -> Report:
    report = Report("Agents: what a run costs beside the agent", GOALS, ("pydantic", "django"))
    report.columns = ("what", "median ms", "beside", "median ms")
    inline = [_inline(report, registry().agents[name], given) for name, given in INPUTS.items()]
    warm = [_isolated(report, registry().agents[name], given) for name, given in INPUTS.items()]
    report.figures = {"inline_overhead_ms": round(max(inline), 4), "isolated_warm_ms": round(max(warm), 2)}
    report.figures["request_1000_packages_ratio"] = _requests(report)
    report.notes.append(
        f"Inline: the median of {TURNS} turns of {CALLS} calls each, of the slower agent. In a process of its own: the "
        f"median of {WARM} runs. Requests: {TURNS} turns of {POSTS} cases either way; packages with their metadata and "
        "an entry point of another group each."
    )
    return report


def _inline(report: Report, found: Found, given: dict[str, Any]) -> float:
    agent, late = found.instance, datetime.now(UTC) + timedelta(hours=1)
    request = Request(found.cls.Input(**given), found.cls.Config(), "key", 1, late)
    pairs = [
        (_each(lambda: _run(found, given, isolate=False)), _each(lambda: agent.run(request))) for _ in range(TURNS)
    ]
    ours, bare = (statistics.median(times) for times in zip(*pairs, strict=True))
    report.rows.append((f"{found.name}, inline", f"{ours:.4f}", "its function alone", f"{bare:.4f}"))
    return statistics.median(mine - alone for mine, alone in pairs)


def _each(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - begun) / CALLS * 1000


def _isolated(report: Report, found: Found, given: dict[str, Any]) -> float:
    def timed() -> float:
        begun = time.perf_counter()
        _run(found, given, isolate=True)
        return (time.perf_counter() - begun) * 1000

    cold = []
    for _ in range(COLD):
        end_waiting()
        cold.append(timed())
    times = [timed() for _ in range(WARM)]
    end_waiting()
    warm, started = statistics.median(times), f"{statistics.median(cold):.0f}"
    report.notes.append(f"{found.name}, process that waits: the quickest of {WARM} runs took {min(times):.1f} ms.")
    report.rows.append((f"{found.name}, process that waits", f"{warm:.1f}", "process started for it", started))
    return warm


def _run(found: Found, given: dict[str, Any], *, isolate: bool) -> None:
    outcome = run(
        found,
        input=given,
        config={},
        idempotency_key="key",
        attempt=1,
        timeout=timedelta(seconds=60),
        isolate=isolate,
    )
    if outcome.status != "succeeded":
        raise SystemExit(f"{found.name}: {outcome.error}")


def _requests(report: Report) -> float:
    with tempfile.TemporaryDirectory() as place:
        folder, more = Path(place), Path(place) / "packages"
        env = environment(f"sqlite:///{folder / 'few.sqlite3'}", folder) | {"CONDUCTOR_RATE": "", "DEBUG": "0"}
        manage(env, "migrate", "--verbosity", "0")
        subprocess.run([sys.executable, "-c", _PREPARE], cwd=ROOT, env=env, check=True)
        key = manage(env, "apikey", "create", "benchmark", "--scope", "cases:write").strip()
        shutil.copy(folder / "few.sqlite3", folder / "many.sqlite3")
        _install(more)
        laden = env | {"DATABASE_URL": f"sqlite:///{folder / 'many.sqlite3'}", "PYTHONPATH": f"{ROOT}:{more}"}
        with _served(env, key) as few, _served(laden, key) as many:
            say("both sites are up")
            few(POSTS), many(POSTS)  # the first ones import plugins and compile the version
            pairs = [(many(POSTS), few(POSTS)) for _ in range(TURNS)]
    laden_ms, bare_ms = (statistics.median(times) for times in zip(*pairs, strict=True))
    report.rows.append(
        ("request, 1,000 packages more (processor)", f"{laden_ms:.2f}", "without them", f"{bare_ms:.2f}")
    )
    return round(statistics.median(mine / alone for mine, alone in pairs), 3)


def _install(folder: Path) -> None:
    for number in range(PACKAGES):
        metadata = folder / f"dummy_{number}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dummy-{number}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[console_scripts]\ndummy-{number} = dummy_{number}:main\n")


@contextmanager
def _served(env: dict[str, str], key: str) -> Iterator[Callable[[int], float]]:
    """Another process with the site in it; a call has it decide so many cases, and gives the median of a request."""
    command = [sys.executable, "-c", _SERVE, key]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=env, stdin=pipe, stdout=pipe, text=True) as process:

        def posts(count: int) -> float:
            if process.stdin is None or process.stdout is None:
                raise ValueError("The process must have been started with pipes.")
            print(count, file=process.stdin, flush=True)
            return statistics.median(json.loads(process.stdout.readline())) * 1000

        try:
            yield posts
        finally:
            process.kill()


if __name__ == "__main__":
    sys.exit(main(measure, __doc__ or ""))
