"""Runs turned into fixtures: recorded once, compared ever after, so that a change of an agent shows field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from orchestration.agents.outcome import Outcome
from orchestration.agents.runner import run
from orchestration.agents.text import secrets_of
from orchestration.plugin_api import Agent
from orchestration.testing.installed import found_class

LEFT_OUT: Final = "(secret, left out)"
_KEPT: Final = ("status", "output", "confidence", "error_kind", "permanent")


def record(
    path: str | Path,
    agent: type[Agent],
    *,
    inputs: Sequence[Mapping[str, Any]],
    config: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Run the agent on each input and write what came of it to a JSON file, secrets of the configuration left out."""
    found, given = found_class(agent), dict(config or {})
    secrets = secrets_of(given, found.config_schema)
    shown = {name: LEFT_OUT if value in secrets else value for name, value in given.items()}
    runs = [{"input": dict(one), **_kept(_run(agent, one, given))} for one in inputs]
    document = {"agent": agent.name, "version": agent.version, "config": shown, "runs": runs}
    Path(path).write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return runs


def recorded(path: str | Path) -> list[dict[str, Any]]:
    """The runs in a file that `record` wrote: `{input, status, output, confidence, error_kind, permanent}`."""
    runs: list[dict[str, Any]] = json.loads(Path(path).read_text(encoding="utf-8"))["runs"]
    return runs


def differences(path: str | Path, agent: type[Agent], *, config: Mapping[str, Any] | None = None) -> list[str]:
    """What the agent gives now that it did not give when the file was recorded; empty when nothing changed.

    `config` replaces the recorded one, which is needed where secrets were left out.
    """
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    given = dict(document["config"] if config is None else config)
    if LEFT_OUT in given.values():
        raise ValueError(f"{path} was recorded with a secret in its configuration; give `config` to run it again.")
    found: list[str] = []
    for number, before in enumerate(document["runs"], start=1):
        now = {"input": before["input"], **_kept(_run(agent, before["input"], given))}
        found += [f"run {number}: {line}" for line in _changed("", before, now)]
    return found


def _run(agent: type[Agent], given: Mapping[str, Any], config: Mapping[str, Any]) -> Outcome:
    return run(
        found_class(agent),
        input=dict(given),
        config=dict(config),
        idempotency_key="recording",
        attempt=1,
        timeout=timedelta(seconds=60),
        isolate=False,
    )


def _kept(outcome: Outcome) -> dict[str, Any]:
    return {name: getattr(outcome, name) for name in _KEPT}


def _changed(place: str, before: Any, now: Any) -> list[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        names = [*before, *(name for name in now if name not in before)]
        return [
            line
            for name in names
            for line in _changed(f"{place}.{name}" if place else name, before.get(name), now.get(name))
        ]
    return [] if before == now else [f"{place} was {before!r} and is {now!r}"]
