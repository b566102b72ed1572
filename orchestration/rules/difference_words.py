"""What comparing two versions needs: sameness to the letter, what has moved, and sentences for plain fields."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

Ident = tuple[str, int]
"""A key, and the how-manieth with this key: a version under way may hold one twice."""
LONGEST: Final = 300
_Part = TypeVar("_Part")


def text_of(value: Any) -> str:
    """One text for one value: 1, 1.0 and true are three values, whatever Python thinks."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=dict)


def same(old: Any, new: Any) -> bool:
    return text_of(old) == text_of(new)


def keyed(parts: Iterable[_Part], key: Callable[[_Part], str]) -> dict[Ident, _Part]:
    """The parts by key, in their order."""
    seen: Counter[str] = Counter()
    found: dict[Ident, _Part] = {}
    for part in parts:
        found[(key(part), seen[key(part)])] = part
        seen[key(part)] += 1
    return found


def moved_of(old: Iterable[Ident], new: Iterable[Ident]) -> set[Ident]:
    """The fewest parts whose move explains the new order: all but a longest row of those still in order."""
    before = {ident: place for place, ident in enumerate(old)}
    common = [ident for ident in new if ident in before]
    tails: list[int] = []
    ends: list[Ident] = []
    previous: dict[Ident, Ident | None] = {}
    for ident in common:
        length = bisect_left(tails, before[ident])
        previous[ident] = ends[length - 1] if length else None
        tails[length : length + 1] = [before[ident]]
        ends[length : length + 1] = [ident]
    stays: set[Ident] = set()
    here = ends[-1] if ends else None
    while here is not None:
        stays.add(here)
        here = previous[here]
    return {ident for ident in common if ident not in stays}


def turned(on: bool) -> str:
    return "Switched on" if on else "Switched off"


def from_to(value: Any) -> str:
    """A plain value as it stands on one side of an arrow."""
    if value is None or value == "" or (isinstance(value, Mapping | tuple | list) and not value):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list) and all(isinstance(one, str | int | float) for one in value):
        text = ", ".join(str(one) for one in value)
    else:
        text = str(value) if isinstance(value, str | int | float) else text_of(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def arrow(label: str, old: Any, new: Any, *, words: tuple[str, str] | None = None) -> str:
    """`Label: old → new`; where both read alike, as they are written."""
    left, right = words or (from_to(old), from_to(new))
    if left == right:
        left, right = text_of(old), text_of(new)
    if left == right:
        return f"{label} is written differently"
    return f"{label}: {left} → {right}"


def field_changes(old: object, new: object, labels: Mapping[str, str]) -> list[str]:
    """A sentence for each of these attributes that differs; a mapping's entries one by one."""
    found = []
    for name, label in labels.items():
        left, right = getattr(old, name), getattr(new, name)
        if same(left, right):
            continue
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            names = [key for key in dict.fromkeys((*left, *right)) if not _alike(left, right, key)]
            found += [arrow(f"{label} {key}", left.get(key), right.get(key)) for key in names]
        else:
            found.append(arrow(label, left, right))
    return found


def list_changes(noun: str, old: Sequence[str], new: Sequence[str]) -> list[str]:
    """What came, what went, or that only the order is another."""
    before, after = keyed(old, str), keyed(new, str)
    found = [f"New {noun}: {one}" for ident, one in after.items() if ident not in before]
    found += [f"{noun.capitalize()} dropped: {one}" for ident, one in before.items() if ident not in after]
    if not found and list(old) != list(new):
        found.append(f"The {noun}s stand in another order.")
    return found


def schema_changes(label: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Which fields a JSON Schema has gained, lost or changed."""
    if same(old, new):
        return []
    left, right = _fields(old), _fields(new)
    found = [f"New field: {_named(key, right)}" for key in right if key not in left]
    found += [f"Field dropped: {_named(key, left)}" for key in left if key not in right]
    found += [
        f"Field changed: {_named(key, right)}" for key in right if key in left and not same(left[key], right[key])
    ]
    required, needed = _required(old), _required(new)
    found += [f"Now required: {_named(key, right)}" for key in needed if key not in required]
    found += [f"No longer required: {_named(key, left)}" for key in required if key not in needed]
    return found or [f"{label} changed"]


def _alike(left: Mapping[str, Any], right: Mapping[str, Any], key: str) -> bool:
    return (key in left) == (key in right) and same(left.get(key), right.get(key))


def _fields(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def _required(schema: Mapping[str, Any]) -> list[str]:
    found = schema.get("required")
    return [str(one) for one in found] if isinstance(found, list | tuple) else []


def _named(key: str, fields: Mapping[str, Any]) -> str:
    field = fields.get(key)
    title = field.get("title") if isinstance(field, Mapping) else None
    return f"{title} ({key})" if isinstance(title, str) and title else key
