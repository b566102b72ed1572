"""One characteristic of a part: what the drawing asks of it, and what was measured."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestration.plugin_api import AgentError

from .figures import exact
from .tolerance import Tolerance, tolerance

Importance = Literal["minor", "major", "critical"]
LARGEST = 1e9


class Drawn(BaseModel):
    """What the drawing asks; what else the report says of the characteristic is not looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str = Field(title="Characteristic", max_length=120)
    nominal: float = Field(title="Nominal value", ge=-LARGEST, le=LARGEST)
    lower_deviation: float | None = Field(default=None, title="Lower deviation", ge=-LARGEST, le=LARGEST)
    upper_deviation: float | None = Field(default=None, title="Upper deviation", ge=-LARGEST, le=LARGEST)


class Characteristic(Drawn):
    importance: Importance = Field(title="Class of the characteristic")
    unit: str = Field(default="", title="Unit", max_length=20)
    uncertainty: float | None = Field(
        default=None,
        title="Expanded uncertainty of the measurement (k = 2)",
        description="Where it is missing, a share of the tolerance is assumed.",
        ge=0,
        le=LARGEST,
    )
    rework_side: Literal["above", "below", "either", "never"] = Field(
        default="never", title="Side of the tolerance from which a part can be reworked"
    )
    values: list[float] = Field(title="Measured values, part by part", min_length=1, max_length=200)


def limits_of(stated: Drawn) -> Tolerance:
    """Raises AgentError that names the characteristic where its deviations make no tolerance."""
    lower = None if stated.lower_deviation is None else exact(stated.lower_deviation)
    upper = None if stated.upper_deviation is None else exact(stated.upper_deviation)
    try:
        return tolerance(exact(stated.nominal), lower, upper)
    except ValueError as error:
        raise AgentError(f"The characteristic {stated.name!r} cannot be judged: {error}.", permanent=True) from error
