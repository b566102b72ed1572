"""From draft to approved: submitted with evidence, then approved, rejected or withdrawn; rolled back to."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from orchestration.models import Approval, Submission, Verdict, VersionStatus, WorkflowVersion
from orchestration.rules.parse import RuleError, version_from
from orchestration.services.evidence import Evidence, gathered
from orchestration.services.refusal import Refused
from orchestration.services.version import freeze, new_row, refuse_faults
from orchestration.services.version_event import record
from orchestration.services.version_status import (
    ADD,
    APPROVE,
    DRAFT,
    found,
    locked,
    move,
    refuse_own,
    refuse_unseen,
    sight,
    wrote_on,
)

LONGEST: Final = 10_000
"""Most characters of a note or comment."""


def submit(
    *, version_id: int, user: User, effect: str, warnings_note: str = "", seen: str | None = None
) -> WorkflowVersion:
    """Freeze a draft with its evidence and ask for approval. Whoever submits counts as having written on it.

    `seen` is the `sight` the person had. Raises Refused: errors, failing scenarios, nothing said about the effect
    or the warnings, changed meanwhile.
    """
    _refuse_drafting(user)
    version = found(version_id)
    _refuse_no_draft(version)
    refuse_unseen(version, seen)
    evidence = evidence_of(version)
    effect, warnings_note = _said(effect), _said(warnings_note)
    refuse_faults(evidence.findings, evidence.scenarios)
    if not effect:
        raise Refused("Say what you expect the change to do: whoever approves it reads this first.")
    if evidence.warnings and not warnings_note:
        raise Refused("There are warnings. Say why they are meant so, or mend what they name.")
    looked_at = sight(version)
    with transaction.atomic():
        version = locked(version_id)
        _refuse_no_draft(version)
        refuse_unseen(version, looked_at)
        _freeze(version, user, effect, warnings_note, evidence)
    return version


def withdraw(*, version_id: int, user: User, comment: str = "") -> WorkflowVersion:
    """Take a version back before it is published; it can be taken up again as a new draft."""
    with transaction.atomic():
        version = locked(version_id)
        if not (user.has_perm(DRAFT) and wrote_on(version, user)):
            raise Refused("Only who wrote on a version or submitted it withdraws it. You can reject it instead.")
        move(version, VersionStatus.WITHDRAWN, publish_at=None, publish_over=None)
        record(version, "version.withdrawn", user=user, note=_said(comment))
    return version


def approve(*, version_id: int, user: User, comment: str = "", seen: str | None = None) -> WorkflowVersion:
    """Say yes to exactly this content. Raises Refused to whoever wrote on it, superusers included."""
    with transaction.atomic():
        version = locked(version_id)
        refuse_own(version, user, APPROVE)
        if version.status != VersionStatus.SUBMITTED:
            raise Refused(_not_submitted(version, "approved"))
        refuse_unseen(version, seen)
        if version.submission.digest != version.digest:
            raise Refused(f"Version {version.number} is not what was submitted. It cannot be approved.")
        _verdict(version, user, Verdict.APPROVED, _said(comment))
    return version


def reject(*, version_id: int, user: User, comment: str) -> WorkflowVersion:
    """Say no, with the reason; an approval given before is taken back by it."""
    with transaction.atomic():
        version = locked(version_id)
        refuse_own(version, user, APPROVE)
        if not _said(comment):
            raise Refused("Say why: the author needs it to do better.")
        if version.status == VersionStatus.DRAFT:
            raise Refused(_not_submitted(version, "rejected"))
        _verdict(version, user, Verdict.REJECTED, _said(comment))
    return version


def roll_back(*, version_id: int, user: User, effect: str) -> WorkflowVersion:
    """A new version with the content of an earlier published one, submitted at once; somebody else approves it.

    The content stays to the letter what it was, so the agents' versions are those of then.
    """
    if not user.has_perm(ADD):
        raise Refused("You may not roll back. Ask an Orchestration Analyst or an Orchestration Architect.")
    _refuse_drafting(user)
    former = found(version_id)
    if former.status != VersionStatus.RETIRED:
        told = former.get_status_display().lower()
        raise Refused(f"Version {former.number} is {told}; a roll back leads to one that was published before.")
    effect = _said(effect)
    if not effect:
        raise Refused("Say why you roll back: whoever approves it reads this first.")
    evidence = evidence_of(former)
    refuse_faults(evidence.findings, evidence.scenarios)
    try:
        freeze(version_from(former.content))  # only to hear that its agents are there
    except RuleError as error:
        raise Refused(f"Version {former.number} cannot run here any more. {error.problems[0].detail}") from None
    with transaction.atomic():
        note = f"Roll back to version {former.number}"
        version = new_row(workflow=former.workflow, document=former.content, note=note, user=user, restores=former)
        record(version, "version.rolled_back", user=user, about={"to": former.number})
        warned = f"Version {former.number} was published with them before." if evidence.warnings else ""
        _freeze(locked(version.pk), user, effect, warned, evidence)
    version.refresh_from_db()
    return version


def evidence_of(version: WorkflowVersion) -> Evidence:
    """Taken now. Raises Refused when the content cannot be read."""
    try:
        return gathered(version_from(version.content), version.workflow)
    except RuleError as error:
        raise Refused(f"Version {version.number} cannot be read: {error.problems[0].detail}") from None


def _freeze(version: WorkflowVersion, user: User, effect: str, warnings_note: str, evidence: Evidence) -> None:
    if user.pk != version.author_id:
        version.contributors.add(user)
    move(version, VersionStatus.SUBMITTED)
    Submission.objects.create(
        version=version,
        digest=version.digest,
        user=user,
        effect=effect,
        warnings_note=warnings_note,
        compared_with=version.workflow.published_version,
        evidence=evidence.document(),
    )
    record(version, "version.submitted", user=user, note=effect)


def _verdict(version: WorkflowVersion, user: User, verdict: Verdict, comment: str) -> None:
    approved = verdict == Verdict.APPROVED
    status = VersionStatus.APPROVED if approved else VersionStatus.REJECTED
    move(version, status, publish_at=None, publish_over=None, approved_by=user if approved else None)
    Approval.objects.create(version=version, verdict=verdict, digest=version.digest, user=user, comment=comment)
    record(version, f"version.{verdict.value}", user=user, note=comment)


def _refuse_drafting(user: User) -> None:
    if not user.has_perm(DRAFT):
        raise Refused("You may not submit versions. Ask an Orchestration Analyst.")


def _refuse_no_draft(version: WorkflowVersion) -> None:
    if version.status != VersionStatus.DRAFT:
        raise Refused(f"Version {version.number} is {version.get_status_display().lower()}; only a draft is submitted.")


def _not_submitted(version: WorkflowVersion, verb: str) -> str:
    return f"Version {version.number} is {version.get_status_display().lower()}; only a submitted version is {verb}."


def _said(text: str) -> str:
    text = text.strip().replace("\x00", "")
    if len(text) > LONGEST:
        raise Refused(f"That is {len(text):,} characters long; at most {LONGEST:,} are possible.")
    return text
