"""The end of an agent's processes: of all that it has started, wherever that has gone."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_GLANCE: Final = 0.002
_LAST_WAIT: Final = 5.0


def descendants(root: int) -> list[int]:
    """The processes below this one, nearest first (Linux; elsewhere none are seen)."""
    found: list[int] = []
    places = [root]
    for pid in places:
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                    below = [int(one) for one in file.read().split()]
                found += below
                places += below
    return found


def alive(pids: list[int]) -> list[int]:
    """Those that are not dead and only not collected yet."""
    found = []
    for pid in pids:
        with contextlib.suppress(OSError):
            if (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()[0] not in (b"Z", b"X"):
                found.append(pid)
    return found


def end_below() -> tuple[dict[int, int], bool]:
    """Kill and collect everything below this process, which must be a subreaper: what loses its parent comes to it.

    Exit codes (negative: the signal) by process, and whether nothing is left. The kernel lets no fork slip past
    a signal to a whole group; who left the group is killed again and again until there are none.
    """
    codes: dict[int, int] = {}
    end = time.monotonic() + _LAST_WAIT
    while True:
        try:
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                codes[ended[0]] = os.waitstatus_to_exitcode(ended[1])
        except ChildProcessError:
            return codes, True
        if time.monotonic() > end:  # one that the kernel cannot end now, waiting for a disk perhaps
            return codes, False
        below = descendants(os.getpid())
        _kill(below)
        if not below:
            time.sleep(_GLANCE)


def end_all(process: subprocess.Popen[bytes], variable: str, mark: str) -> None:
    """Kill everything below the process, then itself, then whoever still carries the mark in the environment that it
    began with; only then collect the process, so that its number cannot have gone to another."""
    if process.returncode is None:
        end = time.monotonic() + _LAST_WAIT
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, signal.SIGSTOP)
        while (below := alive(descendants(process.pid))) and time.monotonic() < end:
            _kill(below)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    sign = f"{variable}={mark}".encode()
    end = time.monotonic() + _LAST_WAIT
    while (others := [pid for pid in _carriers(sign) if pid != process.pid]) and time.monotonic() < end:
        _kill(others)
        time.sleep(_GLANCE)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_WAIT)


def _kill(pids: list[int]) -> None:
    for group in {_group_of(pid) for pid in pids} - {os.getpgrp(), 0, 1}:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def _carriers(sign: bytes) -> list[int]:
    found = []
    for place in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if sign in (place / "environ").read_bytes():
                found.append(int(place.name))
    return found
