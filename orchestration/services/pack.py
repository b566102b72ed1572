"""Workflow packs: one YAML file in, the same bytes out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction

from orchestration.facts import digest
from orchestration.models import Queue, Workflow, WorkflowVersion
from orchestration.rules.pack import Pack, dump, load, place_in_pack
from orchestration.rules.parse import RuleError, version_from, version_to
from orchestration.services import version as versions

SETTINGS: Final = ("title", "objective", "autonomy", "qa_sample_rate", "service_levels", "baseline")


@dataclass(frozen=True, slots=True)
class Imported:
    workflow: Workflow
    version: WorkflowVersion
    new: bool  # false: an identical version was there already


def import_pack(*, text: str, user: User | None = None) -> Imported:
    """Read a pack, make or change its workflow and queues, and add its version as a draft unless it is there.

    How much a workflow that is there decides by itself stays as people set it. Raises RuleError with every error
    and its place in the pack; nothing is stored then.
    """
    pack = load(text)
    try:
        return _imported(pack, user)
    except RuleError as error:
        raise RuleError([replace(one, pointer=place_in_pack(one.pointer)) for one in error.problems]) from None


def export_pack(*, workflow: Workflow, version: WorkflowVersion | None = None) -> str:
    """The workflow with one of its versions, by default the published one, else the newest."""
    version = version or workflow.published_version or workflow.versions.order_by("-number").first()
    if version is None:
        raise WorkflowVersion.DoesNotExist(f"The workflow {workflow.slug} has no version yet.")
    settings: dict[str, Any] = {"slug": workflow.slug, **{name: getattr(workflow, name) for name in SETTINGS}}
    queues = tuple(
        {"slug": queue.slug, "title": queue.title, **({"skills": queue.skills} if queue.skills else {})}
        for queue in workflow.queues.order_by("position", "slug")
    )
    return dump(Pack(settings, queues, version.note, version_from(version.content)))


def _imported(pack: Pack, user: User | None) -> Imported:
    given = {name: pack.workflow[name] for name in SETTINGS if name in pack.workflow}
    frozen = versions.freeze(version_from(version_to(pack.content)))  # asks plugins, so no transaction is open yet
    with transaction.atomic():
        workflow, _ = Workflow.objects.update_or_create(
            slug=pack.workflow["slug"],
            defaults={name: given[name] for name in given if name != "autonomy"},
            create_defaults=given,
        )
        for position, queue in enumerate(pack.queues):
            Queue.objects.update_or_create(
                workflow=workflow,
                slug=queue["slug"],
                defaults={"title": queue["title"], "skills": queue.get("skills", []), "position": position},
            )
        content = versions.passed(frozen, workflow)
        same = workflow.versions.filter(digest=digest(version_to(content))).order_by("-number").first()
        if same is not None:
            return Imported(workflow, same, new=False)
        return Imported(
            workflow, versions.draft_of(workflow=workflow, content=content, note=pack.note, user=user), new=True
        )
