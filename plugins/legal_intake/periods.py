"""German periods of limitation and for legal remedies: when the last day is, and by which statute.

A sample of the rules that a first call most often touches, not a commentary. It knows no suspension (§§ 203 ff. BGB)
and no new start (§ 212 BGB): the day it gives is never later than the true one on that account.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, get_args

import holidays
from dateutil.relativedelta import relativedelta

Kind = Literal[
    "regular", "damages", "injury", "intentional_injury", "inheritance_claim",
    "adjudicated", "surrender_of_property", "purchase_defect", "landlord_damage",
    "tenant_expenses", "dismissal", "fine_notice", "penal_order", "objection", "asylum_decision", "arrest",
    "renounce_inheritance", "set_by_authority",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)
State = Literal[
    "BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """What is claimed and the days that matter. `happened`: the claim arose, or the period's own starting day
    (delivery, keys back, notice served). `known`: the creditor knew of it. `acted`: the act that did the damage.
    """

    kind: str
    happened: date
    known: date | None = None
    acted: date | None = None


@dataclass(frozen=True, slots=True)
class LastDay:
    """`last` is the last day on which something can be done, `computed` the same before a weekend or holiday
    moved it. `steps` tell how it was reckoned, for a person to check.
    """

    last: date
    computed: date
    statute: str
    steps: tuple[str, ...]


def last_day(claim: Claim, state: str | None) -> LastDay:
    """The last day of the period for this claim. Without a state only holidays of all Germany count.

    A day that a court or authority has named stands as it was named, and no holiday prolongs an arrest.
    """
    computed, statute, steps = _RULES[claim.kind](claim)
    if claim.kind in ("set_by_authority", "arrest"):
        return LastDay(computed, computed, statute, steps)
    last = next_working_day(computed, state)
    if last != computed:
        why = {5: "Saturday", 6: "Sunday"}.get(computed.weekday(), "holiday")
        rule = _MOVES.get(claim.kind, "§ 193 BGB")
        statute, steps = f"{statute}, {rule}", (*steps, f"{computed} is a {why}: moves on to {last} ({rule})")
    return LastDay(last, computed, statute, steps)


def next_working_day(day: date, state: str | None) -> date:
    """The day itself, or the first after it that is no Saturday, Sunday or public holiday there (§ 193 BGB)."""
    while day.weekday() >= 5 or day in _holidays(state, day.year):
        day += timedelta(days=1)
    return day


def after(start: date, *, weeks: int = 0, months: int = 0, years: int = 0) -> date:
    """The last day of a period that begins with an event on `start` (§ 187 Abs. 1, § 188 Abs. 2 and 3 BGB).

    The day of the event does not count; the period ends on the day of like name or number, and where the month
    lacks it, on the month's last.
    """
    return start + relativedelta(weeks=weeks, months=months, years=years)


@lru_cache(maxsize=256)
def _holidays(state: str | None, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("DE", subdiv=state, years=year))


def _end_of_year(claim: Claim, years: int) -> tuple[date, str]:
    known = claim.known or claim.happened
    start = date(max(claim.happened.year, known.year), 12, 31)
    return after(start, years=years), f"arose {claim.happened}, known {known}: begins with the end of {start.year}"


def _regular(claim: Claim) -> tuple[date, str, tuple[str, ...]]:
    end, begun = _end_of_year(claim, 3)
    return _earliest(
        (end, "§§ 195, 199 Abs. 1 BGB", f"{begun}; three years end on {end}"),
        _capped(claim.happened, 10, "§ 199 Abs. 4 BGB", "arose"),
    )


def _damages(claim: Claim) -> tuple[date, str, tuple[str, ...]]:
    end, begun = _end_of_year(claim, 3)
    return _earliest(
        (end, "§§ 195, 199 Abs. 1 BGB", f"{begun}; three years end on {end}"),
        _capped(claim.happened, 10, "§ 199 Abs. 3 Nr. 1 BGB", "arose"),
        _capped(claim.acted or claim.happened, 30, "§ 199 Abs. 3 Nr. 2 BGB", "act"),
    )


def _injury(claim: Claim) -> tuple[date, str, tuple[str, ...]]:
    end, begun = _end_of_year(claim, 3)
    return _earliest(
        (end, "§§ 195, 199 Abs. 1 BGB", f"{begun}; three years end on {end}"),
        _capped(claim.acted or claim.happened, 30, "§ 199 Abs. 2 BGB", "act"),
    )


def _inheritance_claim(claim: Claim) -> tuple[date, str, tuple[str, ...]]:
    end, begun = _end_of_year(claim, 3)
    return _earliest(
        (end, "§§ 195, 199 Abs. 1 BGB", f"{begun}; three years end on {end}"),
        _capped(claim.happened, 30, "§ 199 Abs. 3a BGB", "arose"),
    )


def _capped(start: date, years: int, statute: str, what: str) -> tuple[date, str, str]:
    end = after(start, years=years)
    return end, statute, f"{what} {start}: {years} years, known or not, end on {end}"


def _earliest(*ends: tuple[date, str, str]) -> tuple[date, str, tuple[str, ...]]:
    """The period that ends first counts; every one is told."""
    end, statute, _ = min(ends, key=lambda one: one[0])
    return end, statute, tuple(step for _, _, step in ends)


def _from_event(
    statute: str, what: str, *, weeks: int = 0, months: int = 0, years: int = 0
) -> Callable[[Claim], tuple[date, str, tuple[str, ...]]]:
    length = _counted(weeks, "week") or _counted(months, "month") or _counted(years, "year")

    def reckon(claim: Claim) -> tuple[date, str, tuple[str, ...]]:
        end = after(claim.happened, weeks=weeks, months=months, years=years)
        return end, statute, (f"{what} {claim.happened}: {length} end on {end}",)

    return reckon


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'s' if number > 1 else ''}" if number else ""


def _arrest(claim: Claim) -> tuple[date, str, tuple[str, ...]]:
    end = claim.happened + timedelta(days=1)
    return end, "Art. 104 Abs. 3 GG, § 128 Abs. 1 StPO", (f"arrested {claim.happened}: before a judge by {end}",)


def _set(claim: Claim) -> tuple[date, str, tuple[str, ...]]:
    return claim.happened, "set by a court or authority", (f"set for {claim.happened}",)


# By which statute a weekend or holiday moves the last day on, where it is not § 193 BGB.
_MOVES = {
    "fine_notice": "§ 46 Abs. 1 OWiG, § 43 Abs. 2 StPO",
    "penal_order": "§ 43 Abs. 2 StPO",
    "objection": "§ 108 Abs. 3 AO, § 64 Abs. 3 SGG, § 31 Abs. 3 VwVfG",
    "asylum_decision": "§ 57 Abs. 2 VwGO, § 222 Abs. 2 ZPO",
}
KNOWLEDGE_COUNTS = frozenset({"regular", "damages", "injury", "inheritance_claim"})
"""Kinds whose period begins only when the creditor knows."""
_RULES: dict[str, Callable[[Claim], tuple[date, str, tuple[str, ...]]]] = {
    "regular": _regular,
    "damages": _damages,
    "injury": _injury,
    "inheritance_claim": _inheritance_claim,
    "adjudicated": _from_event("§ 197 Abs. 1 Nr. 3, § 201 BGB", "final since", years=30),
    "intentional_injury": _from_event("§ 197 Abs. 1 Nr. 1, § 200 BGB", "arose", years=30),
    "surrender_of_property": _from_event("§ 197 Abs. 1 Nr. 2, § 200 BGB", "arose", years=30),
    "purchase_defect": _from_event("§ 438 Abs. 1 Nr. 3, Abs. 2 BGB", "delivered", years=2),
    "landlord_damage": _from_event("§ 548 Abs. 1 BGB", "given back to the landlord", months=6),
    "tenant_expenses": _from_event("§ 548 Abs. 2 BGB", "tenancy ended", months=6),
    "dismissal": _from_event("§ 4 KSchG", "notice of dismissal received", weeks=3),
    "fine_notice": _from_event("§ 67 Abs. 1 OWiG", "notice served", weeks=2),
    "penal_order": _from_event("§ 410 Abs. 1 StPO", "penal order served", weeks=2),
    # One month with tax, social and other authorities alike. A letter counts as announced on the fourth day after
    # posting or later (§ 122 Abs. 2 AO, § 37 Abs. 2 SGB X, § 41 Abs. 2 VwVfG): the day it came is the cautious start.
    "objection": _from_event("§ 355 Abs. 1 AO, § 84 Abs. 1 SGG, § 70 Abs. 1 VwGO", "announced", months=1),
    # The shorter of the two periods that the law knows, since a first call does not tell which applies.
    "asylum_decision": _from_event("§ 74 Abs. 1, § 36 Abs. 3 AsylG", "served", weeks=1),
    "arrest": _arrest,
    "renounce_inheritance": _from_event("§ 1944 Abs. 1 BGB", "known that one is heir", weeks=6),
    "set_by_authority": _set,
}
