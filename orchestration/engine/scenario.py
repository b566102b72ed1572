"""Given facts instead of a case: scenarios of a version, and the answer of the evaluate endpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from orchestration.engine.advance import advance, settle_round
from orchestration.engine.arithmetic import is_number
from orchestration.engine.compile import RuleSet
from orchestration.engine.reference import ConditionTrace, RuleTrace, explain
from orchestration.engine.step import ChildOpened, ChildRecord, Effect, Notified, Progress, RunRecord, Step
from orchestration.engine.walk import NowNeeded, derived_of
from orchestration.facts import Facts, Problem, check_values
from orchestration.rules.language import Scenario
from orchestration.rules.reading import RuleError, at
from orchestration.rules.times import as_moment

_PARTS: Final = ("case", "agents", "human", "children", "meta", "now")
_NOW_NEEDED: Final = "a rule reads the time, so `now` must be given"


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """Did the version do what the scenario expects? `message` says what differs; `step` is None when the
    scenario could not be evaluated."""

    title: str
    passed: bool
    message: str
    step: Step | None


def situation(given: Mapping[str, Any], now: datetime | None) -> tuple[Facts, Progress]:
    """Given facts as a case would have them: steps that are given count as run, on whatever input.

    `now` is used where the facts do not say it. Raises RuleError naming each place that is malformed.
    """
    problems = list(_faults(given))
    if problems:
        raise RuleError(problems)
    meta = dict(given.get("meta", {}))
    if moment := given.get("now") or meta.get("now") or (now.isoformat() if now else None):
        meta["now"] = moment
    runs = tuple(_run(step, one) for step, one in given.get("agents", {}).items())
    children = tuple(_child(name, one) for name, one in given.get("children", {}).items())
    facts = Facts({"case": given.get("case", {}), "human": given.get("human", {}), "meta": meta})
    return facts, Progress(runs=runs, children=children)


def run_scenario(rule_set: RuleSet, scenario: Scenario) -> ScenarioResult:
    """Evaluate the scenario's facts and compare the step with what it expects."""
    try:
        facts, progress = situation(scenario.given, None)
        _require_now(rule_set, facts)
        step = advance(rule_set, facts, progress)
    except NowNeeded:
        return ScenarioResult(scenario.title, False, _NOW_NEEDED, None)
    except RuleError as error:
        return ScenarioResult(scenario.title, False, "; ".join(map(_sentence, error.problems)), None)
    difference = _difference(scenario.expect, step)
    return ScenarioResult(scenario.title, not difference, difference, step)


