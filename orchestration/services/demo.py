"""What the demo sets up: users, a key, the bundled workflows; refused on a production setting."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db.models import Count

from orchestration.agents.registry import registry
from orchestration.models import (
    ApiKey,
    Case,
    CaseStatus,
    VersionStatus,
    Workflow,
    WorkItem,
    WorkItemKind,
    WorkItemStatus,
)
from orchestration.models.case import UNDECIDED
from orchestration.services import approval, pack, sample_stream, version
from orchestration.services.api_key import SCOPES, create_key, hashed
from orchestration.services.refusal import Refused

PASSWORD: Final = "conductor"  # noqa: S105 - the demo's own, printed for everyone to see
API_KEY: Final = "conductor-demo-key"
USERS: Final = {
    "specialist": ("Sam", "Weber", "Workflow Specialist"),
    "analyst": ("Ana", "Lima", "Orchestration Analyst"),
    "architect": ("Arne", "Holm", "Orchestration Architect"),
    "head": ("Hanna", "Okafor", "Head of AI Operations"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """`waiting`: for a time, an answer or an agent. `with_people`: how many cases by the queue they are in."""

    title: str
    decided: int
    waiting: int
    with_people: dict[str, int]

    def __str__(self) -> str:
        held = ", ".join(f"{queue} {number}" for queue, number in self.with_people.items())
        parts = [
            f"{self.decided} decided",
            f"{sum(self.with_people.values())} with a person" + (f" ({held})" if held else ""),
        ]
        return f"{self.title}: " + ", ".join(parts + ([f"{self.waiting} waiting"] if self.waiting else []))


def set_up() -> list[Workflow]:
    """Users, key and published workflows, made where they are missing. Raises Refused outside a demo."""
    if not settings.DEMO:
        raise Refused("The demo makes users with a known password, so it runs only with DEMO=1.")
    users = {name: _user(name, *about) for name, about in USERS.items()}
    if not ApiKey.objects.filter(hashed=hashed(API_KEY)).exists():
        create_key(name="demo", scopes=SCOPES, secret=API_KEY)
    return [_published(found.path.read_text(), users) for found in registry().workflows.values()]


def samples(name: str, *, seed: int, count: int) -> list[dict[str, Any]]:
    """The first sample cases of a bundled workflow; none where its package has none."""
    found = sample_stream.of_workflow(name)
    return [{"workflow": found.slug, **case} for case in found.draw(seed, count)] if found else []


def standings() -> list[Standing]:
    """What has become of the cases so far, by workflow."""
    cases = Case.objects.order_by().values_list("workflow", "status").annotate(found=Count("pk"))
    statuses = Counter({(workflow, status): found for workflow, status, found in cases})
    kinds = (WorkItemKind.ESCALATION, WorkItemKind.APPROVAL)
    held = WorkItem.objects.filter(status=WorkItemStatus.OPEN, kind__in=kinds)
    queues = list(held.values_list("case__workflow", "queue__title").annotate(found=Count("pk")).order_by("-found"))
    return [
        Standing(
            title=workflow.title,
            decided=statuses[workflow.pk, CaseStatus.DECIDED],
            waiting=sum(statuses[workflow.pk, status] for status in UNDECIDED if status != CaseStatus.ESCALATED),
            with_people={queue or "no queue": found for pk, queue, found in queues if pk == workflow.pk},
        )
        for workflow in Workflow.objects.order_by("title")
    ]


def _user(name: str, first: str, last: str, group: str) -> User:
    user, new = User.objects.get_or_create(
        username=name, defaults={"first_name": first, "last_name": last, "is_staff": True}
    )
    if new:
        user.set_password(PASSWORD)
        user.save()
    user.groups.add(Group.objects.get(name=group))
    return user


def _published(text: str, users: dict[str, User]) -> Workflow:
    """The pack's version, drafted by the analyst, approved and published by the architect, unless it is there."""
    imported = pack.import_pack(text=text, user=users["analyst"])
    if imported.version.status == VersionStatus.DRAFT and imported.workflow.published_version_id is None:
        approval.submit(
            version_id=imported.version.pk,
            user=users["analyst"],
            effect="The first rules of this workflow.",
            warnings_note="Known, and meant so.",
        )
        approval.approve(version_id=imported.version.pk, user=users["architect"], comment="Good for a start.")
        version.publish(version_id=imported.version.pk, user=users["architect"])
    return imported.workflow
