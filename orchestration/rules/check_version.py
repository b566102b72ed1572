"""Check of what a version stands on: time zone, outcomes, feedback, schemas, parameters, steps, and what is unused."""

from __future__ import annotations

import operator
import zoneinfo
from collections.abc import Iterator, Mapping
from typing import Any, Final

import jsonschema_rs

from orchestration.facts import FactSpec, spec_from_schema
from orchestration.rules.check_operands import KINDS, literal_fault
from orchestration.rules.findings import Check
from orchestration.rules.language import (
    AgentStep,
    Decide,
    DecideOutput,
    Parameter,
    Run,
)
from orchestration.rules.reading import at, shown
from orchestration.rules.schema import validator
from orchestration.rules.times import parse_duration, period_length

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_BOUNDED: Final = ("number", "integer", "date", "duration")


def check_foundations(check: Check) -> None:
    """Time zone, outcomes, feedback, schemas, parameters and agent steps."""
    content = check.content
    try:
        check.zone = zoneinfo.ZoneInfo(content.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        check.unknown("/time_zone", "time zone", content.time_zone, tuple(sorted(known)))
    for place, outcome in enumerate(content.outcomes):
        if outcome in content.outcomes[:place]:
            check.error(f"/outcomes/{place}", f"The outcome “{outcome}” is listed twice.")
    for place, value in enumerate(content.feedback):
        if value in content.feedback[:place]:
            check.error(f"/feedback/{place}", f"The feedback value “{value}” is listed twice.")
    if not content.outcomes:
        check.error("/outcomes", "A workflow needs at least one outcome.")
    _schema(check, content.input_schema, "/input_schema", "input schema")
    if content.human_fields:
        _schema(check, content.human_fields, "/human_fields", "schema of the human fields")
    for parameter in content.parameters:
        _parameter(check, parameter, at("/parameters", parameter.name))
    for step in content.agents:
        _step(check, step, at("/agents", step.name))


def check_unused(check: Check) -> None:
    """Steps that no rule runs, outcomes that no rule gives, parameters that nothing reads."""
    content = check.content
    actions = [action for rule in content.rules if rule.enabled for action in rule.then]
    run = {name for action in actions if isinstance(action, Run) for name in action.steps}
    for name in check.steps:
        if name not in run:
            check.warning(at("/agents", name), f"No rule runs the step “{name}”, so its facts are never there.")
    given = {action.outcome for action in actions if isinstance(action, Decide)}
    for table in content.tables:
        for place, output in enumerate(table.outputs):
            if table.enabled and isinstance(output, DecideOutput):
                lines = [row.then for row in table.rows] + ([table.otherwise] if table.otherwise else [])
                given |= {str(cells[place]) for cells in lines if place < len(cells)}
    for place, outcome in enumerate(content.outcomes):
        if outcome not in given:
            check.warning(f"/outcomes/{place}", f"No rule decides “{outcome}”; only a person can.")
    for name in check.parameters:
        if name not in check.used_parameters:
            check.warning(at("/parameters", name), f"Nothing reads the parameter “{name}”.")


def schema_fault(schema: Mapping[str, Any]) -> tuple[str, str] | None:
    """Place and description of what makes a JSON Schema unusable; None when it is good."""
    for place, reference in _references(schema):
        if not reference.startswith("#"):
            return place, f"A “$ref” must stay within the schema (start with #), not lead to “{reference[:80]}”."
    dialect = schema.get("$schema", _DIALECT)
    if not isinstance(dialect, str) or dialect.rstrip("#") != _DIALECT:
        return "/$schema", f"Only JSON Schema 2020-12 is read ({_DIALECT})."
    try:
        validator(schema)
    except jsonschema_rs.ValidationError as error:
        return "".join(at("", part) for part in error.instance_path), f"This is not JSON Schema: {error.message[:300]}."
    except Exception as error:  # whatever else the library makes of it
        return "", f"This schema cannot be used: {str(error)[:300]}."
    return None


def _schema(check: Check, schema: Mapping[str, Any], pointer: str, what: str) -> None:
    fault = schema_fault(schema)
    if fault is not None:
        check.error(pointer + fault[0], fault[1])
        return
    if schema.get("type") != "object":
        check.error(f"{pointer}/type" if "type" in schema else pointer, f"The {what} must have the type “object”.")
    properties = schema.get("properties", {})
    if not properties:
        check.warning(pointer, f"The {what} names no fields, so no rule can read one.")
    for name in properties:
        if "." in name:
            said = f"No rule can read the field “{name}”: a name with a dot is not a fact."
            check.warning(at(f"{pointer}/properties", name), said)


def _references(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    stack: list[tuple[Any, str]] = [(schema, "")]
    while stack:
        value, place = stack.pop()
        if isinstance(value, Mapping):
            for key, below in value.items():
                if key in ("$ref", "$dynamicRef") and isinstance(below, str):
                    yield at(place, key), below
                elif key not in ("enum", "const", "default", "examples"):
                    stack.append((below, at(place, key)))
        elif isinstance(value, list | tuple):
            stack.extend((below, at(place, number)) for number, below in enumerate(value))


def _parameter(check: Check, parameter: Parameter, pointer: str) -> None:
    if parameter.type == "list":
        values = parameter.value if isinstance(parameter.value, list | tuple) else None
        if values is None:
            check.error(f"{pointer}/value", "The value of a list parameter must be a list, such as [DE, FR].")
        elif len({_kind(value) for value in values}) > 1:
            check.error(f"{pointer}/value", "All values of a list must be of one type: all texts or all numbers.")
        for bound in ("minimum", "maximum"):
            if getattr(parameter, bound) is not None:
                check.error(f"{pointer}/{bound}", f"A list has no {bound}.")
        return
    measured: dict[str, Any] = {}
    for name in ("value", "minimum", "maximum"):
        value = getattr(parameter, name)
        if value is None and name != "value":
            continue
        if name != "value" and parameter.type not in _BOUNDED:
            check.error(f"{pointer}/{name}", f"A parameter of type {parameter.type} has no {name}.")
            continue
        fault = _value_fault(value, parameter.type)
        if fault:
            check.error(f"{pointer}/{name}", f"{shown(value)} {fault}.")
        else:
            measured[name] = period_length(value) if parameter.type == "duration" else value
    for name, wrong in (("minimum", operator.lt), ("maximum", operator.gt)):
        if (
            parameter.type in _BOUNDED
            and {"value", name} <= measured.keys()
            and wrong(measured["value"], measured[name])
        ):
            side = "below" if name == "minimum" else "above"
            said = f"The value {parameter.value} is {side} the {name} {getattr(parameter, name)}."
            check.error(f"{pointer}/value", said)
    if {"minimum", "maximum"} <= measured.keys() and measured["minimum"] > measured["maximum"]:
        check.error(f"{pointer}/minimum", "The minimum is above the maximum.")


def _value_fault(value: Any, type_: str) -> str:
    if type_ == "duration":
        try:
            period_length(value)
        except ValueError:
            return "is not a duration such as 4h, 30d, 6mo or 18y"
        return ""
    if type_ == "integer" and isinstance(value, float):
        return "is not a whole number"
    return literal_fault(value, type_)


def _step(check: Check, step: AgentStep, pointer: str) -> None:
    try:
        parse_duration(step.timeout)
    except ValueError as error:
        check.error(f"{pointer}/timeout", str(error))
    schemas = {"input_schema": step.input_schema, "output_schema": step.output_schema}
    sound = True
    for name, schema in schemas.items():
        fault = schema_fault(schema) if schema else None
        if fault is not None:
            sound = False
            check.error(f"{pointer}/{name}{fault[0]}", f"Agent “{step.use}”: {fault[1]}")
    known = spec_from_schema("input", step.input_schema).properties if step.input_schema and sound else None
    for field, path in step.input.items():
        place = at(f"{pointer}/input", field)
        target = known.get(field) if known is not None else None
        if known is not None and target is None:
            check.unknown(place, f"input field of “{step.use}” named", field, tuple(known))
        _mapped(check, step, path, place, target)
    for field in _required(step.input_schema) if known is not None else ():
        if field not in step.input:
            spec = check.catalogue.get(f"case.{field}")
            if spec is None:
                said = f"The agent “{step.use}” needs “{field}”: say under “input” which fact it takes."
                same = next((path for path in check.catalogue.specs if path.endswith(f".{field}")), "")
                check.error(f"{pointer}/input", said, same or check.nearest(f"case.{field}", check.catalogue.specs))
            elif known is not None and field in known:
                _same_type(check, spec, known[field], f"{pointer}/input")


def _mapped(check: Check, step: AgentStep, path: str, place: str, target: FactSpec | None) -> None:
    if path == "meta.now":
        check.error(place, "A step may not take meta.now: it would have to run again at every moment.")
    elif path.startswith(f"agents.{step.name}."):
        check.error(place, f"The step “{step.name}” cannot take what it gives itself.")
    elif path in _SOURCES:
        return  # a whole source: all of the payload, for example
    else:
        spec = check.fact(path, place)
        if spec is not None and target is not None:
            _same_type(check, spec, target, place)


def _same_type(check: Check, spec: FactSpec, target: FactSpec, place: str) -> None:
    alike = ({"number", "integer"}, {"string", "date", "datetime"})
    if spec.type == target.type or "any" in (spec.type, target.type):
        return
    if not any(spec.type in group and target.type in group for group in alike):
        name = target.path.rpartition(".")[2]
        check.error(place, f"“{name}” must be {KINDS[target.type]}, but “{spec.path}” is {KINDS[spec.type]}.")


def _required(schema: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in schema.get("required", ()) if isinstance(name, str))


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "text"


_SOURCES: Final = ("case", "human")
