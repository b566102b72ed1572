"""The guide for plugin authors names all of the contract, and its example is a real agent."""

import re
import sys
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration import plugin_api, testing
from orchestration.agents.registry import registry
from orchestration.agents.runner import check, run
from orchestration.rules.language import LANGUAGE
from orchestration.rules.pack import load_yaml
from orchestration.rules.parse import version_from
from orchestration.testing import promises

from .conftest import Install

PACK = """\
conductor: 1
workflow:
  slug: ages
  title: Ages
  outcomes: [accepted]
  input_schema:
    type: object
    properties:
      applicant:
        type: object
        properties: {birth_date: {type: string, format: date}}
        required: [birth_date]
      applied_on: {type: string, format: date}
    required: [applicant, applied_on]
queues:
  - {slug: desk, title: Desk}
version:
  agents:
    age: {use: acme.age, input: {birth_date: case.applicant.birth_date, applied_on: case.applied_on}}
  rules:
    - {key: ask-age, title: Find out the age, priority: 9, when: always, then: [{run: [age]}]}
    - key: grown-up
      title: Old enough
      when: {fact: agents.age.output.old_enough, op: eq, value: true}
      then: [{decide: {outcome: accepted}}]
"""
GUIDE = (Path(__file__).parents[2] / "docs" / "plugin-guide.md").read_text(encoding="utf-8")
FIELDS = {
    name
    for cls in (plugin_api.Request, plugin_api.AgentResult)
    for name in cls.__dataclass_fields__  # type: ignore[attr-defined]
} | {name for name in plugin_api.Agent.__annotations__ if not name.startswith("_")}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def guided(install: Install) -> None:
    (project,) = blocks("toml")
    declared = tomllib.loads(project)["project"]
    install(declared["name"], declared["entry-points"]["conductor.agents"], {"acme_age": blocks("python")[0]})


@pytest.mark.parametrize("name", sorted(plugin_api.__all__))
def test_every_public_name_is_in_the_guide(name: str) -> None:
    assert re.search(rf"\b{name}\b", GUIDE)


@pytest.mark.parametrize("name", sorted(testing.__all__))
def test_every_public_name_of_the_testing_kit_is_in_the_guide_and_explained(name: str) -> None:
    assert re.search(rf"\b{name}\b", GUIDE)
    assert (getattr(testing, name).__doc__ or "").strip()


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_every_field_of_the_contract_is_in_the_guide(name: str) -> None:
    assert f"`{name}`" in GUIDE


def test_every_public_name_is_exported_and_explained() -> None:
    own = [
        name
        for name, value in vars(plugin_api).items()
        if getattr(value, "__module__", None) == plugin_api.__name__ and not name.endswith("T")
    ]
    assert sorted([*own, "API_VERSION"]) == sorted(plugin_api.__all__)
    assert [name for name in own if not (getattr(plugin_api, name).__doc__ or "").strip()] == []


@pytest.mark.usefixtures("guided")
@pytest.mark.parametrize("isolate", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_example_is_found_and_runs(isolate: bool) -> None:
    found = registry().agents["acme.age"]
    outcome = run(
        found,
        input={"birth_date": "2001-05-17", "applied_on": "2026-01-31"},
        config={"minimum_age": 25},
        idempotency_key="k",
        attempt=1,
        timeout=timedelta(seconds=60),
        isolate=isolate,
    )
    assert (outcome.status, outcome.output, outcome.summary) == (
        "succeeded",
        {"age": 24, "old_enough": False},
        "24 years old on 2026-01-31",
    )
    assert outcome.evidence == ({"what": "birth date", "value": "2001-05-17"},)
    assert registry().failures == ()


@pytest.mark.usefixtures("guided")
def test_the_examples_failures_and_check_do_what_the_guide_says() -> None:
    found = registry().agents["acme.age"]
    outcome = run(
        found,
        input={"birth_date": "2026-02-01", "applied_on": "2026-01-31"},
        config={},
        idempotency_key="k",
        attempt=1,
        timeout=timedelta(seconds=60),
        isolate=False,
    )
    assert (outcome.error_kind, outcome.permanent) == ("agent", True)
    assert outcome.error == "The birth date lies after the application."
    assert check(found, config={"minimum_age": -1}).message.startswith("minimum_age is below 0.")
    assert check(found, config={}).ok


@pytest.mark.slow
@pytest.mark.usefixtures("guided")
def test_the_guides_agent_keeps_its_promises() -> None:
    namespace = executed(blocks("python")[1])
    cases = promises(namespace["AgeAgent"], inputs=[namespace["GROWN_UP"]], failing=[namespace["UNBORN"]])
    for promise in cases:
        namespace["test_contract"](promise)
    assert len(cases) == 9


@pytest.mark.usefixtures("guided")
def test_the_guides_own_test_passes(tmp_path: Path) -> None:
    executed(blocks("python")[2])["test_age_counts_whole_years_only"](tmp_path)
    assert "acme_age" in sys.modules


@pytest.mark.usefixtures("guided")
def test_the_guides_way_to_try_a_pack_works(tmp_path: Path) -> None:
    try_pack = executed(blocks("python")[3])["try_pack"]
    agent = executed(blocks("python")[1])["AgeAgent"]
    path = tmp_path / "pack.yaml"
    path.write_text(PACK)
    try_pack(path, agents=[agent])
    path.write_text(PACK.replace("outcome: accepted", "outcome: declined"))
    with pytest.raises(AssertionError):
        try_pack(path, agents=[agent])


def executed(text: str) -> dict[str, Any]:
    registry()
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    return namespace


def test_the_guides_workflow_is_one_that_can_be_read() -> None:
    (piece,) = blocks("yaml")
    version = load_yaml(piece)
    content = version_from(
        {
            "language": LANGUAGE,
            "outcomes": ["declined"],
            "input_schema": {
                "type": "object",
                "properties": {
                    "applicant": {"type": "object", "properties": {"birth_date": {"type": "string", "format": "date"}}},
                    "applied_on": {"type": "string", "format": "date"},
                },
            },
            **version,
        }
    )
    assert [(step.name, step.use) for step in content.agents] == [("age", "acme.age")]
    assert [rule.key for rule in content.rules] == ["ask-age", "too-young"]
