"""An example of the facts that a version reads, made from its schemas, for people to start from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from orchestration.rules.language import VersionContent
from orchestration.rules.operators import holds

_DEEPEST: Final = 8
_FIELDS: Final = 60
"""Fields of one object that are shown; an example is to be read."""


def example_given(content: VersionContent, now: str) -> dict[str, Any]:
    """As a scenario's `given`: a payload, and every agent step as if it had run."""
    agents = {
        step.name: {"confidence": 0.9, "output": _made(step.output_schema, step.output_schema, 0) or {}}
        for step in content.agents
    }
    found: dict[str, Any] = {"case": _made(content.input_schema, content.input_schema, 0) or {}}
    if agents:
        found["agents"] = agents
    return found | {"now": now}


def _made(schema: Any, root: Mapping[str, Any], depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return None
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _made(_target(reference, root), root, depth + 1)
    for word in ("examples", "enum"):
        if isinstance(schema.get(word), list) and schema[word]:
            return schema[word][0]
    for word in ("const", "default"):
        if word in schema:
            return schema[word]
    for word in ("anyOf", "oneOf", "allOf"):
        if isinstance(schema.get(word), list) and schema[word]:
            return _made(schema[word][0], root, depth + 1)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = next((one for one in kind if one != "null"), "null") if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties", {})
        shown = list(properties.items())[:_FIELDS] if isinstance(properties, Mapping) else []
        return {name: _made(below, root, depth + 1) for name, below in shown}
    if kind == "array":
        element = _made(schema.get("items", {}), root, depth + 1)
        return [] if element is None else [element]
    if kind in ("number", "integer"):
        return _number(schema)
    return {"boolean": False, "null": None}.get(str(kind), _text(schema))


def _text(schema: Mapping[str, Any]) -> str:
    if str(schema.get("format")) in _TEXTS:
        return _TEXTS[str(schema["format"])]
    pattern = str(schema.get("pattern", ""))
    if pattern:  # JSON Schema searches, `matches` matches the whole
        whole = f"{'' if pattern.startswith('^') else '.*'}(?:{pattern.removeprefix('^').removesuffix('$')})"
        whole += "" if pattern.endswith("$") else ".*"
        return next((text for text in _TRIED if holds("matches", "string", text, whole)), "example")
    return "example".ljust(int(schema.get("minLength", 0)), "e")[: int(schema.get("maxLength", 60_000))]


def _number(schema: Mapping[str, Any]) -> Any:
    low, high = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
    if "exclusiveMinimum" in schema and "minimum" not in schema:
        low = schema["exclusiveMinimum"] + 1
    if low is None:
        return 1 if high is None or high >= 1 else high
    return low


def _target(reference: str, root: Mapping[str, Any]) -> Any:
    target: Any = root
    for part in reference.removeprefix("#").split("/")[1:]:
        target = target.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(target, Mapping) else None
    return target


_TRIED: Final = ("example", "DE", "EUR", "DEU", "de", "10115", "1", "A1", "+491711234567", "someone@example.com")
_TEXTS: Final = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T09:30:00Z",
    "time": "09:30:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
}
