"""Throw-away distributions: real metadata and modules on sys.path, gone after the test."""

import importlib
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from orchestration.agents import registry as registry_module
from orchestration.agents.found import Found
from orchestration.agents.registry import registry, reset

AGENT = """
from orchestration.plugin_api import Agent, AgentError, AgentResult, Health, Model, Pending

class Greeter(Agent):
    name, version, title = "acme.greeter", "1.0", "Writes a greeting"

    class Input(Model):
        first_name: str

    class Config(Model):
        greeting: str = "Hello"

    class Output(Model):
        text: str

    def run(self, request):
        text = f"{request.config.greeting} {request.input.first_name}"
        return AgentResult(output=self.Output(text=text), confidence=1.0, summary="Greeted by first name")
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """install("acme-agents", {"acme.greeter": "acme_greeter:Greeter"}, {"acme_greeter": source}, …)"""
    before = set(sys.modules)

    def put(
        distribution: str,
        agents: Mapping[str, str],
        modules: Mapping[str, str] | None = None,
        *,
        version: str = "1.2",
        workflows: Mapping[str, str] | None = None,
        entry_points: str | None = None,
    ) -> None:
        site = tmp_path / distribution
        metadata = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        groups = {"conductor.agents": agents, "conductor.workflows": workflows or {}}
        text = entry_points or "\n".join(
            f"[{group}]\n" + "\n".join(f"{name} = {value}" for name, value in entries.items())
            for group, entries in groups.items()
        )
        (metadata / "entry_points.txt").write_bytes(text.encode("latin-1"))
        for module, source in (modules or {}).items():
            place = site / (module.replace(".", "/") + ".py")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(textwrap.dedent(source))
        monkeypatch.syspath_prepend(str(site))
        importlib.invalidate_caches()
        reset()

    reset()
    yield put
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
    reset()


@pytest.fixture
def greeter(install: Install) -> Found:
    install("acme-agents", {"acme.greeter": "acme_greeter:Greeter"}, {"acme_greeter": AGENT})
    return registry().agents["acme.greeter"]


@pytest.fixture
def agent_that(install: Install) -> Callable[..., Found]:
    """agent_that("return 7"): an installed agent whose run does this; `more` goes into the module, above it."""

    def make(body: str, *, more: str = "") -> Found:
        code = textwrap.indent(textwrap.dedent(body).strip(), " " * 8)
        source = AGENT.replace("class Greeter", f"{more}\n\nclass Greeter", 1)
        source = source[: source.index("        text = f")] + code + "\n"
        install("acme-agents", {"acme.greeter": "acme_greeter:Greeter"}, {"acme_greeter": source})
        return registry().agents["acme.greeter"]

    return make


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives an import half a second instead of half a minute."""
    monkeypatch.setattr(registry_module, "IMPORT_SECONDS", 0.5)
