"""Invented requests of a patient desk, drawn reproducibly, with the right outcome and what happened in the end."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from typing import Any

from orchestration.plugin_api import AgentResult, Request

from . import sample_talk
from .arrivals import arrival
from .eligibility import EligibilityAgent
from .history import true_risk
from .no_show import NoShowAgent
from .risk import features, risk, shipped_model, visit
from .sample_request import Draft, draw
from .slots import SlotsAgent

RISKY = 0.3
"""From this risk on, a careful person does not book without the patient's confirmation."""

FEEDBACK_ON = ("book", "rescheduled")
"""Outcomes that make an appointment: of a case decided so, a sample's `feedback` is what really happened."""


def sample_cases(seed: int, count: int, *, first: int = 0, today: date | None = None) -> list[dict[str, Any]]:
    """`count` requests, from number `first` on, of today (default: the real one) and later, `arrivals.PER_DAY` a day.

    Each is `{reference, payload, priority, truth, feedback, arrives}`. `truth`: what a careful person decides.
    `feedback`: "attended" or "no_show" where an appointment comes about, else None. Case number n of a seed is always
    the same.
    """
    day, numbers = today or date.today(), range(first, first + count)
    return [_sample(random.Random(f"scheduling/{seed}/{number}"), seed, number, day) for number in numbers]  # noqa: S311


def _sample(rng: random.Random, seed: int, number: int, today: date) -> dict[str, Any]:
    arrives = arrival(number, rng.random(), today)
    draft = draw(rng, arrives)
    truth, feedback = _end(draft)
    return {
        "reference": f"SCH-{seed}-{number + 1:05d}",
        "payload": payload(draft),
        "priority": "normal" if draft.urgency == "routine" else "high",
        "truth": truth,
        "feedback": feedback,
        "arrives": arrives.isoformat(),
    }


def payload(draft: Draft) -> dict[str, Any]:
    """The request as the telephone system or the web site would post it."""
    found: dict[str, Any] = {
        "channel": "web" if draft.web else "phone",
        "clinic": draft.clinic.key,
        "patient": draft.patient,
        "insurance": draft.insurance,
        "calendar": {"busy": draft.busy},
        "confirmed": draft.confirmed,
    }
    if draft.appointment:
        found["appointment"] = draft.appointment
    if not draft.web:
        return {**found, "transcript": sample_talk.call(draft.rng, draft.says)}
    form: dict[str, Any] = {
        "intent": draft.intent,
        "urgency": draft.urgency,
        "specialty": draft.specialty,
        "visit_type": draft.visit_type,
        "message": "\n".join(line for line in draft.says if line),
    }
    if draft.part:
        form["part_of_day"] = draft.part
    if draft.weekdays:
        form["weekdays"] = list(draft.weekdays)
    return {**found, "form": form}


def _end(draft: Draft) -> tuple[str, str | None]:
    """The right outcome, and what happened: with everything known that the patient meant."""
    if draft.kind == "red_flag":
        return "emergency_care", None
    if draft.kind in ("question", "other", "unclear"):
        return "call_back", None
    if draft.kind in ("cancel", "reschedule") and draft.appointment is None:
        return "call_back", None
    if draft.kind == "cancel":
        return "cancelled", None
    slot = _run(SlotsAgent(), _slots_input(draft)).output
    if not slot.found:  # type: ignore[union-attr]
        return "waitlist", None
    stated = {
        **draft.insurance,
        "clinic": draft.clinic.key,
        "specialty": draft.specialty,
        "visit_type": draft.visit_type,
        "day": slot.day,  # type: ignore[union-attr]
        "received_at": draft.received,
        "birth_date": draft.patient["birth_date"],
    }
    if not _run(EligibilityAgent(), stated).output.covered:  # type: ignore[union-attr]
        return "call_back", None
    if not slot.matches:  # type: ignore[union-attr]
        return "offer_alternatives", None
    person = {name: draft.patient[name] for name in ("birth_date", "new_patient", "travel_km", "visits", "no_shows")}
    one = visit(NoShowAgent.Input(start=slot.start, received_at=draft.received, **person))  # type: ignore[union-attr]
    stays_away = draft.rng.random() < true_risk(one)
    risky = risk(shipped_model(), features(one)) >= RISKY and not draft.confirmed
    truth = "offer_alternatives" if risky else "rescheduled" if draft.kind == "reschedule" else "book"
    return truth, "no_show" if stays_away else "attended"


def _slots_input(draft: Draft) -> dict[str, Any]:
    own = draft.appointment if draft.kind == "reschedule" else None
    return {
        "clinic": draft.clinic.key,
        "specialty": draft.specialty,
        "visit_type": draft.visit_type,
        "new_patient": draft.patient["new_patient"],
        "received_at": draft.received,
        "urgency": draft.urgency,
        "busy": draft.busy,
        "part_of_day": draft.part,
        "weekdays": draft.weekdays,
        **({"own_start": own["start"], "own_provider": own["provider"]} if own else {}),
    }


def _run(agent: Any, stated: dict[str, Any]) -> AgentResult:
    deadline = datetime(2000, 1, 1, tzinfo=UTC)
    request = Request(agent.Input.model_validate(stated), agent.Config(), "sample", 1, deadline)
    found: AgentResult = agent.run(request)
    return found
