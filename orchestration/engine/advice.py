"""For each rule that was not true in a round: the one value that would have made it true, through all passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from orchestration.engine.advance import settle_round
from orchestration.engine.compile import RuleSet
from orchestration.engine.nearest import Change, applied, nearest_change
from orchestration.engine.part import Entry
from orchestration.engine.passes import Settled
from orchestration.engine.step import Progress, RunRecord
from orchestration.facts import Facts
from orchestration.rules.language import Rule, Set, SetOutput
from orchestration.rules.reads import facts_read

MOST_ROUNDS: Final = 150
"""Rounds settled anew to try out an advice that goes through derived facts."""
_DEEPEST: Final = 3


def advised(rule_set: RuleSet, facts: Facts, progress: Progress, last: Settled) -> dict[str, Change]:
    """By key of the entry. `facts` and `progress` are what `last` was settled from.

    Where a rule reads facts that other rules set, the advice is about what those read, and the whole round is
    settled with the change to see that it holds. Where nothing of one value's size helps, there is no entry.
    """
    asked = _Asked(rule_set, facts, progress, last)
    found = {}
    for number, entry in enumerate(rule_set.entries):
        if number not in last.true and (change := asked.advice(number, entry, 0)) is not None:
            found[entry.key] = change
    return found


@dataclass
class _Asked:
    rule_set: RuleSet
    facts: Facts
    progress: Progress
    last: Settled
    rounds: int = 0
    _settled: dict[str, Settled] = field(default_factory=dict)

    def advice(self, number: int, entry: Entry, depth: int) -> Change | None:
        change = nearest_change(entry.condition, self.rule_set.vocabulary, self.last.facts)
        if not self.rule_set.moves(entry.condition):
            return change
        if change is not None and change.path.split(".", 1)[0] != "derived":
            return change if self._holds(number, change) else None
        if depth < _DEEPEST:
            for setter in self._setters(entry):
                below = self.advice(*setter, depth + 1)
                if below is not None and self._holds(number, below):
                    return below
        return None

    def _setters(self, entry: Entry) -> Iterator[tuple[int, Entry]]:
        """What could set the derived facts that the entry reads and was not true."""
        wanted = {path for path in facts_read(entry.condition) if path.split(".", 1)[0] == "derived"}
        for number, other in enumerate(self.rule_set.entries):
            if number not in self.last.true and wanted & set(_set_by(other)):
                yield number, other

    def _holds(self, number: int, change: Change) -> bool:
        key = repr(change)
        if key not in self._settled:
            if self.rounds >= MOST_ROUNDS:
                return False
            self.rounds += 1
            self._settled[key] = settle_round(
                self.rule_set, applied(self.facts, change), changed_progress(self.progress, change)
            )
        return number in self._settled[key].true


def changed_progress(progress: Progress, change: Change) -> Progress:
    """The progress with the change, where it is one of an agent's or child's facts."""
    source, *names = change.path.split(".")
    if source == "agents":
        runs = {run.step: run for run in progress.runs}
        given = runs.get(names[0], RunRecord(names[0], "succeeded"))
        facts = Facts({"status": given.status, "confidence": given.confidence, "output": given.output})
        new = applied(facts, replace(change, path=".".join(names[1:]))).document
        runs[names[0]] = replace(
            given,
            status=new.get("status") or "succeeded",
            confidence=new.get("confidence"),
            output=_mapping(new.get("output")),
            input_digest=None,
        )
        return replace(progress, runs=tuple(runs.values()))
    if source == "children":
        children = tuple(
            replace(child, **{names[1]: change.after}) if child.as_ == names[0] else child
            for child in progress.children
        )
        return replace(progress, children=children)
    return progress


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _set_by(entry: Entry) -> Iterator[str]:
    if isinstance(entry.rule, Rule):
        for action in entry.rule.then:
            if isinstance(action, Set):
                yield from (path for path, _ in action.assignments)
    elif entry.table is not None:
        yield from (output.fact for output in entry.table.outputs if isinstance(output, SetOutput))
