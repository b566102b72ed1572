"""The agent that finds free appointments in the calendars of a clinic's providers."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from orchestration.plugin_api import Agent, AgentError, AgentResult, Health, Model, Request

from .calendars import VISIT_MINUTES, Clinic, clinics
from .preferences import Part, Weekday
from .slot_search import Slot, Wanted, best_slots, part_of_day

_MISSED = {
    "part_of_day": "another part of the day than wished",
    "weekday": "another weekday than wished",
    "provider": "another provider than wished",
}


class Busy(Model):
    provider: str = Field(title="Provider", max_length=80)
    start: AwareDatetime = Field(title="Taken from")
    minutes: int = Field(title="Minutes", ge=1, le=1440)


class Found(Model):
    start: AwareDatetime = Field(title="Begins")
    end: AwareDatetime = Field(title="Ends")
    provider: str = Field(title="Provider")
    score: float = Field(title="Score")
    why: str = Field(title="Why this one")


class SlotsAgent(Agent):
    name, version, title = "scheduling.slots", "1.0", "Finds free appointments"
    description = (
        "Searches the providers' calendars for free times that are long enough, with the buffer between visits, "
        "outside public holidays, and ranks them by waiting time and the patient's wishes."
    )
    inline = True

    class Input(Model):
        clinic: str = Field(title="Clinic", max_length=80)
        specialty: str = Field(title="Specialty", max_length=80)
        visit_type: Literal["consultation", "follow_up", "checkup", "vaccination", "procedure"] = "consultation"
        received_at: AwareDatetime = Field(title="When the request came in")
        urgency: Literal["emergency", "urgent", "soon", "routine"] = Field(default="routine", title="How soon")
        busy: tuple[Busy, ...] = Field(default=(), title="What is booked", max_length=2000)
        own_start: AwareDatetime | None = Field(default=None, title="The patient's own appointment, to be moved")
        own_provider: str | None = Field(default=None, title="Provider of that appointment", max_length=80)
        part_of_day: Part | None = Field(default=None, title="Part of the day wished")
        weekdays: tuple[Weekday, ...] = Field(default=(), title="Weekdays wished", max_length=7)
        provider: str | None = Field(default=None, title="Provider wished", max_length=80)
        not_before: date | None = Field(default=None, title="Not before")
        not_after: date | None = Field(default=None, title="Not after")

    class Config(Model):
        lead_minutes: int = Field(default=120, ge=0, le=10080, title="Minutes that the clinic needs to prepare")
        days_routine: int = Field(default=14, ge=1, le=60, title="Days to search, routine")
        days_soon: int = Field(default=10, ge=1, le=60, title="Days to search, soon")
        days_urgent: int = Field(default=2, ge=1, le=60, title="Days to search, urgent")
        step_minutes: int = Field(default=15, ge=5, le=60, title="Visits start every so many minutes")
        keep: int = Field(default=3, ge=1, le=10, title="How many slots to give")

    class Output(Model):
        found: bool = Field(title="There is a free time")
        matches: bool = Field(title="The best one meets every wish")
        start: AwareDatetime | None = Field(default=None, title="Best time")
        day: date | None = Field(default=None, title="Day of the best time")
        provider: str | None = Field(default=None, title="Provider of the best time")
        part_of_day: Part | None = Field(default=None, title="Part of the day of the best time")
        lead_days: int | None = Field(default=None, title="Days until the best time")
        notice_hours: float | None = Field(default=None, title="Hours until the appointment to be moved")
        slots: list[Found] = Field(title="Best times, best first")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        stated, config = request.input, request.config
        clinic = clinics().get(stated.clinic)
        if clinic is None:
            raise AgentError(f"There is no clinic “{stated.clinic}”. Known: {', '.join(clinics())}.", permanent=True)
        wanted = _wanted(stated, config, clinic)
        slots = best_slots(clinic, _busy(stated), wanted, config.keep)
        best = slots[0] if slots else None
        notice = (stated.own_start - stated.received_at).total_seconds() / 3600 if stated.own_start else None
        output = self.Output(
            found=best is not None,
            matches=best is not None and not best.missed,
            start=best.start if best else None,
            day=best.start.date() if best else None,
            provider=best.provider if best else None,
            part_of_day=part_of_day(best.start) if best else None,
            lead_days=(best.start.date() - stated.received_at.astimezone(clinic.zone).date()).days if best else None,
            notice_hours=None if notice is None else round(notice, 2),
            slots=[Found(**_shown(slot, clinic)) for slot in slots],
        )
        if best is None:
            summary = f"No free time at {clinic.title} until {wanted.latest.astimezone(clinic.zone):%d %B}."
        else:
            summary = f"Best time: {best.start:%a %d %B, %H:%M} with {_title(clinic, best.provider)}, {_why(best)}."
        evidence = tuple(
            {"what": f"{slot.start:%a %d %b %H:%M}", "value": slot.score, "why": _why(slot)} for slot in slots
        )
        return AgentResult(output, 1.0, summary, evidence)

    def check(self, config: Any) -> Health:
        if not config.days_urgent <= config.days_soon <= config.days_routine:
            return Health(False, "Urgent requests must not be searched further ahead than routine ones. Mend the days.")
        return Health(True, details={"clinics": sorted(clinics())})


def _wanted(stated: Any, config: Any, clinic: Clinic) -> Wanted:
    days = {"routine": config.days_routine, "soon": config.days_soon}.get(stated.urgency, config.days_urgent)
    now = stated.received_at
    earliest, latest = now + timedelta(minutes=config.lead_minutes), now + timedelta(days=days)
    if stated.not_before:
        first = datetime.combine(stated.not_before, time(0), clinic.zone)
        # The days are counted from the wish on, or a wish beyond them would find nothing.
        latest = max(latest, min(first, now + timedelta(days=120)) + timedelta(days=days))
        earliest = max(earliest, first)
    if stated.not_after:
        latest = min(latest, datetime.combine(stated.not_after, time(23, 59), clinic.zone))
    return Wanted(
        specialty=stated.specialty,
        length=timedelta(minutes=VISIT_MINUTES[stated.visit_type]),
        earliest=earliest,
        latest=latest,
        part_of_day=stated.part_of_day,
        weekdays=tuple(stated.weekdays),
        provider=stated.provider,
        step=timedelta(minutes=config.step_minutes),
    )


def _busy(stated: Any) -> dict[str, list[tuple[datetime, datetime]]]:
    """What is booked. The patient's own appointment stays booked: nobody is moved to the time they cannot make."""
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    for one in stated.busy:
        found.setdefault(one.provider, []).append((one.start, one.start + timedelta(minutes=one.minutes)))
    if stated.own_start and stated.own_provider:
        found.setdefault(stated.own_provider, []).append((stated.own_start, stated.own_start + timedelta(minutes=15)))
    return found


def _shown(slot: Slot, clinic: Clinic) -> dict[str, Any]:
    whom = _title(clinic, slot.provider)
    return {
        "start": slot.start,
        "end": slot.end,
        "provider": slot.provider,
        "score": slot.score,
        "why": f"{whom}; {_why(slot)}",
    }


def _title(clinic: Clinic, key: str) -> str:
    return next(one.title for one in clinic.providers if one.key == key)


def _why(slot: Slot) -> str:
    return ", ".join(_MISSED[name] for name in slot.missed) or "meets every wish"
