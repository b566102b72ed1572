"""One attempt of the agents that call out, against a server on this machine, by the product's own runner."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

from orchestration.agents.found import Found, found_from
from orchestration.agents.outcome import Outcome
from orchestration.agents.runner import run
from plugins.http.call import CallAgent
from plugins.llm.prompt import PromptAgent

from .local_server import Server


def _found(cls: Any, entry_point: str) -> Found:
    return found_from(cls, name=cls.name, entry_point=entry_point, distribution="d", distribution_version="1")


MODEL = _found(PromptAgent, "plugins.llm.prompt:PromptAgent")
SERVICE = _found(CallAgent, "plugins.http.call:CallAgent")

LETTER = {"message": "My bill is wrong!"}
SORTED = {
    "type": "object",
    "properties": {
        "category": {"enum": ["billing", "delivery", "other"]},
        "urgent": {"type": "boolean"},
        "order": {"type": "string", "maxLength": 12},
    },
    "required": ["category", "urgent"],
}
GOOD = {"category": "billing", "urgent": True, "answer_confidence": 0.8}
OUTPUT = {"category": "billing", "urgent": True}

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
LOAN = {"name": "Ada", "loan": 5}
SCORED = {
    "type": "object",
    "properties": {"score": {"type": "integer", "minimum": 0}},
    "required": ["score"],
    "additionalProperties": False,
}
CALLBACK = {"url": "http://127.0.0.1/api/v1/agent-runs/7/result", "token": "one-time-token"}


def ask_model(
    server: Server, facts: Any = LETTER, *, seconds: float = 30, isolate: bool = False, **config: Any
) -> Outcome:
    asked = {"base_url": server.url, "model": "small", "prompt": "Sort this: {{ message }}", "output_schema": SORTED}
    return run(
        MODEL,
        input=facts,
        config={**asked, **config},
        idempotency_key="run-1",
        attempt=1,
        timeout=timedelta(seconds=seconds),
        isolate=isolate,
    )


def service_config(server: Server | None = None, **more: Any) -> dict[str, Any]:
    own = {"url": server.url if server else "https://example.com/x", "secret": SECRET, "output_schema": SCORED}
    return {**own, "allow_private_addresses": True, **more}


def ask_service(
    server: Server, facts: Any = LOAN, *, seconds: float = 30, isolate: bool = False, callback: Any = None, **more: Any
) -> Outcome:
    return run(
        SERVICE,
        input=facts,
        config=service_config(server, **more),
        idempotency_key="run-1",
        attempt=2,
        timeout=timedelta(seconds=seconds),
        isolate=isolate,
        callback=callback,
    )


def told(outcome: Outcome) -> tuple[str, bool, float | None]:
    """What the reader is told of a failure that the agent names, whether it is final, and when to try again."""
    assert (outcome.status, outcome.error_kind) == ("failed", "agent")
    return outcome.error, outcome.permanent, outcome.retry_after


def evidence(outcome: Outcome) -> dict[str, Any]:
    return {entry["what"]: entry["value"] for entry in outcome.evidence}
