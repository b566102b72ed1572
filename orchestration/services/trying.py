"""Rules tried out on facts: the step they give, each condition's truth, and what would have to change."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from orchestration.engine.advance import NowNeeded, advance, settle_round
from orchestration.engine.advice import advised
from orchestration.engine.compile import RuleSet, compile_version
from orchestration.engine.nearest import Change
from orchestration.engine.nearest_values import distance
from orchestration.engine.reference import ConditionTrace, RuleTrace, explain
from orchestration.engine.scenario import situation
from orchestration.engine.step import Step
from orchestration.facts import Problem, digest
from orchestration.models import Case, Workflow, WorkflowVersion
from orchestration.rules.explain import action_text, fact_text
from orchestration.rules.language import VersionContent
from orchestration.rules.parse import RuleError, version_from
from orchestration.rules.reading import at
from orchestration.services.document_lines import Line, lines_of, shown
from orchestration.services.rule_set import Loaded
from orchestration.services.step_words import StepWords, step_words
from orchestration.services.version import freeze

KEPT: Final = 6
"""Contents that stay compiled in this process, so that trying again is quick."""
_LISTS: Final = ("rules", "tables")


@dataclass(frozen=True, slots=True)
class ConditionTrial:
    text: str
    truth: bool
    seen: str
    place: str
    parts: tuple[ConditionTrial, ...]


@dataclass(frozen=True, slots=True)
class RuleTrial:
    """`gave`: its action was the step. `advice`: the one value that would make it true, in a sentence; ""."""

    key: str
    title: str
    kind: str
    table: str
    row: str
    matched: bool
    gave: bool
    actions: str
    conditions: tuple[ConditionTrial, ...]
    kept_out_by: ConditionTrial | None
    advice: str
    far: float  # how far away that value is; without advice, beyond all others

    @property
    def wrong(self) -> int:
        """How many of the conditions that must all be so are not."""
        return sum(not one.truth for one in self.conditions)


@dataclass(frozen=True, slots=True)
class Trial:
    step: Step
    words: StepWords
    rules: tuple[RuleTrial, ...]  # in walk order
    derived: list[Line]
    now: str
    doubts: tuple[str, ...]  # why a real case could not be like this
    took: float  # milliseconds

    @property
    def fired(self) -> list[RuleTrial]:
        """Those that were true, the one that gave the step first."""
        return sorted((rule for rule in self.rules if rule.matched), key=lambda rule: not rule.gave)

    @property
    def kept_out(self) -> list[RuleTrial]:
        return [rule for rule in self.rules if not rule.matched]


def try_facts(
    *, document: Mapping[str, Any], workflow: Workflow, given: Any, now: datetime | None = None, first: str = ""
) -> Trial:
    """What the version `document` says of facts given as in a scenario. Stores nothing, runs no agent.

    `first`: key of a rule or table that is shown before the others. Raises RuleError naming each place of the
    document (`/rules/…`) or of the facts (`/case`, `/agents` …) that is malformed.
    """
    started = time.perf_counter()
    version = ready(document)
    rule_set = version.rule_set
    facts, progress = situation(given, now or timezone.now())
    unknown = [run.step for run in progress.runs if run.step not in rule_set.steps]
    if unknown:
        raise RuleError([Problem(at("/agents", step), "is not an agent step of this version") for step in unknown])
    try:
        step = advance(rule_set, facts, progress)
    except NowNeeded as needed:
        raise RuleError([Problem("/now", str(needed))]) from None
    last = settle_round(rule_set, facts, progress)
    advice = advised(rule_set, facts, progress, last)
    rules = [_rule(trace, step, advice.get(trace.rule), rule_set) for trace in explain(rule_set, last.facts)]
    rules.sort(key=lambda rule: first not in (rule.key, rule.table) if first else 0)
    return Trial(
        step=step,
        words=step_words(step, Case(workflow=workflow)),
        rules=tuple(rules),
        derived=lines_of(dict(last.facts.document.get("derived") or {})),
        now=str(facts.get("meta.now") or ""),
        doubts=tuple(f"{_words(problem.pointer)}: {problem.detail}" for problem in _doubts(version, given)),
        took=(time.perf_counter() - started) * 1000,
    )


def laid_over(document: Mapping[str, Any], section: str, key: str, value: Any) -> dict[str, Any]:
    """The document with one part as somebody is just writing it; None takes the part away.

    Raises RuleError for a section or part that cannot be.
    """
    if section in _LISTS:
        known = [one for one in document.get(section, []) if one.get("key") != key]
        place = next((n for n, one in enumerate(document.get(section, [])) if one.get("key") == key), len(known))
        parts: Any = known if value is None else [*known[:place], value, *known[place:]]
    elif section == "scenarios":
        parts = list(document.get(section, []))
        place = int(key) if key.isdecimal() and int(key) < len(parts) else len(parts)
        parts[place : place + 1] = [] if value is None else [value]
    elif section in ("parameters", "agents"):
        parts = {name: one for name, one in document.get(section, {}).items() if name != key}
        parts |= {} if value is None else {key: value}
    else:
        raise RuleError([Problem("", f"A version has no section {section!r}.")])
    return {**document, section: parts}


def ready(document: Mapping[str, Any]) -> Loaded:
    """The content read and compiled, from this process's memory where it was tried before. Raises RuleError."""
    name = digest(document)
    with _lock:
        if found := _kept.get(name):
            _kept.move_to_end(name)
            return found
    content = version_from(document)
    if any(not step.agent_version for step in content.agents):
        content = freeze(content)
    made = Loaded(WorkflowVersion(), content, compile_version(content))
    with _lock:
        _kept[name] = made
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return made


