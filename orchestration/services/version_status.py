"""How a version changes its status: who may, from where to where, and only while it is what the person saw."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models.functions import Now

from orchestration.models import Approval, Verdict, VersionStatus, Workflow, WorkflowVersion
from orchestration.models.version_status import NEXT
from orchestration.services import api_key
from orchestration.services.refusal import Refused
from orchestration.services.version_event import record

APPROVE: Final = "orchestration.approve_workflowversion"
PUBLISH: Final = "orchestration.publish_workflowversion"
DRAFT: Final = "orchestration.change_workflowversion"
ADD: Final = "orchestration.add_workflowversion"


def found(version_id: int) -> WorkflowVersion:
    """The version with its workflow. Raises Refused when there is none (any more)."""
    version = WorkflowVersion.objects.select_related("workflow").filter(pk=version_id).first()
    if version is None:
        raise Refused("This version is gone: somebody discarded the draft.")
    return version


def locked(version_id: int) -> WorkflowVersion:
    """The version, its workflow and itself locked in this order until the transaction ends."""
    version = found(version_id)
    workflow = Workflow.objects.select_for_update(no_key=True).get(pk=version.workflow_id)
    version = WorkflowVersion.objects.select_for_update(no_key=True).filter(pk=version_id).first() or found(version_id)
    version.workflow = workflow
    return version


def sight(version: WorkflowVersion) -> str:
    """What a person sees when they look at a version: this content, and what is published beside it."""
    return f"{version.revision}-{version.digest[:20]}-{version.workflow.published_version_id or 0}"


def refuse_unseen(version: WorkflowVersion, seen: str | None) -> None:
    """`seen`: the `sight` the person had; None where nobody looked at a page."""
    if seen is None or seen == sight(version):
        return
    if seen.rpartition("-")[0] != sight(version).rpartition("-")[0]:
        raise Refused(f"Version {version.number} was changed since you opened this page. Read it again first.")
    raise Refused(
        "Another version was published since you opened this page. Read the difference to that one first, then go on."
    )


def refuse_own(version: WorkflowVersion, user: User, permission: str) -> None:
    """Four eyes: who wrote on a version or submitted it neither approves nor publishes it, superusers included."""
    verb = {APPROVE: "approve", PUBLISH: "publish"}[permission]
    if not user.has_perm(permission):
        raise Refused(f"You may not {verb} versions. Ask an Orchestration Architect.")
    if wrote_on(version, user):
        raise Refused(f"You wrote on this version, so somebody else must {verb} it.")


def wrote_on(version: WorkflowVersion, user: User) -> bool:
    return version.author_id == user.pk or version.contributors.filter(pk=user.pk).exists()


def refuse_unapproved(version: WorkflowVersion) -> Approval:
    """The approval that fits the version as it is, given by somebody who did not write on it."""
    approval = version.approvals.filter(verdict=Verdict.APPROVED).select_related("user").first()
    if approval is None:
        raise Refused(f"Nobody has approved version {version.number} yet.")
    if approval.digest != version.digest:
        raise Refused(f"The approval of version {version.number} is for other content than it has now.")
    if wrote_on(version, approval.user):
        raise Refused(f"Version {version.number} was approved by somebody who wrote on it, which does not count.")
    return approval


def move(version: WorkflowVersion, status: VersionStatus, **changes: Any) -> None:
    """Change the status, if the version is still what `version` says. Raises Refused, nothing changed, otherwise."""
    if status not in NEXT[version.status]:
        raise Refused(
            f"Version {version.number} is {version.get_status_display().lower()}, so it cannot become {status.value}."
        )
    same = WorkflowVersion.objects.filter(
        pk=version.pk, status=version.status, revision=version.revision, digest=version.digest
    )
    if not same.update(status=status, **changes):
        raise Refused(f"Somebody else was quicker: version {version.number} has changed. Look at it again.")
    version.refresh_from_db()


def put_in_place(
    version: WorkflowVersion, *, user: User | None, emergency: bool = False, actor: str = "command line"
) -> None:
    """Make a locked version the published one, and retire the one before. The caller has asked every question."""
    former = WorkflowVersion.objects.filter(workflow_id=version.workflow_id, status=VersionStatus.PUBLISHED).first()
    if former is not None:
        move(former, VersionStatus.RETIRED)
        record(former, "version.retired", user=user if actor == "command line" else None, actor=actor,
               about={"by": version.number})  # fmt: skip
    move(
        version,
        VersionStatus.PUBLISHED,
        published_at=Now(),
        published_by=user,
        emergency=emergency,
        publish_at=None,
        publish_over=None,
    )
    Workflow.objects.filter(pk=version.workflow_id).update(published_version=version)
    api_key.forget_all()
