"""The process of its own in which an untrusted or slow agent runs: `python -m orchestration.agents.process FD`.

Reads one request as JSON from standard input, writes one line of JSON to the file descriptor FD.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
from datetime import datetime
from typing import Any, Final

from orchestration.agents.attempt import Work, attempt
from orchestration.agents.declared import Declared
from orchestration.agents.found import Refused, found_from
from orchestration.agents.outcome import WRITTEN, Outcome, failed

_ROOM_TO_ANSWER: Final = 128 * 1024 * 1024
_PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    """1. Take the request, and keep the answer's descriptor from the agent's own children.
    2. Set limits, and see to it that this process dies with its parent or soon after its deadline.
    3. Import the one plugin, run it, answer.
    """
    answer = int(sys.argv[1])
    request = json.loads(sys.stdin.buffer.read())
    os.set_inheritable(answer, False)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    die_with(request["parent"], request["seconds"])
    limit_memory(request["memory"])
    try:
        outcome = _outcome(request)
    except MemoryError:
        outcome = failed("memory", "")
    lift_limit()
    if outcome.error_kind == "memory":
        outcome = failed("memory", f"The agent needed more than its {request['memory'] / 2**20:,.0f} MiB of memory.")
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    with open(answer, "wb") as pipe:
        pipe.write(WRITTEN.dump_json(outcome) + b"\n")


def _outcome(request: dict[str, Any]) -> Outcome:
    plugin = Declared(**request["plugin"])
    try:
        found = found_from(
            plugin.load(),
            name=plugin.name,
            entry_point=plugin.value,
            distribution=plugin.distribution,
            distribution_version=plugin.distribution_version,
        )
    except MemoryError:
        raise
    except Refused as refused:
        return failed("not-installed", f'{plugin.package}, "{plugin.name}": {refused}')
    except BaseException as fault:
        told = f"{type(fault).__name__}: {' '.join(str(fault).split())[:300]}"
        return failed(
            "not-installed",
            f"{plugin.value} of {plugin.package} cannot be imported in a process of its own ({told}). "
            "Its import must not need variables of the server's environment.",
        )
    if found.version != request["version"]:
        return failed(
            "not-installed",
            f"{plugin.package} now holds {found.name} {found.version}, but this server found {request['version']} "
            "when it started. Start it again.",
        )
    work = Work(**{**request["work"], "deadline": datetime.fromisoformat(request["work"]["deadline"])})
    return attempt(found, work)


def die_with(parent: int, seconds: float) -> None:
    """The kernel ends this process when its parent is gone, or at the alarm, even inside C code."""
    with contextlib.suppress(Exception):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def limit_memory(memory: int) -> None:
    """The soft limit binds the agent; the room up to the hard one is for telling what happened."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    hard = memory + _ROOM_TO_ANSWER
    if most != resource.RLIM_INFINITY:
        hard = min(hard, most)
    with contextlib.suppress(ValueError, OSError):  # a system that does not limit address space
        resource.setrlimit(resource.RLIMIT_AS, (min(memory, hard), hard))


def lift_limit() -> None:
    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


if __name__ == "__main__":
    main()
