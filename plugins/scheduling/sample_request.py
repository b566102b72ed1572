"""Draws one invented request: patient, clinic, calendar, wishes and what is said."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from . import history, sample_talk
from .calendars import DAYS, Clinic, clinics, opening

KINDS = {
    "book": 60,
    "reschedule": 14,
    "cancel": 8,
    "question": 6,
    "other": 3,
    "unclear": 4,
    "red_flag": 4.8,
    "unheard_flag": 0.5,
}
_PARTS = (None, "early", "morning", "afternoon", "evening")


@dataclass
class Draft:
    """A request in the making; `says` are the patient's lines."""

    rng: random.Random
    received: datetime
    kind: str
    clinic: Clinic
    specialty: str
    visit_type: str
    urgency: str
    part: str | None
    weekdays: tuple[str, ...]
    web: bool
    patient: dict[str, Any]
    insurance: dict[str, Any]
    says: list[str] = field(default_factory=list)
    busy: list[dict[str, Any]] = field(default_factory=list)
    appointment: dict[str, Any] | None = None
    heard: bool = True
    confirmed: bool = False

    @property
    def intent(self) -> str:
        """What the patient really wants."""
        return {"unclear": "other", "red_flag": "book", "unheard_flag": "book"}.get(self.kind, self.kind)


def draw(rng: random.Random, received: datetime) -> Draft:
    kind = rng.choices(tuple(KINDS), tuple(KINDS.values()))[0]
    clinic = rng.choice(tuple(clinics().values()))
    offered = sorted({one.specialty for one in clinic.providers})
    specialty = rng.choices(offered, [5 if one == "family_medicine" else 2 for one in offered])[0]
    visit_type = rng.choices(tuple(sample_talk.VISITS), (50, 24, 12, 9, 5))[0]
    if visit_type in ("checkup", "vaccination"):
        # A check-up and a vaccination are the family doctor's.
        specialty = "family_medicine"
    draft = Draft(
        rng=rng,
        received=received.replace(tzinfo=clinic.zone),
        kind=kind,
        clinic=clinic,
        specialty=specialty,
        visit_type=visit_type,
        urgency=rng.choices(("soon", "routine"), (20, 80))[0],
        part=rng.choices(_PARTS, (38, 20, 20, 14, 8))[0],
        weekdays=tuple(rng.sample(DAYS[:5], 3)) if rng.random() < 0.08 else (),
        web=rng.random() < 0.4 and kind != "unclear",
        patient=_patient(rng, received),
        insurance={},
    )
    draft.insurance = _insurance(draft)
    if kind in ("reschedule", "cancel") and rng.random() > 0.05:
        draft.appointment = _appointment(draft)
    if kind in ("book", "reschedule"):
        draft.confirmed = rng.random() < 0.05
    draft.busy = _calendar(draft)
    draft.says = _lines(draft)
    return draft


def _patient(rng: random.Random, received: datetime) -> dict[str, Any]:
    new_patient = rng.random() < 0.18
    visits, no_shows = history.past_visits(rng, new_patient)
    born = received.date() - timedelta(days=history.age(rng) * 365 + rng.randrange(10, 360))
    contact = {"sms": rng.random() < 0.85, "email": rng.random() < 0.7, "voice": rng.random() < 0.6}
    if rng.random() < 0.03:
        contact = dict.fromkeys(contact, False)
    return {
        "birth_date": born.isoformat(),
        "new_patient": new_patient,
        "travel_km": history.travel(rng),
        "visits": visits,
        "no_shows": no_shows,
        "time_zone": "America/Chicago" if rng.random() < 0.02 else "America/New_York",
        "contact": contact,
    }


