"""Invented applications of realistic variety, drawn reproducibly from a seed, with the outcome that is right."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from .arrivals import arrival
from .sample_faults import spoil
from .sample_person import Draft, draw


def sample_cases(seed: int, count: int, *, first: int = 0, today: date | None = None) -> list[dict[str, Any]]:
    """`count` applications, from number `first` on, of `today` (default: the real one) or the days before, which all
    dates move with.

    Each is `{reference, payload, priority, truth, arrives}`; `truth` is the outcome a careful person would decide on,
    with documents at hand that the payload does not show. Case number n of a seed is always the same.
    """
    day, numbers = today or date.today(), range(first, first + count)
    return [_sample(random.Random(f"kyc/{seed}/{number}"), seed, number, day) for number in numbers]  # noqa: S311


def _sample(rng: random.Random, seed: int, number: int, today: date) -> dict[str, Any]:
    draft = draw(rng, today - timedelta(days=rng.randrange(4)))
    spoil(draft)
    return {
        "reference": f"KYC-{seed}-{number + 1:05d}",
        "payload": payload(draft),
        "priority": rng.choices(("normal", "high", "low"), (92, 5, 3))[0],
        "truth": draft.truth,
        "arrives": arrival(number, rng.random(), today).isoformat(),
    }


def payload(draft: Draft) -> dict[str, Any]:
    """The application as the bank's web site would post it: fields left empty are left out."""
    zone = draft.zone()
    whole: dict[str, Any] = {
        "application_date": draft.applied.isoformat(),
        "applicant": {
            "surname": draft.typed_surname,
            "given_names": draft.typed_given_names,
            "date_of_birth": draft.typed_birth.isoformat(),
            "nationality": draft.nationality,
            "politically_exposed": draft.exposed,
        },
        "document": {"type": draft.document_type, "mrz": draft.spoil_zone(zone) if draft.spoil_zone else zone},
        "address": {name: value for name, value in draft.address.items() if value},
        "contact": {name: value for name, value in draft.contact.items() if value},
        "finances": {
            "yearly_income": draft.income,
            "yearly_turnover": draft.turnover,
            "source_of_funds": draft.source,
        },
    }
    if draft.owners:
        whole["owners"] = draft.owners
    return whole
