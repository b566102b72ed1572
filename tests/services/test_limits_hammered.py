"""Limits hold while several processes, which know nothing of each other, try to begin runs as often as they can."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.rules.pack import dump_yaml
from tests.flows.site_processes import ROOT, Site, site
from tests.small_workflow import document

pytestmark = pytest.mark.slow

PROCESSES = 4
WITHIN = 150  # seconds


def hammered(running: Site, folder: Path, *, count: int, concurrency: int = 0, rate: int = 0) -> Path:
    """So many runs under these limits, worked off by several processes. The file in which the agent noted them."""
    log = folder / "ran"
    pack = folder / "pack.yaml"
    pack.write_text(dump_yaml(document(slug="hammered", use="test.gauge", timeout="20s")))
    running.manage("import_workflow", str(pack), "--publish")
    script = str(Path(__file__).with_name("hammer.py"))

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, script, *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=running.environment, stderr=subprocess.PIPE)

    filling = start("fill", str(count), str(concurrency), str(rate), str(log))
    _, told = filling.communicate(timeout=WITHIN)
    assert filling.returncode == 0, told.decode()
    working = [start("work", str(log)) for _ in range(PROCESSES)]
    try:
        for process in working:
            _, told = process.communicate(timeout=WITHIN)
            assert process.returncode == 0, told.decode()
    finally:
        for process in working:
            process.kill()
            process.wait()
    done = running.rows("select count(*) from orchestration_agentrun where status = 'succeeded'")
    tries = running.rows("select count(*), max(number) from orchestration_agentattempt")
    line = running.rows("select count(*) from orchestration_heldrun")
    assert (done, tries, line) == ([(count,)], [(count, 1)], [(0,)])
    return log


def test_never_more_at_once_than_the_limit_and_as_many_as_it_allows(tmp_path: Path) -> None:
    with site(tmp_path) as running:
        log = hammered(running, tmp_path, count=60, concurrency=2)
    spans = [tuple(map(float, line.split())) for line in log.read_text().splitlines()]
    assert len(spans) == 60
    changes = sorted([(begun, 1) for begun, _ in spans] + [(ended, -1) for _, ended in spans])
    at_once, most = 0, 0
    for _, change in changes:
        at_once += change
        most = max(most, at_once)
    assert most == 2


def test_never_more_in_any_span_of_time_than_the_rate_allows(tmp_path: Path) -> None:
    rate, burst = 600, 10
    with site(tmp_path) as running:
        log = hammered(running, tmp_path, count=60, rate=rate)
    moments = sorted(map(float, Path(f"{log}.admitted").read_text().split()))
    assert len(moments) == 60
    for first, begun in enumerate(moments):
        for last in range(first, len(moments)):
            allowed = burst + (moments[last] - begun) * rate / 60
            assert last - first + 1 <= allowed + 1, (first, last)
