"""Conditions and operands: from plain JSON to the language's values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from orchestration.rules.language import (
    AllOf,
    Always,
    AnyOf,
    Compare,
    Condition,
    FactRef,
    Literal,
    Not,
    Operand,
    ParameterRef,
    Quantified,
)
from orchestration.rules.operators import OPERATORS
from orchestration.rules.reading import WORD, Reader, at, nearest, shown, shown_kind

MAX_DEPTH: Final = 40
"""Deepest nesting of a condition."""
MAX_CONDITIONS: Final = 1_000
"""Most conditions in one `all` or `any`."""
MAX_LIST: Final = 5_000
"""Most values in one list."""
_QUANTIFIERS: Final = ("some", "every", "none")
_SPELT_OTHERWISE: Final = {
    "=": "eq",
    "==": "eq",
    "is": "eq",
    "equals": "eq",
    "!=": "ne",
    "<>": "ne",
    "not_equals": "ne",
    "<": "lt",
    "less_than": "lt",
    "<=": "lte",
    "at_most": "lte",
    ">": "gt",
    "greater_than": "gt",
    "more_than": "gt",
    ">=": "gte",
    "at_least": "gte",
    "one_of": "in",
    "like": "matches",
    "regex": "matches",
    "exists": "is_set",
}


def read_condition(reader: Reader, data: Any, pointer: str, depth: int = 0) -> Condition:
    """The condition; Always where it cannot be read, with the problem noted."""
    if data == "always" and isinstance(data, str):
        return Always()
    if depth > MAX_DEPTH:
        reader.fault(pointer, f"The condition is nested deeper than {MAX_DEPTH} levels.")
        return Always()
    if not isinstance(data, Mapping):
        reader.fault(pointer, f"A condition must be “always” or a mapping, not {shown_kind(data)}.")
        return Always()
    kind = next((key for key in ("fact", "all", "any", "not", *_QUANTIFIERS) if key in data), None)
    if kind in ("all", "any"):
        return _combined(reader, data, pointer, depth, str(kind))
    if kind == "not":
        reader.mapping(data, pointer, "The condition", required=("not",))
        return Not(read_condition(reader, data["not"], at(pointer, "not"), depth + 1))
    if kind in _QUANTIFIERS:
        return _quantified(reader, data, pointer, depth, str(kind))
    if kind == "fact":
        return _compare(reader, data, pointer)
    words = ("fact", "all", "any", "not", *_QUANTIFIERS)
    if not data:
        reader.fault(pointer, f"The condition is empty. It starts with one of {', '.join(words)}.")
    for key in data:
        hint = nearest(str(key), words) or f" A condition starts with one of {', '.join(words)}."
        reader.fault(at(pointer, key), f"{shown(key)} is not a kind of condition.{hint}")
    return Always()


def write_condition(condition: Condition) -> Any:
    """The condition as plain JSON; what `read_condition` reads."""
    if isinstance(condition, Compare):
        return _written_compare(condition)
    if isinstance(condition, AllOf):
        return {"all": [write_condition(below) for below in condition.conditions]}
    if isinstance(condition, AnyOf):
        return {"any": [write_condition(below) for below in condition.conditions]}
    if isinstance(condition, Not):
        return {"not": write_condition(condition.condition)}
    if isinstance(condition, Quantified):
        return {condition.quantifier: condition.fact, "where": write_condition(condition.where)}
    return "always"


def read_operand(reader: Reader, data: Any, pointer: str, what: str = "The value") -> Operand:
    """A literal, `{parameter: name}` or `{fact: path, times, plus}`."""
    if isinstance(data, str | int | float):  # a boolean is an int
        return Literal(data)
    if isinstance(data, Mapping) and "parameter" in data:
        reader.mapping(data, pointer, what, required=("parameter",))
        return ParameterRef(reader.name(data["parameter"], at(pointer, "parameter"), "The parameter's name", WORD))
    if isinstance(data, Mapping) and "fact" in data:
        reader.mapping(data, pointer, what, required=("fact",), optional=("times", "plus"))
        amounts = {
            key: reader.number(data[key], at(pointer, key), f"“{key}”") for key in ("times", "plus") if key in data
        }
        return FactRef(reader.path(data["fact"], at(pointer, "fact")), **amounts)
    if isinstance(data, Mapping):
        reader.mapping(data, pointer, what, optional=("parameter", "fact", "times", "plus"))
        reader.fault(pointer, f"{what} must be a plain value, {{parameter: name}} or {{fact: path}}.")
    else:
        reader.fault(pointer, f"{what} must be a plain value, not {shown_kind(data)}.")
    return Literal("")


def write_operand(operand: Operand) -> Any:
    """The operand as plain JSON."""
    if isinstance(operand, Literal):
        return operand.value
    if isinstance(operand, ParameterRef):
        return {"parameter": operand.name}
    found: dict[str, Any] = {"fact": operand.path}
    if operand.times is not None:
        found["times"] = operand.times
    if operand.plus is not None:
        found["plus"] = operand.plus
    return found


def _combined(reader: Reader, data: Mapping[str, Any], pointer: str, depth: int, kind: str) -> Condition:
    reader.mapping(data, pointer, "The condition", required=(kind,))
    places = reader.sequence(data[kind], at(pointer, kind), f"“{kind}”", limit=MAX_CONDITIONS, least=1)
    parts = tuple(read_condition(reader, one, place, depth + 1) for one, place in places)
    return AllOf(parts) if kind == "all" else AnyOf(parts)


def _quantified(reader: Reader, data: Mapping[str, Any], pointer: str, depth: int, kind: str) -> Condition:
    reader.mapping(data, pointer, "The condition", required=(kind, "where"))
    fact = reader.path(data[kind], at(pointer, kind))
    where: Condition = Always()
    if "where" in data:
        where = read_condition(reader, data["where"], at(pointer, "where"), depth + 1)
    return Quantified(kind, fact, where)


def _compare(reader: Reader, data: Mapping[str, Any], pointer: str) -> Condition:
    reader.mapping(data, pointer, "The condition", required=("fact", "op"), optional=("value", "ignore_case"))
    fact = reader.path(data["fact"], at(pointer, "fact"))
    ignore_case = reader.boolean(data.get("ignore_case", False), at(pointer, "ignore_case"), "“ignore_case”")
    if "op" not in data:
        return Compare(fact, "is_set")
    op, place = data["op"], at(pointer, "op")
    operator = OPERATORS.get(op) if isinstance(op, str) else None
    if operator is None:
        meant = _SPELT_OTHERWISE.get(op.strip().lower().replace(" ", "_"), op) if isinstance(op, str) else ""
        hint = nearest(meant, OPERATORS)
        reader.fault(place, f"There is no operator {shown(op)}.{hint}")
        return Compare(fact, "is_set")
    return Compare(fact, op, _value(reader, data, pointer, operator.takes, op), ignore_case)


def _value(
    reader: Reader, data: Mapping[str, Any], pointer: str, takes: str, op: str
) -> Operand | tuple[Operand, ...] | None:
    place = at(pointer, "value")
    if takes == "none":
        if "value" in data:
            reader.fault(place, f"“{op}” takes no value; leave it out.")
        return None
    if "value" not in data:
        reader.fault(pointer, f"“{op}” needs a value to compare with.")
        return None
    value = data["value"]
    if takes == "one":
        return read_operand(reader, value, place)
    if takes == "list" and isinstance(value, Mapping):
        return read_operand(reader, value, place)
    if not isinstance(value, list | tuple):
        wanted = "a list of two values, low and high" if takes == "pair" else "a list of values"
        reader.fault(place, f"“{op}” needs {wanted}, not {shown_kind(value)}.")
        return ()
    if takes == "pair" and len(value) != 2:
        reader.fault(place, f"“{op}” needs exactly two values, low and high, not {len(value)}.")
    places = reader.sequence(value, place, "The list of values", limit=MAX_LIST, least=1)
    return tuple(read_operand(reader, one, below, "A value of the list") for one, below in places)


def _written_compare(condition: Compare) -> dict[str, Any]:
    found: dict[str, Any] = {"fact": condition.fact, "op": condition.op}
    if isinstance(condition.value, tuple):
        found["value"] = [write_operand(one) for one in condition.value]
    elif condition.value is not None:
        found["value"] = write_operand(condition.value)
    if condition.ignore_case:
        found["ignore_case"] = True
    return found
