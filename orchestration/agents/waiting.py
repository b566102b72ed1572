"""The processes that wait ready for agents' work: started when first needed, kept for the next, one piece at a time."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from shutil import rmtree
from typing import Any, Final
from weakref import WeakSet

from orchestration.agents.allowed import DISK
from orchestration.agents.found import Found
from orchestration.agents.leftovers import end_all
from orchestration.agents.talk import Talk

MARK: Final = "CONDUCTOR_ATTEMPT"
"""Environment variable by which a waiting process and what was started from it are known."""
KEPT: Final = 8
"""How many processes without work are kept by each process of the server."""
PASSED_ON: Final = ("PATH", "HOME", "TMPDIR", "TZ", "LANG", "LANGUAGE")
_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_ALARM_GRACE: Final = 5.0
_END_GRACE: Final = 5.0

_Key = tuple[str, str]


@dataclass(eq=False)
class _Waiting:
    """`fresh`: it has done no work yet."""

    key: _Key
    process: subprocess.Popen[bytes]
    control: socket.socket
    mark: str
    fresh: bool = True


def work_apart(found: Found, request: Mapping[str, Any], *, seconds: float, memory: int) -> tuple[Talk, int | None]:
    """Have the request worked on in a process forked for it, and nothing left behind; how the talk went, and the exit
    code. Raises ValueError or TypeError for what is not JSON, OSError where no process can be started.

    A kept process that turns out to be gone is replaced, as nothing was begun; so is one that cannot be forked from.
    """
    until = time.monotonic() + seconds
    written = json.dumps(request).encode()
    folder = tempfile.mkdtemp(prefix="conductor-agent-")
    limits = {"memory": memory, "seconds": seconds + _ALARM_GRACE, "disk": DISK}
    terms = json.dumps({**limits, "folder": folder}).encode()
    try:
        while True:
            waiting = _take(_key(found))
            talk = Talk(waiting.control)
            kept = False
            try:
                talk.hold(terms, written, until=until)
                kept = talk.report is not None and talk.report["again"] is True
            finally:
                _keep(waiting) if kept else _end(waiting, gently=talk.begun)
                talk.close()
            if talk.threaded:
                _threaded.add(waiting.key)
            elif talk.begun or talk.timed_out or waiting.fresh:
                return talk, talk.report["status"] if talk.report else waiting.process.returncode
    finally:
        rmtree(folder, ignore_errors=True)


def waiting_processes() -> set[int]:
    """The ids of the processes that wait for work now."""
    with _lock:
        return {one.process.pid for one in _idle}


def end_waiting() -> None:
    """End the processes that wait for work; the next work starts them anew."""
    with _lock:
        ended, _idle[:] = _idle[:], []
    for one in ended:
        _end(one, gently=False)


_lock = threading.Lock()
_idle: list[_Waiting] = []  # the one used last at the end
_all: WeakSet[_Waiting] = WeakSet()
_threaded: set[_Key] = set()


def _key(found: Found) -> _Key:
    """What must be the same for a process to serve: the plugin, and the path on which it is imported."""
    plugin = {
        "group": "",
        "name": found.name,
        "value": found.entry_point,
        "distribution": found.distribution,
        "distribution_version": found.distribution_version,
        "version": found.version,
    }
    return json.dumps(plugin), os.pathsep.join(os.path.abspath(place) for place in sys.path)


def _take(key: _Key) -> _Waiting:
    with _lock:
        for number in reversed(range(len(_idle))):
            if _idle[number].key == key:
                return _idle.pop(number)
    return _started(key)


def _keep(waiting: _Waiting) -> None:
    waiting.fresh = False
    with _lock:
        _idle.append(waiting)
        gone = [one for one in _idle if one.process.poll() is not None]
        over = [one for one in _idle if one not in gone][:-KEPT]
        _idle[:] = [one for one in _idle if one not in gone and one not in over]
    for one in gone + over:
        _end(one, gently=False)


def _started(key: _Key) -> _Waiting:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    mark = uuid.uuid4().hex
    mode = "imports" if key in _threaded else "forks"
    command = ["-m", "orchestration.agents.process", str(theirs.fileno()), str(os.getpid()), key[0], mode]
    try:
        process = subprocess.Popen(  # noqa: S603 (our own module, nothing from outside)
            [sys.executable, "-P", "-u", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
            env=_environment(key[1], mark),
        )
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    waiting = _Waiting(key, process, ours, mark)
    _all.add(waiting)
    return waiting


def _environment(path: str, mark: str) -> dict[str, str]:
    """No secret of ours; and one thread for a numerical library, as none may run where a process is forked."""
    kept = {name: value for name, value in os.environ.items() if name in PASSED_ON or name.startswith("LC_")}
    return {**kept, **dict.fromkeys(_ONE_THREAD, "1"), "PYTHONPATH": path, MARK: mark}


def _end(waiting: _Waiting, *, gently: bool) -> None:
    """Gently: it may first end what the agent has started, which it knows best; it does when its socket closes."""
    waiting.control.close()
    if gently:
        with contextlib.suppress(subprocess.TimeoutExpired):
            waiting.process.wait(_END_GRACE)
    end_all(waiting.process, MARK, waiting.mark)


def _forget() -> None:
    """A forked process of the server has none of its parent's, and keeps none of their sockets open."""
    global _lock, _all
    for one in list(_all):
        one.control.close()
        one.process.returncode = 0
    _lock, _all = threading.Lock(), WeakSet()
    _idle.clear()


os.register_at_fork(after_in_child=_forget)
atexit.register(end_waiting)
