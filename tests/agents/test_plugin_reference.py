"""Every name of the contract is explained, with its limits, where it is defined and in the reference."""

import ast
import inspect
import itertools
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from orchestration import plugin_api, testing
from orchestration.agents.amounts import LONGEST_WAIT
from orchestration.agents.attempt import OUTPUT_BYTES
from orchestration.agents.evidence import EVIDENCE_BYTES
from orchestration.agents.outcome import ERROR_KINDS
from orchestration.agents.text import ERROR_CHARACTERS, SUMMARY_CHARACTERS, TRANSCRIPT_CHARACTERS
from orchestration.api.result import ERROR, RESULT
from orchestration.facts import MAX_DEPTH, MAX_NUMBER, MAX_STRING_BYTES

REFERENCE = (Path(__file__).parents[2] / "docs/plugin-reference.md").read_text(encoding="utf-8")
RECORDS: tuple[Any, ...] = (plugin_api.Request, plugin_api.AgentResult, plugin_api.Pending, plugin_api.Health)
FIELDS = [
    *((cls, name) for cls in RECORDS for name in cls.__dataclass_fields__),
    *((plugin_api.AgentError, name) for name in inspect.signature(plugin_api.AgentError).parameters),
]


@pytest.mark.parametrize("name", sorted(plugin_api.__all__))
def test_every_public_name_is_in_the_reference(name: str) -> None:
    assert re.search(rf"`{name}`|\b{name}\(", REFERENCE)


@pytest.mark.parametrize("name", sorted(testing.__all__))
def test_every_public_name_of_the_testing_kit_is_in_the_reference_and_explained(name: str) -> None:
    assert re.search(rf"`{name}`|\b{name}\(", REFERENCE)
    assert (getattr(testing, name).__doc__ or "").strip()


@pytest.mark.parametrize(("cls", "name"), FIELDS)
def test_every_field_of_the_contract_is_explained_in_both_places(cls: type, name: str) -> None:
    assert f"`{name}`" in (cls.__doc__ or "")
    assert re.search(rf"`{name}[`=]", REFERENCE)


def test_every_public_name_is_exported_and_explained() -> None:
    own = [
        name
        for name, value in vars(plugin_api).items()
        if getattr(value, "__module__", None) == plugin_api.__name__ and not name.endswith("T")
    ]
    assert sorted([*own, "API_VERSION", "DEPRECATED"]) == sorted(plugin_api.__all__)
    assert [name for name in own if not (getattr(plugin_api, name).__doc__ or "").strip()] == []


def test_every_attribute_and_method_of_an_agent_is_explained_too() -> None:
    (agent,) = ast.parse(textwrap.dedent(inspect.getsource(plugin_api.Agent))).body
    assert isinstance(agent, ast.ClassDef)
    explained = [
        one.target.id  # type: ignore[union-attr]
        for one, after in itertools.pairwise(agent.body)
        if isinstance(one, ast.AnnAssign) and isinstance(after, ast.Expr)
    ]
    assert explained == list(plugin_api.Agent.__annotations__)
    assert [name for name in explained if f"`{name}`" not in REFERENCE] == []
    methods = [one for one in agent.body if isinstance(one, ast.FunctionDef)]
    assert [one.name for one in methods if not ast.get_docstring(one)] == []


def test_what_an_outside_party_posts_is_explained_by_its_keys_in_both_places() -> None:
    keys = {*RESULT["properties"], *ERROR["properties"], *ERROR["properties"]["error"]["properties"]}
    for text in (plugin_api.Pending.__doc__ or "", REFERENCE.partition("**Answering later**")[2].partition("\n## ")[0]):
        assert {key for key in keys if not re.search(rf"[`\"]{key}[`\"]", text)} == set()


@pytest.mark.parametrize(
    ("number", "cls"),
    [
        # what the code keeps to, as words, and where plugin authors look for it
        (f"{OUTPUT_BYTES // 2**20} MiB", plugin_api.AgentResult),
        (f"{MAX_STRING_BYTES:,} bytes", plugin_api.AgentResult),
        (f"{MAX_DEPTH} levels", plugin_api.AgentResult),
        (f"±2^{MAX_NUMBER.bit_length() - 1}", plugin_api.AgentResult),
        (f"{SUMMARY_CHARACTERS:,}", plugin_api.AgentResult),
        (f"{TRANSCRIPT_CHARACTERS:,}", plugin_api.AgentResult),
        (f"{EVIDENCE_BYTES // 2**10} KiB", plugin_api.AgentResult),
        (f"{ERROR_CHARACTERS:,}", plugin_api.AgentError),
        (f"{LONGEST_WAIT / 86_400:.0f} days", plugin_api.Pending),
    ],
)
def test_the_limits_are_told_in_both_places(number: str, cls: type) -> None:
    assert number in " ".join((cls.__doc__ or "").split())
    assert number in REFERENCE


def test_how_a_configuration_marks_a_secret_is_told_where_it_is_declared() -> None:
    source = inspect.getsource(plugin_api.Agent)
    assert "`SecretStr`" in source.partition("Config: ClassVar")[2].partition("Output: ClassVar")[0]
    assert "`SecretStr`" in REFERENCE


def test_every_kind_of_error_is_explained() -> None:
    table = REFERENCE.partition("| kind |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"`([a-z-]+)`", "".join(row.split("|")[1] for row in table.splitlines()[2:]))) == sorted(
        ERROR_KINDS
    )
