"""Outputs that depend on a step's configuration: the agent makes their JSON Schema, and what it gives must fit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from orchestration.agents.found import Found, Refused
from orchestration.facts import check_values

# What checks schemas is imported where it is used: few agents need it, and every attempt's process would wait for it.
_SCHEMA_BYTES: Final = 256 * 1024
_PROBLEMS_SHOWN: Final = 5
_MESSAGE_SHOWN: Final = 300


def configured_schema(found: Found, config: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schema the agent makes from this configuration, None where its `Output` says all; or `Refused`."""
    try:
        made: object = found.cls.output_schema(dict(config))
    except Exception as error:
        told = " ".join(str(error).split())[:_MESSAGE_SHOWN]
        raise Refused(
            f"{found.name} cannot tell its output from this configuration ({type(error).__name__}: {told}). "
            "Correct the configuration."
        ) from None
    return None if made is None else _usable(made, f"The output schema that {found.name} makes of this configuration")


def schema_misfit(document: dict[str, Any], schema: Mapping[str, Any]) -> str:
    """What does not fit, place by place and without the values that were seen; "" when all does."""
    import jsonschema_rs

    fitting = jsonschema_rs.Draft202012Validator(
        dict(schema), validate_formats=True, pattern_options=jsonschema_rs.RegexOptions(), mask="the value"
    )
    errors = islice(fitting.iter_errors(document), _PROBLEMS_SHOWN)
    return "; ".join(
        f"{'.'.join(map(str, one.instance_path)) or 'the whole'}: {one.message[:_MESSAGE_SHOWN]}" for one in errors
    )


def _usable(made: object, what: str) -> dict[str, Any]:
    from orchestration.rules.check_version import schema_fault

    if not isinstance(made, Mapping):
        raise Refused(f"{what} is a {type(made).__name__}, not an object.")
    try:
        text = json.dumps(dict(made), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(f"{what} is not JSON: {str(error)[:_MESSAGE_SHOWN]}.") from None
    if len(text) > _SCHEMA_BYTES:
        raise Refused(f"{what} is longer than {_SCHEMA_BYTES:,} bytes. Make it smaller.")
    schema: dict[str, Any] = json.loads(text)
    if problems := check_values(schema):
        raise Refused(f"{what} cannot be stored: {problems[0].pointer} {problems[0].detail}.")
    if fault := schema_fault(schema):
        raise Refused(f"{what} cannot be used{f' at {fault[0]}' if fault[0] else ''}: {fault[1]}")
    if schema.get("type") != "object":
        raise Refused(f'{what} must have the type "object", since facts have names.')
    return schema
