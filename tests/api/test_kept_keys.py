"""A process that takes cases in reads a key and its workflow once a second; what it changes itself counts at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orchestration.models import ApiKey, Autonomy, Client, Workflow
from orchestration.services import api_key
from orchestration.services.api_key import create_key, find_key, revoke
from orchestration.services.workflow import set_autonomy
from tests.api.conftest import Call, api_of
from tests.factories import UserFactory, bearer
from tests.small_workflow import publish, publish_again

pytestmark = pytest.mark.usefixtures("greeting")


@pytest.fixture
def a_second_later(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda: monkeypatch.setattr(api_key, "KEPT_FOR", 0.0)


def asked_for_the_key(post: Call) -> bool:
    with CaptureQueriesContext(connection) as queries:
        assert post().status_code == 201
    return any("orchestration_apikey" in query["sql"] for query in queries)


def test_the_key_is_read_once_a_second(post: Call, a_second_later: Any) -> None:
    assert [asked_for_the_key(post) for _ in range(3)] == [True, False, False]
    a_second_later()
    assert asked_for_the_key(post)


@pytest.mark.parametrize("changed", [{"revoked_at": timezone.now()}, {"scopes": ["cases:read"]}])
def test_what_another_process_changes_counts_a_second_later(post: Call, a_second_later: Any, changed: Any) -> None:
    assert post().status_code == 201
    ApiKey.objects.update(**changed)
    assert post().status_code == 201
    a_second_later()
    assert post().status_code in (401, 403)


def test_a_key_revoked_here_is_refused_at_once(post: Call) -> None:
    assert post().status_code == 201
    revoke(key_id=ApiKey.objects.get().pk)
    assert post().status_code == 401


def test_a_workflow_paused_here_holds_the_next_case(post: Call, greeting: Workflow) -> None:
    assert post().json()["status"] == "decided"
    set_autonomy(workflow_id=greeting.pk, autonomy=Autonomy.PAUSED, user=UserFactory(group="Orchestration Architect"))
    assert post(wait=None).json()["status"] == "held"


def test_a_version_published_here_decides_the_next_case(post: Call, greeting: Workflow) -> None:
    assert post().json()["version"] == 1
    publish_again(greeting)
    assert post().json()["version"] == 2


def test_a_key_that_expires_within_the_second_is_refused() -> None:
    _, text = create_key(name="short", scopes=["cases:write"], expires_at=timezone.now() + timedelta(hours=1))
    key = find_key(text, workflow="greeting")
    assert key is not None
    assert find_key(text, workflow="greeting") is key
    key.expires_at = timezone.now() - timedelta(seconds=1)
    key.save()
    assert find_key(text, workflow="greeting") is None


def test_a_workflow_that_comes_within_the_second_is_found(post: Call) -> None:
    assert post(workflow="other").status_code == 404
    publish(slug="other")
    assert post(workflow="other").status_code == 201


def test_keys_and_workflows_are_kept_apart(bank: Client) -> None:
    publish(slug="other")
    everywhere, here = api_of(bearer(bank)), api_of(bearer(bank, workflows=["greeting"]))

    def statuses(workflow: str) -> list[int]:
        body = {"workflow": workflow, "payload": {"text": "Hi"}}
        return [api.post("/api/v1/cases", body, format="json").status_code for api in (everywhere, here)]

    assert [statuses(slug) for slug in ("greeting", "other") * 2] == [[201, 201], [201, 403]] * 2


def test_a_process_keeps_only_so_many(bank: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_key, "MOST_KEPT", 2)
    texts = [create_key(name=f"key {n}", scopes=["cases:write"], client=bank.name)[1] for n in range(5)]
    assert all(find_key(text, workflow="greeting") for text in texts)
    assert len(api_key._kept) <= 2
