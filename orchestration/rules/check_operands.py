"""Check of operands: literals of the right type, parameters and facts that exist and fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from orchestration.facts import Catalogue, FactSpec, check_values
from orchestration.rules.findings import Check
from orchestration.rules.language import FactRef, Literal, Operand, ParameterRef
from orchestration.rules.operators import UTC_ZONE, pattern_fault
from orchestration.rules.reading import shown
from orchestration.rules.reads import BY_THE_CLOCK
from orchestration.rules.times import as_day, as_moment, parse_period

KINDS: Final = {
    "number": "a number",
    "integer": "a whole number",
    "string": "a text",
    "boolean": "true or false",
    "date": "a date",
    "datetime": "a date with time",
    "array": "a list",
    "object": "a group of facts",
    "any": "of unknown type",
}
_NUMBERS: Final = ("number", "integer")
_TIMES: Final = ("date", "datetime")
_CLOSED: Final = frozenset({"eq", "ne", "in", "not_in"})


def number_operand(check: Check, operand: Operand, pointer: str, catalogue: Catalogue) -> None:
    """An operand that must be a number: in a calculation, or scaled by times and plus."""
    check_operand(check, operand, pointer, catalogue, FactSpec("", "number"), "")


def check_operand(
    check: Check, operand: Operand, pointer: str, catalogue: Catalogue, wanted: FactSpec, op: str
) -> None:
    """`wanted`: what the operand must be like; its values are a closed list, its bounds those of the fact."""
    if op in BY_THE_CLOCK:
        _period_operand(check, operand, pointer, op)
        return
    if op == "matches" and isinstance(operand, FactRef):
        check.error(pointer, "The pattern of “matches” must be written here or be a parameter, not a fact.")
        return
    if isinstance(operand, Literal):
        fault = literal_fault(operand.value, wanted.type)
        if fault:
            check.error(pointer, f"{_said(operand.value)} {fault}.")
            return
    else:
        spec = (
            check.parameter(operand.name, f"{pointer}/parameter")
            if isinstance(operand, ParameterRef)
            else scaled_fact(check, operand, pointer, catalogue)
        )
        if spec is None:
            return
        name = operand.name if isinstance(operand, ParameterRef) else operand.path
        if not _fits(spec.type, wanted.type):
            hint = " Use “in” or “not_in” with a list." if spec.type == "array" else ""
            check.error(pointer, f"“{name}” is {KINDS[spec.type]}, but {KINDS[wanted.type]} is needed.{hint}")
            return
    _known(check, operand, pointer, wanted, op)


def check_list(
    check: Check, operand: ParameterRef | FactRef, pointer: str, catalogue: Catalogue, wanted: FactSpec
) -> None:
    if isinstance(operand, FactRef):
        spec, name = scaled_fact(check, operand, pointer, catalogue), operand.path
    else:
        spec, name = check.parameter(operand.name, f"{pointer}/parameter"), operand.name
    if spec is None:
        return
    if spec.type != "array":
        check.error(pointer, f"“{name}” is {KINDS[spec.type]}, but a list is needed. Write it in [ ].")
        return
    items = spec.items.type if spec.items else "any"
    if not _fits(items, wanted.type) and items != "any":
        check.error(pointer, f"The values of “{name}” are {items}, but {KINDS[wanted.type]} is needed.")
    elif isinstance(operand, ParameterRef):
        for value in check.parameters[name].value or ():
            if fault := literal_fault(value, wanted.type):
                check.error(pointer, f"{_said(value)} in the parameter “{name}” {fault}.")
            else:
                _closed(check, value, pointer, wanted)


def scaled_fact(check: Check, operand: FactRef, pointer: str, catalogue: Catalogue) -> FactSpec | None:
    """The fact that an operand names; a number where it is scaled."""
    spec = check.fact(operand.path, f"{pointer}/fact", catalogue)
    if spec and (operand.times, operand.plus) != (None, None):
        if spec.type not in _NUMBERS:
            check.error(pointer, f"“times” and “plus” are only for numbers; “{operand.path}” is {KINDS[spec.type]}.")
            return None
        return replace(spec, type="number", values=(), minimum=None, maximum=None)
    return spec


def literal_fault(value: Any, type_: str) -> str:
    """Why the value is not one of this type, as the end of a sentence; "" when it is."""
    for problem in check_values(value):
        return problem.detail
    right = {
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "integer": isinstance(value, int | float) and not isinstance(value, bool),
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "date": as_day(value) is not None,
        "datetime": as_day(value) is not None or as_moment(value, UTC_ZONE) is not None,
        "any": isinstance(value, str | int | float),
    }.get(type_, False)
    if right:
        return ""
    example = {"date": " such as 2026-01-31", "datetime": " such as 2026-01-31T09:00:00Z"}.get(type_, "")
    return f"is not {KINDS[type_]}{example}"


def known_value(check: Check, operand: Operand) -> Any:
    if isinstance(operand, Literal):
        return operand.value
    parameter = check.parameters.get(operand.name) if isinstance(operand, ParameterRef) else None
    return parameter.value if parameter else None


def is_list(check: Check, name: str) -> bool:
    return name in check.parameters and check.parameters[name].type == "list"


def _period_operand(check: Check, operand: Operand, pointer: str, op: str) -> None:
    if isinstance(operand, FactRef):
        check.error(pointer, f"“{op}” needs a period such as 30d, 6mo or 18y, not a fact.")
        return
    if isinstance(operand, ParameterRef):
        check.parameter(operand.name, f"{pointer}/parameter")
        if operand.name not in check.parameters:
            return
    try:
        parse_period(known_value(check, operand))
    except ValueError as error:
        check.error(pointer, str(error))


def _known(check: Check, operand: Operand, pointer: str, wanted: FactSpec, op: str) -> None:
    """What can be said about an operand whose value is fixed in the version."""
    value = known_value(check, operand)
    if value is None:
        return
    if op == "matches" and isinstance(value, str) and (fault := pattern_fault(value)):
        check.error(pointer, f"“{value[:60]}” {fault}.")
    if op in _CLOSED:
        _closed(check, value, pointer, wanted)
    if op.startswith("size_") and (value < 0 or value != int(value)):
        check.error(pointer, f"A number of entries is a whole number from 0 on, not {value}.")
    _bounds(check, value, pointer, wanted, op)


def _closed(check: Check, value: Any, pointer: str, wanted: FactSpec) -> None:
    values = [str(one) for one in wanted.values]
    if values and str(value) not in values and wanted.type in ("string", *_NUMBERS):
        if wanted.type in _NUMBERS and any(value == one for one in wanted.values):
            return
        said = f"“{value}” is not a value of “{wanted.path}”. Possible: {', '.join(values[:20])}."
        check.error(pointer, said, check.nearest(str(value), tuple(values)))


def _bounds(check: Check, value: Any, pointer: str, wanted: FactSpec, op: str) -> None:
    low, high = wanted.minimum, wanted.maximum
    if wanted.type not in _NUMBERS or isinstance(value, str | bool) or op not in _REACH:
        return
    never_below, never_above = _REACH[op]
    if low is not None and (value < low or (value == low and op in ("lt", "gte"))) and never_below:
        check.warning(pointer, f"“{wanted.path}” is never below {low:g}, so this is always {never_below}.")
    if high is not None and (value > high or (value == high and op in ("gt", "lte"))) and never_above:
        check.warning(pointer, f"“{wanted.path}” is never above {high:g}, so this is always {never_above}.")


def _said(value: Any) -> str:
    return f"The text {shown(value)}" if isinstance(value, str) else shown(value)


def _fits(type_: str, wanted: str) -> bool:
    groups = (_NUMBERS, _TIMES)
    return wanted == "any" or type_ == wanted or any(type_ in group and wanted in group for group in groups)


_REACH: Final = {  # operator: what it always is for a value under the minimum, and for one over the maximum
    "lt": ("false", "true"),
    "lte": ("false", "true"),
    "gt": ("true", "false"),
    "gte": ("true", "false"),
    "eq": ("false", "false"),
    "ne": ("true", "true"),
}
