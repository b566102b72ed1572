"""The sidebar shows each person what they may use."""

import pytest
from django.test import Client as Browser
from django.urls import reverse

from orchestration.models import Workflow

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("browser", "links"),
    [
        ("sams", {"agents": True, "secrets": False}),  # a specialist reads about agents, and keeps no secrets
        ("anas", {"agents": True, "secrets": True}),  # an analyst names secrets in drafts
        ("arnes", {"agents": True, "secrets": True}),
    ],
)
def test_links_to_agents_and_secrets(
    request: pytest.FixtureRequest, greeting: Workflow, browser: str, links: dict[str, bool]
) -> None:
    page: Browser = request.getfixturevalue(browser)
    text = page.get(reverse("admin:index")).content.decode()
    assert {name: f'href="{reverse(f"admin:orchestration_{name}")}"' in text for name in links} == links
