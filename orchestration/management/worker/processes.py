"""The tree of processes under the watchdog: nothing in it outlives its parent, and all of it can be killed."""

import contextlib
import ctypes
import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PROC = Path("/proc")


def adopt_orphans() -> None:
    """Linux: whatever loses its parent below this process becomes its child, and can be found and killed."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int) -> None:
    """Linux: the kernel kills this process when `parent` ends, however it ends; the same for all it forks from now on.

    The kernel watches the thread that forked, so a fork from another thread than the main one is left alone.
    """
    _bind_to(parent)
    forking: list[int] = []

    def before() -> None:
        forking[:] = [os.getpid()] if threading.current_thread() is threading.main_thread() else []

    def in_child() -> None:
        if forking:
            _bind_to(forking[0])

    os.register_at_fork(before=before, after_in_child=in_child)


def alive(process: int) -> bool:
    """Whether a process runs; one that has ended and was not collected yet does not."""
    if _PROC.is_dir():
        return _running(_PROC / str(process))
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def descendants(of: int) -> list[int]:
    """All processes below this one, parents first, ended ones that nobody has collected included."""
    children = defaultdict(list)
    for entry in _PROC.iterdir() if _PROC.is_dir() else ():
        if entry.name.isdigit() and (fields := _fields(entry)):
            children[int(fields[1])].append(int(entry.name))
    found = list(children[of])
    for process in found:
        found += children[process]
    return found


def kill_tree(group: int, seconds: float = 10.0) -> list[int]:
    """Kill a cluster's process group and everything else below this process; return what was still there at the end."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    until = time.monotonic() + seconds
    while remaining := _living(descendants(os.getpid())):
        for process in remaining:
            _kill(process)
        if time.monotonic() > until:
            break
        time.sleep(0.02)
    return remaining


def kill_orphans(but: int) -> list[int]:
    """Kill what fell to this process because its own parent died, and all below it; return the orphans.

    `but` is the one child that belongs here.
    """
    family = _living(process for process in descendants(os.getpid()) if process != but)
    wanted = {but, *descendants(but)}
    orphans = [process for process in family if process not in wanted]
    for process in orphans:
        _kill(process)
    return orphans


def _living(processes: Iterable[int]) -> list[int]:
    """Those that still run; those that have ended as our children are collected."""
    living = []
    for process in processes:
        if alive(process):
            living.append(process)
        else:
            _collect(process)
    return living


def _running(entry: Path) -> bool:
    fields = _fields(entry)
    return bool(fields) and fields[0] not in "ZX"


def _fields(entry: Path) -> list[str]:
    """State, parent and the rest from `/proc/N/stat`; nothing when the process is gone."""
    try:
        return (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def _collect(process: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process, os.WNOHANG)


def _bind_to(parent: int) -> None:
    """The parent may have ended before the kernel was told to watch it, hence the look afterwards."""
    if _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _prctl(option: int, value: int) -> bool:
    try:
        return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)
    except (AttributeError, OSError):  # not Linux
        return False
