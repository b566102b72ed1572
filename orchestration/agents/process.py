"""The process that waits ready for one agent: `python -m orchestration.agents.process FD PARENT PLUGIN MODE`.

It imports the plugin once, and for each request that comes over the socket FD it forks a process that does the work and
is thrown away. It ends itself when its server is gone or has not asked for long, and leaves nothing running.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import rmtree
from typing import Any, Final

from orchestration.agents.allowed import PROCESSES
from orchestration.agents.disk import Folder
from orchestration.agents.forked import Loaded, die_with, limit, load, point_prints_at, work
from orchestration.agents.leftovers import alive, descendants, end_below

IDLE: Final = 300.0
"""Seconds without a request after which the process ends itself."""
_GLANCE: Final = 0.02
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
_DESCRIPTORS: Final = 4


def main() -> None:
    """Answer each request with `+` when the work begins, and with a line of JSON when nothing of it is left.

    `-` instead of `+`: the import has started threads, and of those a fork makes no copy. The mode is then to be
    `imports`, in which each forked process imports the plugin for itself; else it is `forks`.
    """
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    me, parent, plugin, mode = os.getpid(), int(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4]
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    loaded: Loaded | None = None
    while request := _request(control):
        terms, descriptors = request
        if loaded is None and mode == "forks":
            with _dying_with(parent), limit(terms["memory"], for_good=False), point_prints_at(*descriptors[1:3]):
                loaded = load(plugin)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            if len(os.listdir("/proc/self/task")) > 1:  # threads of C code count too
                control.send(b"-")
                break
            gc.collect()
            gc.freeze()
        control.send(b"+")
        child = os.fork()
        if not child:
            control.close()
            work(loaded, plugin, terms, descriptors, parent=me)
        for descriptor in descriptors:
            os.close(descriptor)
        report = _watched(child, control, Folder(terms["folder"], terms["disk"]))
        again = report["clean"] and (loaded is None or loaded.found is not None)
        try:
            control.send(json.dumps({**report, "again": again}).encode() + b"\n")
        except OSError:  # the server is gone, and cannot clear away what the agent wrote
            rmtree(terms["folder"], ignore_errors=True)
            break
        if not again:
            break
    os._exit(0)


def _request(control: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """The terms of the next piece of work and its descriptors: request, prints, errors, answer. None: nobody asks."""
    control.settimeout(IDLE)
    try:
        message, descriptors, _, _ = socket.recv_fds(control, 64 * 1024, _DESCRIPTORS)
    except OSError:
        return None
    finally:
        control.settimeout(None)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    return (json.loads(message), descriptors) if len(descriptors) == _DESCRIPTORS else None


def _watched(child: int, control: socket.socket, folder: Folder) -> dict[str, Any]:
    """How the child ended: by itself, since the server closed the socket or is gone, or since it had too many
    processes or wrote too much. Whatever it has started is ended too."""
    ended, over = False, ""
    poll = select.poll()
    poll.register(control, select.POLLIN)
    with _end_of(child) as descriptor:
        if descriptor is not None:
            poll.register(descriptor, select.POLLIN)
        while not (ended or over):
            told = poll.poll(_GLANCE * 1000)
            if any(number == control.fileno() for number, _ in told):
                break
            ended = _has_ended(child)
            if not ended:
                over = "processes" if _is_crowded() else "disk" if folder.is_full() else ""
    codes, clean = end_below()
    return {"status": codes.get(child), "over": over, "clean": clean}


def _has_ended(child: int) -> bool:
    """Without collecting it, so that its number stays its own; who has lost its parent and ended is collected."""
    while (one := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
        if one.si_pid == child:
            return True
        os.waitpid(one.si_pid, 0)
    return False


def _is_crowded() -> bool:
    below = descendants(os.getpid())
    return len(below) > PROCESSES and len(alive(below)) > PROCESSES


@contextmanager
def _end_of(child: int) -> Iterator[int | None]:
    """A descriptor that is readable when the child has ended, where the system has such."""
    descriptor = None
    with contextlib.suppress(AttributeError, OSError):
        descriptor = os.pidfd_open(child)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def _dying_with(parent: int) -> Iterator[None]:
    """While the plugin's code has this process to itself, the kernel sees to it that it ends with its server; later
    the closed socket does, and leaves time for ending what the agent has started."""
    die_with(parent)
    try:
        yield
    finally:
        _prctl(_PR_SET_PDEATHSIG, 0)


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(Exception):
        ctypes.CDLL(None).prctl(option, value)


if __name__ == "__main__":
    main()
