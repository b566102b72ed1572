"""What every agent promises, tried out: `check_agent` for all at once, `promises` for one test each."""

from __future__ import annotations

import decimal
import locale
import os
import random
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

from orchestration.agents.found import Found
from orchestration.agents.outcome import Outcome
from orchestration.agents.runner import check, run
from orchestration.plugin_api import Agent
from orchestration.testing.installed import found_class

LIMIT: Final = timedelta(seconds=20)
"""How long one run may take unless told otherwise: what a step allows unless its pack says more."""


class BrokenPromise(AssertionError):
    """What the agent does other than it promises, and what to do about it."""


@dataclass(frozen=True)
class Promise:
    """One promise of one agent: call it; it raises BrokenPromise with every way in which it is broken."""

    name: str
    _subject: Subject
    _broken: Callable[[Subject], Sequence[str]]

    def __call__(self) -> None:
        if broken := self._broken(self._subject):
            raise BrokenPromise(f"{self._subject.name} {self.name}: " + "; ".join(broken))

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


@dataclass(frozen=True)
class Subject:
    """The agent that is tried, and on what."""

    agent: type[Agent]
    inputs: Sequence[Mapping[str, Any]]
    failing: Sequence[Mapping[str, Any]]
    config: Mapping[str, Any]
    limit: timedelta
    effects: Callable[[], int] | None

    @property
    def name(self) -> str:
        return str(getattr(self.agent, "name", self.agent.__name__))

    @cached_property
    def found(self) -> Found:
        return found_class(self.agent)

    def run(self, given: Mapping[str, Any], *, attempt: int = 1, isolate: bool = False, key: str = "try") -> Outcome:
        outcome = run(
            self.found,
            input=dict(given),
            config=dict(self.config),
            idempotency_key=key,
            attempt=attempt,
            timeout=self.limit,
            isolate=isolate,
        )
        return replace(outcome, duration=0.0)


def check_agent(agent: type[Agent], *, inputs: Sequence[Mapping[str, Any]], **more: Any) -> None:
    """Try every promise; raises BrokenPromise that lists all that are broken. Arguments as for `promises`."""
    broken: list[str] = []
    for promise in promises(agent, inputs=inputs, **more):
        try:
            promise()
        except BrokenPromise as error:
            broken.append(str(error))
    if broken:
        raise BrokenPromise("\n".join(broken))


def promises(
    agent: type[Agent],
    *,
    inputs: Sequence[Mapping[str, Any]],
    failing: Sequence[Mapping[str, Any]] = (),
    config: Mapping[str, Any] | None = None,
    limit: timedelta = LIMIT,
    effects: Callable[[], int] | None = None,
) -> list[Promise]:
    """The agent's promises, each to be called; made for `pytest.mark.parametrize("promise", …, ids=str)`.

    `inputs`: at least one that the agent answers; `failing`: those it must refuse for good; both as the JSON a step
    hands over. `config` likewise. `effects` counts what the agent has done outside so far (rows, calls): trying a
    run again with the same idempotency key must not raise it. Raises ValueError without inputs.
    """
    if not inputs:
        raise ValueError("Give at least one input that the agent answers.")
    subject = Subject(agent, inputs, failing, config or {}, limit, effects)
    return [Promise(name, subject, broken) for name, broken in _PROMISES.items()]


# --- The promises -----------------------------------------------------------------------------------


def _is_found(subject: Subject) -> list[str]:
    try:
        found_class(subject.agent)
    except ValueError as error:
        return [str(error)]
    return []


def _answers(subject: Subject) -> list[str]:
    outcomes = [(given, subject.run(given)) for given in subject.inputs]
    return [f"{_shown(given)} gave {_told(one)}" for given, one in outcomes if one.status == "failed"]


def _refuses(subject: Subject) -> list[str]:
    broken = []
    for given in subject.failing:
        outcome = subject.run(given)
        if outcome.status != "failed" or not outcome.permanent:
            broken.append(
                f"{_shown(given)} gave {_told(outcome)}; raise AgentError(…, permanent=True) where trying again is vain"
            )
    required = [str(name) for name in subject.found.input_schema.get("required", [])]
    for name in required:
        given = {field: value for field, value in subject.inputs[0].items() if field != name}
        outcome = subject.run(given)
        if outcome.error_kind != "input":
            broken.append(f"without {name} it gave {_told(outcome)}, not a refusal of the input")
    return broken


