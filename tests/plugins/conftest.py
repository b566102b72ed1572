"""Runs an agent as the runner would: plain values through its own models, one attempt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestration.plugin_api import Agent, AgentResult, Request


@pytest.fixture(scope="session")
def run() -> Callable[..., AgentResult]:
    def run_agent(agent: Agent, config: Mapping[str, Any] | None = None, /, **stated: Any) -> AgentResult:
        request = Request(
            input=agent.Input.model_validate(stated),
            config=agent.Config.model_validate(config or {}),
            idempotency_key="one-run",
            attempt=1,
            deadline=datetime(2026, 1, 1, tzinfo=UTC),
        )
        result = agent.run(request)
        assert isinstance(result, AgentResult)
        output = result.output
        # What the core stores is the JSON of the output, so that must be accepted again.
        assert agent.Output.model_validate_json(output.model_dump_json()) == output
        return result

    return run_agent
