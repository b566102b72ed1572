"""Facts as the engine reads them: one short property for each fact that a leaf asks about.

Values are sent as codes, never as they are. A number becomes its place among the numbers it is compared
with (1, 3, 5… for the numbers themselves, 0, 2, 4… for the gaps), a string its place in the list of strings it
is compared with (0 = another one). So every comparison means exactly what it means in Python, and neither the
engine's ways of reading numbers nor its ways of reading text can change a result.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from orchestration.engine.durable import RESERVED
from orchestration.engine.lower import Leaf
from orchestration.engine.truth import Scope, truth
from orchestration.facts import MAX_NUMBER
from orchestration.rules.language import Condition
from orchestration.rules.reads import facts_read

Key = tuple[str, str | Condition]  # kind and subject of a leaf


class Projected(NamedTuple):
    """`fragments`: the message's text per slot, "" for none. `unsure`: slots whose value is outside the limits
    on values, so that what depends on them must be computed in Python."""

    fragments: list[str]
    unsure: Sequence[int] = ()


class Projection:
    """How the facts of one version become messages, for the leaves given."""

    def __init__(self, leaves: Iterable[Leaf]) -> None:
        constants: dict[Key, dict[Any, None]] = {}
        for leaf in leaves:
            constants.setdefault((leaf.kind, leaf.subject), {})[leaf.value] = None
        keys = sorted(constants, key=_place)
        self.slots: dict[Key, int] = {key: slot for slot, key in enumerate(keys)}
        self._aliases = dict(zip(keys, _aliases(kind for kind, _ in keys), strict=True))
        self._codes: dict[Key, dict[Any, int]] = {}
        self._given, self._found = _Readers(), _Readers()  # what the case was posted with, and all else
        self._seen: tuple[Any, Any, list[str]] | None = None
        for key in keys:
            self._prepare(key, list(constants[key]))

    def encode(self, leaf: Leaf) -> dict[str, Any]:
        """The leaf in the engine's language."""
        key = (leaf.kind, leaf.subject)
        alias = self._aliases[key]
        if leaf.op == "lacks":
            return {"$nex": {alias: 1}}
        if leaf.op == "has":
            return {"$ex": {alias: 1}}
        equal = {alias: self.code(leaf)}
        return equal if leaf.op == "=" else {_OPERATORS[leaf.op]: equal}

    def code(self, leaf: Leaf) -> int:
        """What the value that a leaf compares with is sent as."""
        return self._codes[(leaf.kind, leaf.subject)][leaf.value]

    def project(self, scope: Scope) -> Projected:
        """The message for these facts. What it says of the `case` is kept for the passes and rounds that follow."""
        case, seen = scope.facts.document.get("case"), self._seen
        if seen is None or seen[0] is not case or seen[1] != scope.now:
            seen = self._seen = case, scope.now, self._given.read(scope)
        found = seen[2] + self._found.read(scope)
        if _UNSURE not in found:
            return Projected(found)
        unsure = [slot for slot, text in enumerate(found) if text is _UNSURE]
        return Projected(["" if text is _UNSURE else text for text in found], unsure)

    def _prepare(self, key: Key, values: Sequence[Any]) -> None:
        kind, subject = key
        alias, readers = self._aliases[key], self._given if _is_given(key) else self._found
        if not isinstance(subject, str):
            readers.predicates.append((subject, f',"{alias}":1'))
            return
        writer, self._codes[key] = _WRITERS[kind](alias, values)
        readers.facts.setdefault(_parent(subject), []).append((subject.rsplit(".", 1)[-1], writer))


class _Readers:
    """Facts by what they lie in, so that those below one parent are read together, and predicates."""

    def __init__(self) -> None:
        self.facts: dict[tuple[str, ...], list[tuple[str, _Write]]] = {}
        self.predicates: list[tuple[Condition, str]] = []

    def read(self, scope: Scope) -> list[str]:
        """Their fragments, facts first."""
        found: list[str] = []
        for parent, readers in self.facts.items():
            below: Any = scope.facts.document
            for part in parent:
                below = below.get(part) if type(below) is dict or isinstance(below, Mapping) else None
            if type(below) is dict or isinstance(below, Mapping):
                get = below.get
                found += [write(get(name)) for name, write in readers]
            else:
                found += [""] * len(readers)
        if self.predicates:
            found += [text if truth(condition, scope) else "" for condition, text in self.predicates]
        return found


_Write = Callable[[Any], str]  # a value -> fragment, or _UNSURE when it is outside the limits
_UNSURE: Final = "?"


def _numbers(alias: str, values: Sequence[Any]) -> tuple[_Write, dict[Any, int]]:
    cuts = sorted(value for value in values if value is not None)
    count = len(cuts)
    texts = [f',"{alias}":{code}' for code in range(2 * count + 1)]

    def write(value: Any) -> str:
        kind = type(value)
        if kind is int or kind is float:
            if not -MAX_NUMBER <= value <= MAX_NUMBER:  # NaN too
                return _UNSURE
            place = bisect_left(cuts, value)
            return texts[2 * place + 1 if place < count and cuts[place] == value else 2 * place]
        return "" if kind in _PLAIN else _UNSURE

    return write, {value: 2 * place + 1 for place, value in enumerate(cuts)}


def _strings(alias: str, values: Sequence[Any]) -> tuple[_Write, dict[Any, int]]:
    codes = {value: code for code, value in enumerate((v for v in values if v is not None), start=1)}
    texts = {value: f',"{alias}":{code}' for value, code in codes.items()}
    other = f',"{alias}":0'

    def write(value: Any) -> str:
        kind = type(value)
        if kind is str:
            return texts.get(value, other)
        return "" if kind in _PLAIN else _UNSURE

    return write, codes


def _booleans(alias: str, values: Sequence[Any]) -> tuple[_Write, dict[Any, int]]:
    yes, no = f',"{alias}":1', f',"{alias}":0'

    def write(value: Any) -> str:
        if value is True:
            return yes
        if value is False:
            return no
        return ""

    return write, {True: 1, False: 0}


def _presence(of: Any) -> Callable[[str, Sequence[Any]], tuple[_Write, dict[Any, int]]]:
    def writer(alias: str, values: Sequence[Any]) -> tuple[_Write, dict[Any, int]]:
        text = f',"{alias}":1'
        return lambda value: text if value is not None and isinstance(value, of) else "", {}

    return writer


_PLAIN: Final = frozenset({type(None), str, bool, int, float, list, dict, tuple})
_OPERATORS: Final = {"≠": "$neq", "<": "$lt", "≤": "$lte", ">": "$gt", "≥": "$gte"}
_WRITERS: Final[dict[str, Callable[[str, Sequence[Any]], tuple[_Write, dict[Any, int]]]]] = {
    "n": _numbers,
    "s": _strings,
    "b": _booleans,
    "a": _presence((list, tuple)),
    "o": _presence(Mapping),
    "x": _presence(object),
}


def _place(key: Key) -> tuple[bool, bool, tuple[str, ...]]:
    """The order of slots, that in which `project` finds the fragments."""
    subject = key[1]
    is_fact = isinstance(subject, str)
    return not _is_given(key), not is_fact, _parent(subject) if isinstance(subject, str) else ()


def _is_given(key: Key) -> bool:
    """Does it depend on nothing but the case as it was posted, and the moment?"""
    subject = key[1]
    paths = (subject,) if isinstance(subject, str) else facts_read(subject)
    return all(path.split(".", 1)[0] == "case" for path in paths)


def _parent(path: str) -> tuple[str, ...]:
    """The path above a fact, in parts."""
    return tuple(path.split(".")[:-1])


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
