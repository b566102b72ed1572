"""The pages of agents, secrets and comparisons open for those who may see them, and change things for those who may."""

from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from orchestration.models import AgentState, Secret, Workflow
from tests.admin.conftest import text_of

pytestmark = pytest.mark.django_db
AGENT = "test.echo"


@pytest.mark.parametrize("name", ["agents", "secrets", "agent", "agent-compare"])
def test_the_pages_open(name: str, post: Any, arnes: Browser) -> None:
    post(reference="A-1")
    given = [AGENT] if name.startswith("agent-") or name == "agent" else []
    assert arnes.get(reverse(f"admin:orchestration_{name}", args=given)).status_code == 200


def test_only_those_who_manage_agents_switch_them(greeting: Workflow, sams: Browser, arnes: Browser) -> None:
    url = reverse("admin:orchestration_agent-action", args=[AGENT, "switch"])
    assert sams.post(url, {"on": "0", "reason": "It lies"}).status_code == 403
    assert not AgentState.objects.filter(agent=AGENT, enabled=False).exists()
    arnes.post(url, {"on": "0", "reason": "It lies"})
    assert AgentState.objects.get(agent=AGENT).enabled is False


def test_a_secret_is_set_and_never_shown(arnes: Browser) -> None:
    url = reverse("admin:orchestration_secrets")
    arnes.post(url, {"action": "add", "name": "bank-key", "value": "hush-hush-hush", "note": "of the bank"})
    assert Secret.objects.get().name == "bank-key"
    assert "hush-hush-hush" not in text_of(arnes.get(url))
