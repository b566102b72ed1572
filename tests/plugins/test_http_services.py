"""The services in the README, run as they are printed there, in processes of their own."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.agents.frozen import frozen_step
from orchestration.agents.outcome import Outcome
from orchestration.agents.runner import receive, run
from orchestration.plugin_api import AgentResult
from orchestration.rules.language import AgentStep
from orchestration.rules.pack import load_yaml
from plugins import http

from .local_server import Answer, serving
from .test_http_call import FOUND

pytestmark = pytest.mark.slow

README = (Path(http.__file__).parent / "README.md").read_text(encoding="utf-8")
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
NODE = shutil.which("node")
LANGUAGES = ["python", pytest.param("js", marks=pytest.mark.skipif(NODE is None, reason="needs Node"))]


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return str(found)


STEP = load_yaml(block("yaml"))["agents"]["affordable"]


@contextmanager
def running(language: str, folder: Path) -> Iterator[str]:
    """The address at which the README's service listens."""
    path = folder / f"service.{language}"
    path.write_text(block(language), encoding="utf-8")
    command = [sys.executable, "-W", "error", str(path)] if language == "python" else [str(NODE), str(path)]
    environment = {"PATH": os.environ["PATH"], "PORT": "0", "SECRET": SECRET}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    try:
        assert process.stdout is not None
        said = process.stdout.readline().split()
        assert said[:2] == ["listening", "on"]
        yield f"http://127.0.0.1:{said[2]}/affordable"
    finally:
        process.kill()
        process.communicate()


def ask(url: str, facts: dict[str, Any], *, secret: str = SECRET, callback: Any = None) -> Outcome:
    return run(
        FOUND,
        input=facts,
        config={**STEP["config"], "url": url, "health_url": None, "secret": secret, "allow_private_addresses": True},
        idempotency_key="run-1",
        attempt=1,
        timeout=timedelta(seconds=30),
        isolate=False,
        callback=callback,
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_service_does_what_the_readme_says(language: str, tmp_path: Path) -> None:
    posted, arrived = [], threading.Event()

    def take(body: dict[str, Any]) -> Answer:
        posted.append(body)
        arrived.set()
        return Answer({"status": "succeeded"})

    with running(language, tmp_path) as url, serving(take) as conductor:
        at_once = ask(url, {"loan": 90_000, "income": 30_000})
        assert (at_once.output, at_once.confidence) == ({"affordable": True, "ratio": 3.0}, 1.0)
        assert at_once.summary == "3.0 incomes"

        without = ask(url, {"loan": 90_000})
        assert (without.error, without.permanent) == (
            "The service answered 422: No income: The service needs an income above 0.",
            True,
        )
        stranger = ask(url, {"loan": 1, "income": 1}, secret="whsec_" + base64.b64encode(b"t" * 32).decode())
        assert (stranger.error, stranger.permanent) == ("The service answered 401: The signature is wrong.", True)

        callback = {"url": conductor.url, "token": "one-time-token"}
        later = ask(url, {"loan": 600_000, "income": 100_000}, callback=callback)
        assert (later.status, later.summary) == ("pending", "A large loan, worked out by hand")
        assert arrived.wait(30)
    assert conductor.headers[0]["authorization"] == "Bearer one-time-token"
    outcome = receive(FOUND, AgentResult(**posted[0]), config=STEP["config"])
    assert (outcome.output, outcome.confidence) == ({"affordable": False, "ratio": 6.0}, 1.0)


def test_the_readmes_step_freezes_the_form_it_names() -> None:
    step = frozen_step(AgentStep("affordable", STEP["use"], config=STEP["config"], input=STEP["input"]), FOUND)
    assert step.output_schema["required"] == ["affordable", "ratio"]


def test_the_readme_names_every_setting() -> None:
    assert [name for name in FOUND.config_schema["properties"] if name not in README] == []