_lock = threading.Lock()
_kept: OrderedDict[str, Loaded] = OrderedDict()


def advice_text(change: Change, content: VersionContent) -> str:
    """`It would be true if age were 18 instead of 17.`"""
    what = fact_text(change.path, content)
    if change.within:
        names = [f"entry {name + 1}" if isinstance(name, int) else name.replace("_", " ") for name in change.within]
        what = f"{what} › {' › '.join(names)}"
    if change.after is None:
        return f"It would be true if {what} were not given."
    said = _said(change.after)
    if change.before is None:
        return f"It would be true if {what} were {said}; it is not given."
    if isinstance(change.before, list | tuple) and isinstance(change.after, list):
        more = change.after[len(change.before) :]
        if more and change.after[: len(change.before)] == list(change.before):
            return f"It would be true if {what} also held {', '.join(map(_said, more))}."
    return f"It would be true if {what} were {said} instead of {_said(change.before)}."


def _rule(trace: RuleTrace, step: Step, change: Change | None, rule_set: RuleSet) -> RuleTrial:
    entry = rule_set.entries[rule_set.numbers[trace.rule]]
    actions = [action_text(action, rule_set.content) for action in entry.rule.then] if entry.rule else []
    if entry.table is not None and entry.row is not None:
        actions = [shown(cell) for cell in entry.row.then if cell is not None]
    return RuleTrial(
        key=trace.rule,
        title=trace.title,
        kind=trace.kind,
        table=trace.table,
        row=trace.row,
        matched=trace.matched,
        gave=trace.rule == step.rule,
        actions=", then ".join(actions),
        conditions=tuple(_condition(one) for one in trace.conditions),
        kept_out_by=_condition(trace.kept_out_by) if trace.kept_out_by else None,
        advice=advice_text(change, rule_set.content) if change is not None else "",
        far=distance(change.before, change.after) if change is not None else math.inf,
    )


def _condition(trace: ConditionTrace) -> ConditionTrial:
    """The tree as people read it: a `not` is shown with its text alone, or with what is below what it denies."""
    seen = [(path, shown(value)) for path, value in trace.seen.items()]
    said = seen[0][1] if len(seen) == 1 else "; ".join(f"{path} = {value}" for path, value in seen)
    denied = trace.parts[0] if len(trace.parts) == 1 and trace.parts[0].place == f"{trace.place}/not" else None
    parts = denied.parts if denied is not None else trace.parts
    return ConditionTrial(trace.text, trace.truth, said, trace.place, tuple(map(_condition, parts)))


def _said(value: Any) -> str:
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else shown(value)
    text = text if len(text) <= 120 else f"{text[:119]}…"
    return f"“{text}”" if isinstance(value, str) else text


def _words(pointer: str) -> str:
    return " › ".join(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _doubts(version: Loaded, given: Mapping[str, Any]) -> list[Problem]:
    """What a real payload could not be like, and answers that no person could give."""
    found = [Problem(f"/case{one.pointer}", one.detail) for one in version.payload_problems(given.get("case", {}))]
    if given.get("human"):
        found += [Problem(f"/human{one.pointer}", one.detail) for one in version.human_problems(given["human"])]
    return found[:20]
