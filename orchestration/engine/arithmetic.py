"""Arithmetic on facts, in decimal, so that 0.1 + 0.2 is 0.3 on every machine."""

from __future__ import annotations

import math
from decimal import Context, Decimal, DecimalException
from typing import Any, Final

from orchestration.facts import MISSING

_CONTEXT: Final = Context(prec=50, traps=[])
_OPERATIONS: Final = {
    "add": _CONTEXT.add,
    "subtract": _CONTEXT.subtract,
    "multiply": _CONTEXT.multiply,
    "divide": _CONTEXT.divide,
}


def compute(operator: str, left: Any, right: Any) -> Any:
    """`left operator right` as a JSON number; MISSING when a side is no number or there is no result."""
    if not (is_number(left) and is_number(right)):
        return MISSING
    try:
        return _number(_OPERATIONS[operator](_decimal(left), _decimal(right)))
    except DecimalException:
        return MISSING


def scaled(value: Any, times: float | None, plus: float | None) -> Any:
    """`value * times + plus`; the value itself where neither is given."""
    if times is not None:
        value = compute("multiply", value, times)
    return value if plus is None else compute("add", value, plus)


def is_number(value: Any) -> bool:
    """Is this a finite JSON number (which a boolean is not)?"""
    return isinstance(value, int | float) and not isinstance(value, bool) and _finite(value)


def _finite(value: float) -> bool:
    return isinstance(value, int) or math.isfinite(value)


def _decimal(value: float) -> Decimal:
    return Decimal(value) if isinstance(value, int) else Decimal(repr(float(value)))


def _number(result: Decimal) -> Any:
    value = float(result)
    if not math.isfinite(value):
        return MISSING
    return int(result) if result == result.to_integral_value(context=_CONTEXT) else value
