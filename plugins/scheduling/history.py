"""An invented history of visits with known structure: who came, drawn from a chance that can be looked up."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from .risk import EARLY_BEFORE, FAR_FROM, Visit, age_group, sigmoid

TRAINING, CALIBRATION, HELD_OUT = 12_000, 6_000, 8_000
_SEED = "scheduling/history"


def history(part: str, count: int) -> Iterator[tuple[Visit, bool]]:
    """`count` past visits with whether the patient stayed away; each part is drawn on its own."""
    rng = random.Random(f"{_SEED}/{part}")  # noqa: S311
    for _ in range(count):
        one = _visit(rng)
        yield one, rng.random() < true_risk(one)


def true_risk(one: Visit) -> float:
    """The chance of a no-show in the invented world.

    Early slots are kept a little better than others by most; but people under 30, and those who travel far, often
    do not make it before nine. That is the structure to be found.
    """
    early, group, far = one.hour < EARLY_BEFORE, age_group(one.age), one.travel_km >= FAR_FROM
    score = -3.25 + 3.6 * (one.no_shows + 0.5) / (one.visits + 3) + 0.32 * math.log1p(one.lead_days)
    score += 0.3 * one.new_patient + 0.2 * far + 0.25 * (group == "young") - 0.3 * (group == "older")
    if early:
        score += -0.25 + 1.35 * (group == "young") + 1.0 * far - 0.3 * (group == "older")
    return sigmoid(score)


def past_visits(rng: random.Random, new_patient: bool) -> tuple[int, int]:
    """Visits and no-shows so far: most people are reliable, a few are not."""
    if new_patient:
        return 0, 0
    visits = rng.randrange(1, 15)
    share = rng.betavariate(0.6, 5.5)
    return visits, sum(rng.random() < share for _ in range(visits))


def travel(rng: random.Random) -> float:
    return round(min(rng.lognormvariate(2.1, 0.85), 150.0), 1)


def age(rng: random.Random) -> int:
    return rng.choices(
        (rng.randrange(1, 18), rng.randrange(18, 30), rng.randrange(30, 65), rng.randrange(65, 93)), (8, 24, 43, 25)
    )[0]


def _visit(rng: random.Random) -> Visit:
    new_patient = rng.random() < 0.2
    visits, no_shows = past_visits(rng, new_patient)
    hour = rng.choices((7, 8, 9, 10, 11, 13, 14, 15, 16, 17), (9, 14, 13, 13, 12, 10, 10, 9, 7, 3))[0]
    return Visit(age(rng), new_patient, travel(rng), visits, no_shows, round(rng.uniform(0.1, 30), 2), hour)
