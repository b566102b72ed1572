"""The services in the README, run as they are printed there, in processes of their own, on whole cases of a site."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from orchestration.agents.frozen import frozen_step
from orchestration.models import AgentRun, CaseEvent
from orchestration.rules.language import AgentStep
from orchestration.rules.pack import dump_yaml, load_yaml
from orchestration.services import pack as packs
from orchestration.services import version as versions
from orchestration.services.secret import set_secret
from plugins import http
from tests.doorbells import answer
from tests.factories import bearer

from .asking import SERVICE, ask_service, told
from .local_server import Server

README = (Path(http.__file__).parent / "README.md").read_text(encoding="utf-8")
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
NODE = shutil.which("node")
LANGUAGES = ["python", pytest.param("js", marks=pytest.mark.skipif(NODE is None, reason="needs Node"))]


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return str(found)


VERSION = load_yaml(block("yaml"))
STEP = VERSION["agents"]["affordable"]


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


def pack(url: str) -> str:
    """The README's step and rules as a whole pack, with the service on this machine."""
    config = {**STEP["config"], "url": url, "allow_private_addresses": True}
    amount = {"type": "number", "minimum": 0}
    return dump_yaml(
        {
            "conductor": 1,
            "workflow": {
                "slug": "loans",
                "title": "Loans",
                "objective": "Loans that can be paid back",
                "autonomy": "automatic",
                "service_levels": {"escalation": "4h"},
                "outcomes": ["grant"],
                "input_schema": {"type": "object", "properties": {"loan": amount, "income": amount}},
            },
            "queues": [{"slug": "credit", "title": "Credit"}],
            "version": {"note": "first", **VERSION, "agents": {"affordable": {**STEP, "config": config}}},
        }
    )


class Loans:
    """A site whose workflow has the service asked. Doorbells are answered in this process, agents run in their own."""

    def __init__(self) -> None:
        self._api = APIClient()
        self._api.credentials(HTTP_AUTHORIZATION=bearer())

    def ask_for(self, **payload: float) -> dict[str, Any]:
        """The case of this loan, once nobody is waited for any more."""
        posted = self._api.post("/api/v1/cases", {"workflow": "loans", "payload": payload}, format="json").json()
        answer()
        end = time.monotonic() + 600
        while AgentRun.objects.filter(status="awaiting").exists():
            assert time.monotonic() < end, "the service did not post its result"
            time.sleep(0.02)
        answer()
        case: dict[str, Any] = self._api.get(f"/api/v1/cases/{posted['id']}").json()
        return case


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_service_decides_cases_at_once_and_later_by_its_token(
    language: str, tmp_path: Path, live_server: Any, settings: Any
) -> None:
    settings.CONDUCTOR = {**settings.CONDUCTOR, "public_url": live_server.url}
    set_secret(name="credit-service", value=SECRET, note="", user=None)
    with running(language, tmp_path) as url:
        versions.publish(version_id=packs.import_pack(text=pack(url)).version.pk, user=None)
        loans = Loans()
        small = loans.ask_for(loan=90_000, income=30_000)
        large = loans.ask_for(loan=600_000, income=200_000)
        much = loans.ask_for(loan=600_000, income=100_000)
        without = loans.ask_for(loan=90_000)
    assert [one["outcome"] for one in (small, large)] == ["grant", "grant"]
    assert small["decision"]["reasons"][0]["title"] == "The loan can be paid back"
    assert much["work_item"]["reason"] == "The loan is too high for the income"
    assert without["work_item"]["reason"] == "agent-failed"

    runs = list(AgentRun.objects.select_related("content").order_by("id"))
    ratios = [run.content.output and run.content.output["ratio"] for run in runs]
    assert ratios == [3.0, 3.0, 6.0, None]
    assert [run.answers for run in runs] == [0, 1, 1, 0]  # the large loans came by the token
    assert runs[3].content.errors == [
        {
            "attempt": 1,
            "kind": "agent",
            "text": "The service answered 422: No income: The service needs an income above 0.",
        }
    ]
    parties = CaseEvent.objects.filter(name="agent_run.finished").order_by("id").values_list("actor", flat=True)
    assert ["outside party" in str(one) for one in parties] == [False, True, True, False]


@pytest.mark.slow
def test_a_service_refuses_a_signature_of_another_secret(tmp_path: Path) -> None:
    stranger = "whsec_" + base64.b64encode(b"t" * 32).decode()
    with running("python", tmp_path) as url:
        outcome = ask_service(Server(url, []), {"loan": 1, "income": 1}, secret=stranger)
    assert told(outcome) == ("The service answered 401: The signature is wrong.", True, None)


def test_the_readmes_step_freezes_the_form_it_names() -> None:
    step = frozen_step(AgentStep("affordable", STEP["use"], config=STEP["config"], input=STEP["input"]), SERVICE)
    assert step.output_schema["required"] == ["affordable", "ratio"]


def test_the_readme_names_every_setting() -> None:
    assert [name for name in SERVICE.config_schema["properties"] if name not in README] == []
