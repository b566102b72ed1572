"""The rule engine against plain Python: random rules on random facts of every type, with every value that is
known to mislead the engine. Both must say the same of every rule."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.engine import reference
from orchestration.engine.compile import compile_version
from orchestration.engine.evaluate import evaluate
from orchestration.facts import Facts
from orchestration.rules.language import (
    AllOf,
    Always,
    AnyOf,
    Arithmetic,
    Compare,
    Condition,
    Decide,
    FactRef,
    Literal,
    Not,
    Operand,
    Parameter,
    ParameterRef,
    Quantified,
    Rule,
    Set,
    VersionContent,
)
from orchestration.rules.operators import OPERATORS, operators_for

WITHIN = [
    0,
    -0.0,
    1,
    1.0,
    2,
    -1,
    5e-324,
    1e-320,
    1e-5,
    0.1,
    0.3,
    0.30000000000000004,
    18,
    1e15,
    4.5,
    17.999999999999996,
]
WITHIN += [2**53, -(2**53), 2**53 - 1, 2.0**53, 0.1 + 0.7]
BEYOND = [2**53 + 1, 2**63, 2**63 - 1, -(2**63), 10**30, 1e22, 1e300, float("inf"), float("-inf"), float("nan")]
NUMBERS = [*WITHIN, *WITHIN, *WITHIN, *BEYOND]
STRINGS = [
    *("", " ", "a", "A", "aa", "aaaa", "b", "é", "É", "e\u0301", "日😀", "x", "xx", "x!", "x ", "true", "1"),
    *('"', 'say "x"', "\\", "\\u00e9", "/", "\\/", "\x00", "\n", "\x1f", "\x7f", "{", "}", '{"k":"w"}', "$m", "%"),
    *("\ue000", "\ue022", "\ue022x", "\ue05c", "\ud800", "x\udfff", "liquid", "costarring", "id", "sid", "k"),
    *("2024-01-01", "2024-01-01 10:00", "2024-01-01!", "x" * 60_001, "x" * 65_535, "x" * 65_536, "x" * 65_537),
]
DAYS = ["2024-02-29", "2024-02-30", "2026-11-22", "2008-11-22", "0001-01-01", "9999-12-31", "26-1-1"]
MOMENTS = [
    *("2026-11-22T12:00:00Z", "2026-11-22T13:00:00+01:00", "2026-10-25T02:30:00", "2026-11-22T12:00"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-11-22T25:00:00", "2026-11-21T12:00:00.5Z"),
]
ARRAYS = [[], [1], [1, 2, 3], ["a"], ["a", None], [None], [[1], [2, 3]], [[[]]], [True, 1], [{"share": 30}]]
OWNERS = [
    *([], [{}], [{"share": 30, "pep": True}], [{"share": 20, "pep": True, "tags": ["a"]}, {"share": 50, "pep": None}]),
    *([{"share": "30"}, 5, None], [{"tags": []}, {"tags": ["x" * 65_536, "é"]}], [{"item": {"share": 30}}]),
]
VALUES = {
    "number": NUMBERS,
    "integer": NUMBERS,
    "string": STRINGS,
    "boolean": [True, False],
    "date": DAYS,
    "datetime": MOMENTS,
    "array": [*ARRAYS, *OWNERS],
    "object": [{}, {"x": 1}, {"a.b": 1}],
}
ANYTHING = [None, *(value for values in VALUES.values() for value in values)]
FACTS = {
    **dict.fromkeys(("case.liquid", "case.costarring", "case.n", "case.deep.a.b", "case.o.x", "derived.x"), "number"),
    **dict.fromkeys(("case.id", "case.sid", "case.k", "case.s", "case.word with space", "case.deep.a.s"), "string"),
    **dict.fromkeys(("meta.priority", "human.s"), "string"),
    **dict.fromkeys(("case.b", "case.c"), "boolean"),
    **dict.fromkeys(("case.l", "case.owners", "case.nested"), "array"),
    "case.m": "integer",
    "case.d": "date",
    "case.at": "datetime",
    "meta.now": "datetime",
    "case.o": "object",
    "case.any": "any",
}
ITEMS = {
    "case.l": {"item": "number"},
    "case.owners": {"item.share": "number", "item.pep": "boolean", "item.tags": "array", "item": "object"},
    "case.nested": {"item": "array"},
    "item.tags": {"item": "string"},
    "item": {"item": "number"},
}
PARAMETERS = {"number": ("limit", 18), "string": ("word", "a"), "integer": ("count", 2)}


def schema() -> dict[str, Any]:
    formats = {"date": {"type": "string", "format": "date"}, "datetime": {"type": "string", "format": "date-time"}}
    document: dict[str, Any] = {"type": "object", "properties": {}}
    for path, kind in FACTS.items():
        source, *names = path.split(".")
        if source != "case":
            continue
        below = document
        for name in names[:-1]:
            below = below["properties"].setdefault(name, {"type": "object", "properties": {}})
        found = {} if kind == "any" else formats.get(kind, {"type": kind})
        below["properties"].setdefault(names[-1], dict(found))
    strings, numbers = {"type": "array", "items": {"type": "string"}}, {"type": "array", "items": {"type": "number"}}
    owner = {"share": {"type": "number"}, "pep": {"type": "boolean"}, "tags": strings}
    document["properties"] |= {
        "l": numbers,
        "nested": {"type": "array", "items": numbers},
        "owners": {"type": "array", "items": {"type": "object", "properties": owner}},
    }
    return document


def version(draw: random.Random, rules: int) -> VersionContent:
    made = [Rule(f"r{number}", "A rule", _condition(draw, FACTS, 3), (Decide("x"),)) for number in range(rules)]
    setting = Rule("set", "Sets", Always(), (Set((("derived.x", Arithmetic("add", Literal(1), Literal(2))),)),))
    return VersionContent(
        ("x",),
        schema(),
        human_fields={"type": "object", "properties": {"s": {"type": "string"}}},
        time_zone=draw.choice(["UTC", "Europe/Berlin", "Pacific/Kiritimati"]),
        parameters=tuple(Parameter(name, kind, value) for kind, (name, value) in PARAMETERS.items()),
        rules=(*made, setting),
    )


def facts(draw: random.Random) -> Facts:
    document: dict[str, Any] = {"case": {"o.x": 1, "deep.a.b": 2}, "meta": {"now": draw.choice(MOMENTS)}}
    for path, kind in FACTS.items():
        chance = draw.random()
        if chance < 0.15 or path == "meta.now":
            continue
        value = draw.choice(ANYTHING if chance < 0.3 or kind == "any" else VALUES[kind])
        *parents, name = path.split(".")
        below: Any = document
        for part in parents:
            below = below.setdefault(part, {})
            if not isinstance(below, dict):
                break
        else:
            below[name] = dict(value) if isinstance(value, dict) else value
    return Facts(document)


def _condition(draw: random.Random, known: dict[str, str], depth: int) -> Condition:
    kind = draw.randrange(10) if depth else 9
    if kind < 4:
        parts = tuple(_condition(draw, known, depth - 1) for _ in range(draw.randint(1, 4)))
        return AllOf(parts) if kind < 2 else AnyOf(parts)
    if kind == 4:
        return Not(_condition(draw, known, depth - 1))
    if kind == 5 and (arrays := [path for path in known if path in ITEMS and known[path] == "array"]):
        path = draw.choice(arrays)
        inside = {**{one: type_ for one, type_ in known.items() if one[:4] != "item"}, **ITEMS[path]}
        return Quantified(draw.choice(["some", "every", "none"]), path, _condition(draw, inside, depth - 1))
    if kind == 6 and draw.random() < 0.1:
        return Always()
    items = [path for path in known if path[:4] == "item"]
    return _compare(draw, known, draw.choice(items if items and draw.random() < 0.7 else list(known)))


def _compare(draw: random.Random, known: dict[str, str], path: str) -> Compare:
    kind = known[path]
    op = draw.choice(operators_for(kind))
    takes = OPERATORS[op].takes
    if takes == "none":
        return Compare(path, op)
    if op in ("within_last", "within_next", "older_than"):
        return Compare(path, op, Literal(draw.choice(["30d", "6mo", "18y", "nonsense"])))
    wanted = "number" if op.startswith("size") or (kind == "array") else kind
    if takes == "one":
        return Compare(path, op, _operand(draw, known, wanted), ignore_case=draw.random() < 0.1)
    count = 2 if takes == "pair" else draw.choice([1, 2, 3, 25])
    values = tuple(_operand(draw, known, wanted) for _ in range(count))
    if takes == "pair" and draw.random() < 0.5 and all(isinstance(one, Literal) for one in values):
        with contextlib.suppress(TypeError):
            values = tuple(sorted(values, key=lambda one: one.value))
    return Compare(path, op, values)


def _operand(draw: random.Random, known: dict[str, str], kind: str) -> Operand:
    chance = draw.random()
    if chance < 0.06:
        times = draw.choice([None, 4.5, 1e300]) if kind in ("number", "integer") else None
        same = [path for path, type_ in known.items() if type_ == kind] or ["case.n"]
        return FactRef(draw.choice(same), times=times, plus=None if times is None else 1)
    if chance < 0.12 and kind in PARAMETERS:
        return ParameterRef(PARAMETERS[kind][0])
    plain = [value for value in ANYTHING if isinstance(value, str | int | float)]
    return Literal(draw.choice(plain if chance < 0.17 else VALUES[kind]))


def compare_on(content: VersionContent, documents: list[Facts]) -> int:
    """Rule evaluations on which engine and reference agreed; fails at the first on which they do not."""
    rule_set = compile_version(content)
    try:
        for document in documents:
            assert evaluate(rule_set, document) == reference.evaluate(rule_set, document), document.document
        return len(rule_set.entries) * len(documents)
    finally:
        rule_set.close()


POOL = [facts(draw) for draw in [random.Random(20261122)] for _ in range(100)]


@pytest.mark.slow
def test_engine_and_reference_agree_on_two_hundred_thousand_rule_evaluations():
    counted = 0

    @settings(max_examples=220, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=False), st.integers(1, 12))
    def agree(draw: random.Random, rules: int) -> None:
        nonlocal counted
        counted += compare_on(version(draw, rules), [*POOL, facts(draw), facts(draw)])

    agree()
    for seed in range(20):  # many rules at once: full shards, wide ones, the same tests over and over
        draw = random.Random(seed)
        counted += compare_on(version(draw, 150), [facts(draw) for _ in range(60)])
    assert counted >= 200_000


@pytest.mark.slow
def test_they_agree_when_freed_memory_is_overwritten():
    """MALLOC_PERTURB_ fills memory with rubbish when it is given out or freed, so that no luck is left."""
    name = test_engine_and_reference_agree_on_two_hundred_thousand_rule_evaluations.__name__
    command = [sys.executable, "-c", f"import runpy; runpy.run_path({__file__!r})[{name!r}]()"]
    environment = {**os.environ, "MALLOC_PERTURB_": "165"}
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=570, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


@pytest.mark.parametrize(("low", "high"), list(pairwise(sorted(set(WITHIN)))))
def test_every_number_is_told_from_its_neighbour(low, high):
    ops = ("eq", "ne", "lt", "lte", "gt", "gte")
    rules = tuple(Rule(op, op, Compare("case.n", op, Literal(high)), (Decide("x"),)) for op in ops)
    rule_set = compile_version(VersionContent(("x",), schema(), rules=rules))
    assert evaluate(rule_set, Facts({"case": {"n": low}})) == {"ne", "lt", "lte"}
    assert evaluate(rule_set, Facts({"case": {"n": high}})) == {"eq", "lte", "gte"}
    rule_set.close()


@pytest.mark.parametrize("text", STRINGS, ids=range(len(STRINGS)))
def test_every_string_is_told_from_all_others(text):
    rules = tuple(
        Rule(f"{op}{number}", op, Compare("case.s", op, Literal(other)), (Decide("x"),))
        for number, other in enumerate(STRINGS)
        for op in ("eq", "ne")
    )
    rule_set = compile_version(VersionContent(("x",), schema(), rules=rules))
    expected = {f"{'eq' if other == text else 'ne'}{number}" for number, other in enumerate(STRINGS)}
    assert evaluate(rule_set, Facts({"case": {"s": text}})) == expected
    rule_set.close()
