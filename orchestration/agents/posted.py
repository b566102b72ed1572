"""A result that an outside party posted for a run that waits for it, taken as if the agent had returned it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from orchestration.agents.found import Found
from orchestration.agents.outcome import Outcome
from orchestration.agents.runner import receive
from orchestration.facts import Problem
from orchestration.plugin_api import AgentResult


class ResultMisfit(Exception):
    """The result does not fit the agent; `problems` names each place."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("The result does not fit what the agent gives.")
        self.problems = problems


def receive_posted(
    found: Found, result: AgentResult, *, config: Mapping[str, Any], secrets: Iterable[str] = ()
) -> Outcome:
    """As `receive`, with the output read as the JSON it was. Raises ResultMisfit where that does not fit."""
    return receive(found, replace(result, output=_fitted(found, result.output, config)), config=config, secrets=secrets)


def beside(outcome: Outcome, *, summary: str, transcript: str) -> Outcome:
    """What the agent told before it left the answer to others stays beside what came of it."""
    parts = [part for part in (transcript, outcome.transcript) if part]
    summary = outcome.summary if outcome.status == "succeeded" else summary
    return replace(outcome, summary=summary, transcript="\n--- posted by the outside party ---\n".join(parts))


def _fitted(found: Found, output: Any, config: Mapping[str, Any]) -> Any:
    """Every misfit is told with its place; what else is wrong, `receive` finds."""
    try:
        if found.cls.output_schema(dict(config)) is not None:
            return output
        return found.cls.Output.model_validate_json(json.dumps(output))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        raise ResultMisfit([Problem(_pointer(one["loc"]), one["msg"]) for one in problems]) from None
    except Exception:
        return output


def _pointer(place: tuple[str | int, ...]) -> str:
    return "/output" + "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)
