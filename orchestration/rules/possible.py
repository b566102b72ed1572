"""Can a condition be true, can it be false? Answered only where it is certain, whatever the facts are.

The values of a fact are cut into classes on which all comparisons with it agree: each point that is named, what lies
between, anything else, and not given. Classes of all facts are then tried together, within a bound on the work.
What cannot be cut so (other facts, lists, patterns) may be either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from orchestration.facts import MISSING, Catalogue, FactSpec
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
from orchestration.rules.operators import UTC_ZONE, holds
from orchestration.rules.reads import BY_THE_CLOCK, operands_of
from orchestration.rules.times import as_day
from orchestration.rules.value_classes import samples_of

MOST_STEPS: Final = 20_000
"""Comparisons looked at for one question; what takes more is left unsaid."""
ALL_STEPS: Final = 250_000
"""For all questions about one version."""
_MOST_CLASSES: Final = 400
_CUT: Final = ("number", "integer", "string", "boolean", "date", "datetime")
_OPEN: Final = ("contains", "starts_with", "ends_with", "matches")
Leaf = Compare | Quantified
Witness = Mapping[str, Any]
"""A value for each fact that was cut into classes; MISSING for one that is not given."""


@dataclass(slots=True)
class Work:
    """How much may still be spent on a version."""

    left: int = ALL_STEPS


@dataclass(frozen=True)
class Known:
    """What is certain of every case: types, parameter values, facts that are always given."""

    catalogue: Catalogue
    parameters: Mapping[str, Any]
    zone: ZoneInfo = UTC_ZONE
    always_given: Callable[[str], bool] = lambda path: False
    work: Work = field(default_factory=Work)


def never(condition: Condition, known: Known) -> bool:
    """Is it certain that no case makes it true?"""
    return _Search((condition,), known).run(True, certain=False) is None


def always(condition: Condition, known: Known) -> bool:
    """Is it certain that every case makes it true?"""
    return _Search((condition,), known).run(False, certain=False) is None


def example_of_both(one: Condition, other: Condition, known: Known) -> Witness | None:
    """Values with which both are certainly true; None where there are none, or that cannot be told."""
    found = _Search((one, other), known).run(True, certain=True)
    return found or None


class _TooMuch(Exception):
    """The question takes more work than it is worth."""


@dataclass
class _Search:
    """Tries the classes of one fact after the other, with three truths: true, false, not known yet (None)."""

    conditions: tuple[Condition, ...]
    known: Known
    left: int = MOST_STEPS
    _cut: dict[str, list[tuple[Any, tuple[bool, ...]]]] = field(default_factory=dict)
    _size: int = 1
    _places: dict[int, int] = field(default_factory=dict)  # of each comparison (by identity) among its fact's

    def run(self, wanted: bool, *, certain: bool) -> Witness | None:
        """Values that make all conditions what is wanted: for certain, or perhaps. {} where nothing can be told."""
        try:
            self._prepare()
            return self._try({}, wanted, certain)
        except _TooMuch:
            return None if certain else {}

    def _prepare(self) -> None:
        leaves: dict[str, list[Compare]] = {}
        every = list(_leaves(self.conditions))
        self._size = len(every) + 1
        self._spend(2 * self._size)
        for leaf in every:
            spec = self.known.catalogue.get(leaf.fact)
            if spec is not None and isinstance(leaf, Compare) and self._plain(leaf, spec):
                found = leaves.setdefault(leaf.fact, [])
                self._places[id(leaf)] = len(found)
                found.append(leaf)
        for path, found in leaves.items():
            self._cut[path] = self._classes(self.known.catalogue.specs[path], found)

    def _plain(self, leaf: Compare, spec: FactSpec) -> bool:
        """Is the fact's value all that the comparison depends on, and does it agree within classes?"""
        if leaf.op in ("is_set", "is_not_set"):
            return True
        open_text = spec.type == "string" and not spec.values and (leaf.op in _OPEN or leaf.ignore_case)
        if spec.type not in _CUT or leaf.op in BY_THE_CLOCK or open_text:
            return False
        operands = operands_of(leaf)
        if spec.type in ("date", "datetime") and len({as_day(v) is None for v in self._values(leaf)}) > 1:
            return False
        known = all(
            isinstance(one, Literal) or (isinstance(one, ParameterRef) and one.name in self.known.parameters)
            for one in operands
        )
        return known and len(self._values(leaf)) <= _MOST_CLASSES

    def _values(self, leaf: Compare) -> list[Any]:
        found: list[Any] = []
        for one in operands_of(leaf):
            value = one.value if isinstance(one, Literal) else None
            value = self.known.parameters.get(one.name) if isinstance(one, ParameterRef) else value
            found.extend(value if isinstance(value, list | tuple) else [value])
        return found

    def _operand(self, leaf: Compare) -> Any:
        if leaf.value is None:
            return None
        values = self._values(leaf)
        if isinstance(leaf.value, tuple) or (leaf.op in ("in", "not_in")):
            return values
        return values[0] if values else MISSING

    def _classes(self, spec: FactSpec, leaves: Sequence[Compare]) -> list[tuple[Any, tuple[bool, ...]]]:
        """A sample of each class with the truths of the fact's comparisons; classes that agree are one."""
        points = [value for leaf in leaves for value in self._values(leaf)]
        samples = list(samples_of(spec, points, self.known.zone))
        if len(samples) > 4 * _MOST_CLASSES:
            raise _TooMuch
        if not self.known.always_given(spec.path):
            samples.append(MISSING)
        self._spend(len(samples) * len(leaves))
        found: dict[tuple[bool, ...], Any] = {}
        for sample in samples:
            truths = tuple(self._holds(leaf, spec, sample) for leaf in leaves)
            found.setdefault(truths, sample)
        return [(sample, truths) for truths, sample in found.items()]

    def _holds(self, leaf: Compare, spec: FactSpec, sample: Any) -> bool:
        operand = self._operand(leaf)
        return holds(leaf.op, spec.type, sample, operand, ignore_case=leaf.ignore_case, zone=self.known.zone)

    def _try(self, chosen: dict[str, tuple[Any, tuple[bool, ...]]], wanted: bool, certain: bool) -> Witness | None:
        self._spend(self._size)
        truths = [self._truth(condition, chosen) for condition in self.conditions]
        if any(truth is (not wanted) for truth in truths):
            return None
        if all(truth is wanted for truth in truths) and _is_like_a_case(chosen):
            return {path: sample for path, (sample, _) in chosen.items()} or {"": True}
        path = next((path for path in self._order(truths) if path not in chosen), None)
        if path is None:  # only what cannot be cut is left
            perhaps = not certain and _is_like_a_case(chosen)
            return {path: sample for path, (sample, _) in chosen.items()} or {"": True} if perhaps else None
        for one in self._cut[path]:
            found = self._try({**chosen, path: one}, wanted, certain)
            if found is not None:
                return found
        return None

    def _spend(self, steps: int) -> None:
        self.left -= steps
        self.known.work.left -= steps
        if self.left < 0 or self.known.work.left < 0:
            raise _TooMuch

    def _order(self, truths: Sequence[bool | None]) -> Iterator[str]:
        """Facts of the conditions that are not settled yet."""
        for condition, truth in zip(self.conditions, truths, strict=True):
            if truth is None:
                yield from (leaf.fact for leaf in _leaves([condition]) if leaf.fact in self._cut)

    def _truth(self, condition: Condition, chosen: Mapping[str, tuple[Any, tuple[bool, ...]]]) -> bool | None:
        if isinstance(condition, Always):
            return True
        if isinstance(condition, Not):
            below = self._truth(condition.condition, chosen)
            return None if below is None else not below
        if isinstance(condition, AllOf | AnyOf):
            ends = isinstance(condition, AnyOf)
            unknown = False
            for part in condition.conditions:
                truth = self._truth(part, chosen)
                if truth is ends:
                    return ends
                unknown = unknown or truth is None
            return None if unknown else not ends
        place = self._places.get(id(condition))
        if place is not None and isinstance(condition, Compare):
            if condition.fact in chosen:
                return chosen[condition.fact][1][place]
            found = {truths[place] for _, truths in self._cut[condition.fact]}
            return found.pop() if len(found) == 1 else None
        return None


def _is_like_a_case(chosen: Mapping[str, tuple[Any, Any]]) -> bool:
    """An agent's output and confidence are given only where it succeeded, and what lies below a fact only with it."""
    for path, (sample, _) in chosen.items():
        source, *names = path.split(".")
        above = (".".join((source, *names[:length])) for length in range(len(names)))
        if sample is not MISSING and any(chosen[one][0] is MISSING for one in above if one in chosen):
            return False
        if source == "agents" and len(names) > 1 and names[1] != "status" and sample is not MISSING:
            status = chosen.get(f"agents.{names[0]}.status")
            if status is not None and status[0] != "succeeded":
                return False
    return True


def _leaves(conditions: Iterable[Condition]) -> Iterator[Leaf]:
    for condition in conditions:
        if isinstance(condition, AllOf | AnyOf):
            yield from _leaves(condition.conditions)
        elif isinstance(condition, Not):
            yield from _leaves([condition.condition])
        elif isinstance(condition, Compare | Quantified):
            yield condition
