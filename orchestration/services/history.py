"""A case's history in words: one sentence for each event, with who did it and what they wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format

from orchestration.models import Case, CaseEvent
from orchestration.services.document_lines import Correction, shown


@dataclass(frozen=True, slots=True)
class Entry:
    number: int
    name: str
    at: datetime
    who: str
    text: str
    note: str = ""
    changes: tuple[tuple[str, str], ...] = ()
    erased_at: datetime | None = None
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class History:
    entries: tuple[Entry, ...]
    corrections: Mapping[str, Correction] = field(default_factory=dict)
    answers: Mapping[str, Correction] = field(default_factory=dict)


def history_of(case: Case) -> History:
    """Every event, oldest first; and of each corrected fact and answer the last giver. One query."""
    events = CaseEvent.objects.filter(case=case).select_related("content", "user").order_by("number")
    entries: list[Entry] = []
    corrections: dict[str, Correction] = {}
    answers: dict[str, Correction] = {}
    for event in events:
        content = getattr(event, "content", None)
        entries.append(_entry(event, content))
        given = content.content if content and not content.erased_at and isinstance(content.content, dict) else {}
        for target, key in ((corrections, "corrections"), (answers, "human")):
            for path, value in (given.get(key) or {}).items():
                target[path] = Correction(value, _who(event), event.at)
    return History(tuple(entries), corrections, answers)


def _entry(event: CaseEvent, content: Any) -> Entry:
    given: Mapping[str, Any] = {}
    erased_at = content.erased_at if content else None
    if content and not erased_at and isinstance(content.content, dict):
        given = content.content
    changes = [(f"case.{path}", shown(value)) for path, value in (given.get("corrections") or {}).items()]
    changes += [(f"human.{path}", shown(value)) for path, value in (given.get("human") or {}).items()]
    text, tone = _words(event.name, event.about)
    return Entry(
        number=event.number,
        name=event.name,
        at=event.at,
        who=_who(event),
        text=text,
        note=str(given.get("note") or ""),
        changes=tuple(changes),
        erased_at=erased_at,
        tone=tone,
    )


def _who(event: CaseEvent) -> str:
    if event.user is not None:
        return event.user.get_full_name() or event.user.get_username()
    return event.actor.removeprefix("client: ").removeprefix("agent: ") or "Conductor"


def _words(name: str, about: Mapping[str, Any]) -> tuple[str, str]:
    """The sentence and its tone. An event without words of its own shows its name."""
    match name:
        case "case.received":
            return ("Opened by another case" if about.get("parent") else "Received"), "info"
        case "case.held":
            return "Held, because the workflow is paused", "warning"
        case "case.released":
            return "Released, because the workflow goes on", "info"
        case "agent_run.awaited":
            return f"Agent step {about.get('step', '')} waits for an outside party{_until(about)}", "info"
        case "agent_run.finished":
            return _run_words(about)
        case "agent_run.answered_late" | "agent_run.answered_again" | "agent_run.token_refused":
            return f"{_ANSWERED[name]} (agent step {about.get('step', '')})", "quiet"
        case "case.escalated":
            if about.get("kind") == "approval":
                return f"Waits for approval: {about.get('reason', '')}", "warning"
            return f"Given to a person: {about.get('reason', '')}", "warning"
        case "work_item.claimed":
            return "Claimed", "plain"
        case "work_item.released":
            return "Given back to the queue", "plain"
        case "case.sent_back":
            count = len(about.get("corrected", ())) + len(about.get("answered", ()))
            return f"Sent back to the rules with {count} {'fact' if count == 1 else 'facts'}", "info"
        case "case.decided":
            by = "by rules" if about.get("by") == "rules" else "by a person"
            return f"Decided {by}: {str(about.get('outcome', '')).replace('_', ' ')}", "good"
        case "feedback.received":
            told = str(about.get("value", "")).replace("_", " ")
            return f"Feedback{' corrected' if about.get('corrects') else ''}: {told}", "info"
        case "case.moved":
            return f"Moved from version {about.get('from', '')} to version {about.get('to', '')}", "info"
        case "case.cancelled":
            return "Cancelled", "quiet"
        case "case.prioritised":
            return f"Priority set to {about.get('priority', '')}", "plain"
        case "case.notified":
            return f"Notice given: {about.get('name', '')}", "plain"
        case "case.paused":
            return (f"Waits for the case {about['child']}" if about.get("child") else "Waits"), "info"
        case "case.woken":
            return "Goes on after waiting", "plain"
    return name.replace(".", " ").replace("_", " ").capitalize(), "plain"


def _until(about: Mapping[str, Any]) -> str:
    until = parse_datetime(str(about.get("until", "")))
    return f" until {date_format(timezone.localtime(until), 'j M Y, H:i')}" if until else ""


_ANSWERED: Final = {
    "agent_run.answered_late": "An outside party answered too late, which changes nothing",
    "agent_run.answered_again": "An outside party posted its answer again, which changes nothing",
    "agent_run.token_refused": "Somebody posted a result with a wrong token, and was refused",
}
_WHY: Final[Mapping[Any, str]] = {
    "expired": ": no outside party answered in time",
    "not-wanted": ": the case was closed first",
    "switched-off": ": the agent was switched off",
    "circuit-open": ": its circuit stayed open for too long",
}


def _run_words(about: Mapping[str, Any]) -> tuple[str, str]:
    step, confidence = about.get("step", ""), about.get("confidence")
    if about.get("status") != "succeeded":
        return f"Agent step {step} failed{_WHY.get(about.get('error_kind'), '')}", "bad"
    sure = f", {confidence:.0%} confident" if isinstance(confidence, int | float) else ""
    return f"Agent step {step} finished{sure}", "plain"
