"""The parts of a version (rules, tables, parameters, agent steps, scenarios): from plain JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from orchestration.rules.actions import read_action, read_derived, read_outcome, read_reason, write_action
from orchestration.rules.conditions import read_condition, write_condition
from orchestration.rules.language import (
    AgentStep,
    Always,
    DecideOutput,
    DecisionTable,
    EscalateOutput,
    Parameter,
    Rule,
    Scenario,
    SetOutput,
    TableInput,
    TableOutput,
    TableRow,
)
from orchestration.rules.reading import AGENT, TEXT_LENGTH, WORD, Reader, at, shown_kind

PARAMETER_TYPES: Final = ("number", "integer", "string", "boolean", "date", "duration", "list")
OUTPUT_TYPES: Final = ("number", "integer", "string", "boolean", "date", "datetime")
HIT_POLICIES: Final = (
    "unique",
    "any",
    "priority",
    "first",
    "rule_order",
    "output_order",
    "collect",
    "collect_sum",
    "collect_min",
    "collect_max",
    "collect_count",
)
MAX_PRIORITY: Final = 1_000_000
MAX_ACTIONS: Final = 100
MAX_COLUMNS: Final = 100
MAX_ROWS: Final = 5_000
MAX_VALUES: Final = 1_000
CELL_LENGTH: Final = 10_000
_FROZEN: Final = ("agent_version", "input_schema", "output_schema", "inline")


def read_rule(reader: Reader, data: Any, pointer: str) -> Rule | None:
    optional = ("kind", "priority", "enabled")
    found = reader.mapping(data, pointer, "The rule", required=("key", "title", "when", "then"), optional=optional)
    if found is None:
        return None
    actions = reader.sequence(found.get("then", [None]), at(pointer, "then"), "“then”", limit=MAX_ACTIONS, least=1)
    read = [read_action(reader, one, place) for one, place in actions if "then" in found]
    return Rule(
        key=reader.name(found.get("key", "x"), at(pointer, "key"), "The key"),
        title=reader.text(found.get("title", "x"), at(pointer, "title"), "The title"),
        when=read_condition(reader, found["when"], at(pointer, "when")) if "when" in found else Always(),
        then=tuple(action for action in read if action is not None),
        kind=reader.choice(found.get("kind", "rule"), at(pointer, "kind"), "The kind", ("rule", "guard")),
        priority=_priority(reader, found, pointer),
        enabled=reader.boolean(found.get("enabled", True), at(pointer, "enabled"), "“enabled”"),
    )


def write_rule(rule: Rule) -> dict[str, Any]:
    found: dict[str, Any] = {"key": rule.key, "title": rule.title}
    found |= _written_if(rule, kind="rule", priority=0, enabled=True)
    return found | {"when": write_condition(rule.when), "then": [write_action(action) for action in rule.then]}


def read_table(reader: Reader, data: Any, pointer: str) -> DecisionTable | None:
    required = ("key", "title", "hit_policy", "inputs", "outputs", "rows")
    optional = ("otherwise", "priority", "enabled")
    found = reader.mapping(data, pointer, "The table", required=required, optional=optional)
    if found is None:
        return None
    inputs = reader.sequence(
        found.get("inputs", []), at(pointer, "inputs"), "“inputs”", limit=MAX_COLUMNS, least="inputs" in found
    )
    outputs = reader.sequence(
        found.get("outputs", []), at(pointer, "outputs"), "“outputs”", limit=MAX_COLUMNS, least="outputs" in found
    )
    rows = reader.sequence(found.get("rows", []), at(pointer, "rows"), "“rows”", limit=MAX_ROWS)
    policy = found.get("hit_policy", "unique")
    otherwise = None
    if "otherwise" in found:
        otherwise = _cells(reader, found["otherwise"], at(pointer, "otherwise"), "“otherwise”")
    return DecisionTable(
        key=reader.name(found.get("key", "x"), at(pointer, "key"), "The key"),
        title=reader.text(found.get("title", "x"), at(pointer, "title"), "The title"),
        hit_policy=reader.choice(policy, at(pointer, "hit_policy"), "The hit policy", HIT_POLICIES),
        inputs=tuple(_input(reader, one, place) for one, place in inputs),
        outputs=tuple(_output(reader, one, place) for one, place in outputs),
        rows=tuple(_row(reader, one, place) for one, place in rows),
        otherwise=otherwise,
        priority=_priority(reader, found, pointer),
        enabled=reader.boolean(found.get("enabled", True), at(pointer, "enabled"), "“enabled”"),
    )


def write_table(table: DecisionTable) -> dict[str, Any]:
    found: dict[str, Any] = {"key": table.key, "title": table.title, "hit_policy": table.hit_policy}
    found |= _written_if(table, priority=0, enabled=True)
    found["inputs"] = [{"fact": one.fact, **_written_if(one, title="")} for one in table.inputs]
    found["outputs"] = [_written_output(one) for one in table.outputs]
    found["rows"] = [{"key": row.key, "when": list(row.when), "then": list(row.then)} for row in table.rows]
    return found if table.otherwise is None else found | {"otherwise": list(table.otherwise)}


def read_parameter(reader: Reader, name: str, data: Any, pointer: str) -> Parameter | None:
    texts = ("label", "help", "unit")
    optional = ("minimum", "maximum", *texts)
    found = reader.mapping(data, pointer, "The parameter", required=("type", "value"), optional=optional)
    if found is None:
        return None
    for key in ("value", "minimum", "maximum"):
        value = found.get(key, 0)
        inside = value if isinstance(value, list) and key == "value" else [value]
        if len(inside) > MAX_VALUES * 5:
            reader.fault(at(pointer, key), f"The list has {len(inside):,} entries; at most 5,000 are possible.")
        for place, one in enumerate(inside):
            if not isinstance(one, str | int | float):
                below = at(at(pointer, key), place) if inside is value else at(pointer, key)
                reader.fault(below, f"“{key}” must be a plain value, not {shown_kind(one)}.")
    read = {
        key: reader.text(found[key], at(pointer, key), f"“{key}”", limit=TEXT_LENGTH, empty=True)
        for key in texts
        if key in found
    }
    value = found.get("value")
    return Parameter(
        name=reader.name(name, pointer, "The parameter's name", WORD),
        type=reader.choice(found.get("type", "number"), at(pointer, "type"), "The type", PARAMETER_TYPES),
        value=tuple(value) if isinstance(value, list) else value,
        minimum=found.get("minimum"),
        maximum=found.get("maximum"),
        **read,
    )


def write_parameter(parameter: Parameter) -> dict[str, Any]:
    value = list(parameter.value) if isinstance(parameter.value, list | tuple) else parameter.value
    found = {"type": parameter.type, "value": value}
    return found | _written_if(parameter, minimum=None, maximum=None, label="", help="", unit="")


def read_step(reader: Reader, name: str, data: Any, pointer: str) -> AgentStep | None:
    optional = ("config", "input", "timeout", "attempts", "on_failure", *_FROZEN)
    found = reader.mapping(data, pointer, "The agent step", required=("use",), optional=optional)
    if found is None:
        return None
    fields = reader.names(found.get("input", {}), at(pointer, "input"), "“input”", limit=1_000)
    return AgentStep(
        name=reader.name(name, pointer, "The step's name", WORD),
        use=reader.name(found.get("use", "x"), at(pointer, "use"), "The agent", AGENT),
        config=reader.free(found.get("config", {}), at(pointer, "config"), "The configuration"),
        input={field: reader.path(path, place) for field, path, place in fields},
        timeout=reader.text(found.get("timeout", "20s"), at(pointer, "timeout"), "The timeout"),
        attempts=reader.integer(found.get("attempts", 3), at(pointer, "attempts"), "“attempts”", 1, 100),
        on_failure=reader.choice(
            found.get("on_failure", "escalate"), at(pointer, "on_failure"), "“on_failure”", ("escalate", "continue")
        ),
        agent_version=reader.text(
            found.get("agent_version", ""), at(pointer, "agent_version"), "The agent's version", empty=True
        ),
        input_schema=reader.free(found.get("input_schema", {}), at(pointer, "input_schema"), "The input schema"),
        output_schema=reader.free(found.get("output_schema", {}), at(pointer, "output_schema"), "The output schema"),
        inline=reader.boolean(found.get("inline", False), at(pointer, "inline"), "“inline”"),
    )


def write_step(step: AgentStep) -> dict[str, Any]:
    found: dict[str, Any] = {"use": step.use}
    found |= _written_if(step, config={}, input={}, timeout="20s", attempts=3, on_failure="escalate")
    return found | _written_if(step, agent_version="", input_schema={}, output_schema={}, inline=False)


def read_scenario(reader: Reader, data: Any, pointer: str) -> Scenario | None:
    found = reader.mapping(data, pointer, "The scenario", required=("title", "given", "expect"))
    if found is None:
        return None
    return Scenario(
        title=reader.text(found.get("title", "x"), at(pointer, "title"), "The title"),
        given=reader.free(found.get("given", {}), at(pointer, "given"), "“given”"),
        expect=reader.free(found.get("expect", {}), at(pointer, "expect"), "“expect”"),
    )


def write_scenario(scenario: Scenario) -> dict[str, Any]:
    return {"title": scenario.title, "given": scenario.given, "expect": scenario.expect}


def _priority(reader: Reader, found: Mapping[str, Any], pointer: str) -> int:
    place = at(pointer, "priority")
    return reader.integer(found.get("priority", 0), place, "The priority", -MAX_PRIORITY, MAX_PRIORITY)


def _input(reader: Reader, data: Any, pointer: str) -> TableInput:
    found = reader.mapping(data, pointer, "The input column", required=("fact",), optional=("title",)) or {}
    title = reader.text(found.get("title", ""), at(pointer, "title"), "The title", empty=True)
    return TableInput(reader.path(found.get("fact", "x"), at(pointer, "fact")), title)


def _output(reader: Reader, data: Any, pointer: str) -> TableOutput:
    kinds = [key for key in ("set", "decide", "escalate") if isinstance(data, Mapping) and key in data]
    if len(kinds) != 1:
        wanted = "{set: derived.x, type: …}, {decide: outcome} or {escalate: reason, queue: …}"
        reader.fault(pointer, f"An output column is exactly one of {wanted}.")
        return DecideOutput()
    (kind,) = kinds
    needs = {"set": ("type",), "decide": (), "escalate": ("queue",)}[kind]
    reader.mapping(data, pointer, "The output column", required=(kind, *needs), optional=("values",))
    values = _cells(reader, data.get("values", []), at(pointer, "values"), "“values”")
    if None in values:
        reader.fault(at(pointer, "values"), "“values” must not hold an empty value (null).")
    if kind == "set":
        read_derived(reader, data["set"], at(pointer, "set"))
        type_ = reader.choice(data.get("type", "string"), at(pointer, "type"), "The type", OUTPUT_TYPES)
        return SetOutput(str(data["set"]), type_, tuple(value for value in values if value is not None))
    fixed = {"decide": "outcome", "escalate": "reason"}[kind]
    if data[kind] != fixed:
        reader.fault(at(pointer, kind), f"After “{kind}” stands the word “{fixed}”; its cells hold the {fixed}s.")
    read = {"decide": read_outcome, "escalate": read_reason}[kind]
    texts = tuple(read(reader, value, at(at(pointer, "values"), n)) for n, value in enumerate(values))
    if kind == "decide":
        return DecideOutput(texts)
    return EscalateOutput(reader.name(data.get("queue", "x"), at(pointer, "queue"), "The queue"), texts)


def _written_output(output: TableOutput) -> dict[str, Any]:
    if isinstance(output, SetOutput):
        found: dict[str, Any] = {"set": output.fact, "type": output.type}
    elif isinstance(output, DecideOutput):
        found = {"decide": "outcome"}
    else:
        found = {"escalate": "reason", "queue": output.queue}
    return found | ({"values": list(output.values)} if output.values else {})


def _row(reader: Reader, data: Any, pointer: str) -> TableRow:
    found = reader.mapping(data, pointer, "The row", required=("key", "when", "then")) or {}
    cells = []
    for cell, place in reader.sequence(found.get("when", []), at(pointer, "when"), "“when”", limit=MAX_COLUMNS):
        if not isinstance(cell, str):
            said = "“-”" if cell is None else f'"{cell}"'
            reader.fault(place, f"A cell must be a text in quotes, such as {said}, not {shown_kind(cell)}.")
            cell = "-"
        cells.append(reader.text(cell, place, "The cell", limit=CELL_LENGTH, empty=True))
    then = _cells(reader, found.get("then", []), at(pointer, "then"), "“then”")
    return TableRow(reader.name(found.get("key", "x"), at(pointer, "key"), "The key"), tuple(cells), then)


def _cells(reader: Reader, data: Any, pointer: str, what: str) -> tuple[str | int | float | bool | None, ...]:
    found: list[str | int | float | bool | None] = []
    for cell, place in reader.sequence(data, pointer, what, limit=MAX_VALUES):
        if cell is not None and not isinstance(cell, str | int | float):
            reader.fault(place, f"A result must be a plain value, not {shown_kind(cell)}.")
            cell = None
        found.append(cell)
    return tuple(found)


def _written_if(source: object, **defaults: Any) -> dict[str, Any]:
    """The attributes that differ from their default."""
    found = {name: getattr(source, name) for name in defaults}
    return {
        name: dict(value) if isinstance(value, Mapping) else value
        for name, value in found.items()
        if value != defaults[name]
    }
