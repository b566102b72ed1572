"""One piece of an agent's work in a process of its own, forked for it: limits, the run or the check, the answer."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn

from orchestration.agents.attempt import Work, attempt
from orchestration.agents.check import check
from orchestration.agents.declared import Declared
from orchestration.agents.disk import limit_files
from orchestration.agents.found import Found, Refused, found_from
from orchestration.agents.outcome import WRITTEN, ErrorKind, Outcome, failed
from orchestration.agents.text import ERROR_CHARACTERS
from orchestration.plugin_api import Health

_ROOM_TO_ANSWER: Final = 128 * 1024 * 1024
_PR_SET_PDEATHSIG: Final = 1
_CHOSEN_FIRST: Final = "500"  # by the kernel, when the machine runs out of memory


@dataclass(frozen=True, slots=True)
class Loaded:
    """The imported agent, or why there is none."""

    found: Found | None = None
    kind: ErrorKind = ""
    fault: str = ""


def load(plugin: dict[str, str]) -> Loaded:
    """Import the plugin; whatever it raises is told. Its instance is made here, so that a model is read only once."""
    declared = Declared(**{key: value for key, value in plugin.items() if key != "version"})
    try:
        found = found_from(
            declared.load(),
            name=declared.name,
            entry_point=declared.value,
            distribution=declared.distribution,
            distribution_version=declared.distribution_version,
        )
    except MemoryError:
        return Loaded(kind="memory", fault="Its import needed more than its memory.")
    except Refused as refused:
        return Loaded(kind="not-installed", fault=f'{declared.package}, "{declared.name}": {refused}')
    except BaseException as fault:
        told = f"{type(fault).__name__}: {' '.join(str(fault).split())[:300]}"
        return Loaded(
            kind="not-installed",
            fault=f"{declared.value} of {declared.package} cannot be imported in a process of its own ({told}). "
            "Its import must not need variables of the server's environment.",
        )
    if found.version != plugin["version"]:
        return Loaded(
            kind="not-installed",
            fault=f"{declared.package} now holds {found.name} {found.version}, but this server found "
            f"{plugin['version']} when it started. Start it again.",
        )
    with contextlib.suppress(BaseException):  # tried again by the run, which tells of the fault
        _ = found.instance
    return Loaded(found)


def work(
    loaded: Loaded | None, plugin: dict[str, str], terms: dict[str, Any], descriptors: list[int], *, parent: int
) -> NoReturn:
    """Do what is asked and end. Of what the agent changes in this process nothing outlives it.

    1. A session of its own; the kernel ends this process with the one that waits, or soon after its time.
    2. Take the request; point the standard streams at the server's pipes; go into a folder of its own.
    3. Do it within the limits of memory and of files, and answer with one line of JSON.
    """
    status = 1
    try:
        asking, printed, errors, answering = descriptors
        os.setsid()
        die_with(parent)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, terms["seconds"])
        with open(asking, "rb") as pipe:
            request = json.loads(pipe.read())
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(printed, 1)
        os.dup2(errors, 2)
        os.chdir(terms["folder"])
        os.environ["TMPDIR"] = tempfile.tempdir = terms["folder"]
        limit_files(terms["disk"])
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
            file.write(_CHOSEN_FIRST)
        answer = _within_memory(loaded, plugin, request, terms["memory"])
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        with open(answering, "wb") as pipe:
            pipe.write(_written(answer) + b"\n")
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def die_with(parent: int) -> None:
    """The kernel ends this process when its parent is gone, even inside C code."""
    with contextlib.suppress(Exception):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


@contextmanager
def limit(memory: int, *, for_good: bool) -> Iterator[None]:
    """The soft limit binds the agent; the room up to the hard one is for telling what happened. `for_good`: the hard
    one stays."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    hard = memory + _ROOM_TO_ANSWER if for_good else most
    if most != resource.RLIM_INFINITY:
        hard = min(hard, most)
    soft = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    with contextlib.suppress(ValueError, OSError):  # a system that does not limit address space
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


@contextmanager
def point_prints_at(printed: int, errors: int) -> Iterator[None]:
    """What is printed meanwhile goes there, and afterwards nowhere."""
    os.dup2(printed, 1)
    os.dup2(errors, 2)
    try:
        yield
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), 1)
            os.dup2(nothing.fileno(), 2)


def _within_memory(
    loaded: Loaded | None, plugin: dict[str, str], request: dict[str, Any], memory: int
) -> Outcome | Health:
    try:
        with limit(memory, for_good=True):
            answer = _answer(loaded or load(plugin), request)
        if not isinstance(answer, Outcome) or answer.error_kind != "memory":
            return answer
    except MemoryError:
        pass
    told = f"needed more than its {memory / 2**20:,.0f} MiB of memory."
    return Health(False, f"The check {told}") if request["what"] == "check" else failed("memory", f"The agent {told}")


def _answer(loaded: Loaded, request: dict[str, Any]) -> Outcome | Health:
    checking = request["what"] == "check"
    if loaded.found is None:
        return Health(False, loaded.fault) if checking else failed(loaded.kind, loaded.fault)
    if checking:
        return check(loaded.found, config=request["config"])
    deadline = datetime.fromisoformat(request["work"]["deadline"])
    return attempt(loaded.found, Work(**{**request["work"], "deadline": deadline}))


def _written(answer: Outcome | Health) -> bytes:
    if isinstance(answer, Outcome):
        return WRITTEN.dump_json(answer)
    return json.dumps([bool(answer.ok), str(answer.message)[: 2 * ERROR_CHARACTERS]]).encode()
