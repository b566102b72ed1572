"""Deciding: the next step of a case as a pure function of a version, the facts and the case's progress.

The round of DESIGN §2: 1. failed agent steps, then rounds and budget, are judged before the rules; 2. passes
settle the derived facts; 3. the matched rules are walked to the first terminal action. No clock, no database, no
randomness, no plugin: the same arguments give the same step, on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from orchestration.engine.compile import RuleSet
from orchestration.engine.passes import Settled, settled
from orchestration.engine.reasons import reasons_for
from orchestration.engine.runs import Found, find_runs, with_children, with_runs
from orchestration.engine.step import Progress, Step
from orchestration.engine.walk import NowNeeded, derived_of, matched_keys, refused_child, walked
from orchestration.facts import Facts

__all__ = ["MAX_ROUNDS", "NowNeeded", "advance", "advanced", "facts_with_agents", "settle_round"]

MAX_ROUNDS: Final = 50


def advance(rule_set: RuleSet, facts: Facts, progress: Progress) -> Step:
    """The next step. `facts` hold `case`, `human` and `meta` (with `now`, an ISO datetime); what they say of
    `derived` and `agents` is replaced, and `children` completed, from the rules and the progress.

    Raises NowNeeded where a rule waits and `meta.now` is missing.
    """
    return advanced(rule_set, facts, progress)[0]


def advanced(rule_set: RuleSet, facts: Facts, progress: Progress) -> tuple[Step, Facts]:
    """As `advance`, and with the step what it was taken on: the facts with `agents` and `children`."""
    given = with_children(facts, progress)
    facts = given.with_(derived={})
    runs = find_runs(rule_set.steps, facts, progress)
    seen = with_runs(given, runs)
    early = _failure(rule_set, runs, late=False) or _used_up(rule_set, progress)
    if early is not None:
        return early, seen
    last = settled(rule_set, facts, progress, runs)
    step = (
        _failure(rule_set, last.runs, late=True)
        or _conflict(rule_set, last)
        or _refused(rule_set, last, progress)
        or walked(rule_set, last, progress)
    )
    return replace(step, matched=matched_keys(rule_set, last.true), derived=derived_of(last)), seen


def facts_with_agents(rule_set: RuleSet, facts: Facts, progress: Progress) -> Facts:
    """The facts with `agents.<step>` as the recorded runs on their present inputs give them, and `children`.

    Steps whose input reads `derived.*` are seen on the derived facts that `facts` hold.
    """
    facts = with_children(facts, progress)
    return with_runs(facts, find_runs(rule_set.steps, facts, progress))


def settle_round(rule_set: RuleSet, facts: Facts, progress: Progress) -> Settled:
    """The last pass of the round: all facts as the rules saw them, and what was true."""
    facts = with_children(facts.with_(derived={}), progress)
    return settled(rule_set, facts, progress, find_runs(rule_set.steps, facts, progress))


def _failure(rule_set: RuleSet, runs: Mapping[str, Found], *, late: bool) -> Step | None:
    """Steps are judged in the order written; a failure that may not be passed over escalates."""
    for step in rule_set.content.agents:
        run = runs[step.name].run
        if run is None or run.status != "failed" or step.on_failure == "continue":
            continue
        if rule_set.steps[step.name].late is late:
            cause = f": {run.error}" if run.error else ""
            return Step("escalate", reason="agent-failed", detail=f"agent step {step.name} failed{cause}")
    return None


def _used_up(rule_set: RuleSet, progress: Progress) -> Step | None:
    if progress.rounds >= MAX_ROUNDS:
        detail = f"the case was not decided in {MAX_ROUNDS} rounds"
        return Step("escalate", reason="too-many-rounds", detail=detail)
    budget = rule_set.content.budget
    if budget is not None and progress.cost > 0 and progress.cost >= budget:
        detail = f"the agents have used {progress.cost:g} of a budget of {budget:g}"
        return Step("escalate", reason="budget-used-up", detail=detail)
    return None


def _conflict(rule_set: RuleSet, last: Settled) -> Step | None:
    if not last.conflict:
        return None
    reasons = reasons_for(rule_set, last, last.rivals)
    return Step("escalate", reason="rule-conflict", detail=last.conflict, reasons=reasons)


def _refused(rule_set: RuleSet, last: Settled, progress: Progress) -> Step | None:
    found = refused_child(rule_set, last, progress)
    if found is None:
        return None
    rule, child = found
    cause = f": {child.refused}" if child.refused else ""
    return Step(
        "escalate",
        rule=rule.key,
        reason="child-refused",
        detail=f"the case {child.as_!r} that rule {rule.title!r} asks for could not be opened{cause}",
        reasons=reasons_for(rule_set, last, (rule.key,)),
    )
