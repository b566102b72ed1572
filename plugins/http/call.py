"""The agent that has a service of yours do the work: a signed request out, an answer at once or later."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from orchestration.plugin_api import Agent, AgentError, AgentResult, Health, Pending, Request

from .answer import read
from .config import Config, key_of
from .line import call
from .signature import signed

_SECONDS_TO_TELL: Final = 0.5
"""Kept back from the deadline, so that what went wrong can still be told."""
_SECONDS_TO_CHECK: Final = 5.0
_SENT_BYTES: Final = 1024 * 1024
_AGENT: Final = "conductor-http-call/1"


class CallAgent(Agent):
    name, version, title = "http.call", "1.0", "Calls a service of your own"
    description = (
        "Posts the facts you choose to a web service, signed, and takes its answer at once or later. So an agent can "
        "be written in any language. The answer has the form you set as a JSON Schema, and its fields become facts "
        "for rules."
    )
    deterministic = False
    Config = Config

    class Input(BaseModel):
        """Whatever facts the step maps, under the names the service expects."""

        model_config = ConfigDict(extra="allow", frozen=True)
        __pydantic_extra__: dict[str, JsonValue] = Field(init=False)

        @classmethod
        def __get_pydantic_json_schema__(cls, *_: Any) -> dict[str, Any]:
            return {}  # any fact may be mapped, none is taken unasked

    class Output(BaseModel):
        """Any object: what it must be is the configuration's word."""

        model_config = ConfigDict(extra="allow", frozen=True)

    @classmethod
    def output_schema(cls, config: Mapping[str, Any]) -> Mapping[str, Any]:
        if "output_schema" not in config:
            raise ValueError("output_schema is missing: say which form the answer has")
        schema: Mapping[str, Any] = config["output_schema"]
        return schema

    def run(self, request: Request[Any, Config]) -> AgentResult | Pending:
        config = request.config
        body = json.dumps(
            {
                "input": dict(request.input.model_extra or {}),
                "idempotency_key": request.idempotency_key,
                "attempt": request.attempt,
                "deadline": request.deadline.isoformat(),
                "callback": dict(request.callback) if request.callback else None,
            },
            ensure_ascii=False,
        ).encode()
        if len(body) > _SENT_BYTES:
            raise AgentError(
                f"The facts take {len(body):,} bytes, over the {_SENT_BYTES:,} that are sent. Give the step less.",
                permanent=True,
            )
        left = (request.deadline - datetime.now(UTC)).total_seconds() - _SECONDS_TO_TELL
        if left <= 0:
            raise AgentError("No time was left to call the service. Give the step a longer timeout.")
        signature = signed(key_of(config.secret), id=request.idempotency_key, timestamp=int(time.time()), body=body)
        answered = call(
            "POST",
            config.url,
            headers={**_headers(config), "content-type": "application/json", **signature},
            body=body,
            seconds=min(config.timeout, left),
            private=config.allow_private_addresses,
        )
        return read(answered)

    def check(self, config: Config) -> Health:
        if config.health_url is None:
            return Health(True, "No health_url is set, so the service was not asked.")
        try:
            answered = call(
                "GET",
                config.health_url,
                headers=_headers(config),
                seconds=min(config.timeout, _SECONDS_TO_CHECK),
                private=config.allow_private_addresses,
            )
        except AgentError as error:
            return Health(False, error.message)
        if 200 <= answered.status < 300:
            return Health(True, details={"status": answered.status})
        return Health(False, f"The service's health address answered {answered.status}. Have a look at the service.")


def _headers(config: Config) -> dict[str, str]:
    token = config.bearer.get_secret_value()
    own = {"accept": "application/json, application/problem+json", "user-agent": _AGENT}
    return {**own, **config.headers, **({"authorization": f"Bearer {token}"} if token else {})}
