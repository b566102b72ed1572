"""Documents against a JSON Schema (2020-12): every error at once, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import jsonschema_rs

from orchestration.facts import Problem

MOST_PROBLEMS: Final = 100
_DETAIL: Final = 300


def validator(schema: Mapping[str, Any]) -> Any:
    """Formats are asserted; patterns run in linear time, so no document can make one run for ever; a reference that
    leads out of the schema is followed nowhere."""
    return jsonschema_rs.Draft202012Validator(
        dict(schema), validate_formats=True, pattern_options=jsonschema_rs.RegexOptions(), retriever=_not_followed
    )


def schema_problems(fitting: Any, document: Any) -> list[Problem]:
    """What does not fit, by JSON pointer; empty when all does. `fitting`: what `validator` gave."""
    if fitting.is_valid(document):
        return []
    problems = [
        Problem(
            "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in error.instance_path),
            _cut(error.message),
        )
        for error in fitting.iter_errors(document)
    ]
    return problems[:MOST_PROBLEMS]


def _not_followed(address: str) -> Any:
    raise ValueError(f"{address} is outside of the schema")


def _cut(message: str) -> str:
    return message if len(message) <= _DETAIL else message[: _DETAIL - 3] + "…"
