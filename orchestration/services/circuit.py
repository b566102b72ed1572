"""The circuit breaker of a step, pure: when it opens, who may try whether the step works again, when it closes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from orchestration.agents.outcome import Outcome
from orchestration.models import Circuit

FAILED: Final = "failed"
WELL: Final = "well"
NOTHING: Final = "nothing"

_FAULTS: Final = frozenset({"exception", "time-limit", "vanished", "memory", "processes", "disk", "exited"})
_NOT_REACHED: Final = frozenset(
    {"input", "config", "not-installed", "not-wanted", "switched-off", "circuit-open", "expired"}
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of the last `attempts` within `window` half must have failed for it to open: for `pause`, doubled each time
    that the step fails again, at most `longest`."""

    attempts: int
    window: timedelta
    pause: timedelta
    longest: timedelta

    @property
    def enough(self) -> int:
        return (self.attempts + 1) // 2


@dataclass(frozen=True, slots=True)
class Breaker:
    """`until`: open, when a run may try; half open, when the run that tries is given up for lost. `held`: a person
    keeps it open. `recent`: (moment, failed) of the last attempts, oldest first."""

    state: str = Circuit.CLOSED
    until: datetime | None = None
    held: bool = False
    openings: int = 0
    probe: int | None = None
    recent: tuple[tuple[float, bool], ...] = ()

    def lets_through(self, now: datetime) -> bool:
        """Whether a run that asks now may begin; not closed, it is then the one that tries."""
        return self.state == Circuit.CLOSED or (not self.held and (self.until is None or self.until <= now))

    def tried_by(self, run: int, *, lost_at: datetime) -> Breaker:
        return replace(self, state=Circuit.HALF_OPEN, until=lost_at, probe=run)

    def after(self, verdict: str, *, run: int, now: datetime, bounds: Bounds) -> Breaker:
        """What it is after an attempt of this run has ended so."""
        if self.state == Circuit.CLOSED:
            return self if verdict == NOTHING else self._counted(verdict == FAILED, now, bounds)
        if self.state == Circuit.OPEN or self.probe != run:
            return self  # it began before the circuit opened, so it tells nothing new
        if verdict == WELL:
            return Breaker()
        if verdict == NOTHING:  # the agent was not reached: the next run tries
            return replace(self, until=now, probe=None)
        return self._opened(now, bounds)

    def _counted(self, failed: bool, now: datetime, bounds: Bounds) -> Breaker:
        moment = now.timestamp()
        begin = moment - bounds.window.total_seconds()
        recent = (*(one for one in self.recent if one[0] > begin), (moment, failed))[-bounds.attempts :]
        if not any(bad for _, bad in recent):
            recent = ()  # what went well only matters behind something that failed
        counted = replace(self, recent=recent)
        return counted._opened(now, bounds) if sum(bad for _, bad in recent) >= bounds.enough else counted

    def _opened(self, now: datetime, bounds: Bounds) -> Breaker:
        pause = min(bounds.pause * 2 ** min(self.openings, 20), bounds.longest)
        return replace(
            self,
            state=Circuit.OPEN,
            until=now + pause,
            openings=self.openings + 1,
            probe=None,
            recent=self.recent if self.state == Circuit.CLOSED else (),
        )


def verdict_of(outcome: Outcome) -> str:
    """Whether the attempt speaks against the agent, for it, or neither, as it was not reached."""
    if outcome.status != "failed":
        return WELL
    if outcome.error_kind in _FAULTS or (outcome.error_kind == "agent" and not outcome.permanent):
        return FAILED
    return NOTHING if outcome.error_kind in _NOT_REACHED else WELL
