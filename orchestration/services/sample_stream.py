"""Sample cases of the installed workflows without end, in the order in which they arrive, drawn as they are needed."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import import_module
from importlib.metadata import entry_points
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from orchestration.agents.registry import WORKFLOWS, registry
from orchestration.rules.pack import load

LOT: Final = 5
"""So many cases are drawn at once; a case takes up to 10 ms."""


@dataclass(frozen=True)
class Arriving:
    """A sample case as it is posted, the moment at which it comes in, and outcomes that its feedback is on."""

    due: datetime
    case: dict[str, Any]
    feedback_on: tuple[str, ...] = ()

    def feedback(self, outcome: str | None) -> str | None:
        """What really happened after this outcome, where the sample knows it."""
        return self.case.get("feedback") if outcome in self.feedback_on else None


@dataclass(frozen=True)
class Samples:
    """A workflow's sample cases: what its package's `samples.sample_cases(seed, count, *, first=0, today=None)` gives.

    It draws the cases number `first` to `first + count - 1` of a seed, each `{reference, payload, priority, arrives}`
    and more. `arrives` is what a clock in the workflow's time zone shows: ISO date and time without offset, later for
    each number, from `today` at midnight on. `FEEDBACK_ON` beside it lists the outcomes after which what a case has as
    `feedback` is what really happened.
    """

    slug: str
    zone: ZoneInfo
    draw: Callable[..., list[dict[str, Any]]]
    feedback_on: tuple[str, ...] = ()

    def arriving(self, now: datetime, *, seed: int, earlier: int = 0) -> Iterator[Arriving]:
        """Today's cases from now on, before them up to `earlier` ones from before; then day after day, each with a seed
        of its own. All are drawn with the day on which they are drawn as today, so that none has dates in the future.
        """
        day = now.astimezone(self.zone).date()
        number = max(0, self._number_at(day, now, seed) - earlier)
        while True:
            today = datetime.now(self.zone).date()
            for case in self.draw(seed, LOT, first=number, today=today):
                arrives = datetime.fromisoformat(case["arrives"])
                if arrives.date() > today:
                    day, seed, number = day + timedelta(days=1), seed + 1, 0
                    break
                number += 1
                due = datetime.combine(day, arrives.time(), self.zone)
                yield Arriving(due, {"workflow": self.slug, **case}, self.feedback_on)

    def _number_at(self, day: date, now: datetime, seed: int) -> int:
        """How many of the day's cases have come in before this moment."""
        clock = now.astimezone(self.zone).replace(tzinfo=None).isoformat()

        def arrives(number: int) -> str:
            return str(self.draw(seed, 1, first=number, today=day)[0]["arrives"])

        end = 1
        while arrives(end) <= clock:
            end *= 2
        return bisect_right(range(end), clock, key=arrives)


def installed() -> list[Samples]:
    """Of every installed workflow whose package has sample cases."""
    return [samples for name in registry().workflows if (samples := of_workflow(name))]


def of_workflow(name: str) -> Samples | None:
    (found,) = entry_points(group=WORKFLOWS, name=name)
    try:
        module = import_module(f"{found.value}.samples")
    except ModuleNotFoundError:
        return None
    pack = load(registry().workflows[name].path.read_text())
    zone, feedback_on = ZoneInfo(pack.content.time_zone), getattr(module, "FEEDBACK_ON", ())
    return Samples(pack.workflow["slug"], zone, module.sample_cases, feedback_on)


def begun(
    samples: Iterable[Samples], now: datetime, *, seed: int, each: int
) -> tuple[list[Arriving], Iterator[Arriving]]:
    """`each` cases of every workflow for the start, those that came in last, and all that follow."""
    streams = [one.arriving(now, seed=seed, earlier=each) for one in samples]
    start = [case for stream in streams for case in islice(stream, each)]
    return sorted(start, key=_due), heapq.merge(*streams, key=_due)


def _due(one: Arriving) -> datetime:
    return one.due