def _repeats(subject: Subject) -> list[str]:
    if not subject.agent.deterministic:
        return []
    return [
        f"{_shown(given)} gave another answer the second time ({_difference(first, second)}); take time and chance "
        "from the input, or declare `deterministic = False`"
        for given in subject.inputs
        if (first := subject.run(given)) != (second := subject.run(given, key="another try"))
    ]


def _is_alike_elsewhere(subject: Subject) -> list[str]:
    place = f"{subject.agent.__module__}.{subject.agent.__qualname__}"
    if "<locals>" in place or subject.agent.__module__ == "__main__":
        return [f"{place} cannot be imported by another process; define the class at the top of a module"]
    broken = []
    for given in subject.inputs[:3]:
        here, there = subject.run(given), subject.run(given, isolate=True)
        if there.status != here.status or (
            subject.agent.deterministic and (there.output, there.confidence) != (here.output, here.confidence)
        ):
            broken.append(f"{_shown(given)} gave {_told(there)} there and {_told(here)} here")
    return broken


def _does_things_once(subject: Subject) -> list[str]:
    if subject.effects is None:
        return []
    broken = []
    for number, given in enumerate(subject.inputs):
        subject.run(given, key=f"once-{number}")
        before = subject.effects()
        subject.run(given, attempt=2, key=f"once-{number}")
        if (after := subject.effects()) != before:
            broken.append(f"a second attempt on {_shown(given)} did {after - before} more; hand on the idempotency key")
    return broken


def _leaves_the_rest_alone(subject: Subject) -> list[str]:
    before = _surroundings()
    for given in (*subject.inputs, *subject.failing):
        subject.run(given)
    after = _surroundings()
    return [f"it changed {name}" for name in before if before[name] != after[name]]


def _needs_no_django(subject: Subject) -> list[str]:
    text = (
        f"import sys, importlib; importlib.import_module({subject.agent.__module__!r}); print('django' in sys.modules)"
    )
    path = os.pathsep.join(os.path.abspath(place) for place in sys.path)
    done = subprocess.run(  # noqa: S603 - our own text
        [sys.executable, "-c", text],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        return [f"a fresh interpreter cannot import {subject.agent.__module__}: {done.stderr.strip()[-300:]}"]
    return ["importing it imports Django, which is not there in a process of its own"] if "True" in done.stdout else []


def _checks_itself(subject: Subject) -> list[str]:
    health = check(subject.found, config=dict(subject.config))
    if not health.ok and not health.message:
        return ["`check` says it is not well, but not why"]
    return [f"`check`: {health.message}"] if "could not check itself" in health.message else []


_PROMISES: Final[dict[str, Callable[[Subject], Sequence[str]]]] = {
    "is an agent": _is_found,
    "answers": _answers,
    "refuses what does not fit": _refuses,
    "repeats itself": _repeats,
    "is alike in a process of its own": _is_alike_elsewhere,
    "does things once": _does_things_once,
    "leaves the rest alone": _leaves_the_rest_alone,
    "needs no Django": _needs_no_django,
    "checks itself": _checks_itself,
}


def _surroundings() -> dict[str, Any]:
    return {
        "the environment": dict(os.environ),
        "the working directory": os.getcwd(),
        "the random numbers": random.getstate(),
        "the decimal context": repr(decimal.getcontext()),
        "the locale": locale.setlocale(locale.LC_ALL),
        "the warnings filters": list(warnings.filters),
    }


def _told(outcome: Outcome) -> str:
    if outcome.status == "failed":
        lasting = "for good" if outcome.permanent else "to be tried again"
        return f"a failure {lasting} ({outcome.error_kind}: {outcome.error})"
    return f"{outcome.status} {outcome.output} with confidence {outcome.confidence}"


def _difference(first: Outcome, second: Outcome) -> str:
    fields = ("status", "output", "confidence", "summary", "evidence", "transcript", "cost", "error")
    changed = [name for name in fields if getattr(first, name) != getattr(second, name)]
    return ", ".join(f"{name}: {getattr(first, name)!r} and {getattr(second, name)!r}" for name in changed)[:500]


def _shown(given: Mapping[str, Any]) -> str:
    return repr(dict(given))[:200]
