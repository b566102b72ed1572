"""A conductor in memory: runs a workflow pack on cases with its real agents, by the product's own rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from orchestration.agents.found import Found
from orchestration.agents.frozen import frozen_step
from orchestration.agents.outcome import Outcome, failed
from orchestration.agents.posted import ResultMisfit, beside, receive_posted
from orchestration.agents.registry import registry
from orchestration.agents.runner import run as run_agent
from orchestration.engine.advance import advance
from orchestration.engine.compile import RuleSet, compile_version
from orchestration.engine.scenario import ScenarioResult, run_scenario
from orchestration.engine.step import PlannedRun, RunRecord, Step
from orchestration.facts import Problem, check_values
from orchestration.plugin_api import Agent, AgentError, AgentResult
from orchestration.rules.check import Finding, check
from orchestration.rules.language import AgentStep, VersionContent
from orchestration.rules.operators import parse_duration
from orchestration.rules.pack import Pack, load
from orchestration.rules.schema import schema_problems, validator
from orchestration.testing.case import Awaited, CaseSoFar
from orchestration.testing.installed import found_class
from orchestration.testing.result import Result

NOW: Final = "2026-01-05T12:00:00+00:00"
"""The moment at which cases come in unless told otherwise."""
CALLBACK: Final = {"url": "https://conductor.invalid/api/v1/agent-runs/testing/result", "token": "rt_testing"}
"""What an agent that is not inline gets to hand to an outside party; nobody listens there, see `Result.post`."""
_EXPIRED: Final = failed("expired", "Nobody answered in time.", permanent=True)


class PayloadMisfit(ValueError):
    """The payload does not fit the pack's input schema, or answers do not fit its human fields, or a posted
    result does not fit its agent; all `problems`."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{one.pointer or '/'} {one.detail}" for one in self.problems))


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
        return self.advance(CaseSoFar(dict(payload), iso, iso, reference))

    def advance(self, case: CaseSoFar) -> Result:
        """Rounds until the case is decided, with a person, or waits."""
        while True:
            step = advance(self._rule_set, case.facts, case.progress)
            case = case.with_effects(step)
            if step.kind != "run":
                return Result(step, self, case)
            for planned in step.runs:
                case = self._ran(case, planned)
            if case.awaited:
                return Result(step, self, case)

    def go_on(self, case: CaseSoFar, step: Step) -> Result:
        """Give up what nobody has answered in time; then rounds, unless the step still waits for an answer."""
        for name, awaited in case.awaited.items():
            if awaited.until <= case.moment:
                case = self._told(case, name, _EXPIRED)
        return Result(step, self, case) if case.awaited else self.advance(case)

    def take_in(self, case: CaseSoFar, name: str, result: AgentResult | AgentError) -> CaseSoFar:
        """An answer of an outside party to the step of this name, which waits for it."""
        if isinstance(result, AgentError):
            outcome = failed("agent", result.message, permanent=result.permanent, cost=result.cost)
            return self._told(case, name, outcome)
        step = self._step(name)
        try:
            outcome = receive_posted(self._agents[step.use], result, config=dict(step.config))
        except ResultMisfit as misfit:
            raise PayloadMisfit(misfit.problems) from None
        if outcome.status != "succeeded":
            raise PayloadMisfit([Problem("/output", outcome.error)])
        return self._told(case, name, outcome)

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

    def _step(self, name: str) -> AgentStep:
        return next(one for one in self.content.agents if one.name == name)

    def _told(self, case: CaseSoFar, name: str, outcome: Outcome) -> CaseSoFar:
        """The run that was waited for has come to this."""
        awaited, before = case.awaited[name], case.outcomes[name]
        outcome = beside(outcome, summary=before.summary, transcript=before.transcript)
        return self._ran(case, awaited.planned, attempt=awaited.attempt, outcome=outcome)

    def _ran(
        self, case: CaseSoFar, planned: PlannedRun, *, attempt: int = 0, outcome: Outcome | None = None
    ) -> CaseSoFar:
        """The step's run with all its attempts, one after the other without a pause; the first so many (`attempt`) were
        made, and have come to `outcome`."""
        step = self._step(planned.step)
        cost = outcome.cost if outcome else 0.0
        while outcome is None or (outcome.status == "failed" and not outcome.permanent and attempt < step.attempts):
            attempt += 1
            outcome = run_agent(
                self._agents[step.use],
                input=dict(planned.input),
                config=dict(step.config),
                idempotency_key=f"{case.reference or 'testing'}/{planned.step}/{planned.input_digest[:16]}",
                attempt=attempt,
                timeout=max(parse_duration(step.timeout), timedelta(seconds=1)),
                isolate=False,
                callback=None if step.inline else CALLBACK,
            )
            cost += outcome.cost
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
        awaited = None
        if outcome.status == "pending":
            until = case.moment + timedelta(seconds=outcome.expires_in or 0)
            awaited = Awaited(outcome.summary, until, attempt, planned)
        return case.with_run(record, outcome, cost=cost, awaited=awaited)
