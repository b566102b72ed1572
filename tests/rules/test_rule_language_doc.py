"""Every example in docs/rule-language.md is what it says it is, and works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.engine.compile import compile_version
from orchestration.engine.scenario import run_scenario
from orchestration.rules.cells import parse_cell
from orchestration.rules.check import check
from orchestration.rules.conditions import write_condition
from orchestration.rules.explain import rule_text
from orchestration.rules.language import VersionContent
from orchestration.rules.operators import OPERATORS, operators_for
from orchestration.rules.pack import dump, load
from orchestration.rules.parse import version_from, version_to
from orchestration.rules.sections import HIT_POLICIES
from orchestration.rules.yaml_reading import load_yaml
from orchestration.services.version import freeze

PAGE = (Path(__file__).parents[2] / "docs" / "rule-language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml (\w+)\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)


def blocks(kind: str) -> list[Any]:
    return [load_yaml(text) for found, text in BLOCKS if found == kind]


def base(**changed: Any) -> VersionContent:
    """The version of the page's pack on the agents installed, with the page's parameters, and sections replaced."""
    (text,) = (text for kind, text in BLOCKS if kind == "pack")
    data = version_to(load(text).content)
    return freeze(version_from({**data, "parameters": blocks("parameters")[0], **changed}))


def errors(content: VersionContent) -> list[str]:
    found = check(content, queues=["desk"], workflows=["credit"])
    return [f"{one.pointer} {one.message}" for one in found if one.severity == "error"]


def examples() -> Iterator[Any]:
    for number, condition in enumerate(one for block in blocks("conditions") for one in block):
        yield {"key": f"c{number}", "title": "Example", "when": condition, "then": [{"notify": {"name": "x"}}]}
    yield from blocks("rule")
    for number, action in enumerate(one for block in blocks("actions") for one in block):
        yield {"key": f"a{number}", "title": "Example", "when": "always", "then": [action]}


def test_every_block_of_the_page_is_of_a_kind_that_is_checked():
    assert PAGE.count("```") == 2 * len(BLOCKS)
    kinds = {kind for kind, _ in BLOCKS}
    assert kinds == {"conditions", "rule", "actions", "parameters", "table", "agents", "scenarios", "pack"}


@pytest.mark.parametrize("rule", list(examples()), ids=lambda rule: rule["key"])
def test_an_example_is_sound_and_can_be_explained(rule):
    content = base(rules=[rule])
    assert errors(content) == []
    assert rule_text(content.rules[0], content).endswith(".")
    compile_version(content).close()


def test_tables_parameters_and_agents_are_sound():
    assert errors(base(tables=blocks("table"))) == []
    assert errors(base(agents=blocks("agents")[0])) == []


def test_the_scenarios_pass():
    content = base(scenarios=blocks("scenarios")[0])
    assert errors(content) == []
    rule_set = compile_version(content)
    results = [run_scenario(rule_set, scenario) for scenario in content.scenarios]
    assert [(result.passed, result.message) for result in results] == [(True, "")] * 3
    rule_set.close()


def test_the_pack_has_no_findings_and_survives_export():
    (text,) = (text for kind, text in BLOCKS if kind == "pack")
    pack = load(text)
    assert check(freeze(pack.content), queues=["desk"]) == ()
    assert load(dump(pack)) == pack


CELLS = re.findall(r"^\| `([^`]+)` \| (\w+) \| (.*) \|$", PAGE, flags=re.MULTILINE)


@pytest.mark.parametrize(("text", "type_", "meaning"), CELLS)
def test_a_cell_is_one(text, type_, meaning):
    assert write_condition(parse_cell(text, type_)("case.x"))
    for other in re.findall(r"`([^`]{3,})`", meaning):
        assert write_condition(parse_cell(other, type_)("case.x"))


def test_the_page_names_every_operator_and_every_hit_policy():
    assert len(CELLS) == 14
    rows = dict(re.findall(r"^\| ([a-z, ]+) \| (`eq`.*|`contains`.*|`is_set`.*) \|$", PAGE, flags=re.MULTILINE))
    named = {types: tuple(re.findall(r"`(\w+)`", text)) for types, text in rows.items()}
    always = set(named.pop("any"))
    for types, operators in named.items():
        for type_ in types.split(", "):
            assert set(operators) | always == set(operators_for(type_))
    assert {name for operators in named.values() for name in operators} | always == set(OPERATORS)
    policies = "".join(re.findall(r"^\| (`[a-z_`, ]+) \|", PAGE, flags=re.MULTILINE))
    assert set(re.findall(r"`(\w+)`", policies)) >= set(HIT_POLICIES)
