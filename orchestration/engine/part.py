"""Some entries of a version, held by an engine of their own: facts go in, the true ones come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final

from orchestration.engine.durable import Engine, EngineRule
from orchestration.engine.lower import Both, Either, Expression, Leaf, branches, leaves_in, lowered, width
from orchestration.engine.projection import Projection
from orchestration.engine.truth import Scope, Vocabulary, truth
from orchestration.rules.language import Condition, DecisionTable, Rule, TableRow

MAX_KNOWN: Final = 256
"""Messages of a part whose answers are kept: all passes of a round, and cases that do not differ in any code."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One condition of the version: a rule's, or that of a table's row (then key is `table/row`)."""

    key: str
    condition: Condition
    rule: Rule | None = None
    table: DecisionTable | None = None
    row: TableRow | None = None
    pointer: str = ""  # of the condition, in the version's document


class Part:
    """Numbered entries, ready to evaluate. Immutable and thread-safe; `close` frees the engine's memory."""

    def __init__(self, entries: Mapping[int, Entry], vocabulary: Vocabulary) -> None:
        self._entries = entries
        expressions = {number: lowered(entry.condition, vocabulary) for number, entry in entries.items()}
        self._always = frozenset(number for number, one in expressions.items() if one is True)
        held = {number: one for number, one in expressions.items() if not isinstance(one, bool)}
        self._projection = Projection(leaf for one in held.values() for leaf in leaves_in(one))
        self._readers: dict[int, set[int]] = {}
        for number, one in held.items():
            for leaf in leaves_in(one):
                self._readers.setdefault(self._slot(leaf), set()).add(number)
        self._engine = Engine(self._ordered(held), len(self._projection.slots)) if held else None
        self._matched = lru_cache(MAX_KNOWN)(partial(_matched, self._engine))

    def true(self, scope: Scope) -> frozenset[int]:
        """Numbers of the entries that are true of these facts."""
        if self._engine is None:
            return self._always
        projected = self._projection.project(scope)
        found = self._matched(tuple(projected.fragments))
        if self._always:
            found |= self._always
        if projected.unsure:
            unsure = {number for slot in projected.unsure for number in self._readers[slot]}
            found = found - unsure | {number for number in unsure if truth(self._entries[number].condition, scope)}
        return found

    def close(self) -> None:
        self._matched.cache_clear()
        if self._engine is not None:
            self._engine.close()

    def _slot(self, leaf: Leaf) -> int:
        return self._projection.slots[(leaf.kind, leaf.subject)]

    def _ordered(self, held: Mapping[int, Expression]) -> list[EngineRule]:
        """The rules, like leaves in one order and like rules beside each other: the engine shares what begins alike."""

        def rank(part: Expression) -> tuple[Any, ...]:
            if not isinstance(part, Leaf):
                return (len(_RANKS), 0, "", "")
            return (_RANKS[part.kind], self._slot(part), part.op, repr(part.value))

        rules = []
        for number, one in held.items():
            parts = sorted(one.parts if isinstance(one, Both) else (one,), key=rank)
            rules.append(([rank(part) for part in parts], number, self._engine_rule(number, one, parts)))
        return [rule for _, _, rule in sorted(rules, key=lambda one: one[:2])]

    def _engine_rule(self, number: int, whole: Expression, parts: list[Expression]) -> EngineRule:
        leaves = list(leaves_in(whole))
        return EngineRule(
            number=number,
            conditions=tuple(self._encoded(part) for part in parts),
            slots=frozenset(map(self._slot, leaves)),
            width=width(whole),
            leaves=len(leaves),
            branches=branches(whole),
            begins=self._begins(parts[0]),
        )

    def _begins(self, first: Expression) -> tuple[int, int] | None:
        if not isinstance(first, Leaf) or first.op != "=":
            return None
        return self._slot(first), self._projection.code(first)

    def _encoded(self, expression: Expression) -> dict[str, Any]:
        if isinstance(expression, Leaf):
            return self._projection.encode(expression)
        assert isinstance(expression, Both | Either)  # noqa: S101 - constants are folded away
        name = "$and" if isinstance(expression, Both) else "$or"
        return {name: [self._encoded(part) for part in expression.parts]}


def _matched(engine: Engine | None, message: tuple[str, ...]) -> frozenset[int]:
    return frozenset(engine.match(message)) if engine else frozenset()


_RANKS: Final = {kind: rank for rank, kind in enumerate("sbpxaon")}
