"""Rows for tests, each with the least it needs; `small_workflow.publish` gives a whole published workflow."""

from collections.abc import Collection
from typing import Any

import factory
from django.contrib.auth.models import Group, User

from orchestration.models import Client, Queue, Workflow
from orchestration.services.api_key import SCOPES, create_key


class ClientFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Client

    name = factory.Sequence(lambda n: f"client {n}")


class UserFactory(factory.django.DjangoModelFactory):
    """`UserFactory(group="Orchestration Architect")` is in one of the four groups; the password is `secret`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person-{n}")
    password = factory.django.Password("secret")

    @factory.post_generation
    def group(self: Any, create: bool, name: str | None, **_: Any) -> None:
        if create and name:
            self.groups.add(Group.objects.get(name=name))


class WorkflowFactory(factory.django.DjangoModelFactory):
    """A workflow without any version."""

    class Meta:
        model = Workflow

    slug = factory.Sequence(lambda n: f"workflow-{n}")
    title = factory.LazyAttribute(lambda row: row.slug.replace("-", " ").capitalize())


class QueueFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Queue

    workflow = factory.SubFactory(WorkflowFactory)
    slug = "desk"
    title = "Desk"


def bearer(
    client: Client | None = None, *, scopes: Collection[str] = SCOPES, workflows: Collection[str] = (), **more: Any
) -> str:
    """A new key of the client, as the header `Authorization`."""
    owner = client or ClientFactory()
    _, text = create_key(name="for tests", scopes=scopes, client=owner.name, workflows=workflows, **more)
    return f"Bearer {text}"
