"""What can be set for a call to a service, and how a setting is tried."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from orchestration.agents.runner import check

from .asking import SERVICE, service_config
from .local_server import Answer, nobody, serving

HEALTH = [
    (Answer(b"", 204), True, ""),
    (Answer(b"", 503), False, "The service's health address answered 503. Have a look at the service."),
    (Answer(b"", 302, {"Location": "/x"}), False, "The service's health address answered 302. Have a look at"),
]


@pytest.mark.parametrize(("answer", "ok", "message"), HEALTH)
def test_check_asks_the_health_address_and_nothing_else(answer: Answer, ok: bool, message: str) -> None:
    with serving(answer) as server:
        health = check(SERVICE, config=service_config(server, health_url=f"{server.url}/health"))
    assert (health.ok, health.message[: len(message)]) == (ok, message)
    assert server.paths == ["GET /v1/health"]


def test_check_without_a_health_address_asks_nobody() -> None:
    health = check(SERVICE, config=service_config())
    assert (health.ok, health.message) == (True, "No health_url is set, so the service was not asked.")
    assert "cannot be reached" in check(SERVICE, config=service_config(health_url=nobody())).message


WRONG = [
    # a setting, what is told
    ({"url": "ftp://x/y"}, "url: String should match pattern"),
    ({"url": "file:///etc/passwd"}, "url: String should match pattern"),
    ({"url": "https://user:word@example.com/"}, "url: String should match pattern"),
    ({"url": "https://example.com\\@evil.example/"}, "url: String should match pattern"),
    ({"url": "https://example.com/#part"}, "url: String should match pattern"),
    ({"url": "https://example.com:99999/"}, "url: Value error, is no address"),
    ({"url": "https://exa\u202emple.com:0/"}, "url: Value error, is no address"),
    ({"url": "https://[::1/"}, "url: Value error, is no address"),
    ({"secret": "hunter2"}, "secret: Value error, is no secret for signing. Make one"),
    ({"secret": "whsec_" + base64.b64encode(b"x" * 23).decode()}, "secret: Value error, is no secret"),
    ({"secret": "whsec_" + base64.b64encode(b"x" * 65).decode()}, "secret: Value error, is no secret"),
    ({"headers": {"Webhook-Id": "1"}}, "headers: Value error, Webhook-Id is set by the call itself"),
    ({"headers": {"Host": "x"}}, "headers: Value error, Host is set by the call itself"),
    ({"headers": {"authorization": "x"}}, "headers: Value error, Authorization belongs into “bearer”"),
    ({"headers": {"X-A": "1\r\nX-B: 2"}}, "headers.X-A: String should match pattern"),
    ({"headers": {"X A": "1"}}, "headers.X A.[key]: String should match pattern"),
    ({"bearer": "a\nb"}, "bearer: Value error, holds a character that no token has"),
    ({"output_schema": {"type": "array"}}, "output_schema: Value error, needs the type"),
    ({"output_schema": {"type": "object", "required": 1}}, "output_schema: Value error, is not JSON Schema"),
    (
        {"output_schema": {"type": "object", "$ref": "http://127.0.0.1:9/"}},
        "http://127.0.0.1:9/ is outside of the schema",
    ),
    ({"timeout": 0}, "timeout: Input should be greater than 0"),
]


@pytest.mark.parametrize(("setting", "text"), WRONG, ids=[text for _, text in WRONG])
def test_a_wrong_setting_is_named_with_its_fault(setting: dict[str, Any], text: str) -> None:
    health = check(SERVICE, config=service_config(**setting))
    assert health.ok is False
    assert text in health.message
