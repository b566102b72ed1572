"""The page of secrets: set, replaced and deleted, told who uses them, and never shown."""

from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from orchestration.models import Secret, Workflow
from orchestration.services.secret import resolve
from tests.admin.conftest import text_of
from tests.small_workflow import publish

pytestmark = pytest.mark.django_db
VALUE, OTHER = "hush-hush-hush", "hush-another-hush"
FIELD = {"type": "object", "properties": {"password": {"type": "string", "format": "password"}}}


def send(browser: Browser, **given: Any) -> str:
    return text_of(browser.post(reverse("admin:orchestration_secrets"), given, follow=True))


@pytest.fixture
def keeping(db: Any) -> Workflow:
    """A published workflow whose step names the secret `bank-key`."""
    return publish(use="test.keeper", config={"password": {"secret": "bank-key"}})


def test_a_secret_is_set_replaced_and_used_but_never_shown(keeping: Workflow, arnes: Browser) -> None:
    page = text_of(arnes.get("/admin/secrets/"))
    assert "Named, but not set" in page
    assert 'href="?name=bank-key#value"' in page
    assert 'name="name" class="c-mono" maxlength="80" required value="bank-key"' in text_of(
        arnes.get("/admin/secrets/?name=bank-key")
    )
    pages = [send(arnes, action="add", name="bank-key", value=VALUE, note="of the bank")]
    assert "Named, but not set" not in pages[0]
    pages.append(send(arnes, action="replace", name="bank-key", value=OTHER, note="of the bank"))
    assert "agents get the new value from their next attempt on" in pages[1]
    assert resolve({"password": {"secret": "bank-key"}}, FIELD) == {"password": OTHER}
    assert not any(value in text for text in (*pages, Secret.objects.get().sealed) for value in (VALUE, OTHER))


REFUSED = [
    # what is sent, what is said
    ({"action": "add", "name": "Bank Key", "value": VALUE}, "small letters, digits, _ and -"),
    ({"action": "add", "name": "bank-key", "value": "x"}, "a shorter one could be guessed"),
    ({"action": "add", "name": "there", "value": VALUE}, "There is a secret “there” already"),
    ({"action": "replace", "name": "gone", "value": VALUE}, "Somebody deleted the secret “gone” meanwhile"),
    ({"action": "delete", "name": "gone"}, "There is no secret named “gone”"),
]


@pytest.mark.parametrize(("given", "said"), REFUSED, ids=[one[1][:20] for one in REFUSED])
def test_what_cannot_be_done_is_told_without_the_value(given: dict[str, str], said: str, arnes: Browser) -> None:
    send(arnes, action="add", name="there", value=OTHER)
    answer = arnes.post(reverse("admin:orchestration_secrets"), given)
    assert answer.status_code == 409
    assert said in text_of(answer)
    assert VALUE not in text_of(answer)
    assert list(Secret.objects.values_list("name", flat=True)) == ["there"]


def test_a_secret_in_use_is_not_deleted_and_another_is(keeping: Workflow, arnes: Browser) -> None:
    for name in ("bank-key", "old-key"):
        send(arnes, action="add", name=name, value=VALUE)
    assert "“bank-key” is in use: Greeting · version 1, step hear" in send(arnes, action="delete", name="bank-key")
    assert "The secret “old-key” is deleted." in send(arnes, action="delete", name="old-key")
    assert list(Secret.objects.values_list("name", flat=True)) == ["bank-key"]


def test_an_analyst_sees_names_and_uses_and_sets_nothing(keeping: Workflow, arnes: Browser, anas: Browser) -> None:
    send(arnes, action="add", name="bank-key", value=VALUE, note="of the bank")
    assert 'href="/admin/secrets/"' in text_of(anas.get("/admin/orchestration/workflow/"))
    page = text_of(anas.get("/admin/secrets/"))
    assert "of the bank" in page
    assert 'name="value"' not in page
    assert anas.post("/admin/secrets/", {"action": "add", "name": "x", "value": VALUE}).status_code == 403
