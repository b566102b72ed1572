"""A version's content: from plain JSON to immutable values with every error at once, and back without loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from orchestration.facts import check_values
from orchestration.rules.actions import read_action, read_outcome, write_action
from orchestration.rules.conditions import read_condition, write_condition
from orchestration.rules.language import LANGUAGE, Action, Condition, VersionContent
from orchestration.rules.reading import NAME_LENGTH, Reader, RuleError, at, shown
from orchestration.rules.sections import (
    read_parameter,
    read_rule,
    read_scenario,
    read_step,
    read_table,
    write_parameter,
    write_rule,
    write_scenario,
    write_step,
    write_table,
)

__all__ = [
    "MAX_DOCUMENT_DEPTH",
    "RuleError",
    "action_from",
    "action_to",
    "condition_from",
    "condition_to",
    "version_from",
    "version_to",
]

MAX_DOCUMENT_DEPTH: Final = 320
"""A schema of a payload 100 levels deep is itself 200 to 300 levels deep."""
MAX_RULES: Final = 5_000
MAX_TABLES: Final = 500
MAX_PARAMETERS: Final = 2_000
MAX_STEPS: Final = 200
MAX_SCENARIOS: Final = 5_000
MAX_OUTCOMES: Final = 200
MAX_FEEDBACK: Final = 50
_OPTIONAL: Final = (
    "language",
    "feedback",
    "human_fields",
    "time_zone",
    "budget",
    "parameters",
    "agents",
    "rules",
    "tables",
    "scenarios",
)


def condition_from(data: Any, pointer: str = "") -> Condition:
    """The condition that this plain JSON says. Raises RuleError naming every error."""
    reader = _checked(data, pointer)
    found = read_condition(reader, data, pointer)
    reader.finish()
    return found


def condition_to(condition: Condition) -> Any:
    """The condition as plain JSON."""
    return write_condition(condition)


def action_from(data: Any, pointer: str = "") -> Action:
    """The action that this plain JSON says. Raises RuleError naming every error."""
    reader = _checked(data, pointer)
    found = read_action(reader, data, pointer)
    reader.finish()
    if found is None:
        raise AssertionError("an action that cannot be read was not reported")
    return found


def action_to(action: Action) -> dict[str, Any]:
    """The action as plain JSON."""
    return write_action(action)


def version_from(data: Any) -> VersionContent:
    """The version that this plain JSON says. Raises RuleError naming every error.

    Mappings (parameters, agents, assignments, payloads) have no order, so they are read sorted by name.
    """
    reader = _checked(data, "")
    found = reader.mapping(data, "", "The version", required=("outcomes", "input_schema"), optional=_OPTIONAL)
    if found is None:
        reader.finish()
        raise AssertionError("unreachable")
    outcomes = found.get("outcomes", ["x"])
    budget = found.get("budget")
    language = found.get("language", LANGUAGE)
    if language != LANGUAGE or isinstance(language, bool | float):
        reader.fault("/language", f"The rule language has number {LANGUAGE}; {shown(language)} is not known here.")
    if budget is not None and reader.number(budget, "/budget", "The budget") < 0:
        reader.fault("/budget", "The budget must not be negative.")
    zone = found.get("time_zone", "UTC")
    content = VersionContent(
        outcomes=tuple(
            read_outcome(reader, one, place)
            for one, place in reader.sequence(outcomes, "/outcomes", "“outcomes”", limit=MAX_OUTCOMES, least=1)
        ),
        feedback=tuple(
            reader.text(one, place, "The feedback value", limit=NAME_LENGTH)
            for one, place in reader.sequence(
                found.get("feedback", []), "/feedback", "“feedback”", limit=MAX_FEEDBACK, least="feedback" in found
            )
        ),
        input_schema=reader.free(found.get("input_schema", {}), "/input_schema", "The input schema"),
        human_fields=reader.free(found.get("human_fields", {}), "/human_fields", "“human_fields”"),
        time_zone=reader.text(zone, "/time_zone", "The time zone"),
        budget=budget,
        parameters=_named(reader, found, "parameters", MAX_PARAMETERS, read_parameter),
        agents=_named(reader, found, "agents", MAX_STEPS, read_step),
        rules=_listed(reader, found, "rules", MAX_RULES, read_rule),
        tables=_listed(reader, found, "tables", MAX_TABLES, read_table),
        scenarios=_listed(reader, found, "scenarios", MAX_SCENARIOS, read_scenario),
    )
    reader.finish()
    return content


def version_to(content: VersionContent) -> dict[str, Any]:
    """The version as plain JSON: what `version_from` reads, with defaults left out."""
    found: dict[str, Any] = {
        "language": content.language,
        "outcomes": list(content.outcomes),
    }
    if content.feedback:
        found["feedback"] = list(content.feedback)
    found["input_schema"] = content.input_schema
    if content.human_fields:
        found["human_fields"] = content.human_fields
    if content.time_zone != "UTC":
        found["time_zone"] = content.time_zone
    if content.budget is not None:
        found["budget"] = content.budget
    if content.parameters:
        found["parameters"] = {one.name: write_parameter(one) for one in content.parameters}
    if content.agents:
        found["agents"] = {step.name: write_step(step) for step in content.agents}
    if content.rules:
        found["rules"] = [write_rule(rule) for rule in content.rules]
    if content.tables:
        found["tables"] = [write_table(table) for table in content.tables]
    if content.scenarios:
        found["scenarios"] = [write_scenario(scenario) for scenario in content.scenarios]
    return _plain(found)  # type: ignore[no-any-return]


_Part = TypeVar("_Part")


def _checked(data: Any, pointer: str) -> Reader:
    """A reader, once the document keeps the limits on values; otherwise RuleError."""
    reader = Reader()
    for problem in check_values(data, max_depth=MAX_DOCUMENT_DEPTH):
        reader.fault(pointer + problem.pointer, f"The value {problem.detail}.")
    reader.finish()
    return reader


def _named(
    reader: Reader,
    found: Mapping[str, Any],
    section: str,
    limit: int,
    read: Callable[[Reader, str, Any, str], _Part | None],
) -> tuple[_Part, ...]:
    places = reader.names(found.get(section, {}), f"/{section}", f"“{section}”", limit=limit)
    parts = (read(reader, name, one, place) for name, one, place in places)
    return tuple(part for part in parts if part is not None)


def _listed(
    reader: Reader,
    found: Mapping[str, Any],
    section: str,
    limit: int,
    read: Callable[[Reader, Any, str], _Part | None],
) -> tuple[_Part, ...]:
    places = reader.sequence(found.get(section, []), at("", section), f"“{section}”", limit=limit)
    parts = (read(reader, one, place) for one, place in places)
    return tuple(part for part in parts if part is not None)


def _plain(value: Any) -> Any:
    """A copy of dicts and lists only, so that nobody can change the version through it."""
    if isinstance(value, Mapping):
        return {key: _plain(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(below) for below in value]
    return value
