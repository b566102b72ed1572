"""The features of a no-show and the risk they give: a logistic regression and its calibration, in plain Python."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from .eligibility import age_on

FEATURES = (
    "prior_rate",
    "lead",
    "new_patient",
    "far",
    "young",
    "older",
    "early",
    "early_and_young",
    "early_and_far",
    "early_and_older",
)
EARLY_BEFORE = 9  # o'clock, in the clinic's time
FAR_FROM = 25.0  # km


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known before a visit. `hour` is that of the clinic's clock."""

    age: int
    new_patient: bool
    travel_km: float
    visits: int
    no_shows: int
    lead_days: float
    hour: int


def age_group(age: int) -> str:
    return "child" if age < 18 else "young" if age < 30 else "adult" if age < 65 else "older"


def visit(stated: Any) -> Visit:
    """From an agent's input, whose `start` carries the clinic's offset."""
    start: datetime = stated.start
    birth: date = stated.birth_date
    lead = (start - stated.received_at).total_seconds() / 86400
    return Visit(
        age_on(birth, start.date()),
        stated.new_patient,
        stated.travel_km,
        stated.visits,
        min(stated.no_shows, stated.visits),
        max(lead, 0.0),
        start.hour,
    )


def features(one: Visit) -> tuple[float, ...]:
    """In the order of `FEATURES`. The prior rate leans towards 1 in 6 while there are few visits."""
    early, group = one.hour < EARLY_BEFORE, age_group(one.age)
    young, older, far = group == "young", group == "older", one.travel_km >= FAR_FROM
    return (
        (one.no_shows + 0.5) / (one.visits + 3),
        math.log1p(one.lead_days),
        float(one.new_patient),
        float(far),
        float(young),
        float(older),
        float(early),
        float(early and young),
        float(early and far),
        float(early and older),
    )


def risk(model: Mapping[str, Any], values: Sequence[float]) -> float:
    """The calibrated probability that the patient does not come."""
    score = model["intercept"] + math.fsum(
        weight * value for weight, value in zip(model["coefficients"], values, strict=True)
    )
    calibration = model["calibration"]
    return sigmoid(-(calibration["a"] * score + calibration["b"]))


def sigmoid(score: float) -> float:
    """Without overflow at either end."""
    if score >= 0:
        return 1 / (1 + math.exp(-score))
    power = math.exp(score)
    return power / (1 + power)


@cache
def shipped_model() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((Path(__file__).parent / "no_show_model.json").read_text(encoding="utf-8"))
    return loaded
