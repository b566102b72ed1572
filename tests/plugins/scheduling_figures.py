"""What the scheduling pack makes of its sample requests, as the plugin's README tells it.

python -m tests.plugins.scheduling_figures
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from orchestration.testing import Conductor
from plugins import scheduling
from plugins.scheduling.eligibility import EligibilityAgent
from plugins.scheduling.no_show import NoShowAgent
from plugins.scheduling.reminders import RemindersAgent
from plugins.scheduling.request import RequestAgent
from plugins.scheduling.samples import FEEDBACK_ON, sample_cases
from plugins.scheduling.slots import SlotsAgent
from tests.plugins import figures
from tests.plugins.figures import agreement, table

TEXT = figures.pack_of(scheduling)
AGENTS = (RequestAgent, SlotsAgent, EligibilityAgent, NoShowAgent, RemindersAgent)
SEED, COUNT, TODAY = 1, 1000, date(2026, 3, 2)


@dataclass(frozen=True)
class Sampled(figures.Sampled):
    """`waited`: it was held for a confirmation that never came."""

    waited: bool

    @property
    def appointed(self) -> bool:
        return self.result.outcome in ("book", "rescheduled")

    @property
    def risk(self) -> float:
        return float(self.result.runs["no_show"].output["risk"])

    @property
    def group(self) -> str:
        """Which of the early slots: the groups that often miss them, or the rest; else "day"."""
        found = self.result.runs["no_show"].output
        if found["part_of_day"] != "early":
            return "day"
        return "hard" if found["age_group"] == "young" or found["travels_far"] else "easy"


def arrived(case: dict[str, Any]) -> str:
    return datetime.fromisoformat(case["arrives"]).replace(tzinfo=ZoneInfo("America/New_York")).isoformat()


def decided(conductor: Conductor, cases: Iterable[dict[str, Any]]) -> list[Sampled]:
    """Each case when it comes in and, where it waits for a confirmation that never comes, when it has waited."""
    found = []
    for case in cases:
        result = conductor.run(case["payload"], now=arrived(case))
        waited = result.kind == "wait"
        if waited:
            result = result.later(result.runs["reminders"].output["confirm_by"])
        found.append(Sampled(case, result, waited))
    return found


def missed(sampled: Sequence[Sampled]) -> float:
    """The share of these appointments that the patient did not come to."""
    return sum(one.case["feedback"] == "no_show" for one in sampled) / len(sampled)


def report(sampled: Sequence[Sampled]) -> Iterator[str]:
    """The figures in Markdown."""
    number, right = agreement(sampled)
    yield f"{number} of {len(sampled):,} requests are decided without a person; of these {right} as the ground"
    yield f"truth has it ({right / number:.1%}). Held for a confirmation: {sum(one.waited for one in sampled)}."
    automatic = [one for one in sampled if one.automatic]
    outcomes = Counter(one.result.outcome for one in automatic)
    rows = [
        (f"`{outcome}`", count, agreement(one for one in automatic if one.result.outcome == outcome)[1])
        for outcome, count in outcomes.most_common()
    ]
    yield from table(("outcome", "requests", "as the ground truth"), rows)
    yield from figures.escalated(sampled, "requests")
    told = {
        outcome: Counter(one.case["feedback"] for one in automatic if one.result.outcome == outcome)
        for outcome in FEEDBACK_ON
    }
    columns = ("attended", "no_show", None)
    yield from table(
        ("outcome", "attended", "no show", "nothing told"),
        [(outcome, *(counted[one] for one in columns)) for outcome, counted in told.items()],
    )
    appointed = [one for one in sampled if one.appointed and one.case["feedback"]]
    groups = {
        "before 9, 18 to 29 or a long way": [one for one in appointed if one.group == "hard"],
        "before 9, everybody else": [one for one in appointed if one.group == "easy"],
        "from 9 o'clock": [one for one in appointed if one.group == "day"],
        "risk under 10%": [one for one in appointed if one.risk < 0.1],
        "risk of 10 to 20%": [one for one in appointed if 0.1 <= one.risk < 0.2],
        "risk of 20% and more": [one for one in appointed if one.risk >= 0.2],
    }
    yield from table(
        ("appointments made", "number", "model says", "missed"),
        [
            (title, len(some), f"{sum(one.risk for one in some) / len(some):.0%}", f"{missed(some):.0%}")
            for title, some in groups.items()
        ],
    )


if __name__ == "__main__":
    with Conductor.of_pack(TEXT, agents=AGENTS) as conductor:
        print("\n".join(report(decided(conductor, sample_cases(SEED, COUNT, today=TODAY)))))
