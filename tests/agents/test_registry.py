"""The registry finds what is installed, checks it, and tells why it refuses what it refuses."""

import sys
import time

import pytest

from orchestration.agents.found import Found
from orchestration.agents.registry import Failure, registry, reset

from .conftest import AGENT, Install

PLACE = {"acme.greeter": "acme_greeter:Greeter"}
BUNDLED = ["kyc.address", "kyc.contact", "kyc.identity", "kyc.sanctions"]


def failures() -> list[Failure]:
    return list(registry().failures)


def test_an_installed_agent_is_found_with_its_package_and_its_schemas(greeter: Found) -> None:
    assert (greeter.name, greeter.version, greeter.title, greeter.inline, greeter.description) == (
        "acme.greeter",
        "1.0",
        "Writes a greeting",
        False,
        "",
    )
    assert (greeter.distribution, greeter.distribution_version, greeter.package) == (
        "acme-agents",
        "1.2",
        "acme-agents 1.2",
    )
    assert greeter.entry_point == "acme_greeter:Greeter"
    assert greeter.output_schema == {
        "additionalProperties": False,
        "properties": {"text": {"title": "Text", "type": "string"}},
        "required": ["text"],
        "title": "Output",
        "type": "object",
    }
    assert greeter.input_schema["required"] == ["first_name"]
    assert greeter.config_schema["properties"] == {
        "greeting": {"default": "Hello", "title": "Greeting", "type": "string"}
    }
    assert failures() == []


def test_the_bundled_agents_are_found_exactly_as_anybodys() -> None:
    reset()
    found = registry().agents
    assert [name for name in found if name.startswith("kyc.")] == BUNDLED
    assert {found[name].distribution for name in BUNDLED} == {"django-conductor"}


def test_output_schema_is_that_of_the_written_form(install: Install) -> None:
    source = "from decimal import Decimal\n" + AGENT.replace("text: str", "amount: Decimal")
    install("acme-agents", PLACE, {"acme_greeter": source})
    assert registry().agents["acme.greeter"].output_schema["properties"]["amount"]["type"] == "string"


def test_the_registry_is_built_once_and_again_after_reset(greeter: Found) -> None:
    first = registry()
    assert registry() is first
    reset()
    assert registry() is not first
    assert registry().agents["acme.greeter"].cls is greeter.cls


