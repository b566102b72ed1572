"""A workflow's activity to read: each event as a sentence, saves of one person after another as one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from orchestration.models import VersionEvent, WorkflowVersion
from orchestration.services.version_event import WORDS

TONES: Final = {
    "version.published": "good", "version.approved": "good", "version.reviewed": "good", "version.rejected": "bad",
    "version.published_in_emergency": "bad", "version.not_published": "bad", "version.submitted": "info",
    "version.scheduled": "info", "version.rolled_back": "warning", "version.withdrawn": "warning",
}  # fmt: skip
PARTS: Final = 8
"""So many parts of a draft are named beside an edit."""


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    actor: str
    text: str
    number: int
    version_id: int | None  # None where the draft was discarded
    note: str
    tone: str
    parts: tuple[str, ...] = ()


def entries(events: Iterable[VersionEvent]) -> list[Entry]:
    """The events as they come; saves of one draft by one person, one after the other, are one entry."""
    found = list(events)
    there = set(WorkflowVersion.objects.filter(pk__in={one.version_id for one in found}).values_list("pk", flat=True))
    told: list[Entry] = []
    for (name, actor, number, _), group in groupby(found, key=_sort):
        some = list(group)
        parts = dict.fromkeys(part for one in some for part in one.about.get("parts", ()))
        times = f", {len(some)} times" if len(some) > 1 else ""
        told.append(
            Entry(
                at=some[0].at,
                actor=actor,
                text=_text(some[0]) + times,
                number=number,
                version_id=some[0].version_id if some[0].version_id in there else None,
                note=some[0].note,
                tone=TONES.get(name, "quiet"),
                parts=tuple(list(parts)[:PARTS]) + ((f"and {len(parts) - PARTS} more",) if len(parts) > PARTS else ()),
            )
        )
    return told


def _sort(event: VersionEvent) -> tuple[str, str, int, int]:
    return event.name, event.actor, event.number, 0 if event.name == "version.edited" else event.pk


def _text(event: VersionEvent) -> str:
    about: dict[str, Any] = event.about
    text = WORDS.get(event.name, event.name)
    if event.name == "version.scheduled" and about.get("at"):
        at = datetime.fromisoformat(about["at"])
        zone = _zone(about.get("zone", "UTC"))
        return f"{text} for {at.astimezone(zone):%-d %b %Y, %H:%M} ({zone.key})"
    if event.name == "version.rolled_back" and about.get("to"):
        return f"{text}, to the content of version {about['to']}"
    if event.name == "version.retired" and about.get("by"):
        return f"retired it: version {about['by']} took its place"
    if event.name == "version.published" and about.get("scheduled_by"):
        return f"{text}, as {about['scheduled_by']} had scheduled it"
    return text


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return ZoneInfo("UTC")
