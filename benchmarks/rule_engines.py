"""The same random rules, for our engine and for its peers: each takes a document and gives the rules that fire."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import durable_rules_engine as dre
import rule_engine
import zen

from orchestration.engine.compile import compile_version
from orchestration.engine.evaluate import evaluate
from orchestration.facts import Facts
from orchestration.rules.language import AllOf, Compare, Decide, Literal, Rule, VersionContent

Document = Mapping[str, Any]
Matcher = Callable[[Document], list[int]]

_COLOURS = ("red", "green", "blue", "yellow")
_KINDS = ("number", "string", "boolean")
_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "=="}
_SHARD = 50  # of the raw loop: what its guide recommends


@dataclass(frozen=True)
class Condition:
    field: str
    op: str
    value: Any


@dataclass(frozen=True)
class Workload:
    """Rules of three conditions each over flat documents of ten fields: numbers, strings and booleans."""

    fields: Mapping[str, str]
    rules: tuple[tuple[Condition, ...], ...]
    documents: tuple[Document, ...]

    @classmethod
    def drawn(cls, rules: int, *, fields: int = 10, documents: int = 500, seed: int = 1) -> Workload:
        draw = random.Random(seed)
        kinds = {f"field_{number}": _KINDS[number % 3] for number in range(fields)}
        conditions = tuple(
            tuple(_condition(draw, field, kinds[field]) for field in draw.sample(list(kinds), 3)) for _ in range(rules)
        )
        drawn = tuple({field: _value(draw, kind) for field, kind in kinds.items()} for _ in range(documents))
        return cls(kinds, conditions, drawn)


def ours(load: Workload) -> Matcher:
    """One pass of `engine.evaluate`, projection included."""
    rule_set = compile_version(content_of(load))

    def match(document: Document) -> list[int]:
        return [int(key[1:]) for key in evaluate(rule_set, Facts({"case": document}))]

    return match


def content_of(load: Workload) -> VersionContent:
    properties = {field: {"type": kind} for field, kind in load.fields.items()}
    rules = tuple(
        Rule(
            key=f"r{number}",
            title=f"Rule {number}",
            when=AllOf(tuple(Compare(f"case.{one.field}", one.op, Literal(one.value)) for one in conditions)),
            then=(Decide("done"),),
        )
        for number, conditions in enumerate(load.rules)
    )
    return VersionContent(("done",), {"type": "object", "properties": properties}, rules=rules)


def raw_durable(load: Workload) -> Matcher:
    """durable_rules used directly and safely: the document as it is, shards of 50 rules, each message drained."""
    handles = []
    for first in range(0, len(load.rules), _SHARD):
        text: dict[str, Any] = {"p": {"all": [{"m": {"k": "w"}}]}}
        for number in range(first, min(first + _SHARD, len(load.rules))):
            leaves = [_leaf(condition) for condition in load.rules[number]]
            text[f"r{number}"] = {"all": [{"m": {"$and": [{"k": "c"}, *leaves]}}]}
        text["zz"] = {"all": [{"m": {"k": "c"}}]}
        handles.append(dre.create_ruleset(f"raw{id(load)}_{first}", json.dumps(text)))
        _drain(handles[-1], '{"id":"d","sid":"0","k":"w"}', [])

    def match(document: Document) -> list[int]:
        message = json.dumps({"id": "d", "sid": "0", "k": "c", **document})
        fired: list[str] = []
        for handle in handles:
            _drain(handle, message, fired)
        return [int(name[1:]) for name in fired if name != "zz"]

    return match


def zen_engine(load: Workload) -> Matcher:
    """zen-engine: one decision table, hit policy collect."""
    inputs = [{"id": field, "name": field, "field": field} for field in load.fields]
    rows = []
    for number, conditions in enumerate(load.rules):
        cells = {one.field: _zen_cell(one) for one in conditions}
        row = {field: cells.get(field, "") for field in load.fields}
        rows.append({"_id": f"row{number}", **row, "hit": str(number)})
    table = {
        "hitPolicy": "collect",
        "inputs": inputs,
        "outputs": [{"id": "hit", "name": "hit", "field": "hit"}],
        "rules": rows,
        "executionMode": "single",
        "passThrough": False,
    }
    graph = {
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode", "position": {"x": 0, "y": 0}},
            {
                "id": "table",
                "name": "table",
                "type": "decisionTableNode",
                "position": {"x": 1, "y": 0},
                "content": table,
            },
            {"id": "out", "name": "out", "type": "outputNode", "position": {"x": 2, "y": 0}},
        ],
        "edges": [
            {"id": "a", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "b", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }
    decision = zen.ZenEngine().create_decision(zen.ZenDecisionContent(json.dumps(graph)))

    def match(document: Document) -> list[int]:
        return [hit["hit"] for hit in decision.evaluate(dict(document))["result"] or ()]

    return match


def python_rule_engine(load: Workload) -> Matcher:
    """rule-engine: one compiled expression a rule."""
    rules = [
        (number, rule_engine.Rule(" and ".join(_expression(one) for one in conditions)))
        for number, conditions in enumerate(load.rules)
    ]

    def match(document: Document) -> list[int]:
        return [number for number, rule in rules if rule.matches(document)]

    return match


def _condition(draw: random.Random, field: str, kind: str) -> Condition:
    op = draw.choice(("gt", "gte", "lt", "lte")) if kind == "number" else "eq"
    return Condition(field, op, _value(draw, kind))


def _value(draw: random.Random, kind: str) -> Any:
    if kind == "number":
        return draw.randint(0, 1000)
    return draw.choice(_COLOURS) if kind == "string" else draw.random() < 0.5


def _leaf(condition: Condition) -> dict[str, Any]:
    leaf = {condition.field: condition.value}
    return leaf if condition.op == "eq" else {f"${condition.op}": leaf}


def _drain(handle: int, message: str, fired: list[str]) -> None:
    offset = dre.assert_fact(handle, message)[1]
    started = dre.start_action_for_state(handle, offset)
    result = started[1] if started else None
    while result:
        fired.append(result[2 : result.index('"', 2)])
        result = dre.complete_and_start_action(handle, offset)
    dre.retract_fact(handle, message)


def _zen_cell(condition: Condition) -> str:
    value = json.dumps(condition.value)
    return value if condition.op == "eq" else f"{_OPERATORS[condition.op]} {value}"


def _expression(condition: Condition) -> str:
    return f"{condition.field} {_OPERATORS[condition.op]} {json.dumps(condition.value)}"
