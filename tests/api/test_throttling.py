"""How fast a client may ask: 429 with Retry-After, for each client by itself."""

from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from orchestration.api import throttling
from orchestration.models import Client
from tests.api.conftest import api_of
from tests.factories import bearer

ADDRESS = "/api/v1/workflows"


@pytest.fixture
def rate(settings: Any) -> Any:
    def change(value: str) -> None:
        settings.CONDUCTOR = {**settings.CONDUCTOR, "rate": value}

    change("3/min")
    return change


def codes(api: APIClient, count: int) -> list[int]:
    return [api.get(ADDRESS).status_code for _ in range(count)]


@time_machine.travel("2026-03-01T12:00:50Z", tick=False)
def test_too_many_requests_are_429_and_say_when_to_come_back(api: APIClient, rate: Any) -> None:
    assert codes(api, 5) == [200, 200, 200, 429, 429]
    answered = api.get(ADDRESS)
    assert (answered["Retry-After"], answered["Content-Type"]) == ("10", "application/problem+json")
    assert answered.json()["type"] == "urn:conductor:problem:too-many-requests"


def test_the_next_minute_is_a_new_one(api: APIClient, rate: Any) -> None:
    with time_machine.travel("2026-03-01T12:00:59Z", tick=False) as clock:
        assert codes(api, 4) == [200, 200, 200, 429]
        clock.shift(1)
        assert codes(api, 4) == [200, 200, 200, 429]


@time_machine.travel("2026-03-01T12:00:00Z", tick=False)
def test_each_client_has_its_own_count_over_all_its_keys(
    api: APIClient, stranger: APIClient, bank: Client, rate: Any
) -> None:
    assert codes(api, 2) == [200, 200]
    assert codes(api_of(bearer(bank)), 2) == [200, 429]
    assert codes(stranger, 3) == [200, 200, 200]


@time_machine.travel("2026-03-01T12:00:00Z", tick=False)
def test_a_request_without_a_key_is_401_and_counts_for_nobody(api: APIClient, rate: Any) -> None:
    assert codes(api_of(None), 5) == [401] * 5
    assert codes(api, 3) == [200, 200, 200]


@time_machine.travel("2026-03-01T12:00:00Z", tick=False)
def test_processes_share_the_count_in_batches(api: APIClient, rate: Any) -> None:
    """A limit of 300 is shared every 3 requests; another process is played by forgetting this one's counts."""
    rate("300/min")
    assert codes(api, 300) == [200] * 300
    throttling.forget_counts()
    assert codes(api, 4) == [200, 200, 429, 429]


@time_machine.travel("2026-03-01T12:00:00Z", tick=False)
def test_without_a_cache_requests_go_through_and_are_still_counted_here(
    api: APIClient, rate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone:
        def __getattr__(self, name: str) -> Any:
            raise ConnectionError("no cache")

    monkeypatch.setattr(throttling, "cache", Gone())
    assert codes(api, 4) == [200, 200, 200, 429]


def test_no_rate_is_no_limit(api: APIClient, rate: Any) -> None:
    rate("")
    assert codes(api, 10) == [200] * 10


@pytest.mark.parametrize(
    ("rate", "parsed"), [("5/s", (5, 1)), ("600/min", (600, 60)), ("1/hour", (1, 3600)), ("10/day", (10, 86400))]
)
def test_rates(rate: str, parsed: tuple[int, int]) -> None:
    assert throttling.parse_rate(rate) == parsed
