"""A small, complete version to test the rule language with, and pieces to change it."""

from __future__ import annotations

from typing import Any

from orchestration.rules.language import VersionContent
from orchestration.rules.parse import version_from

OWNERS = {
    "type": "array",
    "title": "Owners",
    "items": {
        "type": "object",
        "properties": {
            "share": {"type": "number", "minimum": 0, "maximum": 100},
            "pep": {"type": "boolean"},
            "accounts": {"type": "array", "items": {"type": "object", "properties": {"iban": {"type": "string"}}}},
        },
    },
}

INPUT_SCHEMA = {
    "type": "object",
    "required": ["age", "country"],
    "properties": {
        "age": {"type": "integer", "title": "Age", "minimum": 0, "maximum": 150},
        "income": {"type": "number"},
        "country": {"type": "string", "enum": ["DE", "FR", "US"]},
        "name": {"type": "string"},
        "member": {"type": "boolean"},
        "born": {"type": "string", "format": "date"},
        "seen": {"type": "string", "format": "date-time"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "owners": OWNERS,
        "address": {"type": "object", "properties": {"city": {"type": "string"}}},
        "free": {},
    },
}

ADDRESS_STEP = {
    "use": "kyc.address",
    "input": {"city": "case.address.city"},
    "agent_version": "1.0",
    "input_schema": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
    "output_schema": {
        "type": "object",
        "required": ["valid"],
        "properties": {"valid": {"type": "boolean", "title": "Valid"}, "note": {"type": "string"}},
    },
}


def version(**changed: Any) -> dict[str, Any]:
    """A version in plain JSON that has no finding, with these sections replaced."""
    rules = [
        {"key": "ask", "title": "Ask", "priority": 10, "when": "always", "then": [{"run": ["address"]}]},
        {
            "key": "yes",
            "title": "Grown up",
            "when": when(fact="case.age", op="gte", value=18),
            "then": [decide("approve")],
        },
        {
            "key": "no",
            "title": "Too young",
            "when": when(fact="case.age", op="lt", value=18),
            "then": [decide("decline")],
        },
    ]
    base = {
        "language": 1,
        "outcomes": ["approve", "decline"],
        "input_schema": INPUT_SCHEMA,
        "agents": {"address": ADDRESS_STEP},
        "rules": rules,
    }
    return {key: value for key, value in {**base, **changed}.items() if value is not None}


def content(**changed: Any) -> VersionContent:
    return version_from(version(**changed))


def when(**condition: Any) -> dict[str, Any]:
    return condition


def decide(outcome: str) -> dict[str, Any]:
    return {"decide": {"outcome": outcome}}


def rule(condition: Any, *actions: Any, **changed: Any) -> dict[str, Any]:
    then = list(actions) or [{"notify": {"name": "seen"}}]
    return {"key": "tried", "title": "Tried", "when": condition, "then": then, **changed}


def table(**changed: Any) -> dict[str, Any]:
    return {
        "key": "risk",
        "title": "How risky",
        "hit_policy": "unique",
        "inputs": [{"fact": "case.age"}, {"fact": "case.country"}],
        "outputs": [{"set": "derived.risk", "type": "string", "values": ["high", "medium", "low"]}],
        "rows": [
            {"key": "minors", "when": ["< 18", "-"], "then": ["high"]},
            {"key": "home", "when": [">= 18", '"DE","FR"'], "then": ["low"]},
        ],
        "otherwise": ["medium"],
        **changed,
    }
