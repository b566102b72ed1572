"""People of the four groups in their browsers, and cases for them to look at."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser

from orchestration.models import Case, Workflow, WorkItem
from orchestration.services import case as cases
from tests.factories import ClientFactory, UserFactory

GROUPS = {
    "specialist": "Workflow Specialist",
    "analyst": "Orchestration Analyst",
    "architect": "Orchestration Architect",
    "head": "Head of AI Operations",
}


def person(role: str, **more: Any) -> User:
    """Somebody of the group; `root` is a superuser, `nobody` has no group."""
    if role == "root":
        return UserFactory(username=role, is_staff=True, is_superuser=True, **more)
    return UserFactory(username=role, is_staff=True, group=GROUPS.get(role), **more)


def browser_of(user: User) -> Browser:
    browser = Browser()
    browser.force_login(user)
    return browser


@pytest.fixture
def ana(db: Any) -> User:
    """An Orchestration Analyst."""
    return person("analyst", first_name="Ana", last_name="Lima")


@pytest.fixture
def anas(ana: User) -> Browser:
    return browser_of(ana)


@pytest.fixture
def sam(db: Any) -> User:
    """A Workflow Specialist."""
    return person("specialist", first_name="Sam", last_name="Weber")


@pytest.fixture
def arne(db: Any) -> User:
    """An Orchestration Architect."""
    return person("architect", first_name="Arne", last_name="Holm")


@pytest.fixture
def sams(sam: User) -> Browser:
    return browser_of(sam)


@pytest.fixture
def arnes(arne: User) -> Browser:
    return browser_of(arne)


@pytest.fixture
def roots(db: Any) -> Browser:
    return browser_of(person("root"))


@pytest.fixture
def post(greeting: Workflow) -> Callable[..., Case]:
    """post(text="hi", reference="A-1"): a case of `greeting`; `rude=True` gives it to a person."""
    client = ClientFactory(name="bank")

    def call(*, reference: str = "", workflow: Workflow = greeting, **payload: Any) -> Case:
        payload = {"text": "hi", **payload}
        accepted = cases.accept(client=client, workflow=workflow, payload=payload, reference=reference, decide_now=True)
        return Case.objects.get(pk=accepted.case.pk)

    return call


@pytest.fixture
def escalate(post: Callable[..., Case]) -> Callable[..., WorkItem]:
    """escalate(reference="A-1"): the open work item of a rude case."""

    def call(**given: Any) -> WorkItem:
        return WorkItem.objects.get(case=post(rude=True, **given))

    return call


def text_of(answer: Any) -> str:
    return answer.content.decode()
