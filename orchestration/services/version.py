"""Versions: drafted, checked, published; a version's author never publishes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from orchestration.agents.found import Refused as Unusable
from orchestration.agents.frozen import frozen_step
from orchestration.agents.registry import registry
from orchestration.engine.compile import compile_version
from orchestration.engine.scenario import ScenarioResult, run_scenario
from orchestration.facts import Problem, digest
from orchestration.models import VersionEvent, VersionStatus, Workflow, WorkflowVersion
from orchestration.models.version_status import NEXT
from orchestration.rules.check import Finding, check
from orchestration.rules.difference import changed_parts
from orchestration.rules.language import VersionContent
from orchestration.rules.operators import parse_duration
from orchestration.rules.parse import RuleError, version_from, version_to
from orchestration.services.refusal import Refused
from orchestration.services.run import MARGIN
from orchestration.services.secret import secret_findings
from orchestration.services.version_event import record
from orchestration.services.version_status import (
    DRAFT,
    PUBLISH,
    found,
    locked,
    put_in_place,
    refuse_own,
    refuse_unapproved,
    refuse_unseen,
    wrote_on,
)

__all__ = [
    "DRAFT",
    "PUBLISH",
    "checked",
    "draft_of",
    "findings",
    "freeze",
    "mark_reviewed",
    "new_draft",
    "new_row",
    "passed",
    "publish",
    "refuse_faults",
    "refuse_faulty",
    "save_draft",
    "scenario_results",
]


def freeze(content: VersionContent) -> VersionContent:
    """The content with each step's agent version and schemas as installed now, so that evaluating needs no plugin.

    Raises RuleError naming the steps whose agent is not installed, or makes no output schema of its configuration.
    """
    installed = registry().agents
    missing = [step for step in content.agents if step.use not in installed]
    if missing:
        raise RuleError(
            tuple(
                Problem(
                    f"/agents/{step.name}/use",
                    registry().why_not(step.use),
                )
                for step in missing
            )
        )
    steps, unclear = [], []
    for step in content.agents:
        try:
            steps.append(frozen_step(step, installed[step.use]))
        except Unusable as fault:
            unclear.append(Problem(f"/agents/{step.name}/config", str(fault)))
    if unclear:
        raise RuleError(tuple(unclear))
    return replace(content, agents=tuple(steps))


def findings(content: VersionContent, workflow: Workflow) -> tuple[Finding, ...]:
    """What is wrong (errors) and doubtful (warnings) about a version of this workflow."""
    queues = set(workflow.queues.values_list("slug", flat=True))
    workflows = set(Workflow.objects.values_list("slug", flat=True))
    return (*check(content, queues=queues, workflows=workflows), *secret_findings(content))


def new_draft(
    *, workflow: Workflow, data: Mapping[str, Any], note: str = "", user: User | None = None
) -> WorkflowVersion:
    """A new draft with this content. Raises RuleError, nothing stored, when it cannot be read, checked or compiled."""
    return draft_of(workflow=workflow, content=checked(data, workflow), note=note, user=user)


def draft_of(*, workflow: Workflow, content: VersionContent, note: str, user: User | None) -> WorkflowVersion:
    """A new draft with this content, which has passed its checks."""
    with transaction.atomic():
        version = new_row(workflow=workflow, document=version_to(content), note=note, user=user)
        record(version, "version.created", user=user, note=note)
    return version


def new_row(
    *,
    workflow: Workflow,
    document: Mapping[str, Any],
    note: str,
    user: User | None,
    restores: WorkflowVersion | None = None,
) -> WorkflowVersion:
    """The next draft of the workflow, within the caller's transaction. A number is never used twice."""
    Workflow.objects.select_for_update(no_key=True).get(pk=workflow.pk)
    last = workflow.versions.aggregate(last=Max("number"))["last"] or 0
    told = VersionEvent.objects.filter(workflow=workflow).aggregate(last=Max("number"))["last"] or 0
    return WorkflowVersion.objects.create(
        workflow=workflow,
        number=max(last, told) + 1,
        note=note,
        content=document,
        digest=digest(document),
        author=user,
        restores=restores,
    )


def save_draft(*, version_id: int, data: Mapping[str, Any], note: str, revision: int, user: User) -> WorkflowVersion:
    """Change a draft. `revision` is the one the person saw; Refused when somebody saved another since.

    Raises RuleError as `new_draft` does.
    """
    version = WorkflowVersion.objects.select_related("workflow").get(pk=version_id)
    document = version_to(checked(data, version.workflow))
    with transaction.atomic():
        changed = WorkflowVersion.objects.filter(pk=version_id, status=VersionStatus.DRAFT, revision=revision)
        if not changed.update(content=document, digest=digest(document), note=note, revision=revision + 1):
            version.refresh_from_db()
            if version.status != VersionStatus.DRAFT:
                raise Refused(f"Version {version.number} is {version.get_status_display().lower()} and never changes.")
            raise Refused(
                "Somebody else saved this draft while you edited it. Copy your text, reload, and join the two."
            )
        if user.pk != version.author_id:
            version.contributors.add(user)
        record(version, "version.edited", user=user, about={"parts": changed_parts(version.content, document)})
    version.refresh_from_db()
    return version


