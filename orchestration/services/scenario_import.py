"""Scenarios from a spreadsheet put into a draft, by title: a file that went out and came back changes its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import User

from orchestration.models import VersionStatus, WorkflowVersion
from orchestration.services.draft import GONE
from orchestration.services.refusal import Refused
from orchestration.services.scenario import same_scenario
from orchestration.services.version import save_draft

TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Done:
    added: int
    changed: int
    same: int


def import_scenarios(
    *, version_id: int, scenarios: Sequence[Mapping[str, Any]], user: User, replace: bool = False
) -> Done:
    """Change those of the same title in their places, add the others; with `replace` all others go.

    Raises RuleError when the draft would not pass its checks, Refused when it is no draft any more. All or nothing.
    """
    for attempt in range(TRIES):
        version = WorkflowVersion.objects.filter(pk=version_id).first()
        if version is None:
            raise Refused(GONE)
        if version.status != VersionStatus.DRAFT:
            raise Refused(f"Version {version.number} is {version.get_status_display().lower()} and never changes.")
        merged, done = _merged([] if replace else version.content.get("scenarios", []), scenarios)
        document = {**version.content, "scenarios": merged}
        try:
            save_draft(version_id=version_id, data=document, note=version.note, revision=version.revision, user=user)
            return done
        except Refused:
            if attempt == TRIES - 1:
                raise
    raise AssertionError  # the last attempt returns or raises


def _merged(stored: Sequence[Any], given: Sequence[Mapping[str, Any]]) -> tuple[list[Any], Done]:
    """Scenarios of one title belong together in the order they stand."""
    merged = list(stored)
    places: dict[str, list[int]] = {}
    for place, one in enumerate(merged):
        places.setdefault(one["title"], []).append(place)
    added = changed = same = 0
    for one in given:
        waiting = places.get(one["title"])
        if not waiting:
            merged.append(dict(one))
            added += 1
            continue
        place = waiting.pop(0)
        if same_scenario(merged[place], one):
            same += 1
        else:
            merged[place] = dict(one)
            changed += 1
    return merged, Done(added, changed, same)
