"""An agent's check of itself in a process of its own."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from typing import Any

from orchestration.agents.allowed import MEMORY, TOLD
from orchestration.agents.found import Found
from orchestration.agents.talk import Talk
from orchestration.agents.text import ERROR_CHARACTERS, clean, secrets_of
from orchestration.agents.waiting import work_apart
from orchestration.plugin_api import Health


def check_apart(found: Found, *, config: Mapping[str, Any], seconds: float, memory: int = MEMORY) -> Health:
    """What the agent answers within so many seconds, in a process of its own; a check that hangs, crashes or is too
    big is ill health. As with an attempt, nothing of the process is left behind."""
    try:
        talk, code = work_apart(found, {"what": "check", "config": dict(config)}, seconds=seconds, memory=memory)
    except OSError as error:
        return Health(False, f"No process could be started for the check: {error.strerror or error}.")
    except (TypeError, ValueError, RecursionError):
        return Health(False, f"The configuration of {found.name} is not JSON.")
    return _answer(found, talk, code, seconds, secrets_of(config, found.config_schema))


def _answer(found: Found, talk: Talk, code: int | None, seconds: float, secrets: frozenset[str]) -> Health:
    if talk.report and (over := talk.report["over"]):
        return Health(False, f"The check of {found.name} {TOLD[over]}.")
    if talk.answered:
        try:
            ok, message = json.loads(bytes(talk.answer))
            return Health(ok is True, clean(message, ERROR_CHARACTERS, secrets))
        except (ValueError, TypeError):
            return Health(False, f"The check of {found.name} gave an answer that cannot be read.")
    if talk.timed_out or code == -signal.SIGALRM:
        return Health(False, f"The check of {found.name} took longer than {seconds:g} seconds and was stopped.")
    return Health(False, f"The check of {found.name} ended its process (exit status {code}) without an answer.")
