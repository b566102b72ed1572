"""The API as an outside system sees it."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from orchestration.models import Client
from tests.factories import ClientFactory, bearer

Call = Callable[..., Any]


@pytest.fixture
def bank(db: Any) -> Client:
    """The client behind `api`."""
    return ClientFactory(name="bank")


@pytest.fixture
def api(bank: Client) -> APIClient:
    """A client with a key that has every scope."""
    return api_of(bearer(bank))


@pytest.fixture
def stranger(db: Any) -> APIClient:
    """Another outside system with every scope."""
    return api_of(bearer(ClientFactory(name="stranger")))


def api_of(authorization: str | None) -> APIClient:
    client = APIClient(raise_request_exception=False)
    if authorization is not None:
        client.credentials(HTTP_AUTHORIZATION=authorization)
    return client


@pytest.fixture
def post(api: APIClient) -> Call:
    """post(text="Hi"): a case of `greeting`, decided within the request unless `wait=None`."""

    def call(*, wait: int | None = 5, workflow: str = "greeting", priority: str | None = None, **payload: Any) -> Any:
        headers = {} if wait is None else {"HTTP_PREFER": f"wait={wait}"}
        body = {"workflow": workflow, "payload": {"text": "Hi", **payload}}
        body |= {"priority": priority} if priority else {}
        return api.post("/api/v1/cases", body, format="json", **headers)

    return call
