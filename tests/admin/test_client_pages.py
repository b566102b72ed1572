"""Clients, API keys shown once, and webhook endpoints."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from orchestration.models import ApiKey, Client, WebhookEndpoint, Workflow
from orchestration.services.api_key import create_key, find_key
from tests.admin.conftest import text_of
from tests.factories import ClientFactory

pytestmark = pytest.mark.django_db
NEW = "/admin/orchestration/apikey/new/"


def given(**changed: Any) -> dict[str, Any]:
    return {"client": "bank", "name": "production", "scopes": ["cases:write", "cases:read"], **changed}


def test_a_new_key_is_shown_once_and_works(greeting: Workflow, arnes: Browser) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    shown = arnes.post(NEW, given(workflows=[greeting.pk], expires_on=tomorrow.isoformat()))
    text = shown.context["text"]
    assert f">{text}</pre>" in text_of(shown)
    assert "no-store" in shown.headers["Cache-Control"]
    key = find_key(text)
    assert key is not None
    assert (key.client.name, key.name, key.scopes) == ("bank", "production", ["cases:read", "cases:write"])
    assert timezone.localdate(key.expires_at) == tomorrow
    assert list(key.workflows.all()) == [greeting]
    for page in ("changelist", "change"):
        args = [key.pk] if page == "change" else []
        again = text_of(arnes.get(reverse(f"admin:orchestration_apikey_{page}", args=args)))
        assert text not in again
        assert text[:8] in again


def test_a_key_for_a_known_client_makes_no_second_one(arnes: Browser) -> None:
    bank = ClientFactory(name="bank")
    arnes.post(NEW, given())
    assert ApiKey.objects.get().client == bank
    assert Client.objects.count() == 1


def test_a_new_client_can_be_for_tests(arnes: Browser) -> None:
    arnes.post(NEW, given(test="on"))
    assert Client.objects.get().test is True


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"scopes": []}, "This field is required."),  # a key that may do nothing
        ({"scopes": ["everything"]}, "is not one of the available choices"),  # no such scope
        ({"client": ""}, "This field is required."),
        ({"expires_on": "2020-01-01"}, "Choose a day after today."),
    ],
)
def test_a_key_that_lacks_something_is_not_made(changed: dict[str, Any], told: str, arnes: Browser) -> None:
    refused = arnes.post(NEW, given(**changed))
    assert refused.status_code == 400
    assert told in text_of(refused)
    assert not ApiKey.objects.exists()


def test_revoking_asks_first_and_ends_the_key(arnes: Browser) -> None:
    key, text = create_key(name="old", scopes=["cases:read"], client="bank")
    url = reverse("admin:orchestration_apikey_revoke", args=[key.pk])
    assert "Revoke the key old of bank?" in text_of(arnes.get(url))
    assert find_key(text) == key
    assert "it opens nothing any more" in text_of(arnes.post(url, follow=True))
    assert find_key(text) is None
    ended = ApiKey.objects.get().revoked_at
    arnes.post(url)
    assert ApiKey.objects.get().revoked_at == ended


def test_a_client_page_shows_its_keys_and_can_switch_it_off(arnes: Browser) -> None:
    _, text = create_key(name="live", scopes=["cases:read"], client="bank")
    client = Client.objects.get()
    url = reverse("admin:orchestration_client_change", args=[client.pk])
    assert ">live</a>" in text_of(arnes.get(url))
    assert arnes.post(url, {"name": "bank"}).status_code == 302
    assert Client.objects.get().active is False
    assert find_key(text) is None


def test_an_endpoint_is_told_of_the_events_chosen(arnes: Browser) -> None:
    client = ClientFactory(name="bank")
    sent = {"client": client.pk, "url": "https://example.com/hook", "events": ["case.decided"], "active": "on"}
    assert arnes.post(reverse("admin:orchestration_webhookendpoint_add"), sent).status_code == 302
    assert WebhookEndpoint.objects.get().events == ["case.decided"]
    listed = text_of(arnes.get(reverse("admin:orchestration_webhookendpoint_changelist")))
    assert "case.decided" in listed


@pytest.mark.parametrize("url", ["javascript:alert(1)", "nowhere", ""])
def test_an_endpoint_without_an_address_is_refused(url: str, arnes: Browser) -> None:
    client = ClientFactory(name="bank")
    refused = arnes.post(reverse("admin:orchestration_webhookendpoint_add"), {"client": client.pk, "url": url})
    assert refused.status_code == 200
    assert not WebhookEndpoint.objects.exists()
