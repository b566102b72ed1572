"""A JSON document as lines to read: titles from its schema, depth, and what a person corrected."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from orchestration.facts import FactSpec

ITEMS_SHOWN: Final = 50
LINES_SHOWN: Final = 1_500
TEXT_SHOWN: Final = 2_000
IN_A_ROW: Final = 4
"""An item of a list with so few plain values takes one line."""
SHORT: Final = 30


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person gave instead of the posted value."""

    value: Any
    by: str
    at: Any


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a value, or the heading of what is below it (`value` None). `was` is the posted value."""

    label: str
    path: str
    depth: int
    value: str | None
    kind: str = "text"  # text | number | boolean | empty | row | heading | more
    correction: Correction | None = None
    was: str = ""


def lines_of(
    document: Any,
    spec: FactSpec | None = None,
    *,
    corrections: Mapping[str, Correction] | None = None,
    posted: Any = None,
) -> list[Line]:
    """The document's lines, at most 1,500; long lists are cut and say so."""
    walk = _below(document, spec, "", 0, corrections or {}, posted)
    lines = list(islice(walk, LINES_SHOWN + 1))
    if len(lines) > LINES_SHOWN:
        lines[-1] = Line("…", "", 0, "The document is longer; its full text is below.", "more")
    return lines


def shown(value: Any) -> str:
    """A single value as a person reads it."""
    if value is None:
        return "not given"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value if len(value) <= TEXT_SHOWN else f"{value[:TEXT_SHOWN]}… ({len(value):,} characters)"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]}…"


def _below(
    value: Any, spec: FactSpec | None, path: str, depth: int, corrections: Mapping[str, Correction], posted: Any
) -> Iterator[Line]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            child = spec.properties.get(key) if spec else None
            was = posted.get(key) if isinstance(posted, Mapping) else None
            yield from _one(key, item, child, f"{path}.{key}" if path else str(key), depth, corrections, was)
    else:
        titles = _titles(value, spec.items if spec else None)
        for index, item in enumerate(value[:ITEMS_SHOWN], start=1):
            if titles:
                row = " · ".join(_leaf(one) for one in item.values())
                yield Line(str(index), f"{path}[{index}]", depth, row, "row")
                continue
            yield from _one(str(index), item, spec.items if spec else None, f"{path}[{index}]", depth, {}, None)
        if len(value) > ITEMS_SHOWN:
            yield Line("…", path, depth, f"and {len(value) - ITEMS_SHOWN:,} more", "more")


def _one(
    key: str,
    value: Any,
    spec: FactSpec | None,
    path: str,
    depth: int,
    corrections: Mapping[str, Correction],
    posted: Any,
) -> Iterator[Line]:
    label = (spec.title if spec and not path.endswith("]") else "") or key.replace("_", " ")
    correction = corrections.get(path)
    was = shown(posted) if correction else ""
    if isinstance(value, list) and value and all(_is_short(item) for item in value):
        yield Line(label, path, depth, _in_a_line(value), "text", correction, was)
    elif isinstance(value, Mapping | list) and value:
        if titles := _titles(value, spec.items if spec else None):
            label += f" ({' · '.join(titles)})"
        yield Line(label, path, depth, None, "heading", correction, was)
        yield from _below(value, spec, path, depth + 1, corrections, posted)
    else:
        yield Line(label, path, depth, _leaf(value), _kind(value), correction, was)


def _is_short(value: Any) -> bool:
    return not isinstance(value, Mapping | list) and len(shown(value)) <= SHORT


def _in_a_line(values: list[Any]) -> str:
    more = f", … and {len(values) - ITEMS_SHOWN:,} more" if len(values) > ITEMS_SHOWN else ""
    return ", ".join(shown(value) for value in values[:ITEMS_SHOWN]) + more


def _titles(value: Any, spec: FactSpec | None) -> list[str]:
    """What stands in each line, where every item of a list has the same few plain values."""
    if not isinstance(value, list) or not isinstance(first := value[0], Mapping) or not 1 < len(first) <= IN_A_ROW:
        return []
    for item in value:
        if not isinstance(item, Mapping) or list(item) != list(first):
            return []
        if any(isinstance(one, Mapping | list) for one in item.values()):
            return []
    known = spec.properties if spec else {}
    return [(known[key].title if key in known else "") or key.replace("_", " ") for key in first]


def _leaf(value: Any) -> str:
    return "none" if isinstance(value, Mapping | Sequence) and not isinstance(value, str) else shown(value)


def _kind(value: Any) -> str:
    if value is None or value == "" or (isinstance(value, Mapping | list) and not value):
        return "empty"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "text"
