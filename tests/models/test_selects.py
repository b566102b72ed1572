"""A select compiled once gives what its queryset gives, each time it is asked."""

from typing import Any

import pytest
from django.db import connection

from orchestration.models import ApiKey, Client, Workflow
from orchestration.models.selects import Pair, Select

pytestmark = pytest.mark.django_db


def test_a_select_is_run_again_with_other_values() -> None:
    keys = Select(lambda name: ApiKey.objects.select_related("client").filter(client__name=name).order_by("name"))
    for name in ("a", "b'%s"):
        client = Client.objects.create(name=name)
        for number in range(2):
            ApiKey.objects.create(client=client, name=f"{name}{number}", hashed=f"{name}{number}", scopes=["x"])
    for name in ("a", "b'%s", "a", "c"):
        expected = list(ApiKey.objects.filter(client__name=name).order_by("name"))
        assert keys(name=name) == expected
        assert keys.first(name=name) == (expected[0] if expected else None)


def test_a_select_gives_what_the_queryset_gives(django_assert_num_queries: Any) -> None:
    client = Client.objects.create(name="a")
    ApiKey.objects.create(client=client, name="k", hashed="h", scopes=["x", "y"])
    found = Select(lambda hashed: ApiKey.objects.select_related("client").filter(hashed=hashed).defer("hint"))
    found(hashed="h")
    with django_assert_num_queries(1):
        key = found(hashed="h")[0]
        assert (key.client, key.scopes) == (client, ["x", "y"])
    assert key.get_deferred_fields() == {"hint"}
    assert connection.alias == key._state.db


def test_two_selects_are_asked_at_once(greeting: Workflow, django_assert_num_queries: Any) -> None:
    client = Client.objects.create(name="a")
    ApiKey.objects.create(client=client, name="k", hashed="h", scopes=["x", "y"])
    pair = Pair(
        Select(lambda hashed: ApiKey.objects.select_related("client").filter(hashed=hashed).order_by()),
        Select(lambda slug: Workflow.objects.filter(slug=slug).order_by()),
    )
    pair(hashed="", slug="")
    with django_assert_num_queries(1):
        key, workflow = pair(hashed="h", slug=greeting.slug)
    assert key is not None
    assert workflow is not None
    assert (key.client, key.scopes, workflow.slug, workflow.baseline) == (
        client,
        ["x", "y"],
        greeting.slug,
        greeting.baseline,
    )
    assert pair(hashed="h", slug="none") == (key, None)
    assert pair(hashed="none", slug=greeting.slug) == (None, None)