REFUSALS = [
    # what the module holds, what the reason says after package and name
    ("raise ValueError('no licence file')", "cannot be imported (ValueError: no licence file). Upgrade the package"),
    ("import nowhere_to_be_found.part", "Install nowhere_to_be_found, or install the package again"),
    ("raise SystemExit(3)", "cannot be imported (SystemExit: 3). It ends the process on import"),
    ("raise KeyboardInterrupt", "cannot be imported (KeyboardInterrupt)."),
    ("def broken(:", "cannot be imported (SyntaxError:"),
    ("x = 1", "has no attribute 'Greeter'"),
    ("from acme_greeter import Greeter", "It imports itself in a circle"),
    ("from orchestration.agents.registry import registry; registry()", "cannot be read while a plugin is being"),
    ("Greeter = 7", "is a int, not a class. Point the entry point at an Agent subclass."),
    ("class Greeter: pass", "is not a subclass of orchestration.plugin_api.Agent"),
    ("from orchestration.plugin_api import Agent as Greeter", "is not a subclass of orchestration.plugin_api.Agent"),
    (
        AGENT + "    api_version = 2\n",
        "is built for agent interface 2, this server speaks 1. It is too new: upgrade the server, or install an older",
    ),
    (AGENT + "    api_version = 0\n", "interface 0, this server speaks 1. It is too old: install a release of acme"),
    ("class Greeter: api_version = 3", "is built for agent interface 3, this server speaks 1."),
    (AGENT.replace('"1.0"', "1.0"), "Greeter has no version. Set `version` to a text."),
    (AGENT.replace('"Writes a greeting"', '" "'), "Greeter has no title."),
    (AGENT.replace('"1.0"', '"1" * 41'), "The version of Greeter is longer than 40 characters."),
    (AGENT.replace('"acme.greeter"', '"acme.other"'), 'The entry point is called "acme.greeter", but the name of'),
    (AGENT + "    inline = 1\n", "`inline` of Greeter is neither True nor False."),
    (AGENT + "    description = None\n", "The description of Greeter is not a text."),
    (AGENT.replace("def run", "def walk"), "Greeter has no `run`. Implement"),
    (AGENT.replace("def run", "async def run"), "`run` of Greeter is async."),
    (AGENT + "    def __init__(self, door): pass\n", "Greeter cannot be made without arguments."),
    (AGENT.replace("class Input(Model)", "class Other(Model)"), "`Input` of Greeter is missing or no pydantic model."),
    (AGENT.replace("class Output(Model)", "class Output"), "`Output` of Greeter is missing or no pydantic model."),
    (AGENT + "    Config = None\n", "`Config` of Greeter is missing or no pydantic model."),
    (AGENT.replace("text: str", "text: type(iter([]))"), "cannot be imported (PydanticSchemaGenerationError"),
    (AGENT.replace("text: str", "text: 'Nowhere'"), "`Output` of Greeter has no JSON Schema (PydanticUserError"),
    (AGENT.replace("first_name: str", "first_name: float = float('nan')"), "`Input` of Greeter has no JSON Schema"),
    (
        AGENT.replace("class Output(Model):", "class Output(__import__('pydantic').RootModel[int]):").replace(
            "        text: str\n", "        pass\n"
        ),
        "`Output` of Greeter is a RootModel",
    ),
]


@pytest.mark.parametrize(("source", "reason"), REFUSALS, ids=[reason[:40] for _, reason in REFUSALS])
def test_what_cannot_be_used_is_listed_with_package_fault_and_cure(install: Install, source: str, reason: str) -> None:
    install("acme-agents", PLACE, {"acme_greeter": source})
    assert "acme.greeter" not in registry().agents
    assert [name for name in registry().agents if name in BUNDLED] == BUNDLED
    (failure,) = failures()
    assert (failure.group, failure.name, failure.entry_point) == ("conductor.agents", *next(iter(PLACE.items())))
    assert (failure.distribution, failure.distribution_version) == ("acme-agents", "1.2")
    assert failure.reason.startswith('acme-agents 1.2, "acme.greeter": ')
    assert reason in failure.reason
    assert failure.reason.endswith((".", ")"))


@pytest.mark.parametrize(
    "name", ["greeter", "Acme.Greeter", "acme.", "acme..greeter", "1acme.greeter", "acme greeter.x"]
)
def test_a_name_that_is_not_plugin_dot_agent_is_refused(install: Install, name: str) -> None:
    install(
        "acme-agents", {name: "acme_greeter:Greeter"}, {"acme_greeter": AGENT.replace('"acme.greeter"', repr(name))}
    )
    (failure,) = failures()
    assert failure.reason.startswith(f'acme-agents 1.2, "{name}": "{name}" is not a name for an agent.')


def test_a_name_declared_by_two_packages_is_refused_on_both_sides(install: Install) -> None:
    install("acme-agents", PLACE, {"acme_greeter": AGENT})
    install("other-agents", {"acme.greeter": "other_greeter:Greeter"}, {"other_greeter": AGENT}, version="7")
    assert "acme.greeter" not in registry().agents
    assert [failure.reason for failure in failures()] == [
        'acme-agents 1.2, "acme.greeter": The name "acme.greeter" is declared by other-agents 7 '
        "(other_greeter:Greeter) too, so neither is used. Uninstall one of them, or have one renamed.",
        'other-agents 7, "acme.greeter": The name "acme.greeter" is declared by acme-agents 1.2 '
        "(acme_greeter:Greeter) too, so neither is used. Uninstall one of them, or have one renamed.",
    ]


