"""One invented report: the lot as it truly is, what was measured of it, and what its costs truly are."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

DAY = range(7, 16)
"""Hours in which incoming goods are inspected."""


@cache
def invented() -> dict[str, Any]:
    """Parts, suppliers and customers, none of which there are."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / "sample_parts.json").read_text(encoding="utf-8"))
    return found


@dataclass
class Measured:
    """A characteristic of the lot: what the drawing asks, and every part's true value, which nobody knows.

    `uncertainty` is that of the gauge (k = 2). `faulty`: a value was typed or measured in a wrong unit.
    """

    drawn: dict[str, Any]
    true: list[float]
    uncertainty: float
    measured: int
    faulty: bool = False

    @cached_property
    def limits(self) -> list[tuple[int, float]]:
        """Each with the sign of the side that is outside."""
        deviations = {-1: self.drawn.get("lower_deviation"), 1: self.drawn.get("upper_deviation")}
        return [(sign, self.drawn["nominal"] + one) for sign, one in deviations.items() if one is not None]

    @cached_property
    def width(self) -> float:
        ends = [limit for _, limit in self.limits]
        return float(abs(ends[-1] - (ends[0] if len(ends) == 2 else self.drawn["nominal"])))

    @cached_property
    def beyond(self) -> list[float]:
        """How far each part is truly outside, as a share of the tolerance in per cent; negative inside. Not to be
        asked before `true` is complete."""
        scale = 100 / self.width
        sides = [[sign * (value - limit) * scale for value in self.true] for sign, limit in self.limits]
        return sides[0] if len(sides) == 1 else [max(both) for both in zip(*sides, strict=True)]


@dataclass
class Report:
    """What was drawn for a case. `kind` names what is the matter with the lot."""

    rng: random.Random
    day: date
    arrives: datetime
    part: dict[str, Any]
    bought: bool
    kind: str
    quantity: int
    measured: list[Measured] = field(default_factory=list)
    detected_at: str = "in_process"
    due_in: int = 14
    used_before: int = 0
    permit: dict[str, Any] | None = None
    costs: dict[str, Any] = field(default_factory=dict)
    rework: dict[str, Any] | None = None
    returns: dict[str, Any] | None = None
    process: dict[str, Any] | None = None
    supplier: dict[str, Any] | None = None
    # What turns out only afterwards.
    effort: float = 1.0
    yields: float = 1.0
    rework_spoils: bool = False
    shows: bool = False

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability


# Weights of what is the matter with a lot, for own and for bought ones.
KINDS: dict[str, tuple[float, float]] = {
    "conforms": (14, 14),
    "minor_little": (35, 33),
    "minor_far": (9, 9),
    "major": (37, 41),
    "major_near": (1.3, 1.3),
    "minor_near": (2.2, 2.2),
    "critical": (2.2, 2.2),
    "typing_error": (1.2, 1.2),
    "few_measured": (1.8, 1.8),
    "shifted": (2.2, 0),
    "permit": (4, 3),
    "dear": (0.5, 0.5),
}


def draw(rng: random.Random, day: date, arrives: datetime) -> Report:
    """Incoming inspection works by day, so most reports on bought lots come in then."""
    bought = rng.random() < (0.5 if arrives.hour in DAY else 0.12)
    kind = rng.choices(list(KINDS), [weights[bought] for weights in KINDS.values()])[0]
    parts = [one for one in invented()["parts"] if one["made"] != bought]
    if kind == "critical":
        parts = [one for one in parts if any(each["importance"] == "critical" for each in one["characteristics"])]
    report = Report(rng, day, arrives, rng.choice(parts), bought, kind, _quantity(rng, kind))
    _detect(report)
    _measure(report)
    _reckon(report)
    report.used_before = rng.choices((0, 1, 2, 3, 5), (64, 24, 10, 1.4, 0.6))[0]
    report.effort, report.yields = rng.lognormvariate(0, 0.08), rng.uniform(0.97, 1.02)
    # Seldom the parts themselves teach better: they crack in rework, or the customer sees what counted as minor.
    report.rework_spoils = report.chance(0.008)
    report.shows = kind.startswith("minor") and report.chance(0.012)
    return report


def _quantity(rng: random.Random, kind: str) -> int:
    if kind == "dear":
        return rng.randrange(400, 900)
    return rng.randrange(8, 61) if rng.random() < 0.6 else rng.randrange(80, 200)


def _detect(report: Report) -> None:
    if report.chance(0.015):
        report.detected_at = "customer"
    elif report.bought:
        by_day = report.arrives.hour in DAY
        report.detected_at = "incoming" if by_day and report.chance(0.9) else "in_process"
    else:
        report.detected_at = "in_process" if report.chance(0.7) else "final_inspection"


