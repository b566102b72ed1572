"""Where a case in memory has come to, and what may happen to it next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from orchestration.agents.outcome import Outcome
from orchestration.engine.step import Reason, RunRecord, Step
from orchestration.facts import lay_over
from orchestration.plugin_api import AgentError, AgentResult
from orchestration.testing.case import Awaited, CaseSoFar

if TYPE_CHECKING:
    from orchestration.testing.conductor import Conductor


@dataclass(frozen=True)
class Result:
    """Where a case has come to. `kind`: decide, escalate, wait (for a moment, or for the case `waits_for`) or run
    (for the answers of outside parties that are `awaited`, by step).

    `runs` holds the last run of each agent step, `outcomes` the same with summary, evidence and transcript. `cost` is
    what all runs have used.
    """

    step: Step
    _conductor: Conductor = field(repr=False)
    _case: CaseSoFar = field(repr=False)

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

    @property
    def awaited(self) -> dict[str, Awaited]:
        return dict(self._case.awaited)

    @property
    def cost(self) -> float:
        return self._case.progress.cost

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

    def post(self, step: str, result: AgentResult | AgentError, *, now: str | None = None) -> Result:
        """An outside party posts the result of a step that is waited for; or an error, after which the step is tried
        again, unless it is permanent or was the last attempt.

        Raises PayloadMisfit for a result that does not fit the agent, ValueError where nobody waits for one.
        """
        case = self._case.at(now)
        if step not in case.awaited:
            raise ValueError(f"No outside party owes an answer for the step {step!r}.")
        if case.awaited[step].until <= case.moment:
            raise ValueError(f"Since {case.awaited[step].until} nobody waits for the answer: look at it `later`.")
        return self._conductor.go_on(self._conductor.take_in(case, step, result), self.step)

    def later(self, now: str) -> Result:
        """The case is looked at again at a later moment, as when what it waits for has come. An answer that is awaited
        until then is given up: the run has failed."""
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
        return self._conductor.go_on(replace(self._case.at(now), **changes), self.step)
