"""The guide for plugin authors names all of the contract, and its example is a real agent."""

import re
import sys
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from orchestration import plugin_api
from orchestration.agents.registry import registry
from orchestration.agents.runner import check, run
from orchestration.rules.language import LANGUAGE
from orchestration.rules.pack import load_yaml
from orchestration.rules.parse import version_from

from .conftest import Install

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


@pytest.mark.usefixtures("guided")
def test_the_guides_own_test_passes() -> None:
    registry()
    namespace: dict[str, object] = {}
    exec(blocks("python")[1], namespace)
    namespace["test_age_counts_whole_years_only"]()  # type: ignore[operator]
    assert "acme_age" in sys.modules


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
