"""An agent's check of itself in a process of its own: `python -m orchestration.agents.health FD` is that process.

It reads one request as JSON from standard input and writes one line of JSON to the file descriptor FD.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final

from orchestration.agents.declared import Declared
from orchestration.agents.found import Found, found_from
from orchestration.agents.isolated import MARK, environment
from orchestration.agents.leftovers import end_all
from orchestration.agents.process import die_with, lift_limit, limit_memory
from orchestration.agents.runner import MEMORY, check
from orchestration.agents.talk import Talk
from orchestration.agents.text import ERROR_CHARACTERS, clean, secrets_of
from orchestration.plugin_api import Health

_ALARM_GRACE: Final = 5.0
_MODULE: Final = "orchestration.agents.health"


def check_apart(found: Found, *, config: Mapping[str, Any], seconds: float, memory: int = MEMORY) -> Health:
    """What the agent answers within so many seconds; a check that hangs, crashes or is too big is ill health.

    As with an attempt, nothing of the process is left behind.
    """
    until = time.monotonic() + seconds
    try:
        request = json.dumps(_request(found, config, seconds, memory)).encode()
    except (TypeError, ValueError, RecursionError):
        return Health(False, f"The configuration of {found.name} is not JSON.")
    mark = uuid.uuid4().hex
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603 (our own module, nothing from outside)
            [sys.executable, "-P", "-u", "-m", _MODULE, str(writing)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(writing,),
            start_new_session=True,
            env=environment(mark),
        )
    except OSError as error:
        os.close(reading)
        return Health(False, f"No process could be started for the check: {error.strerror or error}.")
    finally:
        os.close(writing)
    talk = Talk(process, reading)
    try:
        talk.hold(request, until=until)
    finally:
        end_all(process, MARK, mark)
        talk.close()
    return _answer(found, talk, process, seconds, secrets_of(config, found.config_schema))


def main() -> None:
    """Take the request, see to it that this process dies with its parent, import the one plugin, ask it, answer."""
    answer = int(sys.argv[1])
    request = json.loads(sys.stdin.buffer.read())
    os.set_inheritable(answer, False)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    die_with(request["parent"], request["seconds"])
    limit_memory(request["memory"])
    try:
        health = _check(Declared(**request["plugin"]), request["config"])
    except MemoryError:
        health = Health(False, f"The check needed more than its {request['memory'] / 2**20:,.0f} MiB of memory.")
    lift_limit()
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    with open(answer, "wb") as pipe:
        pipe.write(json.dumps([bool(health.ok), str(health.message)[: 2 * ERROR_CHARACTERS]]).encode() + b"\n")


def _request(found: Found, config: Mapping[str, Any], seconds: float, memory: int) -> dict[str, Any]:
    return {
        "parent": os.getpid(),
        "seconds": seconds + _ALARM_GRACE,
        "memory": memory,
        "plugin": {
            "group": "",
            "name": found.name,
            "value": found.entry_point,
            "distribution": found.distribution,
            "distribution_version": found.distribution_version,
        },
        "config": dict(config),
    }


def _check(plugin: Declared, config: Mapping[str, Any]) -> Health:
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
    except BaseException as fault:
        told = f"{type(fault).__name__}: {' '.join(str(fault).split())[:300]}"
        return Health(False, f"{plugin.value} of {plugin.package} cannot be imported in a process of its own ({told}).")
    return check(found, config=config)


def _answer(
    found: Found, talk: Talk, process: subprocess.Popen[bytes], seconds: float, secrets: frozenset[str]
) -> Health:
    if talk.answered:
        try:
            ok, message = json.loads(bytes(talk.answer))
            return Health(ok is True, clean(message, ERROR_CHARACTERS, secrets))
        except (ValueError, TypeError):
            return Health(False, f"The check of {found.name} gave an answer that cannot be read.")
    status = process.returncode
    if talk.timed_out or status == -signal.SIGALRM:
        return Health(False, f"The check of {found.name} took longer than {seconds:g} seconds and was stopped.")
    return Health(False, f"The check of {found.name} ended its process (exit status {status}) without an answer.")


if __name__ == "__main__":
    main()
