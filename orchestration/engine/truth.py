"""Is a condition true of these facts: the rule language evaluated directly, one node at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from orchestration.engine.arithmetic import scaled
from orchestration.facts import MISSING, Catalogue, Facts, FactSpec
from orchestration.rules.language import (
    AllOf,
    Always,
    AnyOf,
    Compare,
    Condition,
    Literal,
    Not,
    Operand,
    ParameterRef,
    Quantified,
    VersionContent,
)
from orchestration.rules.operators import holds
from orchestration.rules.times import as_day, as_moment


@dataclass(frozen=True)
class Vocabulary:
    """What a condition's words mean: types of facts, values of parameters, the time zone."""

    catalogue: Catalogue
    parameters: Mapping[str, Any]
    zone: ZoneInfo
    _inside: dict[str, Vocabulary] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, content: VersionContent, catalogue: Catalogue) -> Vocabulary:
        parameters = {parameter.name: parameter.value for parameter in content.parameters}
        return cls(catalogue, parameters, ZoneInfo(content.time_zone))

    def type_of(self, path: str) -> str:
        spec = self.catalogue.get(path)
        return spec.type if spec else "any"

    def inside(self, path: str) -> Vocabulary:
        """The vocabulary of a quantifier's `where` over the array at this path."""
        found = self._inside.get(path)
        if found is None:
            spec = self.catalogue.get(path)
            item = (spec.items if spec else None) or FactSpec("item", "any")
            found = Vocabulary(self.catalogue.with_item(item), self.parameters, self.zone)
            self._inside[path] = found
        return found


@dataclass(frozen=True, slots=True)
class Scope:
    """The facts that a condition is evaluated on: those of the case, and the element of a quantifier."""

    vocabulary: Vocabulary
    facts: Facts
    now: datetime | None
    item: Any = MISSING

    @classmethod
    def of(cls, vocabulary: Vocabulary, facts: Facts) -> Scope:
        return cls(vocabulary, facts, moment(facts.get("meta.now"), vocabulary.zone))

    def get(self, path: str) -> Any:
        """The value of a fact, or MISSING; null counts as missing."""
        if path == "item":
            return MISSING if self.item is None else self.item
        if path.startswith("item."):
            return Facts({"item": self.item}).get(path)
        return self.facts.get(path)

    def inside(self, path: str, item: Any) -> Scope:
        return Scope(self.vocabulary.inside(path), self.facts, self.now, item)


def truth(condition: Condition, scope: Scope) -> bool:
    """DESIGN's meaning of every condition; `operators.holds` gives that of a comparison."""
    if isinstance(condition, Compare):
        return _compare(condition, scope)
    if isinstance(condition, AllOf):
        return all(truth(below, scope) for below in condition.conditions)
    if isinstance(condition, AnyOf):
        return any(truth(below, scope) for below in condition.conditions)
    if isinstance(condition, Not):
        return not truth(condition.condition, scope)
    if isinstance(condition, Quantified):
        return _quantified(condition, scope)
    assert isinstance(condition, Always)  # noqa: S101 - there is no other class of condition
    return True


def operand(value: Operand, scope: Scope) -> Any:
    """What an operand stands for, or MISSING."""
    if isinstance(value, Literal):
        return value.value
    if isinstance(value, ParameterRef):
        return scope.vocabulary.parameters.get(value.name, MISSING)
    return scaled(scope.get(value.path), value.times, value.plus)


def operands(value: Operand | tuple[Operand, ...] | None, scope: Scope) -> Any:
    """The operand that an operator takes: none, one value, or the list of values; MISSING if one is."""
    if value is None:
        return None
    if not isinstance(value, tuple):
        return operand(value, scope)
    found: list[Any] = []
    for each in value:
        one = operand(each, scope)
        if one is MISSING:
            return MISSING
        found.extend(one if isinstance(each, ParameterRef) and isinstance(one, list | tuple) else [one])
    return found


def moment(value: Any, zone: ZoneInfo) -> datetime | None:
    """A date (its first instant in the zone) or datetime fact as a moment; None when it is neither."""
    day = as_day(value)
    if day is None:
        return as_moment(value, zone)
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _compare(condition: Compare, scope: Scope) -> bool:
    wanted = operands(condition.value, scope)
    if wanted is MISSING:
        return False
    return holds(
        condition.op,
        scope.vocabulary.type_of(condition.fact),
        scope.get(condition.fact),
        wanted,
        ignore_case=condition.ignore_case,
        now=scope.now,
        zone=scope.vocabulary.zone,
    )


def _quantified(condition: Quantified, scope: Scope) -> bool:
    elements = scope.get(condition.fact)
    if not isinstance(elements, list | tuple):
        return condition.quantifier == "none"
    found = (truth(condition.where, scope.inside(condition.fact, element)) for element in elements)
    if condition.quantifier == "every":
        return all(found)
    return any(found) == (condition.quantifier == "some")