def answer(rule_set: RuleSet, given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The body of `POST /workflows/{slug}/evaluate`: the step, what led to it, and why each rule did or did not.

    Raises RuleError naming each place of `given` that is malformed.
    """
    facts, progress = situation(given, now)
    unknown = [run.step for run in progress.runs if run.step not in rule_set.steps]
    if unknown:
        raise RuleError([Problem(at("/agents", step), "is not an agent step of this version") for step in unknown])
    step = advance(rule_set, facts, progress)
    last = settle_round(rule_set, facts, progress)
    return {
        "step": step_document(step),
        "matched": list(step.matched),
        "derived": dict(derived_of(last)),
        "now": facts.get("meta.now"),
        "explanation": [rule_document(trace) for trace in explain(rule_set, last.facts)],
    }


def step_document(step: Step) -> dict[str, Any]:
    """A step as JSON: its kind and what belongs to that kind."""
    found: dict[str, Any] = {"kind": step.kind, "rule": step.rule or None}
    if step.kind == "run":
        found["run"] = list(step.awaited)
        found["runs"] = [{"step": run.step, "input": dict(run.input)} for run in step.runs]
    elif step.kind == "decide":
        found |= {"outcome": step.outcome, "note": step.note}
    elif step.kind == "escalate":
        found |= {"queue": step.queue or None, "reason": step.reason, "detail": step.detail}
        found["priority"] = step.priority
    else:
        found |= {"due": step.due.isoformat() if step.due else None, "child": step.child or None}
    found["reasons"] = [asdict(reason) for reason in step.reasons]
    found["effects"] = [_effect_document(effect) for effect in step.effects]
    return found


def rule_document(trace: RuleTrace) -> dict[str, Any]:
    """A rule's trace as JSON."""
    found: dict[str, Any] = {"rule": trace.rule, "title": trace.title, "kind": trace.kind}
    if trace.table:
        found |= {"table": trace.table, "row": trace.row}
    kept_out = trace.kept_out_by
    return found | {
        "matched": trace.matched,
        "conditions": [_condition_document(one) for one in trace.conditions],
        "kept_out_by": None if kept_out is None else _condition_document(kept_out),
    }


def _condition_document(trace: ConditionTrace) -> dict[str, Any]:
    found: dict[str, Any] = {"text": trace.text, "truth": trace.truth, "seen": dict(trace.seen)}
    found["place"] = trace.place
    if trace.parts:
        found["parts"] = [_condition_document(part) for part in trace.parts]
    return found


def _effect_document(effect: Effect) -> dict[str, Any]:
    kind = (
        "open_case" if isinstance(effect, ChildOpened) else "notify" if isinstance(effect, Notified) else "prioritise"
    )
    return {"kind": kind, **{name.rstrip("_"): value for name, value in asdict(effect).items()}}


def _difference(expect: Mapping[str, Any], step: Step) -> str:
    """What differs from the expectation, in words; "" when nothing does."""
    wanted: dict[str, Callable[[Any], bool]] = {
        "outcome": lambda value: step.kind == "decide" and step.outcome == value,
        "escalate": lambda value: step.kind == "escalate" and step.reason == value,
        "run": lambda value: step.kind == "run" and sorted(step.awaited) == sorted(_names(value)),
        "wait": lambda value: step.kind == "wait" and (value is True or value in (step.rule, step.child)),
    }
    if not expect or any(key not in wanted for key in expect):
        return f"the scenario must expect one of {', '.join(wanted)}"
    if all(wanted[key](value) for key, value in expect.items()):
        return ""
    expected = " and ".join(f"{key} {_said(value)}" for key, value in expect.items())
    return f"expected {expected}, but the rules {_did(step)}"


def _did(step: Step) -> str:
    if step.kind == "decide":
        return f"decide {step.outcome}"
    if step.kind == "escalate":
        return f"escalate with reason {step.reason}" + (f" ({step.detail})" if step.detail else "")
    if step.kind == "run":
        return f"would run {', '.join(step.awaited)} first"
    return f"wait for the case {step.child!r}" if step.child else f"wait until {step.due}"


def _said(value: Any) -> str:
    return ", ".join(_names(value)) if isinstance(value, list | tuple) else str(value)


def _names(value: Any) -> Sequence[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def _sentence(problem: Problem) -> str:
    return f"{problem.pointer} {problem.detail}"


def _require_now(rule_set: RuleSet, facts: Facts) -> None:
    if rule_set.reads_now and not facts.get("meta.now"):
        raise NowNeeded(_NOW_NEEDED)


def _run(step: str, given: Mapping[str, Any]) -> RunRecord:
    status = given.get("status") or "succeeded"
    return RunRecord(step, status, output=given.get("output") or {}, confidence=given.get("confidence"))


def _child(name: str, given: Mapping[str, Any]) -> ChildRecord:
    return ChildRecord("", name, given.get("status") or "decided", given.get("outcome"))


def _faults(given: Any) -> Iterator[Problem]:
    if not isinstance(given, Mapping):
        yield Problem("", "must be an object of facts")
        return
    for key, value in given.items():
        if key not in _PARTS:
            yield Problem(at("", key), "is not one of " + ", ".join(_PARTS))
        elif key == "now":
            yield from _now_faults(value, "/now")
        elif not isinstance(value, Mapping):
            yield Problem(f"/{key}", "must be an object")
        elif key == "meta":
            yield from _now_faults(value.get("now"), "/meta/now")
        elif key in ("agents", "children"):
            for name, one in value.items():
                yield from _entry_faults(one, at(f"/{key}", name), _RUN_PARTS if key == "agents" else _CHILD_PARTS)
    yield from check_values(dict(given))


def _entry_faults(given: Any, place: str, parts: Mapping[str, _Part]) -> Iterator[Problem]:
    if not isinstance(given, Mapping):
        yield Problem(place, "must be an object")
        return
    for key, value in given.items():
        if key not in parts:
            yield Problem(at(place, key), "is not one of " + ", ".join(parts))
        elif value is not None and not parts[key][0](value):
            yield Problem(at(place, key), parts[key][1])


def _now_faults(value: Any, place: str) -> Iterator[Problem]:
    if value is not None and as_moment(value, ZoneInfo("UTC")) is None:
        yield Problem(place, "must be a date with time such as 2026-11-22T09:30:00Z")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_Part = tuple[Callable[[Any], bool], str]
_RUN_PARTS: Final[Mapping[str, _Part]] = {
    "output": (lambda value: isinstance(value, Mapping), "must be an object"),
    "confidence": (lambda value: is_number(value) and 0 <= value <= 1, "must be a number from 0 to 1"),
    "status": (lambda value: value in ("succeeded", "failed"), "must be succeeded or failed"),
}
_CHILD_PARTS: Final[Mapping[str, _Part]] = {
    "status": (_is_text, "must be a text"),
    "outcome": (_is_text, "must be a text"),
}