# Kind: how far the outermost parts of the lot reach outside, in per cent of the tolerance, at least and at most.
_REACH = {
    "conforms": (-35, -14),
    "minor_little": (5, 11),
    "minor_far": (30, 60),
    "major": (8, 60),
    "major_near": (-4, 4),
    "minor_near": (-4, 5),
    "critical": (-10, 40),
    "typing_error": (-35, 30),
    "few_measured": (-22, 30),
    "shifted": (10, 60),
    "permit": (5, 20),
    "dear": (10, 60),
}


def _measure(report: Report) -> None:
    """The characteristic that the report is about, and often another one that is in order."""
    rng, kind = report.rng, report.kind
    about = "minor" if kind.startswith("minor") else "critical" if kind == "critical" else "major"
    all_ = report.part["characteristics"]
    subject = rng.choice([one for one in all_ if one["importance"] == about])
    others = [one for one in all_ if one is not subject and one["importance"] != "critical"]
    whole = report.quantity <= 60 or (report.quantity <= 200 and report.chance(0.4))
    measured = report.quantity if whole else rng.choice((30, 40, 50, 60))
    if kind == "few_measured":
        report.quantity, measured = max(report.quantity, 80), rng.choice((3, 5, 8))
    report.measured.append(_lot(report, subject, rng.uniform(*_REACH[kind]), measured))
    if report.chance(0.45):
        report.measured.append(_lot(report, rng.choice(others), rng.uniform(-38, -28), measured))
    if kind == "typing_error":
        report.measured[0].faulty = True
    if kind == "permit":
        reach = max(report.measured[0].beyond)
        report.permit = {
            "number": f"DP-{rng.randrange(100, 999)}",
            "characteristic": subject["name"],
            "beyond_percent": float(round(max(20, reach + 12))),
            "valid_until": (report.day + timedelta(days=rng.randrange(5, 200))).isoformat(),
            "quantity_left": report.quantity + rng.randrange(0, 500),
        }


def _lot(report: Report, drawn: dict[str, Any], reach: float, measured: int) -> Measured:
    """A lot whose outermost parts reach so far outside, on a side that is drawn."""
    rng = report.rng
    lot = Measured(drawn, [], 0.0, measured)
    near = report.kind.endswith("near")
    lot.uncertainty = lot.width * (rng.uniform(0.1, 0.2) if near else rng.uniform(0.02, 0.045))
    spread = lot.width * rng.uniform(0.03, 0.07)
    lower, upper = drawn.get("lower_deviation"), drawn.get("upper_deviation")
    above = lower is None or (upper is not None and rng.random() < (0.7 if drawn["rework_side"] == "above" else 0.35))
    limit = drawn["nominal"] + (upper if above else lower)
    outermost = limit + (1 if above else -1) * reach / 100 * lot.width
    middle = outermost - (1 if above else -1) * 2.3 * spread
    # A lot has ends: what is far out was caught on the machine.
    lot.true = [middle + spread * max(-2.6, min(2.6, rng.gauss(0, 1))) for _ in range(report.quantity)]
    if lower is None:  # flatness and the like are never below nothing
        lot.true = [max(value, drawn["nominal"] + 0.02 * lot.width) for value in lot.true]
    return lot


def _reckon(report: Report) -> None:
    rng, part = report.rng, report.part
    value = round(part["value"] * rng.uniform(0.9, 1.15) * (5 if report.kind == "dear" else 1), 2)
    report.due_in = rng.choices((3, 6, 9, 14, 21, 30), (2, 5, 15, 30, 28, 20))[0]
    report.costs = {
        "part_value": value,
        "scrap_value": round(part["scrap"] * rng.uniform(0.8, 1.1), 2),
        "inspection_minutes": rng.choice((0.5, 1, 1.5, 2)),
        "hourly_rate": rng.choice((52, 58, 64)),
        "late_per_day": rng.choice((0, 50, 100, 200)),
        "replacement_days": rng.choice((4, 5, 6) if report.bought else (2, 3, 4, 5)),
    }
    if part["rework"] is not None and report.chance(0.93):
        procedure, setup, minutes, material, good = part["rework"]
        report.rework = {
            "procedure": procedure,
            "setup_minutes": setup,
            "minutes": round(minutes * rng.uniform(0.8, 1.3), 1),
            "material": material,
            "yield_percent": good,
            "days": rng.choice((1, 1, 2, 3)),
            "times_before": 1 if report.chance(0.03) else 0,
        }
    if report.bought:
        report.returns = {"freight": float(rng.choice((0, 35, 60, 90))), "handling": float(rng.choice((25, 40, 60)))}
