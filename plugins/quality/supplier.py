"""The agent that reads a supplier's record: how often lots were rejected, whether it gets worse, what is overdue."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import accumulate
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestration.plugin_api import Agent, AgentResult, Health, Model, Request

from .figures import counted, two_sided
from .proportions import share_below, trend, wilson

Rating = Literal["good", "fair", "poor", "new"]


class Deliveries(BaseModel):
    """A month's deliveries of this supplier; what else the report says is not looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    month: str = Field(title="Month", pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    lots: int = Field(title="Lots delivered", ge=0, le=100_000)
    rejected: int = Field(title="Lots rejected", ge=0, le=100_000)

    @model_validator(mode="after")
    def _some_of_the_lots(self) -> Deliveries:
        if self.rejected > self.lots:
            raise ValueError(f"In {self.month} more lots were rejected ({self.rejected}) than delivered ({self.lots}).")
        return self


class CorrectiveAction(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    due: date = Field(title="Due")
    closed: bool = Field(default=False, title="Closed")


class SupplierAgent(Agent):
    name, version, title = "quality.supplier", "1.0", "Reads the supplier's record"
    description = (
        "Rates a supplier by the lots rejected in the months before the report, with the uncertainty that few lots "
        "leave, tests whether the share rises (Cochran-Armitage), and counts the corrective actions that are overdue "
        "and the days left to give notice of the defect."
    )
    inline = True

    class Input(Model):
        report_date: date = Field(title="Day of the report")
        received_on: date = Field(title="Day on which the lot was received")
        deliveries: list[Deliveries] = Field(title="Deliveries by month", max_length=120)
        corrective_actions: list[CorrectiveAction] = Field(default=[], title="Corrective actions", max_length=100)

    class Config(Model):
        good_percent: float = Field(default=5, title="Share of lots rejected below which a supplier is good (%)")
        poor_percent: float = Field(default=15, title="Share of lots rejected from which a supplier is poor (%)")
        months: int = Field(default=12, title="Months that count", ge=1, le=60)
        least_lots: int = Field(default=10, title="Lots needed for a rating", ge=1, le=1000)
        notice_days: int = Field(
            default=14,
            title="Days to give notice of a defect",
            description="From receipt; what was agreed with the suppliers (in Germany HGB § 377: without delay).",
            ge=1,
            le=3650,
        )
        trend_level: float = Field(default=0.95, title="Level of the test for a trend", ge=0.5, le=0.999)

        @model_validator(mode="after")
        def _in_order(self) -> Any:
            if not 0 < self.good_percent < self.poor_percent < 100:
                raise ValueError("good_percent must be over 0 and below poor_percent, and that below 100.")
            return self

    class Output(Model):
        rating: Rating = Field(title="Rating")
        lots: int = Field(title="Lots that count")
        rejected: int = Field(title="Lots rejected among them")
        rejected_percent: float = Field(title="Share of lots rejected (%)")
        low_percent: float = Field(title="Share at least (95 % interval, %)")
        high_percent: float = Field(title="Share at most (95 % interval, %)")
        trend: float = Field(title="Standard errors by which the share rises month by month")
        worsening: bool = Field(title="The share of rejected lots rises")
        overdue_actions: int = Field(title="Corrective actions overdue")
        notice_days_left: int = Field(title="Days left to give notice (negative: too late)")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        stated, config = request.input, request.config
        today = stated.report_date
        counting = [
            (age, one) for one in stated.deliveries if 0 <= (age := _months_between(one.month, today)) < config.months
        ]
        lots, rejected = sum(one.lots for _, one in counting), sum(one.rejected for _, one in counting)
        low, high = wilson(rejected, lots, two_sided(0.95))
        rises = trend([(-age, one.rejected, one.lots) for age, one in counting])
        # One-sided: only getting worse matters.
        worsening = rises > two_sided(2 * config.trend_level - 1)
        chances = _chances(rejected, lots, config)
        rating: Rating = "new" if lots < config.least_lots else _middle(chances)
        output = self.Output(
            rating=rating,
            lots=lots,
            rejected=rejected,
            rejected_percent=round(100 * rejected / lots, 2) if lots else 0.0,
            low_percent=round(100 * low, 2),
            high_percent=round(100 * high, 2),
            trend=round(rises, 3) + 0.0,
            worsening=worsening,
            overdue_actions=sum(not one.closed and one.due < today for one in stated.corrective_actions),
            notice_days_left=(stated.received_on + timedelta(days=config.notice_days) - today).days,
        )
        confidence = 0.0 if rating == "new" else chances[rating]
        return AgentResult(output, round(confidence, 3), _summary(output), _evidence(output, chances))

    def check(self, config: Any) -> Health:
        return Health(True, f"Good below {config.good_percent:g} %, poor from {config.poor_percent:g} % of lots.")


def _months_between(month: str, today: date) -> int:
    """0 for the month of `today`, 1 for the one before."""
    return 12 * (today.year - int(month[:4])) + today.month - int(month[5:])


def _chances(rejected: int, lots: int, config: Any) -> dict[Rating, float]:
    """How probable it is that the supplier's true share of rejected lots lies in each band."""
    good = share_below(config.good_percent / 100, rejected, lots)
    not_poor = share_below(config.poor_percent / 100, rejected, lots)
    return {"good": good, "fair": not_poor - good, "poor": 1 - not_poor}


def _middle(chances: dict[Rating, float]) -> Rating:
    """The band in which the share lies that is as likely too low as too high."""
    at_most = accumulate(chances.values())
    return next(name for name, chance in zip(chances, at_most, strict=True) if chance >= 0.5)


def _summary(output: Any) -> str:
    record = f"{output.rejected} of {counted(output.lots, 'lot')} rejected"
    words = [
        f"Too few lots for a rating ({record})"
        if output.rating == "new"
        else f"A {output.rating} supplier: {record}, so {output.low_percent:g} to {output.high_percent:g} % of all"
    ]
    words += ["it gets worse"] if output.worsening else []
    words += [f"{counted(output.overdue_actions, 'corrective action')} overdue"] if output.overdue_actions else []
    words += ["too late to give notice of the defect"] if output.notice_days_left < 0 else []
    return f"{'; '.join(words)}."


def _evidence(output: Any, chances: dict[Rating, float]) -> tuple[dict[str, Any], ...]:
    if output.rating == "new":
        return ()
    return tuple(
        {"what": f"probability that the supplier is {name}", "value": round(chance, 3)}
        for name, chance in chances.items()
    )
