"""What would have made a rule true: the nearest change of one value, tried out before it is advised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from orchestration.engine.nearest_values import Values, distance, values_for
from orchestration.engine.truth import Scope, Vocabulary, truth
from orchestration.facts import MISSING, Facts, FactSpec
from orchestration.rules.language import AllOf, AnyOf, Compare, Condition, FactRef, Not, Quantified
from orchestration.rules.reads import facts_read, operands_of

MOST_TRIED: Final = 400
"""Changes tried for one condition; what needs more stays without advice."""
_ELEMENTS: Final = 20
"""Elements of a list that are looked at."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value to change: the fact's `path`, for a value inside a list the place `within` it (such as
    `(0, "share")`), what it is (`before`) and what it would have to be (`after`); None stands for not set."""

    path: str
    before: Any
    after: Any
    within: tuple[str | int, ...] = ()


def nearest_change(condition: Condition, vocabulary: Vocabulary, facts: Facts) -> Change | None:
    """The smallest change of one value that makes a false condition true; None where none was found.

    Every advice is evaluated before it is given. Values that the fact's schema rules out are not advised.
    Facts that rules set (`derived.*`) and the time are advised only where nothing else helps.
    """
    scope = Scope.of(vocabulary, facts)
    levers = _levers(condition, scope, True)
    if not levers:
        return None
    found: list[tuple[float, int, Change]] = []
    tried: set[str] = set()
    for change in islice(_changes(condition, scope, levers), MOST_TRIED):
        if repr(change) in tried:
            continue
        tried.add(repr(change))
        if truth(condition, Scope.of(vocabulary, applied(facts, change))):
            found.append((_cost(change, vocabulary), len(found), change))
    return min(found)[2] if found else None


def applied(facts: Facts, change: Change) -> Facts:
    """The facts with that one value changed."""
    names: list[str | int] = [*change.path.split("."), *change.within]
    return Facts(_put(facts.document, names, change.after), facts.corrected)


def _put(value: Any, names: list[str | int], new: Any) -> Any:
    if not names:
        return new
    name, *rest = names
    if isinstance(name, int):
        found = list(value)
        found[name] = _put(found[name], rest, new)
        return found
    below = dict(value) if isinstance(value, Mapping) else {}
    if not rest and new is None:
        below.pop(name, None)
    else:
        below[name] = _put(below.get(name), rest, new)
    return below


def _levers(condition: Condition, scope: Scope, wanted: bool) -> frozenset[str] | None:
    """Facts of which one alone could make the condition what is wanted; None: it is so already."""
    if truth(condition, scope) is wanted:
        return None
    if isinstance(condition, Not):
        return _levers(condition.condition, scope, not wanted)
    if isinstance(condition, AllOf | AnyOf):
        found = [_levers(part, scope, wanted) for part in condition.conditions]
        needed = [one for one in found if one is not None]
        if isinstance(condition, AllOf) is wanted:  # all parts that are not so must change
            return frozenset.intersection(*needed) if needed else frozenset()
        return frozenset[str]().union(*needed)
    return frozenset(facts_read(condition))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where `item` stands inside a quantifier: the list's fact and the way into it."""

    path: str
    within: tuple[str | int, ...]

    def below(self, path: str) -> tuple[str, tuple[str | int, ...]]:
        return self.path, (*self.within, *path.split(".")[1:])


def _changes(condition: Condition, scope: Scope, levers: frozenset[str]) -> Iterator[Change]:
    """Changes worth trying: for each fact the values at which a comparison turns, and those between them."""
    collected: dict[tuple[str, tuple[str | int, ...]], tuple[Any, FactSpec, Values]] = {}
    for path, within, before, spec, values in _turning(condition, scope, None):
        if path in levers:
            known = collected.setdefault((path, within), (before, spec, Values()))
            known[2].take(values)
    for (path, within), (before, spec, values) in collected.items():
        for after in values.all(spec, before, scope):
            yield Change(path, None if before is MISSING else before, after, within)


