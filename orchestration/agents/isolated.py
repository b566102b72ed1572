"""An attempt in a process of its own, with hard limits of time, memory and processes: what its ending tells."""

from __future__ import annotations

import signal
from dataclasses import asdict, replace
from typing import Final

from orchestration.agents.allowed import TOLD
from orchestration.agents.amounts import LONGEST_WAIT
from orchestration.agents.attempt import Work
from orchestration.agents.evidence import storable_evidence
from orchestration.agents.found import Found
from orchestration.agents.outcome import FILE_TOO_LARGE, WRITTEN, Outcome, failed
from orchestration.agents.talk import Talk
from orchestration.agents.text import ERROR_CHARACTERS, SUMMARY_CHARACTERS, TRANSCRIPT_CHARACTERS, clean, secrets_of
from orchestration.agents.waiting import work_apart
from orchestration.facts import check_values

_SHORT_OF_MEMORY: Final = ("MemoryError", "memory allocation of", "std::bad_alloc", "Cannot allocate memory")


def attempt_isolated(found: Found, work: Work, *, seconds: float, memory: int) -> Outcome:
    """The attempt is made by a process forked for it; `seconds` and `memory` are kept whatever it does."""
    request = {"what": "run", "work": {**asdict(work), "deadline": work.deadline.isoformat()}}
    try:
        talk, code = work_apart(found, request, seconds=seconds, memory=memory)
    except OSError as error:
        return failed("vanished", f"No process could be started for the agent: {error.strerror or error}.")
    except (TypeError, ValueError, RecursionError) as error:
        return failed("input", f"The input or configuration of {found.name} is not JSON: {error}.", permanent=True)
    secrets = secrets_of(work.config, found.config_schema)
    return _with_printed(_outcome(found, talk, code, seconds, memory, secrets), talk, secrets)


def _outcome(
    found: Found, talk: Talk, code: int | None, seconds: float, memory: int, secrets: frozenset[str]
) -> Outcome:
    if talk.report and (over := talk.report["over"]):
        return failed(over, f"{found.name} {TOLD[over]}.")
    if talk.answered:
        return _read(found, bytes(talk.answer), secrets)
    if talk.too_long:
        return failed("output", f"The process of {found.name} answered with more than {talk.limit:,} bytes.")
    if talk.timed_out or code == -signal.SIGALRM:
        return failed("time-limit", f"{found.name} took longer than its {seconds:g} seconds and was stopped.")
    printed = talk.errors.text()
    if any(sign in printed for sign in _SHORT_OF_MEMORY):
        return failed("memory", f"{found.name} ran out of its {memory / 2**20:,.0f} MiB of memory and ended.")
    if code == -signal.SIGXFSZ:
        return failed("disk", FILE_TOO_LARGE)
    if code is not None and code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = str(-code)
        hint = " (by someone, or by a system short of memory)" if -code == signal.SIGKILL else ""
        return failed("vanished", f"The process of {found.name} was killed by {name}{hint} before it answered.")
    return failed("exited", f"{found.name} ended its process with exit status {code}, without an answer.")


def _read(found: Found, answer: bytes, secrets: frozenset[str]) -> Outcome:
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
    times = (outcome.expires_in or 0.0, outcome.retry_after or 0.0)
    if not (
        0 <= (outcome.confidence or 0.0) <= 1 and outcome.cost >= 0 and 0 <= min(times) <= max(times) <= LONGEST_WAIT
    ):
        told = f"The answer of {found.name} is out of limits: no confidence, cost or time can be so."
        return failed("output", told)
    return replace(
        outcome,
        summary=clean(outcome.summary, SUMMARY_CHARACTERS, secrets),
        error=clean(outcome.error, ERROR_CHARACTERS, secrets),
        evidence=storable_evidence(outcome.evidence),
    )


def _with_printed(outcome: Outcome, talk: Talk, secrets: frozenset[str]) -> Outcome:
    """What the process printed follows the agent's own transcript."""
    parts = [outcome.transcript] if outcome.transcript else []
    for title, capture in (("printed", talk.printed), ("printed as errors", talk.errors)):
        if text := capture.text(secrets).strip():
            parts.append(f"--- {title} ---\n{clean(text, TRANSCRIPT_CHARACTERS // 4, secrets)}")
    return replace(outcome, transcript=clean("\n".join(parts), TRANSCRIPT_CHARACTERS + TRANSCRIPT_CHARACTERS // 2))