def test_one_package_found_twice_on_the_path_is_no_clash_and_the_first_counts(install: Install, tmp_path) -> None:
    install("acme-agents", PLACE, {"acme_greeter": AGENT})
    again = tmp_path / "again" / "Acme_Agents-1.3.dist-info"
    again.mkdir(parents=True)
    (again / "METADATA").write_text("Metadata-Version: 2.1\nName: Acme.Agents\nVersion: 1.3\n")
    (again / "entry_points.txt").write_text("[conductor.agents]\nacme.greeter = elsewhere:Greeter\n")
    sys.path.append(str(again.parent))
    try:
        reset()
        assert registry().agents["acme.greeter"].package == "acme-agents 1.2"
    finally:
        sys.path.remove(str(again.parent))


def test_entry_points_that_cannot_be_read_hide_nobody_else(install: Install) -> None:
    install("acme-agents", PLACE, {"acme_greeter": AGENT})
    install("broken-agents", {}, entry_points="[conductor.agents]\nbroken.\xff = x:y\n")
    assert "acme.greeter" in registry().agents
    assert [failure.reason for failure in failures()] == [
        "broken-agents 1.2: its entry points cannot be read (UnicodeDecodeError). Install the package again."
    ]


def test_what_a_plugin_prints_on_import_stays_out_of_a_commands_output(install: Install, capsys) -> None:
    install("acme-agents", PLACE, {"acme_greeter": "print('hello from the plugin')\n" + AGENT})
    assert "acme.greeter" in registry().agents
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "hello from the plugin\n"


@pytest.mark.usefixtures("impatient")
def test_an_import_that_hangs_is_given_up_and_the_others_are_found(install: Install) -> None:
    slow = "import threading\nthreading.Event().wait(20)\n" + AGENT
    install("acme-agents", {"acme.greeter": "acme_slow:Greeter"}, {"acme_slow": slow})
    before = time.monotonic()
    assert [name for name in registry().agents if name in BUNDLED] == BUNDLED
    assert time.monotonic() - before < 15
    (failure,) = failures()
    assert "The import of acme_slow:Greeter took longer than 0.5 seconds." in failure.reason


def test_a_workflow_pack_is_found_without_importing_its_package(install: Install, tmp_path) -> None:
    modules = {"acme_flow.__init__": "raise RuntimeError('imported')"}
    install("acme-agents", {}, modules, workflows={"acme": "acme_flow"})
    pack = tmp_path / "acme-agents" / "acme_flow" / "pack.yaml"
    pack.write_text("conductor: 1\n")
    found = registry().workflows["acme"]
    assert (found.name, found.path, found.distribution, found.distribution_version) == (
        "acme",
        pack,
        "acme-agents",
        "1.2",
    )
    assert "acme_flow" not in sys.modules


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("acme_flow", "acme_flow ships no pack.yaml. Add the file, and name it in the package's data files."),
        ("acme_nowhere", "acme_nowhere is not a package that can be found. Correct the entry point."),
        ("acme_nowhere.deep", "Install acme_nowhere, or install the package again with all it needs."),
    ],
)
def test_a_workflow_without_a_pack_is_listed(install: Install, value: str, reason: str) -> None:
    install("acme-agents", {}, {"acme_flow.__init__": ""}, workflows={"acme": value})
    assert "acme" not in registry().workflows
    (failure,) = failures()
    assert (failure.group, failure.name) == ("conductor.workflows", "acme")
    assert failure.reason.endswith(reason)


def test_an_absent_agent_is_explained(install: Install) -> None:
    install("acme-agents", PLACE, {"acme_greeter": "raise ValueError('no licence file')"})
    assert registry().why_not("acme.greeter") == failures()[0].reason
    assert registry().why_not("kyc.adress") == (
        'No installed package declares the agent "kyc.adress". Did you mean "kyc.address"? '
        "Install the package that ships it."
    )
