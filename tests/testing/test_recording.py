"""Recorded runs: what an agent gave once is compared with what it gives now."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from orchestration.plugin_api import AgentResult, Model
from orchestration.testing import differences, record, recorded

from .agents import Greeter


class Louder(Greeter):
    def run(self, request: Any) -> AgentResult:
        return AgentResult(output=self.Output(text=f"HELLO {request.input.first_name.upper()}"), confidence=0.5)


class Keyed(Greeter):
    class Config(Model):
        greeting: str = "Hello"
        key: SecretStr


def test_what_was_recorded_is_given_again(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    runs = record(path, Greeter, inputs=[{"first_name": "Ada"}, {"first_name": ""}], config={"greeting": "Moin"})
    assert recorded(path) == runs
    assert [(run["status"], run["output"], run["permanent"]) for run in runs] == [
        ("succeeded", {"text": "Moin Ada"}, False),
        ("failed", None, True),
    ]
    assert differences(path, Greeter) == []


def test_what_changed_is_told_field_by_field(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    record(path, Greeter, inputs=[{"first_name": "Ada"}])
    assert differences(path, Louder) == [
        "run 1: output.text was 'Hello Ada' and is 'HELLO ADA'",
        "run 1: confidence was 1.0 and is 0.5",
    ]


def test_a_secret_is_left_out_and_must_be_given_to_run_again(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    config = {"key": "sesame-open-please"}
    record(path, Keyed, inputs=[{"first_name": "Ada"}], config=config)
    assert "sesame" not in path.read_text()
    with pytest.raises(ValueError, match="give `config`"):
        differences(path, Keyed)
    assert differences(path, Keyed, config=config) == []
