"""Check of scenarios: what they give exists, and what they expect can happen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from orchestration.facts import Catalogue, FactSpec, check_values
from orchestration.rules.check_actions import check_outcome
from orchestration.rules.check_operands import KINDS
from orchestration.rules.findings import WARNING, Check
from orchestration.rules.language import Escalate, EscalateOutput, FactRef, Scenario, Set
from orchestration.rules.operators import is_of_type
from orchestration.rules.reading import at
from orchestration.rules.reads import reads_time
from orchestration.rules.times import as_moment

GIVEN: Final = ("case", "agents", "human", "children", "meta", "now")
EXPECTED: Final = ("outcome", "escalate", "run", "wait")
_RUN_PARTS: Final = ("status", "output", "confidence")


def check_scenarios(check: Check) -> None:
    titles: set[str] = set()
    needs_now = bool(check.content.scenarios) and _reads_time(check)
    reasons = _reasons(check)
    for number, scenario in enumerate(check.content.scenarios):
        pointer = f"/scenarios/{number}"
        if scenario.title in titles:
            check.warning(f"{pointer}/title", f"There are two scenarios “{scenario.title}”.")
        titles.add(scenario.title)
        _given(check, scenario, f"{pointer}/given", needs_now)
        _expected(check, scenario, f"{pointer}/expect", reasons)


def _given(check: Check, scenario: Scenario, pointer: str, needs_now: bool) -> None:
    given = scenario.given
    for problem in check_values(dict(given)):
        check.error(pointer + problem.pointer, f"The value {problem.detail}.")
    parts: dict[str, Mapping[str, Any]] = {}
    for key, value in given.items():
        place = at(pointer, key)
        if key not in GIVEN:
            check.unknown(place, "part of a scenario named", key, GIVEN)
        elif key == "now":
            if as_moment(value, check.zone) is None:
                check.error(place, f"“now” must be a date with time such as 2026-01-31T09:00:00Z, not “{value}”.")
        elif not isinstance(value, Mapping):
            check.error(place, f"“{key}” must be a mapping.")
        else:
            parts[key] = value
    if needs_now and "now" not in given and "now" not in parts.get("meta", {}):
        check.error(pointer, "A rule reads the time, so the scenario must give “now”.")
    for source in ("case", "human", "meta"):
        if source in parts:
            _facts(check, parts[source], source, at(pointer, source), check.catalogue)
    for step, run in parts.get("agents", {}).items():
        _run(check, step, run, at(at(pointer, "agents"), step))
    for name in parts.get("children", {}):
        if f"children.{name}.status" not in check.catalogue.specs:
            known = [path.split(".")[1] for path in check.catalogue.specs if path.startswith("children.")]
            place = at(at(pointer, "children"), name)
            check.unknown(place, "child case", name, tuple(dict.fromkeys(known)), severity=WARNING)


def _run(check: Check, step: str, run: Any, pointer: str) -> None:
    if step not in check.steps:
        check.unknown(pointer, "agent step", step, check.steps)
        return
    if not isinstance(run, Mapping):
        check.error(pointer, "A step that is given is a mapping with output, confidence or status.")
        return
    for key in run:
        if key not in _RUN_PARTS:
            check.unknown(at(pointer, key), "part of a step named", key, _RUN_PARTS)
    if run.get("status", "succeeded") not in ("succeeded", "failed"):
        check.error(at(pointer, "status"), "The status of a step is succeeded or failed.")
    confidence = run.get("confidence")
    fits = isinstance(confidence, int | float) and not isinstance(confidence, bool) and 0 <= confidence <= 1
    if confidence is not None and not fits:
        check.error(at(pointer, "confidence"), "A confidence is a number from 0 to 1.")
    output = run.get("output", {})
    if isinstance(output, Mapping) and check.steps[step].output_schema:
        _facts(check, output, f"agents.{step}.output", at(pointer, "output"), check.catalogue)


def _facts(check: Check, values: Mapping[str, Any], path: str, pointer: str, catalogue: Catalogue) -> None:
    """Doubts about given facts: not in the catalogue, or of another type than a real case could have."""
    for name, value in values.items():
        place, fact = at(pointer, name), f"{path}.{name}"
        spec = catalogue.get(fact)
        if spec is None:
            if any(known.startswith(f"{path}.") for known in catalogue.specs) or path in ("human", "meta"):
                check.unknown(place, "fact", fact, catalogue.specs, severity=WARNING)
        elif value is not None:
            _value(check, spec, value, place, catalogue)


def _value(check: Check, spec: FactSpec, value: Any, pointer: str, catalogue: Catalogue) -> None:
    if not is_of_type(spec.type, value, check.zone):
        said = f"“{spec.path}” is {KINDS[spec.type]}, so a real case never has this value there."
        check.warning(pointer, said)
    elif isinstance(value, Mapping):
        _facts(check, value, spec.path, pointer, catalogue)
    elif spec.values and isinstance(value, str) and value not in spec.values:
        known = tuple(str(one) for one in spec.values)
        said = f"“{value}” is not a value of “{spec.path}”, so a real case never has it."
        check.warning(pointer, said, check.nearest(value, known))


def _expected(check: Check, scenario: Scenario, pointer: str, reasons: Sequence[str]) -> None:
    if not scenario.expect:
        check.error(pointer, f"The scenario expects nothing. Write one of {', '.join(EXPECTED)}.")
    for key, value in scenario.expect.items():
        place = at(pointer, key)
        if key not in EXPECTED:
            check.unknown(place, "expectation", key, EXPECTED)
        elif key == "outcome":
            check_outcome(check, str(value), place)
        elif key == "run":
            steps = value if isinstance(value, list | tuple) else [value]
            for number, step in enumerate(steps):
                if step not in check.steps:
                    check.unknown(at(place, number), "agent step", str(step), check.steps)
        elif key == "escalate" and not isinstance(value, str):
            check.error(place, "“escalate” expects the reason as a text.")
        elif key == "escalate" and value not in reasons and "-" not in value:
            said = f"No rule escalates with the reason “{value}”."
            check.warning(place, said, check.nearest(value, tuple(reasons)))


def _reasons(check: Check) -> list[str]:
    found: dict[str, None] = {}
    for rule in check.content.rules:
        found.update((action.reason, None) for action in rule.then if isinstance(action, Escalate))
    for table in check.content.tables:
        for place, output in enumerate(table.outputs):
            if isinstance(output, EscalateOutput):
                lines = [row.then for row in table.rows] + ([table.otherwise] if table.otherwise else [])
                found.update((str(cells[place]), None) for cells in lines if place < len(cells))
    return list(found)


def _reads_time(check: Check) -> bool:
    return any(_times(check))


def _times(check: Check) -> Iterator[bool]:
    for rule in check.content.rules:
        if rule.enabled:
            yield reads_time(rule.when)
            for action in rule.then:
                if isinstance(action, Set):
                    yield any(isinstance(v, FactRef) and v.path == "meta.now" for _, v in action.assignments)
    for table in check.content.tables:
        if table.enabled:
            yield any(column.fact == "meta.now" for column in table.inputs)
