"""The walk of a round: through the matched rules in order, to the first action that ends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from orchestration.engine.compile import RuleSet
from orchestration.engine.passes import OTHERWISE, Settled
from orchestration.engine.reasons import reasons_for
from orchestration.engine.step import (
    ChildOpened,
    ChildRecord,
    Effect,
    Notified,
    PlannedRun,
    Prioritised,
    Progress,
    Step,
)
from orchestration.engine.truth import moment
from orchestration.facts import MISSING
from orchestration.rules.language import (
    Action,
    Decide,
    Escalate,
    Notify,
    OpenCase,
    Prioritise,
    Rule,
    Run,
    Wait,
)
from orchestration.rules.operators import parse_duration
from orchestration.rules.tables import TableResult

_ENDED = frozenset({"decided", "cancelled", "refused"})


class NowNeeded(ValueError):
    """A rule waits, but the facts do not say what time it is (`meta.now`)."""


def walked(rule_set: RuleSet, settled: Settled, progress: Progress) -> Step:
    """The step that the matched rules give, with its effects and reasons."""
    walk = _Walk(rule_set, settled, progress)
    terminal = walk.terminal()
    if walk.awaited:
        terminal = Step("run", runs=tuple(walk.planned), awaited=tuple(walk.awaited))
    elif terminal is None:
        detail = "no rule decided the case, and no agent is left to run"
        terminal = Step("escalate", reason="no-rule-decided", detail=detail)
    return replace(terminal, effects=tuple(walk.effects)) if walk.effects else terminal


class _Walk:
    """One walk; `terminal` goes through it and collects what is met before the terminal action."""

    def __init__(self, rule_set: RuleSet, settled: Settled, progress: Progress) -> None:
        self._rule_set = rule_set
        self._settled = settled
        self._progress = progress
        self._facts = settled.facts
        self.planned: list[PlannedRun] = []
        self.awaited: dict[str, None] = {}
        self.effects: list[Effect] = []

    def terminal(self) -> Step | None:
        for block, numbers in self._rule_set.walk:
            if not isinstance(block, Rule):
                step = self._table(block.key, self._settled.tables[block.key])
                if step is not None:
                    return step
            elif numbers[0] in self._settled.true:
                for action in block.then:
                    step = self._act(block, action)
                    if step is not None:
                        return step
        return None

    def _table(self, key: str, result: TableResult) -> Step | None:
        keys = tuple(f"{key}/{row}" for row in result.rows) or (f"{key}/{OTHERWISE}",)
        if result.escalation is not None:
            queue, reason = result.escalation
            return self._because(keys, "escalate", queue=queue, reason=reason)
        if result.outcome is not None:
            return self._because(keys, "decide", outcome=result.outcome)
        return None

    def _act(self, rule: Rule, action: Action) -> Step | None:
        """Do what the action means here; a step if it is terminal."""
        if isinstance(action, Run):
            for name in action.steps:
                self._request(name)
        elif isinstance(action, Prioritise):
            if not any(isinstance(effect, Prioritised) for effect in self.effects):
                self.effects.append(Prioritised(rule.key, action.priority))  # the first met has the last word
        elif isinstance(action, Notify):
            if rule.key not in self._progress.notified:
                self.effects.append(Notified(rule.key, action.name))
        elif isinstance(action, OpenCase):
            return self._open(rule, action)
        elif isinstance(action, Wait):
            return self._wait(rule, action)
        elif isinstance(action, Escalate):
            said = {"queue": action.queue, "reason": action.reason, "priority": action.priority}
            return self._because((rule.key,), "escalate", **said)
        elif isinstance(action, Decide):
            return self._because((rule.key,), "decide", outcome=action.outcome, note=action.note or "")
        return None  # Set has been done by the passes

    def _request(self, name: str) -> None:
        """Ask for a step: planned if it was never run on this input, awaited until it has ended."""
        found = self._settled.runs[name]
        if name in self.awaited or (found.run is not None and found.run.status != "pending"):
            return
        self.awaited[name] = None
        if found.run is None:
            self.planned.append(found.planned)

    def _open(self, rule: Rule, action: OpenCase) -> Step | None:
        record = child_of(self._progress, rule.key, action.as_)
        if record is None:
            payload = {field: self._facts.get(path) for field, path in action.payload}
            known = {field: value for field, value in payload.items() if value is not MISSING}
            opened = ChildOpened(rule.key, action.as_, action.workflow, known, action.wait)
            if action.wait and self.awaited:
                return Step("wait", rule=rule.key, child=action.as_)  # the runs come first
            if opened not in self.effects:
                self.effects.append(opened)
        if action.wait and (record is None or record.status not in _ENDED):
            return self._because((rule.key,), "wait", child=action.as_)
        return None

    def _wait(self, rule: Rule, action: Wait) -> Step | None:
        now, until, due = self._now(), None, None
        if action.until is not None:
            value = self._facts.get(action.until)
            due = moment(value, self._rule_set.vocabulary.zone)
            if due is None:
                detail = f"rule {rule.title!r} waits until {action.until}, which is not set to a date"
                return self._because((rule.key,), "escalate", reason="wait-without-date", detail=detail)
            until = str(value)
        for record in self._progress.waits:
            if record.rule == rule.key and record.until == until:
                due = record.due
        if due is None:
            due = now + parse_duration(action.for_ or "")
        return None if due <= now else self._because((rule.key,), "wait", due=due, until=until)

    def _now(self) -> datetime:
        now = moment(self._facts.get("meta.now"), self._rule_set.vocabulary.zone)
        if now is None:
            raise NowNeeded("a rule waits, so the facts must say what time it is: meta.now is missing")
        return now

    def _because(self, keys: tuple[str, ...], kind: str, **said: Any) -> Step:
        """The step that these keys give; without reasons where it is put off until runs have ended."""
        reasons = () if self.awaited else reasons_for(self._rule_set, self._settled, keys)
        return Step(kind, rule=keys[0], reasons=reasons, **said)


def child_of(progress: Progress, rule: str, as_: str) -> ChildRecord | None:
    """The child case that this rule opened; in a scenario, where no rule is named, the one of that name."""
    for child in progress.children:
        if child.as_ == as_ and child.rule in (rule, ""):
            return child
    return None


def refused_child(rule_set: RuleSet, settled: Settled, progress: Progress) -> tuple[Rule, ChildRecord] | None:
    """The first child case that was refused to a rule that still asks for it."""
    if not any(child.status == "refused" for child in progress.children):
        return None
    for block, numbers in rule_set.walk:
        if isinstance(block, Rule) and numbers[0] in settled.true:
            for action in block.then:
                record: Any = isinstance(action, OpenCase) and child_of(progress, block.key, action.as_)
                if record and record.status == "refused":
                    return block, record
    return None


def matched_keys(rule_set: RuleSet, true: frozenset[int]) -> tuple[str, ...]:
    """Keys of the entries that are true, in walk order."""
    return tuple(rule_set.entries[number].key for number in sorted(true))


def derived_of(settled: Settled) -> Mapping[str, Any]:
    derived: Mapping[str, Any] = settled.facts.document.get("derived") or {}
    return derived
