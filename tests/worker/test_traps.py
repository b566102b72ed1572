"""What a plain django-q2 cluster does without our watchdog.

When one of these fails, django-q2 has changed for the better: read docs/django-q2.md and see what is still needed.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from orchestration.management.worker.processes import alive, descendants
from tests.worker.conftest import PATIENCE, ROOT, Site, started_at, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads the tree of processes from Linux's /proc"),
]

LONG_ENOUGH = 5.0  # a healthy cluster answers within a tenth of it


@pytest.fixture
def cluster(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """`manage.py qcluster` with two workers, which has answered one doorbell."""
    main = subprocess.Popen(
        [sys.executable, "manage.py", "qcluster"],
        cwd=ROOT,
        env=site.env | {"WORKERS": "2"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    site.ring(["first"])
    wait_until(lambda: site.done(["first"]) and site.count("django_q_ormq") == 0, "the first doorbell is answered")
    yield main
    os.killpg(main.pid, signal.SIGKILL)
    main.wait()


def family(main: subprocess.Popen[bytes]) -> dict[str, list[int]]:
    sentinel, *rest = descendants(main.pid)
    rest.sort(key=started_at)
    return {"sentinel": [sentinel], "workers": rest[:2], "monitor": rest[2:3], "pusher": rest[3:4]}


def kill_and_wait_for_others(main: subprocess.Popen[bytes], victims: list[int]) -> None:
    for process in victims:
        os.kill(process, signal.SIGKILL)
    wait_until(
        lambda: len([p for p in descendants(main.pid) if alive(p) and p not in victims]) == 5, "others took their place"
    )


def test_killed_idle_workers_leave_successors_that_never_get_work(site: Site, cluster: subprocess.Popen[bytes]):
    kill_and_wait_for_others(cluster, family(cluster)["workers"])

    site.ring(["second"])
    time.sleep(LONG_ENOUGH)

    assert site.lines("second") == []


def test_a_killed_monitor_leaves_a_successor_that_acknowledges_nothing(site: Site, cluster: subprocess.Popen[bytes]):
    kill_and_wait_for_others(cluster, family(cluster)["monitor"])

    site.ring(["second"])
    wait_until(lambda: site.done(["second"]), "the task is carried out")
    time.sleep(LONG_ENOUGH)

    assert site.count("django_q_ormq") == 1


def test_a_killed_sentinel_lets_main_end_as_if_all_were_well_and_leaves_orphans(
    site: Site, cluster: subprocess.Popen[bytes]
):
    members = family(cluster)

    os.kill(members["sentinel"][0], signal.SIGKILL)

    assert cluster.wait(PATIENCE) == 0
    assert [alive(process) for role in ("workers", "monitor", "pusher") for process in members[role]] == [True] * 4
