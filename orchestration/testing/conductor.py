"""A conductor in memory: runs a workflow pack on cases with its real agents, by the product's own rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from orchestration.agents.found import Found
from orchestration.agents.frozen import frozen_step
from orchestration.agents.outcome import Outcome
from orchestration.agents.registry import registry
from orchestration.agents.runner import run as run_agent
from orchestration.engine.advance import advance
from orchestration.engine.compile import RuleSet, compile_version
from orchestration.engine.scenario import ScenarioResult, run_scenario
from orchestration.engine.step import (
    ChildOpened,
    ChildRecord,
    Notified,
    PlannedRun,
    Progress,
    Reason,
    RunRecord,
    Step,
    WaitRecord,
)
from orchestration.facts import Facts, Problem, check_values, lay_over
from orchestration.plugin_api import Agent
from orchestration.rules.check import Finding, check
from orchestration.rules.language import VersionContent
from orchestration.rules.operators import parse_duration
from orchestration.rules.pack import Pack, load
from orchestration.rules.schema import schema_problems, validator
from orchestration.testing.installed import found_class

NOW: Final = "2026-01-05T12:00:00+00:00"
"""The moment at which cases come in unless told otherwise."""


class PayloadMisfit(ValueError):
    """The payload does not fit the pack's input schema, or answers do not fit its human fields; all `problems`."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{one.pointer or '/'} {one.detail}" for one in self.problems))


@dataclass(frozen=True)
class _Case:
    """What is known of a case so far. `salt` is empty: digests need not be secret here."""

    payload: Mapping[str, Any]
    now: str
    received_at: str
    reference: str = ""
    corrections: Mapping[str, Any] = field(default_factory=dict)
    human: Mapping[str, Any] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)

    @property
    def facts(self) -> Facts:
        case = lay_over(self.payload, self.corrections) if self.corrections else self.payload
        meta = {
            "now": self.now,
            "received_at": self.received_at,
            "priority": "normal",
            "client": "testing",
            "reference": self.reference or None,
        }
        return Facts(
            {"case": case, "human": self.human, "meta": meta}, frozenset(f"case.{path}" for path in self.corrections)
        )


@dataclass(frozen=True)
class Result:
    """Where a case has come to. `kind`: decide, escalate or wait (for a moment, or for the case `waits_for`).

    `runs` holds the last run of each agent step, `outcomes` the same with summary, evidence and transcript.
    """

    step: Step
    _conductor: Conductor = field(repr=False)
    _case: _Case = field(repr=False)

    @property
    def kind(self) -> str:
        return self.step.kind

    @property
    def outcome(self) -> str:
        return self.step.outcome

    @property
    def reason(self) -> str:
        return self.step.reason

    @property
    def queue(self) -> str:
        return self.step.queue

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return self.step.reasons

    @property
    def waits_for(self) -> str:
        return self.step.child

    @property
    def runs(self) -> dict[str, RunRecord]:
        return {run.step: run for run in self._case.progress.runs}

    @property
    def outcomes(self) -> dict[str, Outcome]:
        return dict(self._case.outcomes)

    def answer(
        self,
        human: Mapping[str, Any] | None = None,
        *,
        corrections: Mapping[str, Any] | None = None,
        now: str | None = None,
    ) -> Result:
        """A person answers an escalated case and sends it back: failed runs are made again. `corrections` maps
        dotted paths of the payload to values. Raises ValueError where the case is not with a person."""
        if self.kind != "escalate":
            raise ValueError(f"Only an escalated case can be sent back; this one came to: {self.kind}.")
        answers = {**self._case.human, **(human or {})}
        self._conductor.refuse_answers(answers)
        before = self._case.progress
        progress = replace(before, rounds=0, runs=tuple(run for run in before.runs if run.status != "failed"))
        corrected = {**self._case.corrections, **(corrections or {})}
        self._conductor.refuse_payload(lay_over(self._case.payload, corrected))
        return self._go_on(now, human=answers, corrections=corrected, progress=progress)

    def later(self, now: str) -> Result:
        """The case is looked at again at a later moment, as when what it waits for has come."""
        return self._go_on(now)

    def child(self, as_: str, *, outcome: str | None = None, status: str = "decided", now: str | None = None) -> Result:
        """The case that was opened under this name has ended so."""
        before = self._case.progress
        if as_ not in {child.as_ for child in before.children}:
            raise ValueError(f"The case opened no case {as_!r}.")
        ended = tuple(
            replace(child, status=status, outcome=outcome) if child.as_ == as_ else child for child in before.children
        )
        return self._go_on(now, progress=replace(before, children=ended))

    def _go_on(self, now: str | None, **changes: Any) -> Result:
        if now is not None and datetime.fromisoformat(now) < datetime.fromisoformat(self._case.now):
            raise ValueError(f"{now} is before {self._case.now}: a case's time never goes back.")
        return self._conductor.advance(replace(self._case, now=now or self._case.now, **changes))


