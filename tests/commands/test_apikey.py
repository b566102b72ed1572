"""`manage.py apikey`: a key is shown once, limited as asked, and can be revoked."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from orchestration.models import ApiKey, Client, Workflow
from orchestration.services.api_key import find_key, hashed

pytestmark = pytest.mark.django_db


def apikey(*words: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("apikey", *words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_key_alone_is_printed_and_only_its_hash_kept() -> None:
    out, err = apikey("create", "web shop", "--scope", "cases:write", "--scope", "cases:read")
    text, key = out.rstrip("\n"), ApiKey.objects.get()
    assert (out, text.isprintable(), " " in text) == (f"{text}\n", True, False)
    assert find_key(text) == key
    assert (key.hashed, key.hint, text not in str(vars(key))) == (hashed(text), text[:8], True)
    assert (key.client.name, key.scopes, key.expires_at) == ("web shop", ["cases:read", "cases:write"], None)
    assert err == "Key 'web shop' of client 'web shop'. Keep it safe: it is shown only now.\n"


def test_a_key_is_limited_as_asked(greeting: Workflow) -> None:
    apikey(
        "create", "k", "--client", "shop", "--test", "--scope", "cases:read", "--workflow", "greeting",
        "--expires", "2999-01-31",
    )  # fmt: skip
    key = ApiKey.objects.get()
    assert list(key.workflows.all()) == [greeting]
    assert (key.client.name, key.client.test) == ("shop", True)
    assert key.expires_at is not None
    assert timezone.localtime(key.expires_at).isoformat() == "2999-01-31T23:59:59.999999+00:00"


def test_a_second_key_belongs_to_the_same_client() -> None:
    apikey("create", "old", "--client", "shop", "--scope", "cases:read")
    apikey("create", "new", "--client", "shop", "--scope", "cases:read")
    assert (Client.objects.count(), ApiKey.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["k", "--scope", "cases:all"],
            "cases:all given; scopes are cases:write, cases:read, workflows:read, rules:evaluate.",
        ),
        (["k", "--scope", "cases:read", "--workflow", "nobody"], "There is no workflow nobody."),
        (
            ["k", "--scope", "cases:read", "--expires", "soon"],
            "--expires 'soon' is not a date such as 2027-01-31 or 2027-01-31T12:00Z.",
        ),
        (
            ["k", "--scope", "cases:read", "--expires", "2026-02-30"],
            "--expires '2026-02-30' is not a date such as 2027-01-31 or 2027-01-31T12:00Z.",
        ),
        (
            ["k", "--scope", "cases:read", "--client", "c" * 121],
            "The name of a key or client has at most 120 characters.",
        ),
        (["k", "--scope", "cases:read", "--expires", "2020-01-01"], "--expires '2020-01-01' is in the past."),
    ],
)
def test_a_wrong_wish_is_refused_in_a_sentence_and_nothing_is_made(words: list[str], message: str) -> None:
    with pytest.raises(CommandError) as refused:
        apikey("create", *words)
    assert str(refused.value) == message
    assert (ApiKey.objects.count(), Client.objects.count()) == (0, 0)


def test_keys_are_listed_without_their_text(greeting: Workflow) -> None:
    assert apikey("list")[0] == "There are no keys.\n"
    text = apikey("create", "k", "--client", "shop", "--scope", "cases:read", "--workflow", "greeting")[0].strip()
    apikey("create", "other", "--scope", "cases:write", "--expires", "2999-01-31")
    out = apikey("list")[0]
    assert text not in out
    assert [line.split() for line in out.splitlines()] == [
        ["number", "client", "name", "begins", "state", "last", "used", "scopes", "workflows"],
        _line("other", "other", "until 2999-01-31", "cases:write", "all"),
        _line("shop", "k", "live", "cases:read", "greeting"),
    ]
    assert "other" not in apikey("list", "--client", "shop")[0]


def _line(client: str, name: str, state: str, scopes: str, workflows: str) -> list[str]:
    key = ApiKey.objects.get(name=name)
    return [str(key.pk), client, name, f"{key.hint}…", *state.split(), "never", scopes, workflows]


@pytest.mark.parametrize("by", ["name", "number", "beginning"])
def test_a_key_is_revoked_at_once(by: str) -> None:
    text = apikey("create", "k", "--scope", "cases:read")[0].strip()
    apikey("create", "kept", "--scope", "cases:read")
    key = ApiKey.objects.get(name="k")
    given: dict[str, Any] = {"name": "k", "number": str(key.pk), "beginning": f"{key.hint}…"}
    assert apikey("revoke", given[by])[0] == f"Revoked key 'k' ({key.hint}…).\n"
    assert find_key(text) is None
    assert list(ApiKey.objects.filter(revoked_at=None).values_list("name", flat=True)) == ["kept"]
    with pytest.raises(CommandError, match="There is no live key"):
        apikey("revoke", given[by])


def test_a_name_that_two_keys_have_revokes_neither() -> None:
    for _ in range(2):
        apikey("create", "k", "--scope", "cases:read")
    first, second = ApiKey.objects.order_by("pk")
    with pytest.raises(CommandError) as refused:
        apikey("revoke", "k")
    assert str(refused.value) == f"2 live keys are called 'k'. Revoke by number: {first.pk}, {second.pk}."
    assert ApiKey.objects.filter(revoked_at=None).count() == 2
