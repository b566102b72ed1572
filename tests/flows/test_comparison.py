"""A comparison in real processes: asked for at the admin, worked off by a worker that is killed in between."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestration.rules.pack import dump_yaml
from tests.flows.at_the_admin import AtTheAdmin
from tests.flows.site_processes import Site, kill, site
from tests.small_workflow import document

INPUTS = 8
PATIENCE = 120.0
SEED = f"""
from django.contrib.auth.models import Group, User
from orchestration.models import Client, Workflow
from orchestration.services.case import accept
user = User.objects.create_user("arne", password="conductor", is_staff=True)
user.groups.add(Group.objects.get(name="Orchestration Architect"))
client, workflow = Client.objects.create(name="bank"), Workflow.objects.get()
for number in range({INPUTS}):
    accept(client=client, workflow=workflow, payload={{"text": f"text {{number}}"}}, decide_now=True)
"""
STANDING = [
    "select id, status, outcome, last_event from orchestration_case order by id",
    "select id, status, confidence, cost from orchestration_agentrun where purpose = 'live' order by id",
    "select id, name from orchestration_caseevent order by id",
    "select count(*) from orchestration_decision",
]

pytestmark = pytest.mark.slow


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path, CONDUCTOR_RING_AGAIN="1", CONDUCTOR_REAP_EVERY="0.5") as made:
        pack = tmp_path / "pack.yaml"
        pack.write_text(dump_yaml(document(timeout="5s")))
        made.manage("import_workflow", str(pack), "--publish")
        made.manage("shell", "-c", SEED)
        made.start_web()
        yield made


def test_a_comparison_survives_its_worker_does_every_input_once_and_changes_nothing(running: Site) -> None:
    before = [running.rows(one) for one in STANDING]
    running.start_worker()
    with AtTheAdmin(running.url, "arne", "conductor") as arne:
        config = "confidence: 0.5\nseconds: 0.3"
        asked = {"candidate": "test.echo@2", "source": "written", "config": config, "outside": "1"}
        page = arne.send("/admin/agents/test.echo/compare/", "Start", **asked).url.path
        until(lambda: done(running, 1) >= 2)
        kill_worker(running)
        assert (status(running, 1), done(running, 1) < INPUTS) == ("running", True)
        running.start_worker()
        until(lambda: status(running, 1) == "done")
        shown = arne.page(page).text
        assert f"{INPUTS} of {INPUTS} where both succeeded" in shown
        assert "-0.400" in shown  # 0.5 where it was 0.9
        again = arne.send(page, "Run it again on the same inputs").url.path
        until(lambda: done(running, 2) >= 1)
        arne.send(again, "Stop the comparison")
        kill_worker(running)
        assert status(running, 2) == "stopped"
        tried = done(running, 2)
        assert tried < INPUTS
        assert f"{tried} of {tried} <a" in arne.page(again).text  # as the first time
    runs = running.rows(
        "select i.original_id, r.status, r.confidence from orchestration_comparisonitem i "
        "join orchestration_agentrun r on r.id = i.run_id where i.comparison_id = 1 and r.purpose = 'comparison'"
    )
    assert len({original for original, _, _ in runs}) == len(runs) == INPUTS
    assert {(how, sure) for _, how, sure in runs} == {("succeeded", 0.5)}
    every = "select count(*) from orchestration_agentrun where purpose = 'comparison'"
    assert running.rows(every) == [(INPUTS + tried,)]
    assert [running.rows(one) for one in STANDING] == before


def done(running: Site, comparison: int) -> int:
    ((count,),) = running.rows(
        f"select count(*) from orchestration_comparisonitem where comparison_id = {comparison} and state = 'done'"
    )
    return int(count)


def status(running: Site, comparison: int) -> str:
    ((found,),) = running.rows(f"select status from orchestration_comparisonrun where id = {comparison}")
    return str(found)


def kill_worker(running: Site) -> None:
    for pid in running.processes("worker"):
        kill(pid)
    until(lambda: not running.alive("worker"))


def until(true: Callable[[], bool]) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
