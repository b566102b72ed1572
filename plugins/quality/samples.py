"""Invented reports of realistic variety, drawn reproducibly from a seed, with the outcome that is right."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from .arrivals import arrival
from .sample_history import tell
from .sample_report import Measured, Report, draw, invented
from .sample_truth import right


def sample_cases(seed: int, count: int, *, first: int = 0, today: date | None = None) -> list[dict[str, Any]]:
    """`count` reports, from number `first` on, of `today` (default: the real one) or the day before, which all dates
    move with.

    Each is `{reference, payload, priority, truth, arrives}`; `truth` is the outcome a careful person would decide on,
    knowing every part of the lot. Case number n of a seed is always the same.
    """
    day = today or date.today()
    return [sample_report(seed, number, day)[0] for number in range(first, first + count)]


def sample_report(seed: int, number: int, today: date) -> tuple[dict[str, Any], Report]:
    """One sample case, and the report it was made from."""
    rng = random.Random(f"quality/{seed}/{number}")  # noqa: S311
    arrives = arrival(number, rng.random(), today)
    report = draw(rng, today - timedelta(days=rng.randrange(2)), arrives)
    tell(report)
    case = {
        "reference": f"NCR-{seed}-{number + 1:05d}",
        "payload": payload(report),
        "priority": rng.choices(("normal", "high", "low"), (93, 5, 2))[0],
        "truth": right(report),
        "arrives": arrives.isoformat(),
    }
    return case, report


def payload(report: Report) -> dict[str, Any]:
    """The report as the quality system posts it: what does not apply is left out."""
    rng, part = report.rng, report.part
    whole = {
        "report_date": report.day.isoformat(),
        "detected_at": report.detected_at,
        "origin": "supplier" if report.bought else "own_process",
        "part": {"number": part["number"], "name": part["name"], "revision": rng.choice("ABCD")},
        "lot": f"L{rng.randrange(100000, 999999)}",
        "quantity": report.quantity,
        "characteristics": [_characteristic(rng, one) for one in report.measured],
        "process": report.process,
        "supplier": report.supplier,
        "costs": report.costs,
        "rework": report.rework,
        "returns": report.returns,
        "customer": {
            "name": rng.choice(invented()["customers"]),
            "due_date": (report.day + timedelta(days=report.due_in)).isoformat(),
        },
        "permit": report.permit,
        "used_as_is_before": report.used_before,
    }
    return {name: value for name, value in whole.items() if value is not None}


def _characteristic(rng: random.Random, one: Measured) -> dict[str, Any]:
    """Of the parts that were measured, the true value with the gauge's error, rounded as the gauge shows it."""
    drawn = {name: value for name, value in one.drawn.items() if name != "decimals"}
    places = one.drawn["decimals"]
    values = [round(value + rng.gauss(0, one.uncertainty / 2), places) for value in one.true[: one.measured]]
    if one.drawn.get("lower_deviation") is None:
        values = [max(0.0, value) for value in values]
    if one.faulty:
        at = rng.randrange(len(values))
        # A point in the wrong place, or inches.
        values[at] = round(values[at] * rng.choice((10, 0.1, 1 / 25.4)), places) if values[at] else 10.0
    return {**drawn, "uncertainty": float(f"{one.uncertainty:.2g}"), "values": values}
