"""What an invented report tells of the past: the process that made the lot, or the supplier who delivered it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .sample_report import Report, invented


def tell(report: Report) -> None:
    if report.bought:
        report.supplier = _supplier(report)
    else:
        report.process = _process(report)


def _process(report: Report) -> dict[str, Any]:
    """The last parts or subgroups before the lot. In a lot of kind `shifted` something has broken: the last ones are
    off. All others have a cause that does not show here: a chip in the fixture, a wrong tool offset in this lot."""
    rng, about = report.rng, report.measured[0]
    drawn, width = about.drawn, about.width
    lower = drawn.get("lower_deviation")
    middle = drawn["nominal"] + (0.45 * width if lower is None else (lower + drawn["upper_deviation"]) / 2)
    deviation = width * rng.uniform(0.08, 0.15)
    least = drawn["nominal"] + 0.02 * width if lower is None else float("-inf")
    size = rng.choice((1, 1, 5))
    shift = rng.uniform(1.5, 4) / size**0.5
    values: list[float] = []
    for point in range(45):
        off = 0.0
        if report.kind == "shifted" and point >= 41:
            off = shift * deviation
        values += [
            round(max(middle + off + rng.gauss(0, deviation), least), drawn["decimals"] + 1) for _ in range(size)
        ]
    return {
        "station": report.part["station"],
        "characteristic": drawn["name"],
        "subgroup_size": size,
        "values": values,
    }


def _supplier(report: Report) -> dict[str, Any]:
    rng = report.rng
    number, name, share = rng.choice(invented()["suppliers"])
    months = []
    for back in range(12, 0, -1):
        index = report.day.year * 12 + report.day.month - 1 - back
        lots = rng.randrange(3, 9)
        months.append(
            {
                "month": f"{index // 12}-{index % 12 + 1:02d}",
                "lots": lots,
                "rejected": sum(rng.random() < share for _ in range(lots)),
            }
        )
    if report.chance(0.012):
        months = months[-1:]  # a new supplier
    late = report.detected_at != "incoming" and report.chance(0.12)
    told: dict[str, Any] = {
        "number": number,
        "name": name,
        "received_on": (
            report.day - timedelta(days=rng.randrange(18, 60) if late else rng.randrange(0, 8))
        ).isoformat(),
        "deliveries": months,
    }
    if report.chance(0.3):
        overdue = report.chance(0.05)
        due = report.day + timedelta(days=-rng.randrange(1, 30) if overdue else rng.randrange(1, 45))
        told["corrective_actions"] = [
            {"number": f"8D-{rng.randrange(1000, 9999)}", "due": due.isoformat(), "closed": False}
        ]
    return told
