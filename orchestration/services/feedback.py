"""Feedback: what really happened after a case was decided, told by its client or by a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import FilteredRelation, QuerySet
from django.utils import timezone

from orchestration.facts import Problem
from orchestration.models import (
    ApiKey,
    Case,
    CaseStatus,
    Decision,
    Feedback,
    FeedbackContent,
    FeedbackPost,
    Workflow,
)
from orchestration.services.case import KeyReused
from orchestration.services.event import Events
from orchestration.services.refusal import Refused
from orchestration.services.rule_set import loaded

RECORD: Final = "orchestration.add_feedback"
LONGEST_NOTE: Final = 1_000
EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
MOST: Final = 100
"""So much a client may tell of one case, corrections included; people may always."""
AHEAD: Final = timedelta(minutes=1)
"""So far may the clock of whoever tells it be ahead of ours."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # all but tabs and line breaks


class NotDecided(Refused):
    """The case is not decided (yet)."""


class NotDeclared(Refused):
    """The workflow's published version declares no feedback values."""


class TooMuch(Refused):
    """The client told something else of the case so often that it cannot be meant."""


class Unfit(Refused):
    """`problems` lists what is wrong with the value, the moment and the note."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{one.pointer.strip('/').replace('_', ' ')} {one.detail}" for one in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class TakenIn:
    """`repeated`: it was told before, so nothing was added to what is on record."""

    feedback: Feedback
    repeated: bool


@dataclass(frozen=True, slots=True)
class Said:
    value: str
    happened_at: datetime | None
    note: str

    def is_of(self, feedback: Feedback) -> bool:
        """Does it say the same? What note it had is not known once that is erased, nor does it come back so."""
        same = (self.value, self.happened_at) == (feedback.value, feedback.happened_at)
        return same and (feedback.content.erased_at is not None or self.note == feedback.content.note)


def values_of(workflow: Workflow) -> tuple[str, ...]:
    """What can be told of the workflow's cases now, whichever version decided them: as its published version says."""
    return loaded(workflow.published_version_id).content.feedback if workflow.published_version_id else ()


def take_in(
    *,
    case: Case,
    value: str,
    happened_at: datetime | None = None,
    note: str = "",
    key: ApiKey | None = None,
    user: User | None = None,
    idempotency_key: str | None = None,
) -> TakenIn:
    """Record it, from a key of the case's client or from a person. Nothing else of the case changes.

    What says the same as the newest, or came with this idempotency key before, is a repeat; anything else supersedes
    the newest. A repeat's key is kept too: what is posted with it again stays a repeat. Needs the case's `workflow`
    loaded. Raises NotDecided, NotDeclared, Unfit, TooMuch, KeyReused; Refused where the person may not.
    """
    if user is not None and not user.has_perm(RECORD):
        raise Refused("You may not record feedback. Ask a Workflow Specialist.")
    note, values = note.replace("\r\n", "\n").strip(), values_of(case.workflow)
    said = Said(value, happened_at, note)
    with transaction.atomic():
        locked = Case.objects.select_for_update(no_key=True, of=("self",)).select_related("client").get(pk=case.pk)
        if locked.status != CaseStatus.DECIDED:
            raise NotDecided(_not_decided(CaseStatus(locked.status)))
        if idempotency_key and (earlier := _posted(locked, idempotency_key)):
            if not said.is_of(earlier):
                raise KeyReused("This Idempotency-Key was used before with other feedback on this case.")
            return TakenIn(earlier, repeated=True)
        newest = Feedback.objects.filter(case=locked).select_related("content").first()
        if newest and said.is_of(newest):
            taken_in = TakenIn(newest, repeated=True)
        elif not values:
            raise NotDeclared(_not_declared(case.workflow))
        elif problems := list(_problems(said, values)):
            raise Unfit(problems)
        elif key and Feedback.objects.filter(case=locked).count() >= MOST:
            raise TooMuch(f"Feedback on this case was told {MOST} times. A person can still correct it on its page.")
        else:
            taken_in = TakenIn(_recorded(locked, said, newest, key, user), repeated=False)
        if idempotency_key:
            FeedbackPost.objects.create(case=locked, idempotency_key=idempotency_key, feedback=taken_in.feedback)
    return taken_in


def with_told(decisions: QuerySet[Decision]) -> QuerySet[Decision]:
    """Each with the feedback that counts on its case as `told`, if there is any, within the same query."""
    joined = decisions.annotate(told=FilteredRelation("case__feedback"))
    return joined.filter(told__superseded_by=None).select_related("told__content")


def _posted(case: Case, idempotency_key: str) -> Feedback | None:
    posts = FeedbackPost.objects.filter(case=case, idempotency_key=idempotency_key)
    post = posts.select_related("feedback__content").first()
    return post.feedback if post else None


def _recorded(case: Case, said: Said, newest: Feedback | None, key: ApiKey | None, user: User | None) -> Feedback:
    feedback = Feedback.objects.create(
        case=case, value=said.value, happened_at=said.happened_at, key=key, user=user, supersedes=newest
    )
    feedback.content = FeedbackContent.objects.create(feedback=feedback, note=said.note)
    actor = user.get_username() if user else f"client: {case.client.name}"
    events = Events(case)
    events.add("feedback.received", actor=actor, user=user, about={"value": said.value, "corrects": newest is not None})
    Case.objects.filter(pk=case.pk).update(last_event=case.last_event)
    events.write()
    return feedback


def _problems(said: Said, values: tuple[str, ...]) -> Iterator[Problem]:
    happened_at, note = said.happened_at, said.note
    if said.value not in values:
        yield Problem("/value", f"must be one of {', '.join(values)}")
    if happened_at is not None and happened_at > timezone.now() + AHEAD:
        yield Problem("/happened_at", "is in the future; feedback tells what has happened")
    if happened_at is not None and happened_at < EARLIEST:
        yield Problem("/happened_at", f"is before {EARLIEST.year}")
    if len(note) > LONGEST_NOTE:
        yield Problem("/note", f"is longer than {LONGEST_NOTE:,} characters")
    if _CONTROL.search(note):
        yield Problem("/note", "holds a control character")


def _not_decided(status: CaseStatus) -> str:
    if status == CaseStatus.CANCELLED:
        return "The case was cancelled and never decided, so there is no decision to give feedback on."
    return f"The case is {status.label.lower()} and not decided yet. Send the feedback once it is decided."


def _not_declared(workflow: Workflow) -> str:
    return (
        f"The workflow {workflow.slug} takes no feedback. For it to do so, publish a version that lists the possible "
        "values under `feedback`, beside `outcomes`."
    )
