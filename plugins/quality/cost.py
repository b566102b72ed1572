"""The agent that compares what rework, scrap and return of a lot cost."""

from __future__ import annotations

from datetime import date
from math import inf
from typing import Any

from pydantic import Field, model_validator

from orchestration.plugin_api import Agent, AgentResult, Health, Model, Request

from .figures import counted, two_sided
from .options import Lot, Name, choice
from .proportions import wilson
from .ways import Costs, Dates, Returns, Rework, ways_of

_WORDS: dict[str, str] = {"rework": "Rework", "scrap": "Scrap", "return": "Return to the supplier"}


class CostAgent(Agent):
    name, version, title = "quality.cost", "1.0", "Compares the cost of rework, scrap and return"
    description = (
        "Reckons what each possible way costs: sorting, set-up, work, material, parts that fail after rework, freight "
        "and late delivery. Parts that nobody measured count with every share of bad ones that the measured ones "
        "allow, so it also says how probable it is that the cheapest way is so in truth, and what knowing would be "
        "worth."
    )
    inline = True

    class Input(Model):
        report_date: date = Field(title="Day of the report")
        due_date: date = Field(title="Day on which the customer expects the parts")
        quantity: int = Field(title="Parts in the lot", ge=1, le=10_000_000)
        measured: int = Field(title="Parts measured", ge=1, le=100_000)
        rejected: int = Field(title="Parts among them that are not proved to conform", ge=0, le=100_000)
        reworkable: bool = Field(title="What is wrong with the parts can be reworked")
        origin: str = Field(title="Where the lot comes from: supplier or own_process", max_length=40)
        costs: Costs = Field(title="Costs")
        rework: Rework | None = Field(default=None, title="Rework")
        returns: Returns | None = Field(default=None, title="Return")

        @model_validator(mode="after")
        def _not_more_than_there_are(self) -> Any:
            if not self.rejected <= self.measured <= self.quantity:
                raise ValueError(
                    f"{self.rejected} rejected, {self.measured} measured and {self.quantity} in the lot do not fit."
                )
            if self.costs.scrap_value > self.costs.part_value:
                raise ValueError("A scrapped part is worth more than a good one.")
            return self

    class Config(Model):
        rework_times_max: int = Field(default=1, title="Times that a lot may be reworked", ge=0, le=10)

    class Output(Model):
        cheapest: Name = Field(title="Cheapest way")
        sort_first: bool = Field(title="Bad parts are sorted out first")
        cost: float = Field(title="What it costs on average")
        saving: float | None = Field(default=None, title="What the next best costs more; none where there is no other")
        bad_low: int = Field(title="Bad parts at least (95 % interval)")
        bad_expected: float = Field(title="Bad parts on average")
        bad_high: int = Field(title="Bad parts at most (95 % interval)")
        doubt: float = Field(title="What it would be worth to know the number of bad parts")
        days_late: int = Field(title="Days by which the cheapest way is late")
        rework_cost: float | None = Field(default=None, title="Cost of rework; none where it is not possible")
        scrap_cost: float = Field(title="Cost of scrap")
        return_cost: float | None = Field(default=None, title="Cost of a return; none where it is not possible")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        stated, config = request.input, request.config
        rework = stated.rework if _may_rework(stated, config) else None
        dates = Dates(today=stated.report_date, due=stated.due_date)
        lot = Lot(stated.quantity, stated.measured, stated.rejected)
        ways = ways_of(
            stated.costs,
            rework,
            stated.returns if stated.origin == "supplier" else None,
            lot=lot,
            dates=dates,
        )
        chosen = choice(lot, ways)
        cheapest, sort_first = chosen.cheapest
        average: dict[str, float] = {}
        for (name, _), way in ways.items():
            average[name] = min(average.get(name, inf), round(way.cost(lot.expected), 2))
        cost = average[cheapest]
        others = [other for name, other in average.items() if name != cheapest]
        low, high = wilson(stated.rejected, stated.measured, two_sided(0.95))
        days = rework.days if rework is not None and cheapest == "rework" else stated.costs.replacement_days
        output = self.Output(
            cheapest=cheapest,
            sort_first=sort_first,
            cost=cost,
            saving=round(min(others) - cost, 2) if others else None,
            bad_low=round(lot.bad(low)),
            bad_expected=round(lot.expected, 2),
            bad_high=round(lot.bad(high)),
            doubt=round(chosen.doubt, 2),
            days_late=dates.late(days),
            **{f"{name}_cost": amount for name, amount in average.items()},
        )
        evidence = tuple({"what": f"{_WORDS[name]} costs", "value": amount} for name, amount in average.items())
        return AgentResult(output, round(chosen.probability, 3), _summary(output), evidence)

    def check(self, config: Any) -> Health:
        return Health(True, f"A lot may be reworked {config.rework_times_max} times.")


def _may_rework(stated: Any, config: Any) -> bool:
    rework = stated.rework
    return bool(
        rework is not None
        and stated.reworkable
        and rework.procedure.strip()
        and rework.times_before < config.rework_times_max
    )


def _summary(output: Any) -> str:
    text = f"{_WORDS[output.cheapest]} costs {output.cost:,.2f}"
    text += "; nothing else is possible" if output.saving is None else f", {output.saving:,.2f} less than the next best"
    late = f" It is {counted(output.days_late, 'day')} late." if output.days_late else ""
    known = output.bad_low == output.bad_high
    bad = counted(round(output.bad_expected), "bad part")
    bad += "" if known else f" on average ({output.bad_low} to {output.bad_high})"
    return f"{text}, for {bad}.{late}"
