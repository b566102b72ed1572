"""`manage.py agents` and `manage.py run_agent` tell people at a terminal what the registry and the runner know."""

import io
import json
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from orchestration.agents.found import Found
from orchestration.agents.registry import registry
from orchestration.plugin_api import DEPRECATED

from .conftest import Install

KIND = """
from datetime import date
from typing import Literal
from orchestration.plugin_api import Agent, AgentResult, Model
from pydantic import SecretStr

class Friend(Model):
    name: str

class Kind(Agent):
    name, version, title = "kind.agent", "1.0", "Is kind"
    description, mildness = "To everybody.", 1

    class Input(Model):
        day: date
        mood: Literal["good", "bad"] | None = None
        friends: list[Friend]

    class Config(Model):
        key: SecretStr

    class Output(Model):
        ok: bool

    def run(self, request):
        return AgentResult(output=self.Output(ok=True))
"""


def command(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out, no_color=True)
    return out.getvalue()


@pytest.fixture
def written(tmp_path: Path) -> Path:
    place = tmp_path / "input.json"
    place.write_text('{"first_name": "Zoë"}', encoding="utf-8")
    return place


def test_agents_lists_what_is_installed_and_what_cannot_be_used(greeter: Found, install: Install) -> None:
    install("sad-agents", {"sad.agent": "sad_agent:Sad"}, {"sad_agent": "print('boo')\nraise ValueError('sad')"})
    lines = [" ".join(line.split()) for line in command("agents").splitlines()]
    assert lines[0] == "AGENT VERSION RUNS PACKAGE TITLE"
    assert "acme.greeter 1.0 isolated acme-agents 1.2 Writes a greeting" in lines
    assert lines[-2:] == [
        "CANNOT BE USED",
        'sad-agents 1.2, "sad.agent": sad_agent:Sad cannot be imported (ValueError: sad). '
        "Upgrade the package, or have its author mend it.",
    ]
    with pytest.raises(CommandError, match=r"^1 installed plugins cannot be used"):
        command("agents", "--strict")


def test_agents_as_json_holds_schemas_and_reasons(greeter: Found, install: Install) -> None:
    install("sad-agents", {"sad.agent": "sad_agent:Sad"}, {"sad_agent": "raise ValueError('sad')"})
    document = json.loads(command("agents", "--json"))
    (agent,) = [one for one in document["agents"] if one["name"] == "acme.greeter"]
    assert (agent["package"], agent["package_version"], agent["output_schema"]) == (
        "acme-agents",
        "1.2",
        greeter.output_schema,
    )
    (failure,) = document["failures"]
    assert (failure["kind"], failure["name"], failure["package"]) == ("agent", "sad.agent", "sad-agents")
    assert failure["reason"] == registry().failures[0].reason


def test_agents_tells_where_one_comes_from_and_what_it_takes_and_gives(install: Install, tmp_path: Path) -> None:
    install("kind-agents", {"kind.agent": "kind_agent:Kind"}, {"kind_agent": KIND})
    assert command("agents", "kind.agent").splitlines() == [
        "kind.agent 1.0: Is kind",
        "  To everybody.",
        "  package    kind-agents 1.2",
        f"  class      kind_agent:Kind in {tmp_path / 'kind-agents/kind_agent.py'}",
        "  runs       in a process of its own",
        "  input      day: date",
        '             mood: "good" or "bad" or null, default null',
        "             friends: list of object",
        "  config     key: secret",
        "  output     ok: boolean",
    ]
    with pytest.raises(CommandError, match="No installed package declares the agent"):
        command("agents", "kinder.agent")


def test_agents_lists_one_whose_class_stands_in_no_file(install: Install) -> None:
    install("kind-agents", {"kind.agent": "kind_agent:Kind"}, {"kind_agent": f"{KIND}\nKind.__module__ = 'nowhere'"})
    assert "  class      kind_agent:Kind" in command("agents", "kind.agent").splitlines()
    assert '"file": ""' in command("agents", "kind.agent", "--json")


def test_agents_tells_which_use_what_the_next_interface_will_not_have(
    greeter: Found, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DEPRECATED, "Agent.mildness", "Leave it out.")  # set by the class Kind
    monkeypatch.setitem(DEPRECATED, "Pending", "Return `Later`.")  # imported by the module of Greeter
    install("kind-agents", {"kind.agent": "kind_agent:Kind"}, {"kind_agent": KIND})
    said = command("agents").partition("TO BE CHANGED\n")[2].splitlines()
    mild = "Kind uses Agent.mildness, which agent interface 2 will not have. Leave it out."
    assert [line for line in said if line.startswith(("  acme-", "  kind-"))] == [
        '  acme-agents 1.2, "acme.greeter": '
        "Greeter uses Pending, which agent interface 2 will not have. Return `Later`.",
        f'  kind-agents 1.2, "kind.agent": {mild}',
    ]
    assert f"  to change  {mild}" in command("agents", "kind.agent").splitlines()
    noted = {one["name"]: len(one["notes"]) for one in json.loads(command("agents", "--json"))["agents"]}
    assert (noted["acme.greeter"], noted["kind.agent"]) == (1, 1)


@pytest.mark.slow
def test_run_agent_runs_it_in_a_process_of_its_own(greeter: Found, written: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text('{"greeting": "Hallo"}')
    answer = json.loads(command("run_agent", "acme.greeter", "--input", str(written), "--config", str(config)))
    assert (answer["agent"], answer["version"], answer["status"]) == ("acme.greeter", "1.0", "succeeded")
    assert (answer["package"], answer["entry_point"]) == ("acme-agents 1.2", "acme_greeter:Greeter")
    assert (answer["output"], answer["confidence"]) == ({"text": "Hallo Zoë"}, 1.0)


def test_run_agent_reads_standard_input(greeter: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"first_name": "Ada"}'))
    answer = json.loads(command("run_agent", "acme.greeter", "--input", "-", "--in-process", "--check"))
    assert answer["output"] == {"text": "Hello Ada"}


def test_run_agent_shows_a_failure_and_ends_with_an_error(greeter: Found, written: Path, capsys) -> None:
    written.write_text("{}")
    with pytest.raises(CommandError, match=r"^input: The input does not fit acme\.greeter: first_name: Field req"):
        call_command("run_agent", "acme.greeter", "--input", str(written), "--in-process")
    assert json.loads(capsys.readouterr().out)["error_kind"] == "input"


BAD = [
    # the file's content, further words, what is said
    ("{", [], "is not JSON"),
    ("[1]", [], "holds a list, not an object with fields"),
    ("\udcff", [], "cannot be read"),
    ("{}", ["--timeout", "0"], "--timeout is a number of seconds"),
    ("{}", ["--memory", "0"], "--memory is a number of MiB"),
    ("{}", ["--config", "/nowhere/at/all"], "--config: /nowhere/at/all cannot be read"),
]


@pytest.mark.parametrize(("content", "words", "said"), BAD, ids=[said for *_, said in BAD])
def test_run_agent_names_what_is_wrong_with_its_words(
    greeter: Found, written: Path, content: str, words: list[str], said: str
) -> None:
    written.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(CommandError, match=said):
        command("run_agent", "acme.greeter", "--input", str(written), *words)


def test_run_agent_explains_an_unknown_name(written: Path) -> None:
    with pytest.raises(CommandError, match=r'Did you mean "kyc\.address"'):
        command("run_agent", "kyc.adress", "--input", str(written))
