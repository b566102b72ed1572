"""The one place that talks to durable_rules: small rule sets over generated names, kept inside its safe envelope.

What the engine gets wrong outside that envelope, and why each precaution below is there, is told in
`docs/durable-rules.md`.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import threading
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

import durable_rules_engine as dre

MAX_WIDTH: Final = 60  # of a shard; the engine's stack holds 64 simultaneous matches
MAX_COMPOSITES: Final = 15  # of a rule, the outer `$and` included
MAX_BRANCHES: Final = 100  # `$nex` and `$or` of a shard; the engine's list holds 127 under one parent
MAX_LEAVES: Final = 200  # of a rule
MAX_SHARD_LEAVES: Final = 400  # 511 children of one node, then it hangs
MAX_PROPERTIES: Final = 200  # of a message; the engine holds 254
RESERVED: Final = ("id", "sid", "k")

_HEAD: Final = '{"id":"d","sid":"0","k":"c"'
_PRIMING: Final = '{"id":"d","sid":"0","k":"w"}'
_RETRACTION: Final = '{"id":"d","sid":"0"}'  # a message is found by its ids alone
_STATE: Final = "0"
_SENTINEL: Final = "zz"
_TOO_MANY_MATCHES: Final = "error code: 303"


class EngineFault(RuntimeError):
    """The engine refused a rule set or did not answer as it must, even after a fresh start."""


@dataclass(frozen=True, slots=True)
class EngineRule:
    """One rule in the engine's own terms: `conditions` are ANDed leaves and composites over the aliases
    whose positions are `slots`; `width`, `leaves` and `branches` measure it against the limits above.

    `begins`: slot and code of the first condition where that is an equality. Of rules that begin with
    different codes of one slot only those with one code can be true, or be looked at any further, at once.
    """

    number: int
    conditions: tuple[dict[str, Any], ...]
    slots: frozenset[int]
    width: int = 1
    leaves: int = 1
    branches: int = 0
    begins: tuple[int, int] | None = None


class Engine:
    """Some rules in the engine's memory. Thread-safe and fork-safe; freed by `close`, or when forgotten."""

    def __init__(self, rules: Iterable[EngineRule], slots: int) -> None:
        self._slots = slots
        self._lock = threading.Lock()
        self._generation = _generation
        self._handles: list[int] = []
        self._free = weakref.finalize(self, _free, self._handles)
        self._free.atexit = False
        self._closed = False
        self._shards = [self._shard(part) for part in _packed(rules)]

    def match(self, fragments: Sequence[str]) -> set[int]:
        """Numbers of the rules that are true of the message made of these fragments, one per slot ("" = none)."""
        fired: set[int] = set()
        if self._generation != _generation:
            self._after_fork()
        with self._lock:
            if self._closed:
                raise EngineFault("this rule set has been closed")
            whole = f"{_HEAD}{''.join(fragments)}}}"
            waiting = list(self._shards)
            while waiting:
                shard = waiting.pop()
                message = whole if shard.pick is None else f"{_HEAD}{''.join(shard.pick(fragments))}}}"
                try:
                    names = _run(shard.handle, message)
                except _TooManyMatches:
                    waiting.extend(self._split(shard))
                    continue
                numbers = shard.numbers
                fired.update([numbers[name] for name in names])
        return fired

    def close(self) -> None:
        """Give the memory back; a closed engine answers no more."""
        if self._generation != _generation:
            self._after_fork()
        with self._lock:
            self._closed = True
            self._shards = []
            self._free()

    def _shard(self, rules: list[EngineRule]) -> _Shard:
        text: dict[str, Any] = {"p": {"all": [{"m": {"k": "w"}}]}}
        for rule in rules:
            text[f"r{rule.number}"] = {"all": [{"m": {"$and": [{"k": "c"}, *rule.conditions]}}]}
        text[_SENTINEL] = {"all": [{"m": {"k": "c"}}]}
        try:
            handle = dre.create_ruleset(f"conductor{next(_names)}", json.dumps(text))
        except dre.error as error:
            raise EngineFault(f"the rule engine does not take these rules: {error}") from error
        self._handles.append(handle)
        _prime(handle)
        used = sorted(frozenset[int]().union(*(rule.slots for rule in rules)))
        return _Shard(handle, rules, None if len(used) == self._slots else _picker(used))

    def _split(self, shard: _Shard) -> list[_Shard]:
        """Put two shards in the place of one whose matches overran the engine's stack."""
        if len(shard.rules) == 1:
            raise EngineFault("one rule alone overran the rule engine's stack")
        middle = len(shard.rules) // 2
        halves = [self._shard(shard.rules[:middle]), self._shard(shard.rules[middle:])]
        self._shards = [one for one in self._shards if one is not shard] + halves
        self._handles.remove(shard.handle)
        _free([shard.handle])
        return halves

    def _after_fork(self) -> None:
        """In a forked child: a lock of our own, and no evaluation that was half done in the parent."""
        with _renewing:
            if self._generation != _generation:
                self._lock = threading.Lock()
                for shard in self._shards:
                    _reset(shard.handle)
                self._generation = _generation


