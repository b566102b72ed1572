"""An agent whose outside party answers later, over HTTP from another process, while workers are killed in between."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestration.rules.pack import dump_yaml
from tests.flows.site_processes import PATIENCE, Site, free_port, kill, site
from tests.small_workflow import document

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Running"]:
    folder = tmp_path_factory.mktemp("pending")
    short = {"CONDUCTOR_RING_AGAIN": "2", "CONDUCTOR_REAP_EVERY": "0.5", "TASK_TIMEOUT": "30", "LOG_LEVEL": "INFO"}
    with outside_party() as party, site(folder, **short) as made:
        made.environment["CONDUCTOR_PUBLIC_URL"] = made.url
        pack = folder / "pack.yaml"
        config = {"party": f"{party}/ask"}
        pack.write_text(dump_yaml(document(use="test.later", config=config, attempts=3, timeout="8s")))
        made.manage("import_workflow", str(pack), "--publish")
        key = made.manage("apikey", "create", "later", "--scope", "cases:write", "--scope", "cases:read").split()[-1]
        made.start_web()
        yield Running(made, party, key)


class Running:
    def __init__(self, made: Site, party: str, key: str) -> None:
        self.site, self.party, self._key = made, party, key

    def post(self, text: str) -> str:
        """The id of a new case about this text."""
        body = {"workflow": "greeting", "payload": {"text": text}}
        return str(_call(f"{self.site.url}/api/v1/cases", body, key=self._key)["id"])

    def case(self, case_id: str) -> dict[str, Any]:
        found: dict[str, Any] = _call(f"{self.site.url}/api/v1/cases/{case_id}", key=self._key)
        return found

    def events(self, case_id: str) -> list[str]:
        found = _call(f"{self.site.url}/api/v1/cases/{case_id}/events", key=self._key)["results"]
        return [event["name"] for event in found]

    def asked(self, text: str) -> list[dict[str, Any]]:
        """What the party was told about this text."""
        return [one for one in _call(f"{self.party}/asked") if one["text"] == text]

    def answer(self, text: str) -> int:
        """Have the party answer: the status code that it gets."""
        return int(_call(f"{self.party}/answer", {"text": text}))

    def run(self, text: str) -> str:
        """The status of the run about this text."""
        rows = self.site.rows(
            "select r.status, c.input from orchestration_agentrun r "
            "join orchestration_agentruncontent c on c.run_id = r.id"
        )
        return next(str(status) for status, given in rows if json.loads(given)["text"] == text)

    def attempts(self, text: str) -> list[tuple[int, str]]:
        rows = self.site.rows(
            "select a.number, a.status, c.input from orchestration_agentattempt a "
            "join orchestration_agentruncontent c on c.run_id = a.run_id order by a.id"
        )
        return [(number, status) for number, status, given in rows if json.loads(given)["text"] == text]

    def kill_worker(self) -> None:
        for pid in self.site.processes("worker"):
            kill(pid)
        until(lambda: not self.site.alive("worker"))


def test_a_worker_killed_after_the_party_was_told_and_again_while_it_waits(running: Running) -> None:
    running.site.start_worker()
    case = running.post("hold on")
    until(lambda: len(running.asked("hold on")) == 1)
    running.kill_worker()  # the party has been told; that it is waited for is not recorded yet
    assert (running.run("hold on"), running.case(case)["status"]) == ("running", "waiting")
    running.site.start_worker()
    until(lambda: running.run("hold on") == "awaiting")
    first, second = running.asked("hold on")
    assert (first["attempt"], second["attempt"]) == (1, 2)
    assert (first["idempotency_key"], first["callback"]) == (second["idempotency_key"], second["callback"])
    running.kill_worker()  # nobody is there to go on when the answer comes
    assert [running.answer("hold on") for _ in range(3)] == [200, 409, 409]
    assert running.case(case)["status"] == "waiting"
    running.site.start_worker()
    until(lambda: running.case(case)["status"] == "decided")
    running.kill_worker()
    assert running.case(case)["outcome"] == "yes"
    assert running.events(case) == [
        "case.received", "agent_run.awaited", "agent_run.finished", "agent_run.answered_again", "case.decided",
    ]  # fmt: skip
    assert running.attempts("hold on") == [(1, "vanished"), (2, "pending")]
    assert len(running.asked("hold on")) == 2
    _is_told_to_nobody_else(running, first["callback"]["token"])


def test_an_answer_that_is_there_before_the_agent_has_returned(running: Running) -> None:
    running.site.start_worker()
    case = running.post("quick one")
    until(lambda: running.case(case)["status"] == "decided")
    assert [one["status"] for one in running.asked("quick one")] == [200]
    assert running.events(case) == ["case.received", "agent_run.finished", "case.decided"]
    assert running.attempts("quick one") == [(1, "succeeded")]
    assert running.answer("quick one") == 409
    running.kill_worker()


def _is_told_to_nobody_else(running: Running, token: str) -> None:
    """Nor is it in the logs, though the agent printed it; what cases of the flow are decided by is there once."""
    log = (running.site.folder / "site.log").read_text()
    assert "agent-runs" in log
    assert token not in log
    for table, column in (("agentruncontent", "transcript"), ("caseeventcontent", "content"), ("caseevent", "about")):
        values = running.site.rows(f"select {column} from orchestration_{table}")
        assert values
        assert not [value for value in values if token in str(value)]
    twice = "select case_id from orchestration_decision group by case_id having count(*) > 1"
    assert running.site.rows(twice) == []


@contextmanager
def outside_party() -> Iterator[str]:
    """The party's address, while its process runs."""
    port = free_port()
    process = subprocess.Popen([sys.executable, str(Path(__file__).with_name("outside_party.py")), str(port)])
    try:
        until(lambda: _answers(f"http://127.0.0.1:{port}/asked"))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def until(true: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def _answers(address: str) -> bool:
    try:
        return _call(address) == []
    except OSError:
        return False


def _call(address: str, body: Any = None, *, key: str = "") -> Any:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    given = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(address, given, headers), timeout=30) as answered:
        return json.loads(answered.read())
