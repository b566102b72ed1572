"""Facts as the engine reads them: one short property for each fact that a test asks about.

Values are sent as codes, never as they are. A number becomes its place among the numbers it is compared
with (1, 3, 5… for the numbers themselves, 0, 2, 4… for the gaps), a string its place in the list of strings it
is compared with (0 = another one). So every comparison means exactly what it means in Python, and neither the
engine's ways of reading numbers nor its ways of reading text can change a result.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from orchestration.engine.durable import RESERVED
from orchestration.engine.lower import Test
from orchestration.engine.truth import Scope, truth
from orchestration.facts import MAX_NUMBER
from orchestration.rules.language import Condition

Key = tuple[str, str | Condition]  # kind and subject of a test


@dataclass(slots=True)
class Projected:
    """`fragments`: the message's text per slot, "" for none. `unsure`: slots whose value is outside the limits
    on values, so that what depends on them must be computed in Python."""

    fragments: list[str]
    unsure: list[int] = field(default_factory=list)


class Projection:
    """How the facts of one version become messages, for the tests given."""

    def __init__(self, tests: Iterable[Test]) -> None:
        constants: dict[Key, dict[Any, None]] = {}
        for test in tests:
            constants.setdefault((test.kind, test.subject), {})[test.value] = None
        aliases = _aliases(kind for kind, _ in constants)
        self.slots: dict[Key, int] = {key: slot for slot, key in enumerate(constants)}
        self._aliases = dict(zip(constants, aliases, strict=True))
        self._codes: dict[Key, dict[Any, int]] = {}
        self._facts: dict[tuple[str, ...], list[tuple[str, int, _Write]]] = {}  # by parent
        self._predicates: list[tuple[int, Condition, str]] = []
        for key, values in constants.items():
            self._prepare(key, list(values))

    def encode(self, test: Test) -> dict[str, Any]:
        """The test as a leaf of the engine's language."""
        key = (test.kind, test.subject)
        alias = self._aliases[key]
        if test.op == "lacks":
            return {"$nex": {alias: 1}}
        if test.op == "has":
            return {alias: 1}
        leaf = {alias: self._codes[key][test.value]}
        return leaf if test.op == "=" else {_OPERATORS[test.op]: leaf}

    def project(self, scope: Scope) -> Projected:
        """The message for these facts."""
        found = Projected([""] * len(self.slots))
        fragments, unsure = found.fragments, found.unsure
        document = scope.facts.document
        for parent, readers in self._facts.items():
            below: Any = document
            for part in parent:
                below = below.get(part) if isinstance(below, Mapping) else None
            if not isinstance(below, Mapping):
                continue
            for name, slot, write in readers:
                value = below.get(name)
                if value is not None:
                    text = write(value)
                    if text is None:
                        unsure.append(slot)
                    else:
                        fragments[slot] = text
        for slot, condition, text in self._predicates:
            if truth(condition, scope):
                fragments[slot] = text
        return found

    def _prepare(self, key: Key, values: Sequence[Any]) -> None:
        kind, subject = key
        slot, alias = self.slots[key], self._aliases[key]
        if not isinstance(subject, str):
            self._predicates.append((slot, subject, f',"{alias}":1'))
            return
        writer, self._codes[key] = _WRITERS[kind](alias, values)
        *parent, name = subject.split(".")
        self._facts.setdefault(tuple(parent), []).append((name, slot, writer))


_Write = Callable[[Any], str | None]  # a value, not null -> fragment, or None when it is outside the limits


def _numbers(alias: str, values: Sequence[Any]) -> tuple[_Write, dict[Any, int]]:
    cuts = sorted(value for value in values if value is not None)
    count = len(cuts)
    texts = [f',"{alias}":{code}' for code in range(2 * count + 1)]

    def write(value: Any) -> str | None:
        kind = type(value)
        if kind is int or kind is float:
            if not -MAX_NUMBER <= value <= MAX_NUMBER:  # NaN too
                return None
            place = bisect_left(cuts, value)
            return texts[2 * place + 1 if place < count and cuts[place] == value else 2 * place]
        return "" if kind in _PLAIN else None

    return write, {value: 2 * place + 1 for place, value in enumerate(cuts)}


def _strings(alias: str, values: Sequence[Any]) -> tuple[_Write, dict[Any, int]]:
    codes = {value: code for code, value in enumerate((v for v in values if v is not None), start=1)}
    texts = {value: f',"{alias}":{code}' for value, code in codes.items()}
    other = f',"{alias}":0'

    def write(value: Any) -> str | None:
        kind = type(value)
        if kind is str:
            return texts.get(value, other)
        return "" if kind in _PLAIN else None

    return write, codes


def _booleans(alias: str, values: Sequence[Any]) -> tuple[_Write, dict[Any, int]]:
    yes, no = f',"{alias}":1', f',"{alias}":0'

    def write(value: Any) -> str | None:
        if value is True:
            return yes
        if value is False:
            return no
        return ""

    return write, {True: 1, False: 0}


def _presence(alias: str, values: Sequence[Any]) -> tuple[_Write, dict[Any, int]]:
    text = f',"{alias}":1'
    return lambda value: text, {}


_PLAIN: Final = frozenset({str, bool, int, float, list, dict, tuple})
_OPERATORS: Final = {"≠": "$neq", "<": "$lt", "≤": "$lte", ">": "$gt", "≥": "$gte"}
_WRITERS: Final = {"n": _numbers, "s": _strings, "b": _booleans, "x": _presence}


def _aliases(kinds: Iterable[str]) -> list[str]:
    """A short name for each slot; the engine tells names apart by a 32-bit hash only, so no two share one."""
    taken = {_hash(name) for name in RESERVED}
    found: list[str] = []
    number = 0
    for kind in kinds:
        while _hash(alias := f"{kind}{number}") in taken:
            number += 1
        taken.add(_hash(alias))
        found.append(alias)
        number += 1
    return found


def _hash(name: str) -> int:
    """FNV-1a, 32 bits, over the name's bytes: the engine's identity of a property."""
    value = 2166136261
    for byte in name.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value
