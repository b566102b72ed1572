"""What the demo sets up: users, a key, the bundled workflows; refused on a production setting."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import Group, User

from orchestration.agents.registry import WORKFLOWS, registry
from orchestration.models import ApiKey, VersionStatus, Workflow
from orchestration.rules.pack import load
from orchestration.services import approval, pack, version
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


def set_up() -> list[Workflow]:
    """Users, key and published workflows, made where they are missing. Raises Refused outside a demo."""
    if not settings.DEMO:
        raise Refused("The demo makes users with a known password, so it runs only with DEMO=1.")
    users = {name: _user(name, *about) for name, about in USERS.items()}
    if not ApiKey.objects.filter(hashed=hashed(API_KEY)).exists():
        create_key(name="demo", scopes=SCOPES, secret=API_KEY)
    return [_published(found.path.read_text(), users) for found in registry().workflows.values()]


def samples(name: str, *, seed: int, count: int) -> list[dict[str, Any]]:
    """Sample cases of a bundled workflow, from its package's `samples.sample_cases(seed, count)`; none without it."""
    (found,) = entry_points(group=WORKFLOWS, name=name)
    try:
        module = import_module(f"{found.value}.samples")
    except ModuleNotFoundError:
        return []
    slug = load(registry().workflows[name].path.read_text()).workflow["slug"]
    return [{"workflow": slug, **case} for case in module.sample_cases(seed, count)]


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
