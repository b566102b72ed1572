"""Steps as a version keeps them: with what is installed now, so that evaluating needs no plugin."""

from __future__ import annotations

from dataclasses import replace

from orchestration.agents.configured import configured_schema
from orchestration.agents.found import Found
from orchestration.rules.language import AgentStep


def frozen_step(step: AgentStep, found: Found) -> AgentStep:
    """The step with its agent's version, schemas and whether it is inline.

    Raises `found.Refused` where the agent makes no output schema from the step's configuration.
    """
    configured = configured_schema(found, step.config)
    return replace(
        step,
        agent_version=found.version,
        input_schema=found.input_schema,
        output_schema=found.output_schema if configured is None else configured,
        inline=found.inline,
    )
