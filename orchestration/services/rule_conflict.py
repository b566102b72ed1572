"""Two versions of one rule side by side, for who comes second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orchestration.rules.explain import action_text, condition_text
from orchestration.rules.language import VersionContent
from orchestration.rules.reading import Reader
from orchestration.rules.sections import read_rule


@dataclass(frozen=True, slots=True)
class Differing:
    """One thing that the two say differently; `stored` is what the other person saved."""

    what: str
    stored: str
    mine: str


def differing(stored: Any, mine: Any, content: VersionContent) -> tuple[Differing, ...]:
    """What differs between the rule as stored and as this person wrote it, in plain words."""
    first, second = _lines(stored, content), _lines(mine, content)
    return tuple(
        Differing(what, first.get(what, "—"), second.get(what, "—"))
        for what in dict.fromkeys((*first, *second))
        if first.get(what) != second.get(what)
    )


def _lines(data: Any, content: VersionContent) -> dict[str, str]:
    reader = Reader()
    rule = read_rule(reader, data, "")
    if rule is None or reader.problems:
        return {}
    return {
        "Title": rule.title,
        "Key": rule.key,
        "Kind": rule.kind,
        "Priority": str(rule.priority),
        "Switched on": "yes" if rule.enabled else "no",
        "When": condition_text(rule.when, content),
        "Then": ", then ".join(action_text(action, content) for action in rule.then),
    }
