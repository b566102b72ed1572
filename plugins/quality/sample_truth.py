"""What is right for an invented lot: decided on every part's true value and on what things cost in the end."""

from __future__ import annotations

from .options import Lot, Way
from .sample_report import Measured, Report
from .ways import Costs, Dates, Returns, Rework, ways_of

LITTLE = 20
"""How far outside a minor characteristic may be, in per cent of the tolerance."""
FEW = 0.01
"""Share of a lot that may be further out than allowed without being looked for."""
WORTH_CHANGING = 0.15
"""By how much another way must be cheaper in the end for a person to have chosen it beforehand."""
_OUTCOMES = {"rework": "rework", "return": "return_to_supplier", "scrap": "scrap"}


def right(report: Report) -> str:
    """The outcome that a careful person would decide on who knows the lot."""
    if all(_share_beyond(one, _allowed(report, one)) <= FEW for one in report.measured) and not report.shows:
        return "use_as_is"
    return _OUTCOMES[_cheapest(report)]


def _allowed(report: Report, one: Measured) -> float:
    if report.permit is not None and one.drawn["name"] == report.permit["characteristic"]:
        return float(report.permit["beyond_percent"])
    return LITTLE if one.drawn["importance"] == "minor" else 0


def _share_beyond(one: Measured, allowed: float) -> float:
    return sum(beyond > allowed for beyond in one.beyond) / len(one.true)


def _bad(report: Report) -> int:
    """Parts that are truly outside the tolerance in anything; at least one, or there would be nothing to do."""
    parts = zip(*(one.beyond for one in report.measured), strict=True)
    return max(1, sum(1 for beyond in parts if max(beyond) > 0))


def _cheapest(report: Report) -> str:
    planned, true = _costs(report, 1.0, 1.0), _costs(report, report.effort, report.yields)
    if report.rework_spoils:
        planned.pop("rework", None)
        true.pop("rework", None)
    first = min(planned, key=lambda name: planned[name])
    best = min(true, key=lambda name: true[name])
    return best if true[best] < (1 - WORTH_CHANGING) * true[first] else first


def _costs(report: Report, effort: float, yields: float) -> dict[str, float]:
    rework = None
    if report.rework is not None and report.rework["times_before"] == 0 and _can_be_reworked(report):
        figures = report.rework
        rework = Rework(
            **{
                **figures,
                "minutes": figures["minutes"] * effort,
                "yield_percent": min(100, figures["yield_percent"] * yields),
            }
        )
    lot = Lot(report.quantity, report.measured[0].measured, 0)
    known = Lot(report.quantity, report.quantity, _bad(report))
    dates = Dates(today=report.day, due=report.day.fromordinal(report.day.toordinal() + report.due_in))
    returns = Returns(**report.returns) if report.returns is not None else None
    ways: dict[str, list[Way]] = {}
    for (name, _), way in ways_of(Costs(**report.costs), rework, returns, lot=lot, dates=dates).items():
        ways.setdefault(name, []).append(way)
    return {name: min(way.cost(known.rejected) for way in some) for name, some in ways.items()}


def _can_be_reworked(report: Report) -> bool:
    for one in report.measured:
        nominal = one.drawn["nominal"]
        upper = one.drawn.get("upper_deviation")
        sides = {
            "above" if upper is not None and value > nominal + upper else "below"
            for value, beyond in zip(one.true, one.beyond, strict=True)
            if beyond > 0
        }
        if one.drawn["rework_side"] != "either" and not sides <= {one.drawn["rework_side"]}:
            return False
    return True
