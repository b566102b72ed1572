"""Which values of a configuration are secrets: those at fields that its JSON Schema marks as a password."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

_DEPTH: Final = 32
_KEPT: Final = 1_000
_CHOICES: Final = ("anyOf", "oneOf", "allOf")


def secret_values(config: Mapping[str, Any], schema: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Every value at a field marked as a password, however deep, with its place as a JSON pointer."""
    found: list[tuple[str, Any]] = []
    if not config or not _marks(schema):
        return found

    def note(place: str, value: Any) -> Any:
        found.append((place, value))
        return value

    replaced(config, schema, note)
    return found


def replaced(config: Mapping[str, Any], schema: Mapping[str, Any], change: Callable[[str, Any], Any]) -> dict[str, Any]:
    """The configuration with `change(place, value)` in place of each value at a field marked as a password."""
    if not config or not _marks(schema):
        return dict(config)
    walk = _Walk(schema.get("$defs", {}), change)
    return {name: walk.value(value, walk.below((schema,), name), _place("", name), 0) for name, value in config.items()}


def marked_names(schemas: Iterable[Mapping[str, Any]]) -> list[str]:
    """The names of the settings that these schemas mark as a password, however deep."""
    return sorted({name for schema in schemas if _marks(schema) for name in _names(schema)})


def _names(schema: Mapping[str, Any]) -> Iterator[str]:
    """What is marked in a list, or under names that are free, has the name of the setting around it."""
    walk = _Walk(schema.get("$defs", {}), lambda _, value: value)
    seen: set[tuple[str, int]] = set()
    front: list[tuple[str, Mapping[str, Any]]] = [("", schema)]
    while front:
        name, outer = front.pop()
        for part in walk.spread((outer,)):
            if (name, id(part)) in seen:
                continue
            seen.add((name, id(part)))
            if part.get("format") == "password":
                yield name
            within = (part.get("items"), part.get("additionalProperties"), *part.get("prefixItems", ()))
            front += [*part.get("properties", {}).items(), *((name, one) for one in within if isinstance(one, Mapping))]


def _marks(schema: Mapping[str, Any]) -> bool:
    """Whether it marks anything at all; asked before every try of a run, so each schema is looked through once."""
    known = _marked.get(id(schema))
    if known is None or known[0] is not schema:
        if len(_marked) >= _KEPT:
            _marked.clear()
        known = _marked[id(schema)] = (schema, '"password"' in json.dumps(schema, default=str))
    return known[1]


_marked: dict[int, tuple[Mapping[str, Any], bool]] = {}  # holds the schema, so that no other gets its id


class _Walk:
    """Goes through value and schemas together. Where several schemas may count, a mark in any of them does."""

    def __init__(self, definitions: Mapping[str, Any], change: Callable[[str, Any], Any]) -> None:
        self._definitions = definitions
        self._change = change

    def value(self, value: Any, schemas: tuple[Mapping[str, Any], ...], place: str, depth: int) -> Any:
        schemas = self.spread(schemas)
        if any(schema.get("format") == "password" for schema in schemas):
            return self._change(place, value)
        if depth >= _DEPTH or not schemas:
            return value
        if isinstance(value, Mapping):
            return {
                name: self.value(one, self.below(schemas, name), _place(place, name), depth + 1)
                for name, one in value.items()
            }
        if isinstance(value, list | tuple):
            return [
                self.value(one, self._element(schemas, number), _place(place, number), depth + 1)
                for number, one in enumerate(value)
            ]
        return value

    def below(self, schemas: tuple[Mapping[str, Any], ...], name: str) -> tuple[Mapping[str, Any], ...]:
        found: list[Mapping[str, Any]] = []
        for schema in self.spread(schemas):
            properties = schema.get("properties", {})
            below = properties.get(name) if name in properties else schema.get("additionalProperties")
            if isinstance(below, Mapping):
                found.append(below)
        return tuple(found)

    def _element(self, schemas: tuple[Mapping[str, Any], ...], number: int) -> tuple[Mapping[str, Any], ...]:
        found: list[Mapping[str, Any]] = []
        for schema in schemas:
            first = schema.get("prefixItems", ())
            below = first[number] if number < len(first) else schema.get("items")
            if isinstance(below, Mapping):
                found.append(below)
        return tuple(found)

    def spread(self, schemas: tuple[Mapping[str, Any], ...]) -> tuple[Mapping[str, Any], ...]:
        """The schemas with what they refer to and choose from; each definition once, so circles end."""
        found: list[Mapping[str, Any]] = []
        seen: set[str] = set()
        front = list(schemas)
        while front:
            schema = front.pop()
            found.append(schema)
            reference = schema.get("$ref")
            if isinstance(reference, str) and reference not in seen:
                seen.add(reference)
                front.append(self._definitions.get(reference.removeprefix("#/$defs/"), {}))
            for choice in _CHOICES:
                front += [one for one in schema.get(choice, ()) if isinstance(one, Mapping)]
        return tuple(found)


def _place(place: str, name: object) -> str:
    return f"{place}/{str(name).replace('~', '~0').replace('/', '~1')}"
