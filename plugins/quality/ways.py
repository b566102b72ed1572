"""Rework, scrap or return: what each costs for a lot, from the figures of the report, and whether it is possible."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from .options import Key, Lot, Way

Money = Annotated[float, Field(ge=0, le=1e9)]


class _Stated(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Costs(_Stated):
    part_value: Money = Field(title="What a good part costs to make or buy")
    scrap_value: Money = Field(title="What a scrapped part fetches")
    inspection_minutes: float = Field(title="Minutes to inspect one part", ge=0, le=100_000)
    hourly_rate: Money = Field(title="Cost of an hour of work")
    late_per_day: Money = Field(title="Cost of a day of late delivery")
    replacement_days: int = Field(title="Days until new parts are there", ge=0, le=3650)


class Rework(_Stated):
    procedure: str = Field(default="", title="Approved procedure", max_length=120)
    setup_minutes: float = Field(title="Minutes to set up", ge=0, le=100_000)
    minutes: float = Field(title="Minutes for one part", ge=0, le=100_000)
    material: Money = Field(title="Material for one part")
    yield_percent: float = Field(title="Share that is good afterwards (%)", ge=0, le=100)
    days: int = Field(title="Days that it takes", ge=0, le=3650)
    times_before: int = Field(title="Times that the lot was reworked before", ge=0, le=100)


class Returns(_Stated):
    freight: Money = Field(title="Freight that we bear")
    handling: Money = Field(title="Packing, papers and claim")


class Dates(_Stated):
    today: date
    due: date

    def late(self, days: int) -> int:
        """Days by which something that takes so many days is late."""
        return max(0, (self.today + timedelta(days=days) - self.due).days)


def ways_of(costs: Costs, rework: Rework | None, returns: Returns | None, *, lot: Lot, dates: Dates) -> dict[Key, Way]:
    """Those that are possible; where they cost the same, a part that is reworked or sent back is not lost.

    `rework`: None where a part cannot be reworked; `returns`: None where there is nobody to return to. Bad parts among
    those not measured must be sorted out first, unless all are scrapped, good ones too. A return takes the whole lot,
    unsorted, and brings back its price.
    """
    minute = costs.hourly_rate / 60
    sort = (lot.quantity - lot.measured) * costs.inspection_minutes * minute
    lost = costs.part_value - costs.scrap_value
    ways: dict[Key, Way] = {}
    if rework is not None:
        fails = 1 - rework.yield_percent / 100
        # What was reworked is inspected once more, and what is not good then is scrapped.
        each = (rework.minutes + costs.inspection_minutes) * minute + rework.material + fails * lost
        late = dates.late(rework.days) * costs.late_per_day
        ways["rework", True] = Way(sort + rework.setup_minutes * minute + late, each)
    late = dates.late(costs.replacement_days) * costs.late_per_day
    if returns is not None:
        ways["return", False] = Way(returns.freight + returns.handling + late, 0.0)
    ways["scrap", True] = Way(sort + late, lost)
    ways["scrap", False] = Way(lot.quantity * lost + late, 0.0)
    return ways