def _insurance(draft: Draft) -> dict[str, Any]:
    """Most people have a plan that fits, and bring their papers."""
    rng, age = draft.rng, draft.received.year - int(draft.patient["birth_date"][:4])
    usual = ["summit_senior"] if age >= 66 else ["meadow_family", "harbour_plus"] if age < 64 else ["harbour_plus"]
    if draft.clinic.key == "northgate" and age < 66:
        usual.append("harbour_basic")
    plan = (
        rng.choice(usual) if rng.random() > 0.02 else rng.choice(("harbour_basic", "oldtown_mutual", "summit_senior"))
    )
    stated: dict[str, Any] = {
        "plan": plan,
        "member_since": (draft.received.date() - timedelta(days=rng.randrange(20, 3000))).isoformat(),
        "visits_this_year": min(rng.choices((rng.randrange(8), rng.randrange(8, 13)), (95, 5))[0], 12),
    }
    for paper in ("referral", "prior_authorisation"):
        if rng.random() < 0.95:
            stated[paper] = rng.random() < 0.93
    return stated


def _appointment(draft: Draft) -> dict[str, Any]:
    rng = draft.rng
    provider = rng.choice([one for one in draft.clinic.providers if one.specialty == draft.specialty])
    day = draft.received.date() + timedelta(days=rng.randrange(1, 12))
    start = datetime.combine(day, datetime.min.time(), draft.clinic.zone).replace(hour=rng.randrange(8, 16))
    return {
        "provider": provider.key,
        "start": start.isoformat(),
        "specialty": draft.specialty,
        "moved": rng.choices((0, 1, 2, 3, 4), (66, 22, 8, 3, 1))[0],
        "cancelled_by_clinic": draft.kind == "reschedule" and rng.random() < 0.1,
    }


def _calendar(draft: Draft) -> list[dict[str, Any]]:
    """Blocks of booked time, fuller on the next days; now and then all is booked."""
    rng, found = draft.rng, []
    full = rng.random() < 0.035
    for provider in draft.clinic.providers:
        if provider.specialty != draft.specialty:
            continue
        for days in range(16):
            for start, end in opening(draft.clinic, provider, draft.received.date() + timedelta(days=days)):
                taken = 1.0 if full else max(0.93 - 0.035 * days, 0.35)
                found += _blocks(rng, provider.key, start, end, taken)
    return found


def _blocks(rng: random.Random, provider: str, start: datetime, end: datetime, taken: float) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while start < end:
        length = timedelta(minutes=min(60, int((end - start).total_seconds()) // 60))
        if rng.random() < taken:
            minutes = int(length.total_seconds()) // 60
            last = found[-1] if found else None
            if last and datetime.fromisoformat(last["start"]) + timedelta(minutes=last["minutes"]) == start:
                last["minutes"] += minutes
            else:
                begun = start.astimezone(UTC).isoformat()
                found.append({"provider": provider, "start": begun, "minutes": minutes})
        start += length
    return found


def _lines(draft: Draft) -> list[str]:
    rng, kind = draft.rng, draft.kind
    wording = rng.choice(sample_talk.INTENTS[kind if kind in sample_talk.INTENTS else "book"])
    lines = [wording.format(doctor=rng.choice(sample_talk.DOCTORS))]
    if kind in ("question", "other", "unclear", "cancel"):
        return lines
    reason = rng.choice(sample_talk.REASONS[draft.specialty])
    lines.append(f"{reason}. {rng.choice(sample_talk.VISITS[draft.visit_type])}".strip())
    lines.append(rng.choice(sample_talk.URGENCY[draft.urgency]))
    if draft.part:
        draft.heard = draft.web or draft.part not in sample_talk.UNHEARD or rng.random() > 0.03
        said = rng.choice(sample_talk.PARTS[draft.part]) if draft.heard else sample_talk.UNHEARD[draft.part]
        lines.append(said)
    if draft.weekdays and not draft.web:
        names = {"mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday"}
        lines.append(f"{', '.join(names[day] for day in draft.weekdays)} would work.")
    if kind == "red_flag":
        lines.append(f"{rng.choice(sample_talk.RED_FLAGS)}.")
    elif kind == "unheard_flag":
        lines.append(f"{rng.choice(sample_talk.UNHEARD_FLAGS)}.")
    elif rng.random() < 0.12:
        lines.append(rng.choice(sample_talk.DENIALS))
    return lines
