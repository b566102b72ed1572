"""The end of an agent's process and of everything it has started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_GLANCE: Final = 0.01
_LAST_WAIT: Final = 5.0


def end_all(process: subprocess.Popen[bytes], variable: str, mark: str) -> None:
    """Kill the process group, then whoever left it but still carries the mark, then collect the leader.

    The kernel lets no fork slip past a signal to a whole group. Processes in sessions of their own are found
    by the mark in their environment (Linux), again and again until there are none.
    """
    if process.returncode is None:  # not collected yet, so the group's number is still its own
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    sign = f"{variable}={mark}".encode()
    end = time.monotonic() + _LAST_WAIT
    while others := [pid for pid in _carriers(sign) if pid != process.pid]:
        for pid in others:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > end:  # one that the kernel cannot end now, waiting for a disk perhaps
            break
        time.sleep(_GLANCE)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_WAIT)


def _carriers(sign: bytes) -> list[int]:
    found = []
    for place in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if sign in (place / "environ").read_bytes():
                found.append(int(place.name))
    return found
