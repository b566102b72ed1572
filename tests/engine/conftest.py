"""A version from plain JSON, compiled; what every test of the engine starts from."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.engine.compile import RuleSet, compile_version
from orchestration.engine.step import Progress, RunRecord, Step
from orchestration.facts import Facts
from orchestration.rules.parse import version_from

NOW = "2026-11-22T12:00:00+00:00"
SCHEMA = {
    "type": "object",
    "properties": {
        "age": {"type": "number"},
        "country": {"type": "string"},
        "pep": {"type": "boolean"},
        "due": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
OUTPUT = {"type": "object", "properties": {"ok": {"type": "boolean"}, "score": {"type": "number"}}}


class Version:
    """A compiled version and the short ways in which tests ask it."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.rule_set = rule_set

    def advance(self, case: dict[str, Any] | None = None, *, now: str | None = NOW, **progress: Any) -> Step:
        from orchestration.engine.advance import advance

        return advance(self.rule_set, self.facts(case, now=now), Progress(**progress))

    def facts(self, case: dict[str, Any] | None = None, *, now: str | None = NOW, **sources: Any) -> Facts:
        return Facts({"case": case or {}, "meta": {"now": now} if now else {}, **sources})


@pytest.fixture
def version():
    """`version(rules=[…], agents={…}, …)`: a rule needs `then`; key, title and `when: always` are filled in."""
    made: list[RuleSet] = []

    def make(*rules: dict[str, Any], agents: dict[str, Any] | None = None, **parts: Any) -> Version:
        named = {name: step(**more) for name, more in (agents or {}).items()}
        document = {
            "outcomes": ["approve", "reject", "done"],
            "input_schema": SCHEMA,
            "agents": named,
            "rules": [rule(number, one) for number, one in enumerate(rules)],
            **parts,
        }
        made.append(compile_version(version_from(document)))
        return Version(made[-1])

    yield make
    for one in made:
        one.close()


def rule(number: int, given: dict[str, Any]) -> dict[str, Any]:
    key = given.get("key", f"r{number}")
    then = given["then"] if isinstance(given["then"], list) else [given["then"]]
    return {"key": key, "title": f"Rule {key}", "when": "always", **given, "then": then}


def step(**more: Any) -> dict[str, Any]:
    base = {"use": "test.agent", "agent_version": "1", "output_schema": OUTPUT, "input": {"age": "case.age"}}
    return {**base, **more}


def ran(step: str, status: str = "succeeded", **more: Any) -> RunRecord:
    """A given run: it fits any input."""
    return RunRecord(step, status, **more)


@pytest.fixture
def run_of():
    return ran
