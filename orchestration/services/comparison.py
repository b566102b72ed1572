"""Two versions of a workflow side by side: each part that differs, in words, as it is here and as it is there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from orchestration.models import WorkflowVersion
from orchestration.rules.difference import Change, difference
from orchestration.rules.findings import Finding
from orchestration.rules.language import VersionContent
from orchestration.rules.parse import RuleError, version_from
from orchestration.services.version_story import RuleView, TableView, view_of

SECTIONS: Final = {
    "rules": "Rules", "tables": "Decision tables", "parameters": "Parameters", "agents": "Agent steps",
    "outcomes": "Outcomes", "feedback": "Feedback", "schema": "Facts", "settings": "Settings", "scenarios": "Scenarios",
}  # fmt: skip
NOTHING: Final[tuple[Finding, ...]] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """A part that differs. Rules and tables come with how they read on either side; `marked`: rows that differ."""

    change: Change
    before: RuleView | TableView | None = None
    after: RuleView | TableView | None = None
    marked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Comparison:
    """`before` is the version with the lower number. `unreadable` names one that cannot be read."""

    before: WorkflowVersion
    after: WorkflowVersion
    groups: tuple[tuple[str, tuple[Pair, ...]], ...] = ()
    unchanged: int = 0  # rules and tables
    unreadable: str = ""


def compared(one: WorkflowVersion, other: WorkflowVersion) -> Comparison:
    before, after = sorted((one, other), key=lambda version: version.number)
    try:
        old, new = version_from(before.content), version_from(after.content)
    except RuleError as error:
        return Comparison(before, after, unreadable=error.problems[0].detail)
    changes = difference(old, new)
    olds, news = _views(old, changes), _views(new, changes)
    pairs = [_pair(change, olds, news) for change in changes]
    touched = {(change.section, change.key) for change in changes}
    return Comparison(
        before,
        after,
        groups=tuple(
            (title, tuple(pair for pair in pairs if pair.change.section == section))
            for section, title in SECTIONS.items()
            if any(pair.change.section == section for pair in pairs)
        ),
        unchanged=sum(("rules", rule.key) not in touched for rule in new.rules)
        + sum(("tables", table.key) not in touched for table in new.tables),
    )


Views = dict[tuple[str, str], RuleView | TableView]


def _views(content: VersionContent, changes: tuple[Change, ...]) -> Views:
    """Only of what differs: a version may have thousands of rules."""
    wanted = {(change.section, change.key) for change in changes}
    found: Views = {("rules", one.key): view_of(one, content, NOTHING) for one in content.rules
                    if ("rules", one.key) in wanted}  # fmt: skip
    return found | {("tables", one.key): view_of(one, content, NOTHING) for one in content.tables
                    if ("tables", one.key) in wanted}  # fmt: skip


def _pair(change: Change, olds: Views, news: Views) -> Pair:
    key = (change.section, change.key)
    before = None if change.kind == "added" else olds.get(key)
    after = None if change.kind == "removed" else news.get(key)
    if isinstance(before, RuleView) and isinstance(after, RuleView) and replace(before, title=after.title) == after:
        before = after = None  # the sentences say it all
    return Pair(change, before, after, _marked(before, after))


def _marked(before: RuleView | TableView | None, after: RuleView | TableView | None) -> frozenset[str]:
    if not isinstance(before, TableView) or not isinstance(after, TableView):
        return frozenset()
    return frozenset(key for key, _, _ in set(before.rows) ^ set(after.rows))
