"""Processes that are bound to their parent end with it, and what loses its parent is found."""

import os
import signal
import subprocess
import sys
import time

import pytest

from orchestration.management.worker.processes import alive, descendants

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="binding to the parent is a service of Linux"),
]

CHAIN = """
import os, time
from orchestration.management.worker.processes import die_with_parent
die_with_parent(os.getppid())
if os.fork() == 0:
    os.fork()
time.sleep(1000)
"""
ORPHANS = """
import os, subprocess, sys, time
from orchestration.management.worker.processes import adopt_orphans, alive, kill_orphans
adopt_orphans()
kept = subprocess.Popen(["sleep", "1000"])
parent = subprocess.Popen([sys.executable, "-c", "import subprocess; subprocess.Popen(['sleep', '1000'])"])
parent.wait()
killed = kill_orphans(but=kept.pid)
while any(map(alive, killed)):
    time.sleep(0.01)
print(len(killed), kept.pid in killed, kept.poll(), kill_orphans(but=kept.pid))
kept.kill()
"""


def test_a_killed_parent_takes_the_whole_chain_below_it_along():
    top = subprocess.Popen([sys.executable, "-c", CHAIN])
    until = time.monotonic() + 600
    while len(descendants(top.pid)) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    chain = descendants(top.pid)
    assert len(chain) == 2

    os.kill(top.pid, signal.SIGKILL)
    top.wait()

    while any(map(alive, chain)) and time.monotonic() < until:
        time.sleep(0.02)
    assert [process for process in chain if alive(process)] == []


def test_only_what_lost_its_parent_is_killed_as_an_orphan():
    answer = subprocess.run([sys.executable, "-c", ORPHANS], capture_output=True, text=True, timeout=600, check=True)

    assert answer.stdout.split("\n")[0] == "1 False None []"


def test_an_ended_process_that_nobody_collected_is_not_alive():
    ended = subprocess.Popen(["true"])
    until = time.monotonic() + 600
    while alive(ended.pid) and time.monotonic() < until:
        time.sleep(0.02)

    assert not alive(ended.pid)
    assert ended.wait() == 0
    assert not alive(ended.pid)
    assert alive(os.getpid())
