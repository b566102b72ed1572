"""Conditions as the engine can hold them: and/or over leaves of single facts, negation pushed to the leaves.

A leaf asks one thing about one subject. What the engine cannot be trusted with (dates, text search, arrays,
quantifiers, other facts, arithmetic) is a leaf of kind `p`: a predicate whose truth is computed in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from orchestration.engine.durable import MAX_BRANCHES, MAX_COMPOSITES, MAX_LEAVES, MAX_WIDTH
from orchestration.engine.truth import Vocabulary
from orchestration.facts import MAX_NUMBER
from orchestration.rules.language import (
    AllOf,
    Always,
    AnyOf,
    Compare,
    Condition,
    Literal,
    Not,
    ParameterRef,
    Quantified,
)

MAX_LIST: Final = 20  # longer lists are one predicate


@dataclass(frozen=True, slots=True)
class Leaf:
    """kind: `n` number, `s` string, `b` boolean, `a` array, `o` object, `x` any (subject: the fact's path), `p`
    predicate (subject: the condition). op: `=` `≠` `<` `≤` `>` `≥`, `has` and `lacks` a value of that kind;
    all but `lacks` are false where the fact is missing or of another type."""

    kind: str
    subject: str | Condition
    op: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Both:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple[Expression, ...]


Expression = Leaf | Both | Either | bool


def lowered(condition: Condition, vocabulary: Vocabulary) -> Expression:
    """The condition as leaves; as one predicate where it would leave the engine's envelope."""
    expression = _lower(condition, vocabulary, wanted=True)
    return expression if _fits(expression) else Leaf("p", condition, "has")


def leaves_in(expression: Expression) -> Iterator[Leaf]:
    """Every leaf, in order."""
    if isinstance(expression, Leaf):
        yield expression
    elif isinstance(expression, Both | Either):
        for part in expression.parts:
            yield from leaves_in(part)


def width(expression: Expression) -> int:
    """How many distinct paths through the expression can be true at once."""
    if isinstance(expression, Both):
        product = 1
        for part in expression.parts:
            product *= width(part)
        return product
    if isinstance(expression, Either):
        alone = [part for part in expression.parts if isinstance(part, Leaf) and part.op == "="]
        others = [part for part in expression.parts if not (isinstance(part, Leaf) and part.op == "=")]
        return len({(leaf.kind, leaf.subject) for leaf in alone}) + sum(map(width, others))
    return 1


def branches(expression: Expression) -> int:
    """How many `$or` and `$nex` nodes the expression needs, over all its paths."""
    if isinstance(expression, Leaf):
        return int(expression.op == "lacks")
    if isinstance(expression, Both | Either):
        return isinstance(expression, Either) + sum(map(branches, expression.parts))
    return 0


def both(parts: Iterable[Expression]) -> Expression:
    """`and`: flat, without repetition, constants folded, one part alone."""
    return _joined(Both, parts, neutral=True)


def either(parts: Iterable[Expression]) -> Expression:
    """`or`: flat, without repetition, constants folded, one part alone."""
    return _joined(Either, parts, neutral=False)


def _joined(kind: type[Both] | type[Either], parts: Iterable[Expression], *, neutral: bool) -> Expression:
    found: dict[Expression, None] = {}
    for part in parts:
        if isinstance(part, bool):
            if part is not neutral:
                return part
        elif isinstance(part, kind):
            found.update(dict.fromkeys(part.parts))
        else:
            found[part] = None
    if not found:
        return neutral
    return next(iter(found)) if len(found) == 1 else kind(tuple(found))


def _fits(expression: Expression) -> bool:
    composites = _composites(expression) + (not isinstance(expression, Both))
    return (
        composites <= MAX_COMPOSITES
        and width(expression) <= MAX_WIDTH
        and branches(expression) <= MAX_BRANCHES
        and sum(1 for _ in leaves_in(expression)) <= MAX_LEAVES
    )


def _composites(expression: Expression) -> int:
    if isinstance(expression, Both | Either):
        return 1 + sum(map(_composites, expression.parts))
    return 0


def _lower(condition: Condition, vocabulary: Vocabulary, *, wanted: bool) -> Expression:
    """The condition where `wanted`, its negation where not."""
    if isinstance(condition, Always):
        return wanted
    if isinstance(condition, Not):
        return _lower(condition.condition, vocabulary, wanted=not wanted)
    if isinstance(condition, AllOf | AnyOf):
        parts = [_lower(below, vocabulary, wanted=wanted) for below in condition.conditions]
        return both(parts) if isinstance(condition, AllOf) is wanted else either(parts)
    if isinstance(condition, Quantified):
        return Leaf("p", condition, "has" if wanted else "lacks")
    return _compare(condition, vocabulary, wanted)


def _compare(condition: Compare, vocabulary: Vocabulary, wanted: bool) -> Expression:
    fact, op = condition.fact, condition.op
    predicate = Leaf("p", condition, "has" if wanted else "lacks")
    kind = _KINDS.get(vocabulary.type_of(fact))
    if op in ("is_set", "is_not_set") and kind is not None:
        return Leaf(kind, fact, "has" if (op == "is_set") is wanted else "lacks")
    values = _constants(condition, vocabulary)
    build = _BUILDERS.get(op)
    if kind not in _COMPARED or build is None or values is None or condition.ignore_case:
        return predicate
    if not all(_encodable(kind, value) for value in values) or (kind != "n" and op in _ORDERED):
        return predicate
    leaves = build(values)
    if wanted:
        return leaves(kind, fact)
    return either([_negated(leaves(kind, fact)), Leaf(kind, fact, "lacks")])


def _negated(expression: Expression) -> Expression:
    """The opposite, given that the fact is there."""
    if isinstance(expression, Leaf):
        if expression.kind == "b":
            return Leaf("b", expression.subject, "=", not expression.value)
        return Leaf(expression.kind, expression.subject, _OPPOSITES[expression.op], expression.value)
    if isinstance(expression, Both):
        return either(_negated(part) for part in expression.parts)
    if isinstance(expression, Either):
        return both(_negated(part) for part in expression.parts)
    return not expression


def _constants(condition: Compare, vocabulary: Vocabulary) -> list[Any] | None:
    """The values compared with, where they are known now; None where one is another fact."""
    found: list[Any] = []
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    for value in values:
        if isinstance(value, Literal):
            found.append(value.value)
        elif isinstance(value, ParameterRef) and value.name in vocabulary.parameters:
            one = vocabulary.parameters[value.name]
            many = isinstance(one, list | tuple) and condition.op in _LISTS
            found.extend(one if many else [one])
        else:
            return None
    wanted = {"between": (2,), "in": range(1, MAX_LIST + 1), "not_in": range(1, MAX_LIST + 1)}
    return found if len(found) in wanted.get(condition.op, (1,)) else None


def _encodable(kind: str, value: Any) -> bool:
    if kind == "b":
        return isinstance(value, bool)
    if kind == "s":
        return type(value) is str
    return type(value) in (int, float) and -MAX_NUMBER <= value <= MAX_NUMBER


_Leaves = Callable[[str, str], Expression]


def _one(op: str) -> Callable[[list[Any]], _Leaves]:
    return lambda values: lambda kind, fact: _leaf(kind, fact, op, values[0])


def _leaf(kind: str, fact: str, op: str, value: Any) -> Leaf:
    if kind == "b" and op == "≠":
        return Leaf(kind, fact, "=", not value)
    return Leaf(kind, fact, op, value)


def _between(values: list[Any]) -> _Leaves:
    low, high = values
    return lambda kind, fact: both([Leaf(kind, fact, "≥", low), Leaf(kind, fact, "≤", high)])


def _in(values: list[Any]) -> _Leaves:
    return lambda kind, fact: either(_leaf(kind, fact, "=", value) for value in values)


def _not_in(values: list[Any]) -> _Leaves:
    return lambda kind, fact: both(_leaf(kind, fact, "≠", value) for value in values)


_KINDS: Final = {
    "number": "n",
    "integer": "n",
    "string": "s",
    "boolean": "b",
    "array": "a",
    "object": "o",
    "any": "x",
}  # dates and moments are none of these: whether a string is one is for Python to say
_COMPARED: Final = frozenset({"n", "s", "b"})
_ORDERED: Final = frozenset({"lt", "lte", "gt", "gte", "between"})
_LISTS: Final = frozenset({"in", "not_in"})
_OPPOSITES: Final = {"=": "≠", "≠": "=", "<": "≥", "≥": "<", ">": "≤", "≤": ">"}
_BUILDERS: Final[dict[str, Callable[[list[Any]], _Leaves]]] = {
    "eq": _one("="),
    "ne": _one("≠"),
    "lt": _one("<"),
    "lte": _one("≤"),
    "gt": _one(">"),
    "gte": _one("≥"),
    "between": _between,
    "in": _in,
    "not_in": _not_in,
}
