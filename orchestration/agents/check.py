"""An agent's check of itself, in this thread: whether it can work with a configuration now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from orchestration.agents.found import Found
from orchestration.agents.text import ERROR_CHARACTERS, clean, misfit, secrets_of
from orchestration.plugin_api import Health


def check(found: Found, *, config: Mapping[str, Any]) -> Health:
    """Whether the agent can work with this configuration now; runs the agent's own `check` in this thread."""
    try:
        fitted = found.cls.Config.model_validate(dict(config))
    except ValidationError as error:
        return Health(False, f"The configuration does not fit {found.name}: {misfit(error)}.")
    try:
        health: object = found.instance.check(fitted)
    except (Exception, SystemExit) as error:
        told = f"{found.name} could not check itself: {type(error).__qualname__}: {error}"
        return Health(False, clean(told, ERROR_CHARACTERS, secrets_of(config, found.config_schema)))
    if not isinstance(health, Health):
        return Health(False, f"`check` of {found.name} returned a {type(health).__name__}, not a Health.")
    return health
