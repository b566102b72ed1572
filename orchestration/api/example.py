"""An example of a workflow's payload: the author's own where there is one, else made from the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from orchestration.rules.language import VersionContent

MAX_DEPTH: Final = 20

_BY_FORMAT: Final = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T09:30:00Z",
    "time": "09:30:00Z",
    "email": "someone@example.com",
    "uri": "https://example.com/",
    "uuid": "01938f3a-7b1c-7000-8000-000000000000",
}
_BY_PATTERN: Final = ("DE", "EUR", "DEU", "de", "10115", "1", "A1", "example")


def example_payload(content: VersionContent, problems: Callable[[Any], list[Any]]) -> dict[str, Any] | None:
    """A payload that the schema accepts; None where none could be made.

    Tried in turn: the schema's `examples`, a scenario's case, that case completed from the schema, the schema.
    """
    schema = content.input_schema
    given = [scenario.given["case"] for scenario in content.scenarios if isinstance(scenario.given.get("case"), dict)]
    made = _made(schema, schema, 0)
    tried = [*schema.get("examples", ()), *given, *(_completed(case, made) for case in given[:5]), made]
    return next((one for one in tried if isinstance(one, dict) and not problems(one)), None)


def _completed(case: Any, made: Any) -> Any:
    if not isinstance(case, Mapping) or not isinstance(made, Mapping):
        return case
    return {**made, **{name: _completed(value, made.get(name)) for name, value in case.items()}}


def _made(schema: Any, root: Mapping[str, Any], depth: int) -> Any:
    """A value of the schema's required parts; good for plain schemas, checked by the caller."""
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return None
    if reference := schema.get("$ref"):
        return _made(_target(str(reference), root), root, depth + 1)
    for word in ("examples", "enum"):
        if schema.get(word):
            return schema[word][0]
    for word in ("const", "default"):
        if word in schema:
            return schema[word]
    for word in ("anyOf", "oneOf"):
        if schema.get(word):
            return _made(schema[word][0], root, depth + 1)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        required = schema.get("required", ())
        return {name: _made(schema.get("properties", {}).get(name, {}), root, depth + 1) for name in required}
    if kind == "array":
        return [_made(schema.get("items", {}), root, depth + 1)] * schema.get("minItems", 0)
    if kind in ("number", "integer"):
        return max(schema.get("minimum", 0), schema.get("exclusiveMinimum", -1) + 1)
    return {"boolean": False, "null": None}.get(kind, _text(schema))


def _text(schema: Mapping[str, Any]) -> str:
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    if pattern := schema.get("pattern"):
        from orchestration.rules.operators import holds

        found = [text for text in _BY_PATTERN if holds("matches", "string", text, _inner(str(pattern)))]
        return found[0] if found else ""
    return "example".ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", 60_000)]


def _inner(pattern: str) -> str:
    """JSON Schema searches, `matches` matches whole."""
    start = "" if pattern.startswith("^") else ".*"
    end = "" if pattern.endswith("$") else ".*"
    return f"{start}(?:{pattern.removeprefix('^').removesuffix('$')}){end}"


def _target(reference: str, root: Mapping[str, Any]) -> Any:
    target: Any = root
    for part in reference.removeprefix("#").split("/")[1:]:
        target = target.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(target, Mapping) else None
    return target
