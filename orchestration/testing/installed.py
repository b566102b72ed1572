"""An agent class as if a package declared it, checked as an installed one is."""

from __future__ import annotations

from orchestration.agents.found import Found, Refused, found_from
from orchestration.plugin_api import Agent


def found_class(agent: type[Agent]) -> Found:
    """The agent as the product would find it. Raises ValueError with the reason and the cure where it would not."""
    try:
        return found_from(
            agent,
            name=str(getattr(agent, "name", "")),
            entry_point=f"{agent.__module__}:{agent.__qualname__}",
            distribution="under test",
            distribution_version="",
        )
    except Refused as refused:
        raise ValueError(str(refused)) from None
