"""How the form of the answer is asked for: by the endpoint's own means where it has them, else in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .config import CONFIDENCE_FIELD, Config

_STRICT_KEYWORDS: Final = {
    "type", "properties", "required", "items", "enum", "const", "anyOf", "$ref", "$defs", "title", "description",
    "format", "pattern", "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems",
    "maxItems",
}  # fmt: skip
_LEFT_OUT: Final = {"minLength", "maxLength", "uniqueItems", "default", "examples", "$schema", "$id", "$comment"}
"""Keywords a strict endpoint does not take; the answer is checked against them afterwards."""
_CONFIDENCE: Final = {
    "type": "number",
    "minimum": 0,
    "maximum": 1,
    "description": "How sure you are that the whole answer is right, from 0 (a guess) to 1 (certain).",
}


def modes(config: Config) -> list[str]:
    """The ways to try, in order. A tool call gives no token probabilities."""
    if config.structure != "auto":
        return [config.structure]
    found = ["json_schema", "tool", "json_object", "text"]
    return [mode for mode in found if config.confidence != "logprobs" or mode != "tool"]


def with_confidence(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with the model's own confidence as its last field."""
    properties = {**schema.get("properties", {}), CONFIDENCE_FIELD: _CONFIDENCE}
    return {**schema, "properties": properties, "required": [*schema.get("required", ()), CONFIDENCE_FIELD]}


def parameters(config: Config, mode: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """What a call says besides its messages."""
    found: dict[str, Any] = {"model": config.model, "max_tokens": config.max_tokens}
    if config.temperature is not None:
        found["temperature"] = config.temperature
    if config.seed is not None:
        found["seed"] = config.seed
    if config.confidence == "logprobs":
        found["logprobs"] = True
    strict = strict_form(schema)
    form = {"name": "answer", "schema": schema if strict is None else strict, "strict": strict is not None}
    if mode == "json_schema":
        found["response_format"] = {"type": "json_schema", "json_schema": form}
    elif mode == "json_object":
        found["response_format"] = {"type": "json_object"}
    elif mode == "tool":
        function = {"name": "answer", "description": "Gives the answer.", "strict": form["strict"]}
        found["tools"] = [{"type": "function", "function": {**function, "parameters": form["schema"]}}]
        found["tool_choice"] = {"type": "function", "function": {"name": "answer"}}
    return found


def strict_form(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schema as strict endpoints want it: every field required, those that were not may be null.

    None where it cannot be written so (open objects, parts put together); it is then sent as it is.
    """
    try:
        return _strict(schema)
    except _NotStrict:
        return None


def without_nulls(document: Any, schema: Any, root: Mapping[str, Any] | None = None) -> Any:
    """The answer without the nulls that only `strict_form` allowed."""
    root = schema if root is None else root
    schema = _followed(schema, root)
    if isinstance(document, list):
        return [without_nulls(one, schema.get("items", {}), root) for one in document]
    if not isinstance(document, dict):
        return document
    fields, needed = schema.get("properties", {}), schema.get("required", ())
    return {
        name: without_nulls(value, fields.get(name, {}), root)
        for name, value in document.items()
        if value is not None or name in needed or _takes_null(_followed(fields.get(name, {}), root))
    }


class _NotStrict(Exception):
    pass


def _strict(schema: Any) -> dict[str, Any]:
    if not isinstance(schema, Mapping) or not schema:
        raise _NotStrict
    made = {word: value for word, value in schema.items() if word not in _LEFT_OUT and word != "additionalProperties"}
    if not made.keys() <= _STRICT_KEYWORDS:
        raise _NotStrict
    if "$ref" in made:
        return {"$ref": made["$ref"]} if "$defs" not in made else _refuse()
    if schema.get("type") == "object" or "properties" in schema:
        if schema.get("additionalProperties", False) is not False or not schema.get("properties"):
            raise _NotStrict
        needed = schema.get("required", ())
        made["properties"] = {
            name: _strict(below) if name in needed else _nullable(_strict(below))
            for name, below in schema["properties"].items()
        }
        made["required"] = list(made["properties"])
        made["additionalProperties"] = False
    if "items" in made:
        made["items"] = _strict(made["items"])
    if "anyOf" in made:
        made["anyOf"] = [_strict(option) for option in made["anyOf"]]
    if "$defs" in made:
        made["$defs"] = {name: _strict(below) for name, below in made["$defs"].items()}
    return made


def _refuse() -> dict[str, Any]:
    raise _NotStrict


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if _takes_null(schema):
        return schema
    if isinstance(schema.get("type"), str) and "enum" not in schema and "const" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _takes_null(schema: Mapping[str, Any]) -> bool:
    kinds = schema.get("type")
    if kinds == "null" or (isinstance(kinds, list) and "null" in kinds and None in schema.get("enum", (None,))):
        return True
    return any(isinstance(option, Mapping) and _takes_null(option) for option in schema.get("anyOf", ()))


def _followed(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(20):
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        if not isinstance(reference, str) or not reference.startswith("#"):
            break
        target: Any = root
        for part in reference.removeprefix("#").split("/")[1:]:
            part = part.replace("~1", "/").replace("~0", "~")
            target = target.get(part) if isinstance(target, Mapping) else None
        schema = target
    return schema if isinstance(schema, Mapping) else {}
