"""Inputs of a comparison that people look at: where two outputs differ and how, and what the candidate failed at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from orchestration.models import AgentRunContent, Case, ComparisonItem
from orchestration.services.comparison_item import differing_fields

CHARACTERS: Final = 200
NOTHING: Final = "—"


@dataclass(frozen=True, slots=True)
class Difference:
    """`values`: field, what was recorded, what the candidate says, as short JSON; empty where content is erased."""

    case: Case
    before: float | None
    after: float | None
    values: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Failure:
    case: Case
    kind: str
    text: str


def differences(items: Sequence[ComparisonItem]) -> list[Difference]:
    """In one query."""
    outputs = _contents(items)
    found = []
    for one in items:
        if one.run is None:
            continue
        before, after = outputs.get(one.original_id), outputs.get(one.run_id)
        values = ()
        if before is not None and after is not None:
            old, new = before.output or {}, after.output or {}
            values = tuple((name, _said(old, name), _said(new, name)) for name in differing_fields(old, new))
        found.append(Difference(one.original.case, one.original.confidence, one.run.confidence, values))
    return found


def failures(items: Sequence[ComparisonItem]) -> list[Failure]:
    """In one query."""
    contents = _contents(items)
    found = []
    for one in items:
        if one.run is not None:
            content = contents.get(one.run_id)
            text = str(content.errors[-1].get("text", "")) if content and content.errors else ""
            found.append(Failure(one.original.case, one.run.error_kind, text))
    return found


def _contents(items: Sequence[ComparisonItem]) -> dict[int | None, AgentRunContent]:
    runs = [pk for one in items for pk in (one.original_id, one.run_id)]
    rows = AgentRunContent.objects.filter(run__in=runs, erased_at=None).only("run_id", "output", "errors")
    return {row.run_id: row for row in rows}


def _said(output: Mapping[str, Any], name: str) -> str:
    if name not in output:
        return NOTHING
    text = json.dumps(output[name], ensure_ascii=False)
    return text if len(text) <= CHARACTERS else f"{text[:CHARACTERS]}…"
