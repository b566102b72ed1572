"""Where a version stands: its path so far, what comes next, who may do it, and why this person may not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User

from orchestration.models import VersionEvent, VersionStatus, WorkflowVersion
from orchestration.services.evidence import Judged
from orchestration.services.refusal import Refused
from orchestration.services.version_event import history
from orchestration.services.version_status import ADD, APPROVE, DRAFT, PUBLISH, refuse_own, wrote_on

DELETE: Final = "orchestration.delete_workflowversion"
APPROVERS: Final = "an Orchestration Architect or the Head of AI Operations"


@dataclass(frozen=True, slots=True)
class Stop:
    """One status on the path. `state`: done, here, ahead, or ended where it goes no further."""

    title: str
    state: str
    who: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """`may` holds the verbs this person can do now; `hindrance` says why not what comes next; `missed`, why it was
    not published when it was due; `last_word`, what was said when it ended its way; `overtaken_by`, the
    version published since it was submitted, whose changes it would undo."""

    stops: tuple[Stop, ...]
    sentence: str
    hindrance: str = ""
    missed: str = ""
    last_word: VersionEvent | None = None
    overtaken_by: WorkflowVersion | None = None
    may: frozenset[str] = field(default_factory=frozenset)
    events: tuple[VersionEvent, ...] = ()
    zone: str = "UTC"
    publish_at: datetime | None = None  # the clock's time in that zone


def standing(version: WorkflowVersion, judged: Judged, user: User, *, unreadable: bool = False) -> Standing:
    events = tuple(history(version))
    zone = version.content.get("time_zone", "UTC")
    publish_at = version.publish_at.astimezone(_zone(zone)).replace(tzinfo=None) if version.publish_at else None
    may = _may(version, user)
    hindrance = _hindrance(version, judged, user, unreadable)
    if hindrance:
        may -= {"submit", "approve", "publish", "schedule"}
    return Standing(
        stops=_stops(version, events),
        sentence=_sentence(version, user, may),
        hindrance=hindrance,
        missed=events[-1].note if events and events[-1].name == "version.not_published" else "",
        last_word=events[-1] if version.status in _ENDED and events and events[-1].note else None,
        overtaken_by=_overtaken_by(version),
        may=frozenset(may),
        events=events,
        zone=zone,
        publish_at=publish_at,
    )


def _may(version: WorkflowVersion, user: User) -> set[str]:
    """What the status and the permissions allow; four eyes and faults are hindrances, told in words."""
    found = set()
    status = version.status
    if status == VersionStatus.DRAFT:
        found |= {"edit", "submit"} if user.has_perm(DRAFT) else set()
        found |= {"discard"} if user.has_perm(DELETE) else set()
    if user.has_perm(ADD):
        found |= {"draft"}
        if status == VersionStatus.RETIRED and user.has_perm(DRAFT):
            found |= {"roll_back"}
    writer = wrote_on(version, user)
    if status in _PENDING and writer and user.has_perm(DRAFT):
        found |= {"withdraw"}
    if status in _PENDING and not writer and user.has_perm(APPROVE):
        found |= {"approve", "reject"} if status == VersionStatus.SUBMITTED else {"reject"}
    if status in (VersionStatus.APPROVED, VersionStatus.SCHEDULED) and user.has_perm(PUBLISH):
        found |= {"publish", "schedule"}
    if status == VersionStatus.SCHEDULED and (user.has_perm(PUBLISH) or writer):
        found |= {"unschedule"}
    if version.emergency and version.reviewed_at is None and user.has_perm(PUBLISH) and not writer:
        found |= {"review"}
    return found


def _hindrance(version: WorkflowVersion, judged: Judged, user: User, unreadable: bool) -> str:
    status = version.status
    if status in (VersionStatus.SUBMITTED, VersionStatus.APPROVED, VersionStatus.SCHEDULED):
        try:
            refuse_own(version, user, APPROVE if status == VersionStatus.SUBMITTED else PUBLISH)
        except Refused as refused:
            return refused.message
    if status in (VersionStatus.DRAFT, *_PENDING):
        if unreadable:
            return "It cannot be read."
        if judged.errors:
            return (
                f"It has {len(judged.errors)} error{_s(len(judged.errors))}; correct {_them(len(judged.errors))} first."
            )
        if judged.failed:
            fail = (
                "1 of its scenarios fails" if len(judged.failed) == 1 else f"{len(judged.failed)} of its scenarios fail"
            )
            return f"{fail}; mend the rules or the scenarios first."
    return ""


def _overtaken_by(version: WorkflowVersion) -> WorkflowVersion | None:
    if version.status not in _PENDING:
        return None
    published = version.workflow.published_version
    submission = getattr(version, "submission", None)
    if published is None or submission is None or published.pk == submission.compared_with_id:
        return None
    return published


def _sentence(version: WorkflowVersion, user: User, may: set[str]) -> str:
    status = version.status
    if status == VersionStatus.DRAFT:
        if user.has_perm(DRAFT):
            return "Change what you need, try it, then submit it. Somebody else approves it."
        return "Its authors submit it for approval when it is ready."
    if status == VersionStatus.SUBMITTED:
        if "approve" in may:
            return "It waits for you or another approver: read what it changes, then approve or reject it."
        return f"It waits for {APPROVERS} who did not write on it."
    if status == VersionStatus.APPROVED:
        if "publish" in may:
            return "Publish it now, or choose when it publishes itself. Cases under way keep their version."
        return f"It waits for {APPROVERS} to publish it."
    if status == VersionStatus.SCHEDULED:
        return "It publishes itself at the time shown, unless another version is published before."
    if status == VersionStatus.PUBLISHED:
        return "New cases start with this version. It never changes; the next change is a new draft."
    if status == VersionStatus.RETIRED:
        return "Another version took its place. Cases that started with it keep it."
    return "It goes no further. Take it up again as a new draft to mend it."


def _stops(version: WorkflowVersion, events: tuple[VersionEvent, ...]) -> tuple[Stop, ...]:
    """The path as it went, and as it goes on if nothing comes between."""
    last = {event.name.removeprefix("version."): event for event in events}
    status = VersionStatus(version.status)
    if version.emergency:
        path = ["created", "published_in_emergency", "reviewed"]
        path += ["retired"] if status == VersionStatus.RETIRED else []
    elif status in _ENDED:
        path = ["created", "submitted", *(["approved"] if "approved" in last else []), str(status)]
    else:
        path = ["created", "submitted", "approved", "published"]
        path[3:3] = ["scheduled"] if status == VersionStatus.SCHEDULED else []
        path += ["retired"] if status == VersionStatus.RETIRED else []
    here = _reached(version, path)
    stops = []
    for place, name in enumerate(path):
        state = "done" if place < here else "here" if place == here else "ahead"
        if state == "here" and name in ("rejected", "withdrawn"):
            state = "ended"
        event = (last.get(name) or last.get("rolled_back" if name == "created" else "")) if place <= here else None
        at = event.at if event else version.created_at if name == "created" else None
        stops.append(Stop(_TITLES[name], state, event.actor if event else "", at))
    return tuple(stops)


def _reached(version: WorkflowVersion, path: list[str]) -> int:
    if version.emergency:
        if version.status == VersionStatus.RETIRED:
            return 3
        return 2 if version.reviewed_at else 1
    name = {VersionStatus.DRAFT: "created"}.get(VersionStatus(version.status), version.status)
    return path.index(name)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return ZoneInfo("UTC")


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


_PENDING: Final = (VersionStatus.SUBMITTED, VersionStatus.APPROVED, VersionStatus.SCHEDULED)
_ENDED: Final = (VersionStatus.REJECTED, VersionStatus.WITHDRAWN)
_TITLES: Final = {
    "created": "Draft", "submitted": "Submitted", "approved": "Approved", "scheduled": "Scheduled",
    "published": "Published", "published_in_emergency": "Published in an emergency", "reviewed": "Reviewed",
    "retired": "Retired", "rejected": "Rejected", "withdrawn": "Withdrawn",
}  # fmt: skip