class Conductor:
    """A pack, compiled, with the agents it uses. Close it, or use it in a `with`."""

    def __init__(self, pack: Pack, agents: Mapping[str, Found]) -> None:
        missing = sorted({step.use for step in pack.content.agents} - set(agents))
        if missing:
            raise ValueError(f"The pack uses agents that are not there: {', '.join(missing)}.")
        self.pack = pack
        self._agents = agents
        steps = tuple(frozen_step(step, agents[step.use]) for step in pack.content.agents)
        self.content: VersionContent = replace(pack.content, agents=steps)
        self._rule_set: RuleSet = compile_version(self.content)
        self._payloads, self._answers = validator(self.content.input_schema), validator(self.content.human_fields)

    @classmethod
    def of_pack(cls, pack: str | Path, *, agents: Iterable[type[Agent]] | None = None) -> Self:
        """The pack in a file, or the text of one. `agents`: the classes that it uses; None for those installed.

        Raises RuleError naming each place that cannot be read, ValueError for agents that are not there.
        """
        text = pack if isinstance(pack, str) and "\n" in pack else Path(pack).read_text(encoding="utf-8")
        if agents is None:
            return cls(load(text), registry().agents)
        return cls(load(text), {found.name: found for found in map(found_class, agents)})

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What the checker has to say about the pack; other workflows that it names are not looked for."""
        return check(self.content, queues={str(queue["slug"]) for queue in self.pack.queues})

    def scenarios(self) -> list[ScenarioResult]:
        """What each of the pack's scenarios came to."""
        return [run_scenario(self._rule_set, scenario) for scenario in self.content.scenarios]

    def run(self, payload: Mapping[str, Any], *, now: str = NOW, reference: str = "") -> Result:
        """Take a case in at this moment (ISO 8601 with offset) and go as far as it gets without people.

        Raises PayloadMisfit naming every place of the payload that does not fit.
        """
        self.refuse_payload(payload)
        moment = datetime.fromisoformat(now)
        if moment.tzinfo is None:
            raise ValueError(f"{now} has no offset from UTC; write it as in {NOW}.")
        iso = moment.astimezone(UTC).isoformat()
        return self.advance(_Case(dict(payload), iso, iso, reference))

    def advance(self, case: _Case) -> Result:
        """Rounds until the case is decided, with a person, or waits."""
        while True:
            step = advance(self._rule_set, case.facts, case.progress)
            case = replace(case, progress=_with_effects(case.progress, step))
            if step.kind != "run":
                return Result(step, self, case)
            for planned in step.runs:
                case = self._ran(case, planned)

    def refuse_payload(self, payload: Mapping[str, Any]) -> None:
        if problems := check_values(dict(payload)) or schema_problems(self._payloads, dict(payload)):
            raise PayloadMisfit(problems)

    def refuse_answers(self, answers: Mapping[str, Any]) -> None:
        if problems := check_values(dict(answers)) or schema_problems(self._answers, dict(answers)):
            raise PayloadMisfit(problems)

    def close(self) -> None:
        """Free the engine's memory."""
        self._rule_set.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ran(self, case: _Case, planned: PlannedRun) -> _Case:
        """The step's run with all its attempts, one after the other without a pause."""
        step = next(one for one in self.content.agents if one.name == planned.step)
        cost = case.progress.cost
        for attempt in range(1, step.attempts + 1):
            outcome = run_agent(
                self._agents[step.use],
                input=dict(planned.input),
                config=dict(step.config),
                idempotency_key=f"{case.reference or 'testing'}/{planned.step}/{planned.input_digest[:16]}",
                attempt=attempt,
                timeout=max(parse_duration(step.timeout), timedelta(seconds=1)),
                isolate=False,
            )
            cost += outcome.cost
            if outcome.status == "succeeded" or outcome.permanent:
                break
        record = RunRecord(
            step=planned.step,
            status=outcome.status,
            agent_version=step.agent_version,
            config_digest=planned.config_digest,
            input_digest=planned.input_digest,
            output=outcome.output or {},
            confidence=outcome.confidence,
            error=outcome.error,
        )
        progress = replace(case.progress, runs=(*case.progress.runs, record), cost=cost)
        return replace(case, progress=progress, outcomes={**case.outcomes, planned.step: outcome})


def _with_effects(progress: Progress, step: Step) -> Progress:
    """What a step changes that later rounds must know."""
    children = {(child.rule, child.as_): child for child in progress.children}
    notified = set(progress.notified)
    for effect in step.effects:
        if isinstance(effect, Notified):
            notified.add(effect.rule)
        elif isinstance(effect, ChildOpened):
            children.setdefault((effect.rule, effect.as_), ChildRecord(effect.rule, effect.as_, "received"))
    waits = progress.waits
    if step.kind == "wait" and step.due:
        wait = WaitRecord(step.rule, step.due, step.until)
        waits = waits if wait in waits else (*waits, wait)
    return replace(
        progress,
        rounds=progress.rounds + 1,
        waits=waits,
        children=tuple(children.values()),
        notified=frozenset(notified),
    )
