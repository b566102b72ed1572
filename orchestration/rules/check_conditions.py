"""Typed check of conditions: every fact known, every operator right for its type, every value of the right kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from orchestration.facts import Catalogue, FactSpec
from orchestration.rules.check_operands import KINDS, check_list, check_operand, is_list, known_value
from orchestration.rules.findings import Check
from orchestration.rules.language import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    FactRef,
    Not,
    Operand,
    ParameterRef,
    Quantified,
)
from orchestration.rules.operators import OPERATORS, operators_for
from orchestration.rules.reads import operands_of
from orchestration.rules.times import as_day

_TWINS: Final = {"lt": "before", "lte": "on_or_before", "gt": "after", "gte": "on_or_after"}
_SPELT: Final = {**_TWINS, **{time: number for number, time in _TWINS.items()}}


def check_condition(check: Check, condition: Condition, pointer: str, catalogue: Catalogue | None = None) -> None:
    """Notes everything wrong with the condition. `catalogue` knows `item` inside a quantifier."""
    catalogue = catalogue or check.catalogue
    if isinstance(condition, Compare):
        _compare(check, condition, pointer, catalogue)
    elif isinstance(condition, AllOf | AnyOf):
        word = "all" if isinstance(condition, AllOf) else "any"
        if not condition.conditions:
            check.error(f"{pointer}/{word}", f"“{word}” needs at least one condition.")
        for place, part in enumerate(condition.conditions):
            check_condition(check, part, f"{pointer}/{word}/{place}", catalogue)
    elif isinstance(condition, Not):
        check_condition(check, condition.condition, f"{pointer}/not", catalogue)
    elif isinstance(condition, Quantified):
        _quantified(check, condition, pointer, catalogue)


def _quantified(check: Check, condition: Quantified, pointer: str, catalogue: Catalogue) -> None:
    place = f"{pointer}/{condition.quantifier}"
    spec = check.fact(condition.fact, place, catalogue)
    if spec is not None and spec.type != "array":
        check.error(place, f"“{condition.quantifier}” needs a list, but “{condition.fact}” is {KINDS[spec.type]}.")
        return
    if spec is not None:
        inside = catalogue.with_item(spec.items or FactSpec("item", "any"))
        check_condition(check, condition.where, f"{pointer}/where", inside)


def _compare(check: Check, condition: Compare, pointer: str, catalogue: Catalogue) -> None:
    spec = check.fact(condition.fact, f"{pointer}/fact", catalogue)
    operator = OPERATORS.get(condition.op)
    if operator is None:
        check.unknown(f"{pointer}/op", "operator", condition.op, tuple(OPERATORS))
    if spec is None or operator is None:
        _refer(check, condition, pointer, catalogue)
        return
    possible = operators_for(spec.type)
    if condition.op not in possible:
        twin = _SPELT.get(condition.op, "")
        said = f"“{condition.op}” is not possible here: “{condition.fact}” is {KINDS[spec.type]}."
        said += f" Possible: {', '.join(possible)}."
        check.error(f"{pointer}/op", said, twin if twin in possible else check.nearest(condition.op, possible))
        _refer(check, condition, pointer, catalogue)
        return
    text = spec.type == "string" or (spec.type == "array" and condition.op == "contains")
    if condition.ignore_case and (not text or operator.takes == "none"):
        check.error(f"{pointer}/ignore_case", "“ignore_case” is only for comparing texts.")
    wanted = _wanted(spec, condition)
    place = f"{pointer}/value"
    if operator.takes == "none":
        if condition.value is not None:
            check.error(place, f"“{condition.op}” takes no value.")
    elif operator.takes == "one":
        if condition.value is None or isinstance(condition.value, tuple):
            check.error(place, f"“{condition.op}” needs exactly one value.")
        else:
            check_operand(check, condition.value, place, catalogue, wanted, condition.op)
    elif operator.takes == "list" and isinstance(condition.value, ParameterRef | FactRef):
        check_list(check, condition.value, place, catalogue, wanted)
    elif not isinstance(condition.value, tuple) or not condition.value:
        check.error(
            place,
            f"“{condition.op}” needs a list of values"
            + (", or a list parameter." if operator.takes == "list" else "."),
        )
    else:
        _many(check, condition, condition.value, place, catalogue, wanted)


def _many(
    check: Check, condition: Compare, values: Sequence[Operand], place: str, catalogue: Catalogue, wanted: FactSpec
) -> None:
    if condition.op == "between" and len(values) != 2:
        check.error(place, "“between” needs exactly two values, low and high.")
    for number, value in enumerate(values):
        below = f"{place}/{number}"
        listed = isinstance(value, ParameterRef) and is_list(check, value.name)
        if listed and condition.op != "between" and isinstance(value, ParameterRef):
            check_list(check, value, below, catalogue, wanted)
        else:
            check_operand(check, value, below, catalogue, wanted, condition.op)
    if condition.op == "between" and len(values) == 2:
        low, high = (known_value(check, value) for value in values)
        if _above(low, high):
            check.error(place, f"The low end {low} is above the high end {high}, so this is never true.")


def _refer(check: Check, condition: Compare, pointer: str, catalogue: Catalogue) -> None:
    """The facts and parameters that are named, where the rest cannot be checked."""
    listed = isinstance(condition.value, tuple)
    for number, value in enumerate(operands_of(condition)):
        place = f"{pointer}/value/{number}" if listed else f"{pointer}/value"
        if isinstance(value, ParameterRef):
            check.parameter(value.name, f"{place}/parameter")
        elif isinstance(value, FactRef):
            check.fact(value.path, f"{place}/fact", catalogue)


def _wanted(spec: FactSpec, condition: Compare) -> FactSpec:
    """What an operand of the operator must be like, given the fact."""
    if condition.op.startswith("size_"):
        return FactSpec(spec.path, "integer")
    if spec.type == "array":
        return replace(spec.items, path=spec.path) if spec.items else FactSpec(spec.path, "any")
    if condition.ignore_case:
        return replace(spec, values=())
    return spec


def _above(low: Any, high: Any) -> bool:
    if isinstance(low, str) and isinstance(high, str):
        days = as_day(low), as_day(high)
        return days[0] is not None and days[1] is not None and days[0] > days[1]
    numbers = isinstance(low, int | float) and isinstance(high, int | float)
    return numbers and low > high
