"""What a condition reads: facts, parameters, and whether the time matters."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.rules.language import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    FactRef,
    Not,
    Operand,
    Quantified,
)

BY_THE_CLOCK = frozenset({"within_last", "within_next", "older_than"})


def conditions_in(condition: Condition) -> Iterator[Condition]:
    """The condition and all below it."""
    yield condition
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.conditions:
            yield from conditions_in(part)
    elif isinstance(condition, Not):
        yield from conditions_in(condition.condition)
    elif isinstance(condition, Quantified):
        yield from conditions_in(condition.where)


def facts_read(condition: Condition) -> tuple[str, ...]:
    """Paths of the facts of the case that the condition reads, without `item`."""
    found: dict[str, None] = {}
    for one in conditions_in(condition):
        if isinstance(one, Compare):
            found[one.fact] = None
            found.update((value.path, None) for value in operands_of(one) if isinstance(value, FactRef))
        elif isinstance(one, Quantified):
            found[one.fact] = None
    return tuple(path for path in found if path.split(".", 1)[0] != "item")


def reads_time(condition: Condition) -> bool:
    """Does its truth depend on the moment?"""
    clocks = (isinstance(one, Compare) and one.op in BY_THE_CLOCK for one in conditions_in(condition))
    return "meta.now" in facts_read(condition) or any(clocks)


def operands_of(condition: Compare) -> tuple[Operand, ...]:
    if condition.value is None:
        return ()
    return condition.value if isinstance(condition.value, tuple) else (condition.value,)
