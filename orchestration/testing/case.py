"""What is known of a case in memory so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from orchestration.agents.outcome import Outcome
from orchestration.engine.step import (
    ChildOpened,
    ChildRecord,
    Notified,
    PlannedRun,
    Progress,
    RunRecord,
    Step,
    WaitRecord,
)
from orchestration.facts import Facts, lay_over


@dataclass(frozen=True)
class Awaited:
    """An answer that an outside party owes: `note` tells who, `until` is when the run is given up as failed.

    `attempt` counts the tries of the run, `planned.input` is what the agent was given.
    """

    note: str
    until: datetime
    attempt: int
    planned: PlannedRun


@dataclass(frozen=True)
class CaseSoFar:
    """A case between two moments. Input digests are without salt: they need not be secret here."""

    payload: Mapping[str, object]
    now: str
    received_at: str
    reference: str = ""
    corrections: Mapping[str, object] = field(default_factory=dict)
    human: Mapping[str, object] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    awaited: Mapping[str, Awaited] = field(default_factory=dict)

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

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.now)

    def at(self, now: str | None) -> CaseSoFar:
        """At this moment; None: no time has passed. Raises ValueError for one that is over."""
        if now is None:
            return self
        if datetime.fromisoformat(now) < self.moment:
            raise ValueError(f"{now} is before {self.now}: a case's time never goes back.")
        return replace(self, now=now)

    def with_run(self, run: RunRecord, outcome: Outcome, *, cost: float, awaited: Awaited | None) -> CaseSoFar:
        """With this run, in the place of the one of its step that was waited for."""
        before = tuple(one for one in self.progress.runs if (one.step, one.status) != (run.step, "pending"))
        still = {step: one for step, one in self.awaited.items() if step != run.step}
        return replace(
            self,
            progress=replace(self.progress, runs=(*before, run), cost=self.progress.cost + cost),
            outcomes={**self.outcomes, run.step: outcome},
            awaited={**still, run.step: awaited} if awaited else still,
        )

    def with_effects(self, step: Step) -> CaseSoFar:
        """What a step changes that later rounds must know."""
        before = self.progress
        children = {(child.rule, child.as_): child for child in before.children}
        notified = set(before.notified)
        for effect in step.effects:
            if isinstance(effect, Notified):
                notified.add(effect.rule)
            elif isinstance(effect, ChildOpened):
                children.setdefault((effect.rule, effect.as_), ChildRecord(effect.rule, effect.as_, "received"))
        waits = before.waits
        if step.kind == "wait" and step.due:
            wait = WaitRecord(step.rule, step.due, step.until)
            waits = waits if wait in waits else (*waits, wait)
        progress = replace(
            before,
            rounds=before.rounds + 1,
            waits=waits,
            children=tuple(children.values()),
            notified=frozenset(notified),
        )
        return replace(self, progress=progress)
