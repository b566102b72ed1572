"""An inline agent that takes the web process down: the server goes on, and the case, posted again, is dealt with."""

from __future__ import annotations

import http.client
import json
import time
from pathlib import Path

import pytest

from orchestration.rules.pack import dump_yaml
from tests.flows.site_processes import PATIENCE, Site, site
from tests.small_workflow import document

pytestmark = pytest.mark.slow


def test_a_payload_that_ends_the_process_is_taken_in_the_second_time(tmp_path: Path) -> None:
    with site(tmp_path, TASK_TIMEOUT="30", CONDUCTOR_RING_AGAIN="2") as running:
        for name, use in (("deadly", "test.dying"), ("harmless", "test.echo")):
            pack = tmp_path / f"{name}.yaml"
            pack.write_text(dump_yaml(document(slug=name, use=use, attempts=1, timeout="10s")))
            running.manage("import_workflow", str(pack), "--publish")
        key = running.manage("apikey", "create", "post", "--scope", "cases:write").split()[-1]
        running.start_web()
        running.start_worker()
        with pytest.raises((OSError, http.client.HTTPException)):
            _post(running, key, "deadly")
        assert running.rows("select count(*) from orchestration_case") == [(0,)]
        assert _post(running, key, "harmless")[1]["status"] == "decided"  # the server goes on
        status, body = _post(running, key, "deadly", patience=PATIENCE)
        assert (status, body["workflow"]) == (201, "deadly")
        until = time.monotonic() + PATIENCE
        reasons = "select reason from orchestration_workitem"
        while not (found := running.rows(reasons)) and time.monotonic() < until:
            time.sleep(0.2)
        assert found == [("agent-failed",)]
        tries = running.rows("select status, isolated from orchestration_agentattempt order by id desc")
        assert next((status, bool(isolated)) for status, isolated in tries) == ("failed", True)


def _post(running: Site, key: str, workflow: str, *, patience: float = 0.0) -> tuple[int, dict[str, str]]:
    """The answer; within its patience, posted again where the connection is lost, as a caller would."""
    until = time.monotonic() + patience
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
        try:
            body = {"workflow": workflow, "payload": {"text": "hello"}}
            headers = {
                "Authorization": f"Bearer {key}",
                "Content-Type": "application/json",
                "Prefer": "wait=5",
                "Idempotency-Key": workflow,
            }
            connection.request("POST", "/api/v1/cases", json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        finally:
            connection.close()