_Turning = tuple[str, tuple[str | int, ...], Any, FactSpec, Values]


def _turning(condition: Condition, scope: Scope, place: _Place | None) -> Iterator[_Turning]:
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.conditions:
            yield from _turning(part, scope, place)
    elif isinstance(condition, Not):
        yield from _turning(condition.condition, scope, place)
    elif isinstance(condition, Quantified):
        yield from _turning_lists(condition, scope, place)
    elif isinstance(condition, Compare):
        path, within = _at(condition.fact, place)
        spec = _spec(condition.fact, scope)
        yield path, within, scope.get(condition.fact), spec, values_for(condition, scope, spec)
        for value in operands_of(condition):
            if isinstance(value, FactRef):
                path, within = _at(value.path, place)
                other = _spec(value.path, scope)
                found = values_for(_mirrored(condition, value), scope, other, times=value.times, plus=value.plus)
                yield path, within, scope.get(value.path), other, found


def _turning_lists(condition: Quantified, scope: Scope, place: _Place | None) -> Iterator[_Turning]:
    path, within = _at(condition.fact, place)
    spec, value = _spec(condition.fact, scope), scope.get(condition.fact)
    elements = value if isinstance(value, list | tuple) else ()
    lists: list[Any] = [[], None, *([*elements[:n], *elements[n + 1 :]] for n in range(min(len(elements), _ELEMENTS)))]
    lists.append([*elements, _element(condition, scope)])
    yield path, within, value, spec, Values(fixed=lists)
    for number, element in enumerate(elements[:_ELEMENTS]):
        inside = scope.inside(condition.fact, element)
        yield from _turning(condition.where, inside, _Place(path, (*within, number)))


def _element(condition: Quantified, scope: Scope) -> Any:
    """A new element that the condition is likely to be true of: one value after the other made to fit."""
    spec = _spec(condition.fact, scope).items
    element: Any = {} if spec is None or spec.type == "object" else None
    waiting = [condition.where]
    while waiting:
        part = waiting.pop(0)
        inside = scope.inside(condition.fact, element)
        if isinstance(part, AllOf | AnyOf):
            waiting = [*(part.conditions if isinstance(part, AllOf) else part.conditions[:1]), *waiting]
        elif isinstance(part, Compare) and part.fact.split(".", 1)[0] == "item" and not truth(part, inside):
            own = _spec(part.fact, inside)
            for value in values_for(part, inside, own).all(own, None, inside):
                changed = _put(element, list(part.fact.split(".")[1:]), value)
                if truth(part, scope.inside(condition.fact, changed)):
                    element = changed
                    break
    return element


def _at(path: str, place: _Place | None) -> tuple[str, tuple[str | int, ...]]:
    return place.below(path) if place is not None and path.split(".", 1)[0] == "item" else (path, ())


def _mirrored(condition: Compare, operand: FactRef) -> Compare:
    """The comparison read from its operand's side: its value turns where the fact stands now."""
    return replace(condition, fact=operand.path, value=FactRef(condition.fact))


def _spec(path: str, scope: Scope) -> FactSpec:
    return scope.vocabulary.catalogue.get(path) or FactSpec(path, "any")


def _cost(change: Change, vocabulary: Vocabulary) -> float:
    """How far the change is: small steps of numbers and dates first, then other values, then what was not given."""
    source = change.path.split(".", 1)[0]
    cost = _SOURCES.get(source, 0.0) + distance(change.before, change.after)
    spec = vocabulary.catalogue.get(change.path)
    if spec and not change.within and None not in (spec.minimum, spec.maximum):
        width = float(spec.maximum or 0) - float(spec.minimum or 0)
        if width > 0 and isinstance(change.before, int | float) and isinstance(change.after, int | float):
            return _SOURCES.get(source, 0.0) + abs(change.after - change.before) / width
    return cost


_SOURCES: Final = {"children": 1.0, "meta": 10.0, "derived": 20.0}
