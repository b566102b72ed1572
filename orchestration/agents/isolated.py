"""An attempt in a process of its own, with hard limits of time and memory, of which nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Final

from orchestration.agents.attempt import Work
from orchestration.agents.found import Found
from orchestration.agents.leftovers import end_all
from orchestration.agents.outcome import WRITTEN, Outcome, failed
from orchestration.agents.talk import Talk
from orchestration.agents.text import TRANSCRIPT_CHARACTERS, clean, secrets_of
from orchestration.facts import check_values

MARK: Final = "CONDUCTOR_ATTEMPT"
"""Environment variable by which the processes an attempt has started are known."""
PASSED_ON: Final = ("PATH", "HOME", "TMPDIR", "TZ", "LANG", "LANGUAGE")
_ALARM_GRACE: Final = 5.0
_SHORT_OF_MEMORY: Final = ("MemoryError", "memory allocation of", "std::bad_alloc", "Cannot allocate memory")


def attempt_isolated(found: Found, work: Work, *, seconds: float, memory: int) -> Outcome:
    """1. Start `orchestration.agents.process` as leader of a session of its own, with an environment
       that holds no secret.
    2. Talk until it has answered and ended, or its time is over.
    3. Kill whatever is left of its process group and of what it started elsewhere; only then collect the
       leader, so that its group's number cannot have gone to another process.
    """
    started = time.monotonic()
    try:
        request = _request(found, work, seconds, memory)
    except (TypeError, ValueError, RecursionError) as error:
        return failed("input", f"The input or configuration of {found.name} is not JSON: {error}.", permanent=True)
    mark = uuid.uuid4().hex
    reading, writing = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603 (our own module, nothing from outside)
            [sys.executable, "-P", "-u", "-m", "orchestration.agents.process", str(writing)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(writing,),
            start_new_session=True,
            env=environment(mark),
        )
    except OSError as error:
        os.close(reading)
        return failed("vanished", f"No process could be started for the agent: {error.strerror or error}.")
    finally:
        os.close(writing)
    talk = Talk(process, reading)
    try:
        talk.hold(request, until=started + seconds)
    finally:
        end_all(process, MARK, mark)
        talk.close()
    secrets = secrets_of(work.config, found.config_schema)
    return _with_printed(_outcome(found, talk, process, seconds, memory), talk, secrets)


def environment(mark: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in PASSED_ON or name.startswith("LC_")}
    path = os.pathsep.join(os.path.abspath(place) for place in sys.path)
    return {**kept, "PYTHONPATH": path, MARK: mark}


def _request(found: Found, work: Work, seconds: float, memory: int) -> bytes:
    plugin: Mapping[str, str] = {
        "group": "",
        "name": found.name,
        "value": found.entry_point,
        "distribution": found.distribution,
        "distribution_version": found.distribution_version,
    }
    request = {
        "parent": os.getpid(),
        "seconds": seconds + _ALARM_GRACE,
        "memory": memory,
        "plugin": plugin,
        "version": found.version,
        "work": {**asdict(work), "deadline": work.deadline.isoformat()},
    }
    return json.dumps(request).encode()


def _outcome(found: Found, talk: Talk, process: subprocess.Popen[bytes], seconds: float, memory: int) -> Outcome:
    if talk.answered:
        return _read(found, bytes(talk.answer))
    if talk.too_long:
        return failed("output", f"The process of {found.name} answered with more than {talk.limit:,} bytes.")
    status = process.returncode
    if talk.timed_out or status == -signal.SIGALRM:
        return failed("time-limit", f"{found.name} took longer than its {seconds:g} seconds and was stopped.")
    printed = talk.errors.text()
    if any(sign in printed for sign in _SHORT_OF_MEMORY):
        return failed("memory", f"{found.name} ran out of its {memory / 2**20:,.0f} MiB of memory and ended.")
    if status is not None and status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = str(-status)
        hint = " (by someone, or by a system short of memory)" if -status == signal.SIGKILL else ""
        return failed("vanished", f"The process of {found.name} was killed by {name}{hint} before it answered.")
    return failed("exited", f"{found.name} ended its process with exit status {status}, without an answer.")


def _read(found: Found, answer: bytes) -> Outcome:
    """The answer, which a faulty plugin may have written into itself: limits are checked again."""
    try:
        outcome: Outcome = WRITTEN.validate_json(answer)
    except ValueError:
        return failed("output", f"The process of {found.name} gave an answer that cannot be read.")
    plain = (outcome.output, outcome.confidence, outcome.cost, outcome.retry_after, outcome.expires_in)
    if problems := check_values(list(plain)):
        return failed("output", f"The answer of {found.name} is out of limits: {problems[0].detail}.")
    if outcome.status == "succeeded" and outcome.output is None:
        return failed("output", f"The process of {found.name} gave an answer without output.")
    return outcome


def _with_printed(outcome: Outcome, talk: Talk, secrets: frozenset[str]) -> Outcome:
    """What the process printed follows the agent's own transcript."""
    parts = [outcome.transcript] if outcome.transcript else []
    for title, capture in (("printed", talk.printed), ("printed as errors", talk.errors)):
        if text := capture.text().strip():
            parts.append(f"--- {title} ---\n{clean(text, TRANSCRIPT_CHARACTERS // 4, secrets)}")
    return replace(outcome, transcript=clean("\n".join(parts), TRANSCRIPT_CHARACTERS + TRANSCRIPT_CHARACTERS // 2))
