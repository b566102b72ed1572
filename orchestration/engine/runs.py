"""Which recorded run belongs to which agent step: inputs, their digests, and the facts that runs give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.engine.step import PlannedRun, Progress, RunRecord
from orchestration.facts import MISSING, Facts, digest
from orchestration.rules.language import AgentStep


@dataclass(frozen=True, slots=True)
class PreparedStep:
    """An agent step with where its input comes from. `late`: it reads derived facts, directly or through
    another step, so its run is known only after the passes."""

    step: AgentStep
    fields: tuple[tuple[str, str], ...]  # input field -> fact path
    config_digest: str
    late: bool


class Found:
    """A step on the present facts: the run it needs, and the recorded run on just that input if there is one."""

    def __init__(self, prepared_step: PreparedStep, facts: Facts, progress: Progress) -> None:
        self._prepared = prepared_step
        self._facts = facts
        self._salt = progress.salt
        self._planned: PlannedRun | None = None
        name = prepared_step.step.name
        fitting = (run for run in reversed(progress.runs) if run.step == name and self._fits(run))
        self.run: RunRecord | None = next(fitting, None)

    @property
    def planned(self) -> PlannedRun:
        """The run that the present facts ask for."""
        if self._planned is None:
            get = self._facts.get
            given = {field: value for field, path in self._prepared.fields if (value := get(path)) is not MISSING}
            name, config = self._prepared.step.name, self._prepared.config_digest
            self._planned = PlannedRun(name, given, digest(given, self._salt), config)
        return self._planned

    def _fits(self, run: RunRecord) -> bool:
        if run.input_digest is None:  # a given run fits any input
            return True
        return (
            run.agent_version == self._prepared.step.agent_version
            and run.config_digest == self._prepared.config_digest
            and run.input_digest == self.planned.input_digest
        )


def prepared(steps: Iterable[AgentStep]) -> dict[str, PreparedStep]:
    """The steps, those first whose output others read."""
    remaining = {step.name: (step, _fields(step)) for step in steps}
    ready: dict[str, PreparedStep] = {}
    while remaining:
        free = [
            name
            for name, (_, fields) in remaining.items()
            if not any(other != name and reads_step(path, other) for _, path in fields for other in remaining)
        ]
        for name in free or list(remaining):  # steps that read each other come in the order written
            step, fields = remaining.pop(name)
            late = any(
                _is_derived(path) or any(reads_step(path, other) for other, done in ready.items() if done.late)
                for _, path in fields
            )
            ready[name] = PreparedStep(step, fields, _config_digest(step), late)
    return ready


def reads_step(path: str, step: str) -> bool:
    """Does this fact come from the step?"""
    return path == f"agents.{step}" or path.startswith(f"agents.{step}.") or path == "agents"


def find_runs(steps: Mapping[str, PreparedStep], facts: Facts, progress: Progress) -> dict[str, Found]:
    """For each step its input on these facts and its run; a step's facts are visible to those after it."""
    found: dict[str, Found] = {}
    facts = facts.with_(agents={})
    for name, prepared_step in steps.items():
        found[name] = Found(prepared_step, facts, progress)
        if shown := _shown(found[name].run):
            facts = facts.with_(agents={**facts.document["agents"], name: shown})
    return found


def with_runs(facts: Facts, found: Mapping[str, Found]) -> Facts:
    """The facts with `agents` as these runs give them."""
    return facts.with_(agents=agents_of(found))


def agents_of(found: Mapping[str, Found]) -> dict[str, Any]:
    """What these runs give below `agents`: nothing for a step without an ended run."""
    return {name: shown for name, one in found.items() if (shown := _shown(one.run))}


def with_children(facts: Facts, progress: Progress) -> Facts:
    """The facts with `children` as recorded in the case's progress."""
    if not progress.children:
        return facts
    children = {
        child.as_: {"status": child.status, **({"outcome": child.outcome} if child.outcome else {})}
        for child in progress.children
    }
    return facts.with_(children={**(facts.document.get("children") or {}), **children})


def _shown(run: RunRecord | None) -> dict[str, Any]:
    """A run as facts; nothing while it has not ended."""
    if run is None or run.status == "pending":
        return {}
    facts: dict[str, Any] = {"status": run.status}
    if run.status == "succeeded":
        facts.update(confidence=run.confidence, output=run.output)
    return facts


def _fields(step: AgentStep) -> tuple[tuple[str, str], ...]:
    properties = step.input_schema.get("properties", {})
    paths = {**{field: f"case.{field}" for field in properties}, **step.input}
    return tuple(paths.items())


def _config_digest(step: AgentStep) -> str:
    return digest({"agent": step.use, "version": step.agent_version, "config": dict(step.config)})


def _is_derived(path: str) -> bool:
    return path == "derived" or path.startswith("derived.")
