"""Web and worker with plugins that cannot be imported, and one that misbehaves: they go on, and no case is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
import urllib.request
from pathlib import Path

import pytest

from tests.flows.site_processes import PATIENCE, ROOT, Site, site

pytestmark = pytest.mark.slow

AGENT = """
from orchestration.plugin_api import Agent, AgentResult, Model

class {cls}(Agent):
    name, version, title = "acme.{kind}", "1.0", "Was well when its workflow was published"

    class Input(Model):
        text: str

    class Output(Model):
        text: str

    def run(self, request):
        return AgentResult(output={{"text": "fine"}}, confidence=0.95)
"""
BROKEN = [
    # what is wrong, what the module is replaced by (the healthy one after {agent}), what people are told
    ("broken", "raise RuntimeError('no licence file')", "cannot be imported (RuntimeError: no licence file)."),
    ("circular", "from acme_circular_part import part\n{agent}", "It imports itself in a circle:"),
    ("dependent", "import no_such_library.part\n{agent}", "Install no_such_library, or install the package again"),
    ("taken", "{agent}", 'The name "acme.taken" is declared by acme-'),
    ("new", "{agent}    api_version = 2\n", "for agent interface 2, this server speaks 1. It is too new: upgrade"),
    ("old", "{agent}    api_version = 0\n", "for agent interface 0, this server speaks 1. It is too old: install"),
    ("ending", "raise SystemExit(3)", "It ends the process on import:"),
    ("printing", "print('hello')\n{agent}", ""),  # is used: its case is decided
]
RUNS = [
    # what the agent does, the kind of failure
    ("os exit", "exited"),
    ("fork bomb in sessions of their own", "processes"),
    ("memory hog", "memory"),
    ("sleep in c", "time-limit"),
    ("kill whoever started it", "vanished"),
    ("write to stdout", ""),
    ("change global state", ""),
    ("fine", ""),
]
PREPARE = """
import django, sys
django.setup()
from tests.small_workflow import publish
from orchestration.services.api_key import create_key
from orchestration.services.agent_state import set_isolation
for kind in sys.argv[1:]:
    publish(slug=kind, use=f"acme.{kind}", attempts=1, timeout="40s")
publish(slug="misbehaving", use="test.misbehaving", attempts=1, timeout="40s")
publish(slug="impatient", use="test.misbehaving", attempts=1, timeout="3s")
set_isolation(agent="test.misbehaving", isolation="", memory_mib=256, user=None)
print(create_key(name="post", scopes=["cases:write"])[1])
"""


def test_web_and_worker_go_on_and_every_case_is_decided_or_with_a_person(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    path = os.pathsep.join(map(str, [ROOT, ROOT / "tests/site", ROOT / "tests/flows/misbehaving", shop]))
    with site(tmp_path, PYTHONPATH=path, TASK_TIMEOUT="60") as running:
        kinds = [kind for kind, *_ in BROKEN]
        for kind in kinds:
            install(shop, kind, agent(kind))
        command = [sys.executable, "-c", PREPARE, *kinds]
        prepared = subprocess.run(
            command, cwd=ROOT, env=running.environment, check=True, timeout=PATIENCE, stdout=subprocess.PIPE, text=True
        )
        key = prepared.stdout.split()[-1]

        for kind, source, _ in BROKEN:
            install(shop, kind, source.replace("{agent}", agent(kind)))
        (shop / "acme_circular_part.py").write_text("from acme_circular import Circular\npart = 7\n")
        install(shop, "rival", agent("rival"), name="acme.taken")
        running.start_web()
        running.start_worker()
        wait_for(running, {post(running, key, "misbehaving", "fine")})
        workers = servers(running)

        broken = {post(running, key, kind, kind) for kind in kinds}
        runs = {post(running, key, "impatient" if kind == "time-limit" else "misbehaving", text) for text, kind in RUNS}
        wait_for(running, broken | runs)
        assert {*workers} <= {*servers(running)}

        told = {reference: (kind, detail) for reference, kind, detail in ended(running)}

    for kind, _, words in BROKEN:
        assert told[kind][0] == ("not-installed" if words else ""), kind
        assert words in told[kind][1], kind
    assert {text: told[text][0] for text, _ in RUNS} == dict(RUNS)


def agent(kind: str) -> str:
    return AGENT.format(kind=kind, cls=kind.capitalize())


def install(shop: Path, kind: str, source: str, *, name: str = "") -> None:
    metadata = shop / f"acme_{kind}-1.0.dist-info"
    metadata.mkdir(parents=True, exist_ok=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-{kind}\nVersion: 1.0\n")
    entry = f"[conductor.agents]\n{name or f'acme.{kind}'} = acme_{kind}:{kind.capitalize()}\n"
    (metadata / "entry_points.txt").write_text(entry)
    (shop / f"acme_{kind}.py").write_text(textwrap.dedent(source))


def post(running: Site, key: str, workflow: str, text: str) -> str:
    body = json.dumps({"workflow": workflow, "reference": text, "payload": {"text": text}}).encode()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{running.url}/api/v1/cases", body, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.load(answer)["id"])


def wait_for(running: Site, cases: set[str]) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        rows = running.rows("select public_id, status from orchestration_case")
        status = {str(public_id).replace("-", ""): status for public_id, status in rows}
        if all(status[case.replace("-", "")] in ("decided", "escalated") for case in cases):
            return
        assert time.monotonic() < until, status
        time.sleep(0.1)


def ended(running: Site) -> list[tuple[str, str, str]]:
    """Reference, kind of failure, and what the person is told, of each case."""
    return running.rows(
        "select c.reference, r.error_kind, coalesce(t.detail, '') from orchestration_case c "
        "join orchestration_agentrun r on r.case_id = c.id left join orchestration_workitem w on w.case_id = c.id "
        "left join orchestration_workitemcontent t on t.work_item_id = w.id where r.status in ('succeeded', 'failed')"
    )


def servers(running: Site) -> list[int]:
    """The processes of web and worker, without those of agents."""
    found = []
    for pid in running.processes("web") + running.processes("worker"):
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"orchestration.agents.process" not in line:
            found.append(pid)
    return found
