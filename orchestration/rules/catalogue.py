"""The facts that a version's conditions may name: those of its schemas, and the derived ones that it sets."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from orchestration.facts import Catalogue, FactSpec, spec_from_schema
from orchestration.rules.language import (
    Arithmetic,
    FactRef,
    Literal,
    OpenCase,
    Operand,
    ParameterRef,
    Rule,
    Set,
    SetOutput,
    VersionContent,
)
from orchestration.rules.tables import derived_spec
from orchestration.rules.times import as_day

_KEPT: Final = 8
_lock = threading.Lock()
_known: OrderedDict[int, tuple[VersionContent, Catalogue]] = OrderedDict()


def catalogue_of(content: VersionContent) -> Catalogue:
    """Every fact of the version with its type; a schema that makes no sense counts as empty.

    A derived fact has the type of what sets it, `any` where the setters differ. The last few catalogues are
    kept, since explaining a version asks for its catalogue once per condition.
    """
    with _lock:
        found = _known.get(id(content))
        if found is not None and found[0] is content:
            _known.move_to_end(id(content))
            return found[1]
    catalogue = _made(content)
    with _lock:
        _known[id(content)] = (content, catalogue)  # holding the content keeps its id from being used again
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return catalogue


def parameter_spec(content: VersionContent, name: str) -> FactSpec | None:
    """The type of a parameter, as if it were a fact; None when there is none of this name."""
    parameter = next((one for one in content.parameters if one.name == name), None)
    if parameter is None:
        return None
    if parameter.type == "list":
        types = {_literal_type(value) for value in parameter.value or ()}
        items = FactSpec("item", _joined_type(types))
        return FactSpec(name, "array", parameter.label, items=items)
    return FactSpec(name, "string" if parameter.type == "duration" else parameter.type, parameter.label)


def setters(content: VersionContent) -> Iterator[tuple[str, Rule, str, Operand | Arithmetic]]:
    """Each `set` of a rule: derived fact, rule, place, value."""
    for number, rule in enumerate(content.rules):
        for place, action in enumerate(rule.then):
            if isinstance(action, Set):
                for path, value in action.assignments:
                    yield path, rule, f"/rules/{number}/then/{place}/set/{path}", value


def value_type(value: Operand | Arithmetic, content: VersionContent, catalogue: Catalogue) -> str:
    """The type of what an operand gives; `any` when it cannot be told."""
    if isinstance(value, Literal):
        return _literal_type(value.value)
    if isinstance(value, ParameterRef):
        spec = parameter_spec(content, value.name)
    elif isinstance(value, FactRef) and value.times is None and value.plus is None:
        spec = catalogue.get(value.path)
    else:
        return "number"
    return spec.type if spec else "any"


def _made(content: VersionContent) -> Catalogue:
    children = {action.as_ for rule in content.rules for action in rule.then if isinstance(action, OpenCase)}

    def build(derived: Mapping[str, FactSpec]) -> Catalogue:
        return Catalogue.build(
            input_schema=_sound(content.input_schema),
            outputs={step.name: _sound(step.output_schema) for step in content.agents},
            human_fields=_sound(content.human_fields),
            derived=derived,
            children=tuple(sorted(children)),
        )

    catalogue = build({})
    fixed = {path: spec for path, spec in catalogue.specs.items() if path.split(".", 1)[0] != "derived"}
    derived = _derived(content, Catalogue(fixed))
    return Catalogue({**fixed, **derived})


def _derived(content: VersionContent, fixed: Catalogue) -> dict[str, FactSpec]:
    """Types of the derived facts; those set from one another settle in a few rounds."""
    from_tables: dict[str, list[FactSpec]] = {}
    for table in content.tables:
        for place, output in enumerate(table.outputs):
            if isinstance(output, SetOutput):
                spec = derived_spec(table, output)
                if not output.values and spec.type == "string":
                    cells = [row.then[place] for row in table.rows if place < len(row.then)]
                    cells += [table.otherwise[place]] if table.otherwise and place < len(table.otherwise) else []
                    spec = replace(spec, values=tuple(dict.fromkeys(c for c in cells if isinstance(c, str))))
                from_tables.setdefault(output.fact, []).append(spec)
    from_rules: dict[str, list[Operand | Arithmetic]] = {}
    for path, _, _, value in setters(content):
        from_rules.setdefault(path, []).append(value)
    derived: dict[str, FactSpec] = {}
    for _ in range(20):
        known = Catalogue({**fixed.specs, **derived})
        found = {
            path: _joined(
                path,
                [
                    *from_tables.get(path, ()),
                    *(_set_spec(path, value, content, known) for value in from_rules.get(path, ())),
                ],
            )
            for path in {**from_tables, **from_rules}
        }
        if found == derived:
            break
        derived = found
    return derived


def _set_spec(path: str, value: Operand | Arithmetic, content: VersionContent, known: Catalogue) -> FactSpec:
    if isinstance(value, FactRef) and value.times is None and value.plus is None:
        spec = known.get(value.path)
        if spec is None:
            return FactSpec(path, "any" if value.path.split(".", 1)[0] != "derived" else _PENDING)
        return replace(spec, path=path, title="", description="", minimum=None, maximum=None)
    if isinstance(value, ParameterRef):
        spec = parameter_spec(content, value.name)
        return replace(spec, path=path, title="") if spec else FactSpec(path, "any")
    closed = (value.value,) if isinstance(value, Literal) and isinstance(value.value, str) else ()
    return FactSpec(path, value_type(value, content, known), values=closed)


def _joined(path: str, specs: list[FactSpec]) -> FactSpec:
    """One fact that several rules or tables set."""
    specs = [spec for spec in specs if spec.type != _PENDING] or [FactSpec(path, "any")]
    types = {spec.type for spec in specs}
    if "date" in types and "string" in types:
        dates = [spec for spec in specs if spec.type == "string"]
        if all(spec.values and all(as_day(value) for value in spec.values) for spec in dates):
            types.discard("string")
    type_ = _joined_type(types)
    values: tuple[Any, ...] = ()
    if type_ == "string" and all(spec.values for spec in specs):
        values = tuple(dict.fromkeys(value for spec in specs for value in spec.values))
    first = specs[0]
    title = next((spec.title for spec in specs if spec.title), "")
    return replace(first, path=path, type=type_, title=title, values=values)


_PENDING: Final = "pending"


def _joined_type(types: set[str]) -> str:
    if types == {"integer", "number"}:
        return "number"
    return next(iter(types)) if len(types) == 1 else "any"


def _literal_type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "number" if isinstance(value, float) else "string"


def _sound(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        spec_from_schema("case", schema)
    except (AttributeError, TypeError, ValueError, KeyError, RecursionError):
        return {}
    return schema
