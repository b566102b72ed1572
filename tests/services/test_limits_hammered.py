"""Limits hold while several processes, which know nothing of each other, try to begin runs as often as they can."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestration.rules.pack import dump_yaml
from tests.flows.site_processes import PATIENCE, ROOT, Site, site
from tests.small_workflow import document

pytestmark = pytest.mark.slow

PROCESSES = 3
RUNS = 40

Hammer = Callable[[str, int, int], Path]


@pytest.fixture(scope="module")
def hammer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hammer]:
    folder = tmp_path_factory.mktemp("hammered")
    with site(folder) as running:
        yield lambda slug, concurrency, rate: _hammered(running, folder, slug, concurrency, rate)


def test_never_more_at_once_than_the_limit_and_as_many_as_it_allows(hammer: Hammer) -> None:
    log = hammer("at-once", 2, 0)
    spans = [tuple(map(float, line.split())) for line in log.read_text().splitlines()]
    assert len(spans) == RUNS
    changes = sorted([(begun, 1) for begun, _ in spans] + [(ended, -1) for _, ended in spans])
    at_once, most = 0, 0
    for _, change in changes:
        at_once += change
        most = max(most, at_once)
    assert most == 2


def test_never_more_in_any_span_of_time_than_the_rate_allows(hammer: Hammer) -> None:
    rate, burst = 600, 10
    log = hammer("a-minute", 0, rate)
    moments = sorted(map(float, Path(f"{log}.admitted").read_text().split()))
    assert len(moments) == RUNS
    for first, begun in enumerate(moments):
        for last in range(first, len(moments)):
            allowed = burst + (moments[last] - begun) * rate / 60
            assert last - first + 1 <= allowed + 1, (first, last)


def _hammered(running: Site, folder: Path, slug: str, concurrency: int, rate: int) -> Path:
    """Many runs under these limits, worked off by several processes. The file in which the agent noted them."""
    log = folder / slug
    pack = folder / f"{slug}.yaml"
    pack.write_text(dump_yaml(document(slug=slug, use="test.gauge", timeout="20s")))
    running.manage("import_workflow", str(pack), "--publish")
    script = str(Path(__file__).with_name("hammer.py"))

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, script, *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=running.environment, stderr=subprocess.PIPE)

    filling = start("fill", slug, str(RUNS), str(concurrency), str(rate), str(log))
    _, told = filling.communicate(timeout=PATIENCE)
    assert filling.returncode == 0, told.decode()
    working = [start("work", str(log)) for _ in range(PROCESSES)]
    try:
        for process in working:
            _, told = process.communicate(timeout=PATIENCE)
            assert process.returncode == 0, told.decode()
    finally:
        for process in working:
            process.kill()
            process.wait()
    runs = (
        "orchestration_agentrun r join orchestration_case c on c.id = r.case_id "
        f"join orchestration_workflow w on w.id = c.workflow_id and w.slug = '{slug}'"
    )
    done = running.rows(f"select count(*) from {runs} where r.status = 'succeeded'")
    tries = running.rows(
        f"select count(*), max(number) from orchestration_agentattempt where run_id in (select r.id from {runs})"
    )
    line = running.rows("select count(*) from orchestration_heldrun")
    assert (done, tries, line) == ([(RUNS,)], [(RUNS, 1)], [(0,)])
    return log
