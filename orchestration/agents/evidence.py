"""The evidence that an agent gives for its answer, made fit to store."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import orjson
from pydantic_core import to_jsonable_python

from orchestration.agents.within import surely_within
from orchestration.facts import check_values

EVIDENCE_BYTES: Final = 64 * 1024


def storable_evidence(entries: object) -> tuple[Mapping[str, Any], ...]:
    """Entries as plain JSON; what would go beyond EVIDENCE_BYTES is left out, with a mark as last entry.

    Raises TypeError for what is no list of mappings.
    """
    if not isinstance(entries, list | tuple):
        raise TypeError(f"The evidence is a {type(entries).__name__}, not a list of mappings.")
    if not entries:
        return ()
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise TypeError(f"An entry of the evidence is a {type(entry).__name__}, not a mapping.")
    plain = [_plain(entry) for entry in entries]
    if _size(plain) <= EVIDENCE_BYTES:
        return tuple(plain)
    kept: list[Any] = []
    room: float = EVIDENCE_BYTES
    for entry in plain:
        if (size := _size([entry])) <= room:
            room -= size
            kept.append(entry)
    if len(kept) < len(entries):
        kept.append({"what": "left out", "value": f"{len(entries) - len(kept):,} entries too long or not storable"})
    return tuple(kept)


def _plain(entry: Mapping[Any, Any]) -> Any:
    """As plain JSON, or None: what is for people to read never fails a run, such as a circle only loses the entry."""
    try:
        return to_jsonable_python(dict(entry), fallback=str, inf_nan_mode="strings", serialize_unknown=True)
    except Exception:
        return None


def _size(entries: list[Any]) -> float:
    """The bytes they take; too many in any case where one cannot be stored, as with a lone surrogate or a NUL."""
    try:
        text = orjson.dumps(entries)
    except Exception:
        return math.inf
    if None in entries or b"\\u0000" in text or not (surely_within(entries) or not any(map(check_values, entries))):
        return math.inf
    return len(text) - len(b"[]")
