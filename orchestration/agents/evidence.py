"""The evidence that an agent gives for its answer, made fit to store."""

from __future__ import annotations

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
    kept: list[Mapping[str, Any]] = []
    room = EVIDENCE_BYTES
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise TypeError(f"An entry of the evidence is a {type(entry).__name__}, not a mapping.")
        plain, size = _storable(entry)
        if plain is not None and size <= room:
            room -= size
            kept.append(plain)
    if len(kept) < len(entries):
        kept.append({"what": "left out", "value": f"{len(entries) - len(kept):,} entries too long or not storable"})
    return tuple(kept)


def _storable(entry: Mapping[Any, Any]) -> tuple[dict[str, Any] | None, int]:
    """What is for people to read never fails a run: a lone surrogate, a circle, a NUL only lose the entry."""
    try:
        plain = to_jsonable_python(dict(entry), fallback=str, inf_nan_mode="strings", serialize_unknown=True)
        text = orjson.dumps(plain)
    except Exception:
        return None, 0
    fits = b"\\u0000" not in text and (surely_within(plain) or not check_values(plain))
    return (plain, len(text)) if fits else (None, 0)