@dataclass(slots=True)
class _Shard:
    handle: int
    rules: list[EngineRule]
    pick: Any  # fragments -> those of this shard's slots; None when it uses all
    numbers: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.numbers = {f"r{rule.number}": rule.number for rule in self.rules}


class _TooManyMatches(Exception):
    """Error 303: more simultaneous matches than the engine's stack holds."""


def _run(handle: int, message: str) -> list[str]:
    """Names of the rules that fire on this message: what was asked, or a fresh start and once more."""
    try:
        return _fire(handle, message)
    except EngineFault:
        return _fire(handle, message)


def _fire(handle: int, message: str) -> list[str]:
    """Assert, drain, retract. Whatever interrupts that, the engine's state is thrown away."""
    fired: list[str] = []
    try:
        code, offset = dre.assert_fact(handle, message)
        started = dre.start_action_for_state(handle, offset)
        result = started[1] if started else None
        finish = dre.complete_and_start_action
        while result:
            fired.append(result[2 : result.index('"', 2)])
            result = finish(handle, offset)
        dre.retract_fact(handle, _RETRACTION)
    except BaseException as error:
        _reset(handle)
        if isinstance(error, dre.error):
            if _TOO_MANY_MATCHES in str(error):
                raise _TooManyMatches from error
            raise EngineFault(f"the rule engine failed: {error}") from error
        raise
    if code != 0 or not fired or fired.pop() != _SENTINEL:
        _reset(handle)
        raise EngineFault("the rule engine did not answer")  # it was locked by an interrupted evaluation
    return fired


def _prime(handle: int) -> None:
    """Fire the priming rule: it initialises memory that `delete_state` would else read uninitialised."""
    offset = dre.assert_fact(handle, _PRIMING)[1]
    started = dre.start_action_for_state(handle, offset)
    while started and dre.complete_and_start_action(handle, offset):
        pass
    dre.retract_fact(handle, _RETRACTION)


def _reset(handle: int) -> None:
    """Throw the engine's state away and prime a new one."""
    with contextlib.suppress(dre.error):  # there was none
        dre.delete_state(handle, _STATE)
    _prime(handle)


def _free(handles: list[int]) -> None:
    while handles:
        handle = handles.pop()
        with contextlib.suppress(dre.error):
            dre.delete_state(handle, _STATE)
        dre.delete_ruleset(handle)


def _packed(rules: Iterable[EngineRule]) -> list[list[EngineRule]]:
    """The rules in few shards, each rule in the first that has room for it."""
    loads: list[_Load] = []
    for rule in rules:
        load = next((one for one in loads if one.takes(rule)), None)
        if load is None:
            load = _Load()
            loads.append(load)
        load.add(rule)
    return [load.rules for load in loads]


class _Load:
    """A shard being filled, measured against the limits."""

    def __init__(self) -> None:
        self.rules: list[EngineRule] = []
        self._slots: frozenset[int] = frozenset()
        self._leaves = self._branches = 0
        self._free = 0  # width of the rules that do not begin with an equality
        self._begun: dict[int, dict[int, int]] = {}  # slot -> code -> width

    def takes(self, rule: EngineRule) -> bool:
        return (
            self._width_with(rule) <= MAX_WIDTH
            and self._leaves + rule.leaves <= MAX_SHARD_LEAVES
            and self._branches + rule.branches <= MAX_BRANCHES
            and len(self._slots | rule.slots) <= MAX_PROPERTIES - len(RESERVED)
        )

    def add(self, rule: EngineRule) -> None:
        self.rules.append(rule)
        self._slots |= rule.slots
        self._leaves += rule.leaves
        self._branches += rule.branches
        if rule.begins is None:
            self._free += rule.width
        else:
            slot, code = rule.begins
            widths = self._begun.setdefault(slot, {})
            widths[code] = widths.get(code, 0) + rule.width

    def _width_with(self, rule: EngineRule) -> int:
        """The most paths that can be true at once with this rule: of each slot, those that begin alike."""
        widest = {slot: max(widths.values()) for slot, widths in self._begun.items()}
        if rule.begins is None:
            return self._free + rule.width + sum(widest.values())
        slot, code = rule.begins
        alike = self._begun.get(slot, {}).get(code, 0) + rule.width
        return self._free + sum({**widest, slot: max(widest.get(slot, 0), alike)}.values())


def _picker(slots: list[int]) -> Any:
    if len(slots) == 1:
        only = slots[0]
        return lambda fragments: (fragments[only],)
    return itemgetter(*slots)


_names = itertools.count(1)
_generation = 0
_renewing = threading.Lock()


def _forked() -> None:
    global _generation, _renewing
    _generation += 1
    _renewing = threading.Lock()


os.register_at_fork(after_in_child=_forked)