def publish(*, version_id: int, user: User | None, seen: str | None = None) -> WorkflowVersion:
    """Make this the version that new cases start with. Cases under way keep theirs.

    A person publishes what somebody else wrote and an approval covers; `seen` is the `sight` they had of it. `user`
    None is an operator at the command line, in an emergency: approved or not, and shown in red until reviewed.
    Raises Refused: not allowed, not approved, errors, scenarios that fail.
    """
    version = found(version_id)
    if user is not None:
        refuse_own(version, user, PUBLISH)
    _refuse_status(version, emergency=user is None)
    refuse_faulty(version)
    looked_at = version.revision
    with transaction.atomic():
        version = locked(version_id)
        _refuse_status(version, emergency=user is None)
        if version.revision != looked_at:
            raise Refused(f"Version {version.number} was changed just now. Look at it again.")
        if user is None:
            put_in_place(version, user=None, emergency=True)
            record(version, "version.published_in_emergency")
        else:
            refuse_own(version, user, PUBLISH)
            refuse_unseen(version, seen)
            refuse_unapproved(version)
            put_in_place(version, user=user)
            record(version, "version.published", user=user)
    return version


def refuse_faulty(version: WorkflowVersion) -> None:
    """What has an error or a failing scenario is neither submitted nor published."""
    content = version_from(version.content)
    refuse_faults(findings(content, version.workflow), scenario_results(content))


def refuse_faults(found: Sequence[Finding], results: Sequence[ScenarioResult]) -> None:
    errors = [finding for finding in found if finding.severity == "error"]
    if errors:
        raise Refused(f"The version has {len(errors)} errors. The first: {errors[0].message}")
    failed = [result for result in results if not result.passed]
    if failed:
        raise Refused(f"{len(failed)} scenarios fail. The first: {failed[0].title}: {failed[0].message}")


def mark_reviewed(*, version_id: int, user: User, note: str = "") -> None:
    """Somebody who may publish, and did not write on it, has looked at an emergency publication."""
    with transaction.atomic():
        version = locked(version_id)
        if not user.has_perm(PUBLISH):
            raise Refused("You may not review publications. Ask an Orchestration Architect.")
        if wrote_on(version, user):
            raise Refused("You wrote on this version, so somebody else must review its publication.")
        waiting = WorkflowVersion.objects.filter(pk=version_id, emergency=True, reviewed_at=None)
        if not waiting.update(reviewed_at=Now(), reviewed_by=user):
            raise Refused("There is nothing to review: it was no emergency, or somebody has reviewed it already.")
        record(version, "version.reviewed", user=user, note=note)


def scenario_results(content: VersionContent) -> list[ScenarioResult]:
    rule_set = compile_version(content)
    try:
        return [run_scenario(rule_set, scenario) for scenario in content.scenarios]
    finally:
        rule_set.close()


def checked(data: Mapping[str, Any], workflow: Workflow) -> VersionContent:
    """Read, freeze, check and compile; raises RuleError with every error."""
    return passed(freeze(version_from(data)), workflow)


def passed(content: VersionContent, workflow: Workflow) -> VersionContent:
    """The frozen content, checked and compiled without asking a plugin; raises RuleError with every error."""
    errors = [
        Problem(found.pointer, found.message) for found in findings(content, workflow) if found.severity == "error"
    ]
    longest = timedelta(seconds=settings.Q_CLUSTER["timeout"]) - MARGIN
    errors += [
        Problem(f"/agents/{step.name}/timeout", f"A step may take {longest.total_seconds():g} s here (TASK_TIMEOUT).")
        for step in content.agents
        if parse_duration(step.timeout) > longest
    ]
    if errors:
        raise RuleError(tuple(errors))
    compile_version(content).close()
    return content


def _refuse_status(version: WorkflowVersion, *, emergency: bool) -> None:
    if version.status == VersionStatus.PUBLISHED:
        raise Refused(f"Version {version.number} is published already.")
    if VersionStatus.PUBLISHED not in NEXT[version.status]:
        told = version.get_status_display().lower()
        raise Refused(f"Version {version.number} is {told} and cannot be published. Make a new draft from it.")
    if not emergency and version.status not in (VersionStatus.APPROVED, VersionStatus.SCHEDULED):
        told = version.get_status_display().lower()
        raise Refused(f"Version {version.number} is {told}; only an approved version is published.")
