"""Walks a condition with the place of each part (RFC 6901): what it reads, and what cannot be compiled in it."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.engine.truth import Vocabulary
from orchestration.facts import Problem
from orchestration.rules.language import (
    Action,
    AllOf,
    AnyOf,
    Arithmetic,
    Compare,
    Condition,
    FactRef,
    Not,
    ParameterRef,
    Quantified,
    Set,
)
from orchestration.rules.operators import operators_for
from orchestration.rules.reads import operands_of


def below(condition: Condition, pointer: str = "") -> Iterator[tuple[str, Condition]]:
    """The conditions directly below this one, with their places."""
    if isinstance(condition, AllOf | AnyOf):
        name = "all" if isinstance(condition, AllOf) else "any"
        for number, part in enumerate(condition.conditions):
            yield f"{pointer}/{name}/{number}", part
    elif isinstance(condition, Not):
        yield f"{pointer}/not", condition.condition
    elif isinstance(condition, Quantified):
        yield f"{pointer}/where", condition.where


def facts_of_sets(actions: tuple[Action, ...]) -> Iterator[str]:
    """Paths of the facts from which the actions set others."""
    for action in actions:
        if isinstance(action, Set):
            for _, value in action.assignments:
                values = (value.left, value.right) if isinstance(value, Arithmetic) else (value,)
                yield from (each.path for each in values if isinstance(each, FactRef))


def faults(condition: Condition, vocabulary: Vocabulary, pointer: str) -> Iterator[Problem]:
    """What in the condition has no meaning: unknown facts, operators that a fact does not have, parameters."""
    if isinstance(condition, Compare):
        yield from _compare_faults(condition, vocabulary, pointer)
        return
    inside = vocabulary
    if isinstance(condition, Quantified):
        if vocabulary.type_of(condition.fact) != "array":
            yield Problem(f"{pointer}/{condition.quantifier}", f"{condition.fact!r} is not an array fact")
            return
        inside = vocabulary.inside(condition.fact)
    for place, part in below(condition, pointer):
        yield from faults(part, inside, place)


def _compare_faults(condition: Compare, vocabulary: Vocabulary, pointer: str) -> Iterator[Problem]:
    spec = vocabulary.catalogue.get(condition.fact)
    if spec is None:
        nearest = vocabulary.catalogue.nearest(condition.fact)
        hint = f"; did you mean {nearest!r}?" if nearest else ""
        yield Problem(f"{pointer}/fact", f"there is no fact {condition.fact!r}{hint}")
    elif condition.op not in operators_for(spec.type):
        yield Problem(f"{pointer}/op", f"{condition.op!r} is not for facts of type {spec.type}")
    for value in operands_of(condition):
        if isinstance(value, FactRef) and vocabulary.catalogue.get(value.path) is None:
            yield Problem(f"{pointer}/value", f"there is no fact {value.path!r}")
        elif isinstance(value, ParameterRef) and value.name not in vocabulary.parameters:
            yield Problem(f"{pointer}/value", f"there is no parameter {value.name!r}")
