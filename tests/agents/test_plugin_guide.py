"""The guide for plugin authors works as it stands, and so do the examples of its reference."""

import json
import os
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from orchestration.agents.found import Found
from orchestration.agents.outcome import Outcome
from orchestration.agents.registry import registry
from orchestration.agents.runner import check, run
from orchestration.testing.startagent import start_agent

from .conftest import Install

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "plugin-guide.md").read_text(encoding="utf-8")
REFERENCE = (DOCS / "plugin-reference.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", REFERENCE, re.DOTALL | re.MULTILINE)


def test_every_link_between_the_two_pages_and_to_others_leads_somewhere() -> None:
    for page, text in ((DOCS / "plugin-guide.md", GUIDE), (DOCS / "plugin-reference.md", REFERENCE)):
        for link in re.findall(r"\]\(([^)]+)\)", text):
            file, _, heading = link.partition("#")
            there = (page.parent / file if file else page).read_text(encoding="utf-8")
            headings = {
                re.sub(r"[^\w -]", "", line.lstrip("# ")).lower().replace(" ", "-") for line in there.splitlines()
            }
            assert not heading or heading in headings, link


@pytest.mark.slow
def test_the_package_of_the_guide_passes_its_own_tests(tmp_path: Path) -> None:
    start_agent("acme.age", tmp_path)
    declared = tomllib.loads((tmp_path / "pyproject.toml").read_text())["project"]["entry-points"]
    assert (
        declared
        == tomllib.loads(re.findall(r"^```toml\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)[0])["project"][
            "entry-points"
        ]
    )
    for path in ("src/acme_age/agent.py", "src/acme_age/pack.yaml", "tests/test_agent.py", "tests/test_pack.py"):
        assert (tmp_path / path).is_file()
        (tmp_path / path).write_text(file_of(GUIDE, path), encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(DOCS.parent)}
    tested = subprocess.run(
        words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert "11 passed" in tested.stdout, tested.stdout[-3000:]


@pytest.fixture
def age(install: Install) -> Found:
    install(
        "acme-age", {"acme.age": "acme_age_agent:AgeAgent"}, {"acme_age_agent": file_of(GUIDE, "src/acme_age/agent.py")}
    )
    return registry().agents["acme.age"]


def test_the_guides_agent_does_what_it_says(age: Found) -> None:
    given = {"birth_date": "2001-05-17", "applied_on": "2026-01-31"}
    outcome = ran(age, given, {"minimum_age": 25})
    assert (outcome.output, outcome.summary) == ({"age": 24, "old_enough": False}, "24 years old on 2026-01-31")
    assert outcome.evidence == ({"what": "birth date", "value": "2001-05-17"},)
    unborn = ran(age, {**given, "birth_date": "2026-02-01"}, {})
    assert (unborn.error_kind, unborn.permanent) == ("agent", True)
    assert unborn.error == "The birth date lies after the application."
    assert check(age, config={"minimum_age": -1}).message.startswith("minimum_age is below 0.")
    assert check(age, config={}).ok


@pytest.fixture
def register(install: Install) -> Found:
    install("acme-register", {"acme.register": "acme_register:RegisterAgent"}, {"acme_register": EXAMPLES[0]})
    return registry().agents["acme.register"]


@pytest.mark.parametrize(
    ("status", "told"),
    [
        # what the register answers; status, error, whether for good, seconds until it is tried again, or waited
        (202, ("pending", "", False, None, 2 * 86_400.0)),
        (429, ("failed", "The register is busy.", False, 60.0, None)),
        (403, ("failed", "The register answered 403.", True, None, None)),
        (500, ("failed", "The register answered 500.", False, None, None)),
    ],
)
def test_the_agent_that_answers_later_asks_and_waits_as_the_reference_says(
    register: Found, status: int, told: tuple[object, ...]
) -> None:
    callback = {"url": "https://conductor.example/result", "token": "rt_1"}
    with answering(status) as (url, asked):
        config = {"url": url, "token": "not for anybody", "days": 2}
        outcome = ran(register, {"company": "Acme"}, config, callback=callback)
        assert check(register, config=config).ok
    assert (outcome.status, outcome.error, outcome.permanent, outcome.retry_after, outcome.expires_in) == told
    ((headers, body),) = asked
    assert json.loads(body) == {"company": "Acme", "answer_to": callback}
    assert (headers["Authorization"], headers["Idempotency-Key"]) == ("Bearer not for anybody", "k")
    assert not check(register, config=config).ok
    assert "cannot be reached" in ran(register, {"company": "Acme"}, config, callback=callback).error
    assert ran(register, {"company": "Acme"}, config).permanent


REGISTERED = """\
conductor: 1
workflow:
  slug: companies
  title: Companies
  outcomes: [accepted]
  input_schema: {type: object, properties: {company: {type: string}}, required: [company]}
version:
  agents:
    register: {use: acme.register, config: {url: "URL", token: "not for anybody"}}
  rules:
    - {key: ask, title: Ask, priority: 10, when: always, then: [{run: [register]}]}
    - key: registered
      title: Registered
      when: {fact: agents.register.output.registered, op: eq, value: true}
      then: [{decide: {outcome: accepted}}]
"""


def test_an_agent_that_answers_later_is_tried_as_the_reference_says(register: Found) -> None:
    names: dict[str, Any] = {}
    exec(EXAMPLES[1], names)
    with answering(202) as (url, asked):
        names["test_a_registered_company_is_accepted"](REGISTERED.replace("URL", url), register.cls)
    assert [json.loads(body)["company"] for _, body in asked] == ["Acme"]


def ran(found: Found, given: dict[str, Any], config: dict[str, Any], **more: Any) -> Outcome:
    a_minute = timedelta(seconds=60)
    return run(
        found, input=given, config=config, idempotency_key="k", attempt=1, timeout=a_minute, isolate=False, **more
    )


@contextmanager
def answering(status: int) -> Iterator[tuple[str, list[tuple[Message, bytes]]]]:
    """A service that answers each POST so, and what it was posted."""
    asked: list[tuple[Message, bytes]] = []

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(status)

        def do_GET(self) -> None:
            self.answer(200)

        def answer(self, code: int) -> None:
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", asked
        server.shutdown()
        thread.join()


def file_of(page: str, path: str) -> str:
    """The text of a file that the page gives."""
    (text,) = re.findall(rf"`{re.escape(path)}`:\n\n```\w+\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    return str(text)
