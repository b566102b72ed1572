"""Versions: drafted, checked, published; a version's author never publishes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils import timezone

from orchestration.agents.registry import registry
from orchestration.engine.compile import compile_version
from orchestration.engine.scenario import ScenarioResult, run_scenario
from orchestration.facts import Problem, digest
from orchestration.models import VersionStatus, Workflow, WorkflowVersion
from orchestration.rules.check import Finding, check
from orchestration.rules.language import VersionContent
from orchestration.rules.operators import parse_duration
from orchestration.rules.parse import RuleError, version_from, version_to
from orchestration.services.refusal import Refused
from orchestration.services.run import MARGIN

PUBLISH = "orchestration.publish_workflowversion"
DRAFT = "orchestration.change_workflowversion"


def freeze(content: VersionContent) -> VersionContent:
    """The content with each step's agent version and schemas as installed now, so that evaluating needs no plugin.

    Raises RuleError naming the steps whose agent is not installed.
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
    return replace(content, agents=tuple(_frozen_step(step, installed[step.use]) for step in content.agents))


def findings(content: VersionContent, workflow: Workflow) -> tuple[Finding, ...]:
    """What is wrong (errors) and doubtful (warnings) about a version of this workflow."""
    queues = set(workflow.queues.values_list("slug", flat=True))
    workflows = set(Workflow.objects.values_list("slug", flat=True))
    return check(content, queues=queues, workflows=workflows)


def new_draft(
    *, workflow: Workflow, data: Mapping[str, Any], note: str = "", user: User | None = None
) -> WorkflowVersion:
    """A new draft with this content. Raises RuleError, nothing stored, when it cannot be read, checked or compiled."""
    content = checked(data, workflow)
    with transaction.atomic():
        Workflow.objects.select_for_update(no_key=True).get(pk=workflow.pk)
        last = workflow.versions.aggregate(last=Max("number"))["last"] or 0
        document = version_to(content)
        version = WorkflowVersion.objects.create(
            workflow=workflow, number=last + 1, note=note, content=document, digest=digest(document), author=user
        )
    return version


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
    version.refresh_from_db()
    return version


def publish(*, version_id: int, user: User | None, revision: int | None = None) -> WorkflowVersion:
    """Make this the version that new cases start with. Cases under way keep theirs.

    `revision` is the one the person read; Refused when the draft was saved since. `user` None is an operator at the
    command line: recorded as an emergency, and shown as unreviewed.
    Raises Refused: not allowed, its own author or contributor, errors, scenarios that fail.
    """
    with transaction.atomic():
        version = WorkflowVersion.objects.select_related("workflow").get(pk=version_id)
        workflow = Workflow.objects.select_for_update(no_key=True).get(pk=version.workflow_id)
        version = (
            WorkflowVersion.objects.select_for_update(no_key=True, of=("self",))
            .select_related("workflow")
            .get(pk=version_id)
        )
        if version.status != VersionStatus.DRAFT:
            raise Refused(
                f"Version {version.number} is {version.get_status_display().lower()}; only a draft is published."
            )
        if user is not None:
            refuse_own(version, user)
        if revision is not None and version.revision != revision:
            raise Refused("The draft was changed since you opened it. Read it again before you publish it.")
        refuse_faulty(version)
        WorkflowVersion.objects.filter(workflow=workflow, status=VersionStatus.PUBLISHED).update(
            status=VersionStatus.RETIRED
        )
        WorkflowVersion.objects.filter(pk=version.pk).update(
            status=VersionStatus.PUBLISHED, published_at=Now(), published_by=user, emergency=user is None
        )
        Workflow.objects.filter(pk=workflow.pk).update(published_version=version)
    version.refresh_from_db()
    return version


def refuse_own(version: WorkflowVersion, user: User) -> None:
    """Four eyes: who wrote on a version does not publish it, superusers included."""
    if not user.has_perm(PUBLISH):
        raise Refused("You may not publish versions. Ask an Orchestration Architect.")
    if version.author_id == user.pk or version.contributors.filter(pk=user.pk).exists():
        raise Refused("You wrote on this version, so somebody else must publish it.")


def refuse_faulty(version: WorkflowVersion) -> None:
    content = version_from(version.content)
    errors = [finding for finding in findings(content, version.workflow) if finding.severity == "error"]
    if errors:
        raise Refused(f"The version has {len(errors)} errors. The first: {errors[0].message}")
    failed = [result for result in scenario_results(content) if not result.passed]
    if failed:
        raise Refused(f"{len(failed)} scenarios fail. The first: {failed[0].title}: {failed[0].message}")


def mark_reviewed(*, version_id: int, user: User) -> None:
    """Somebody who may publish has looked at an emergency publication."""
    if not user.has_perm(PUBLISH):
        raise Refused("You may not review publications. Ask an Orchestration Architect.")
    WorkflowVersion.objects.filter(pk=version_id, emergency=True, reviewed_at=None).update(
        reviewed_at=timezone.now(), reviewed_by=user
    )


def scenario_results(content: VersionContent) -> list[ScenarioResult]:
    rule_set = compile_version(content)
    try:
        return [run_scenario(rule_set, scenario) for scenario in content.scenarios]
    finally:
        rule_set.close()


def checked(data: Mapping[str, Any], workflow: Workflow) -> VersionContent:
    """Read, freeze, check and compile; raises RuleError with every error."""
    content = freeze(version_from(data))
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


def _frozen_step(step: Any, found: Any) -> Any:
    return replace(
        step,
        agent_version=found.version,
        input_schema=found.input_schema,
        output_schema=found.output_schema,
        inline=found.inline,
    )
