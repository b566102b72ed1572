"""No accepted case is lost or decided twice while every process of the site is killed again and again."""

from __future__ import annotations

import http.client
import json
import os
import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.flows.site_processes import PATIENCE, Site, kill, site
from tests.small_workflow import crash_pack

CASES = 200
SEED = int(os.environ.get("CRASH_SEED", "1"))

pytestmark = pytest.mark.slow


def test_every_accepted_case_ends_once_however_the_processes_die(tmp_path: Path) -> None:
    short = {
        "CONDUCTOR_LEASE": "4", "CONDUCTOR_RING_AGAIN": "2", "CONDUCTOR_REAP_EVERY": "0.5", "TASK_TIMEOUT": "30",
        "CONDUCTOR_ATTEMPTS": "50",
    }  # fmt: skip
    with site(tmp_path, **short) as running:
        pack = tmp_path / "pack.yaml"
        pack.write_text(crash_pack())
        running.manage("import_workflow", str(pack), "--publish")
        key = running.manage("apikey", "create", "crash", "--scope", "cases:write", "--scope", "cases:read").split()[-1]
        running.start_web()
        running.start_worker(*_WORKER)
        accepted = _post_while_killing(running, key, random.Random(SEED))
        _await_settled(running)
        _check(running, accepted)


_WORKER = ("--stalled-after", "15", "--quiet-after", "4", "--drain", "5")


def _post_while_killing(running: Site, key: str, rng: random.Random) -> dict[str, str]:
    """Every case is posted until it is accepted, with one idempotency key; ids by the text posted."""
    work = [_case(number, rng) for number in range(CASES)]
    accepted: dict[str, str] = {}
    lock = threading.Lock()
    queue = list(work)

    def post() -> None:
        while True:
            with lock:
                if not queue:
                    return
                case = queue.pop()
            while (case_id := _post(running, key, case)) is None:
                time.sleep(0.1)
            with lock:
                accepted[case["body"]["payload"]["text"]] = case_id

    posters = [threading.Thread(target=post) for _ in range(4)]
    for poster in posters:
        poster.start()
    kills = 0
    while any(poster.is_alive() for poster in posters) or kills < 25:
        time.sleep(rng.uniform(0.1, 0.7))
        name = rng.choice(["web", "worker", "worker"])
        if running.alive(name):
            kill(rng.choice(running.processes(name)))
            kills += 1
        _start_what_is_gone(running)
    for poster in posters:
        poster.join()
    return accepted


def _case(number: int, rng: random.Random) -> dict[str, Any]:
    kind = rng.choices(["plain", "far", "rude"], (60, 25, 15))[0]
    payload = {"text": f"{kind} {number}", "rude": kind == "rude"}
    return {
        "wait": rng.random() < 0.5,
        "key": f"case-{number}",
        "body": {"workflow": "crash", "reference": f"{number}", "payload": payload},
    }


def _post(running: Site, key: str, case: dict[str, Any]) -> str | None:
    """The id, or None where no answer came and the post must be repeated."""
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
        "Idempotency-Key": case["key"],
        **({"Prefer": "wait=2"} if case["wait"] else {}),
    }
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    try:
        connection.request("POST", "/api/v1/cases", json.dumps(case["body"]), headers)
        answer = connection.getresponse()
        body = json.loads(answer.read() or "{}")
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    assert answer.status in (200, 201, 500, 503), (answer.status, body)
    return body["id"] if answer.status in (200, 201) else None


def _await_settled(running: Site) -> None:
    until = time.monotonic() + PATIENCE
    open_cases = "select count(*) from orchestration_case where status not in ('decided', 'escalated')"
    while (left := running.rows(open_cases)[0][0]) and time.monotonic() < until:
        _start_what_is_gone(running)  # the last one killed may only now be seen to be gone
        time.sleep(0.5)
    assert left == 0, running.rows("select id, status, waits_for, attempts, fault from orchestration_case "
                                   "where status not in ('decided', 'escalated')")  # fmt: skip


def _start_what_is_gone(running: Site) -> None:
    for name, start in (("web", running.start_web), ("worker", lambda: running.start_worker(*_WORKER))):
        if not running.alive(name):
            start()


def _check(running: Site, accepted: dict[str, str]) -> None:
    assert len(accepted) == CASES
    cases = running.rows("select id, public_id, status, outcome, decided_by, last_event from orchestration_case")
    assert sorted(str(row[1]).replace("-", "") for row in cases) == sorted(
        one.replace("-", "") for one in accepted.values()
    )
    by_text = {
        json.loads(payload)["text"]: (status, outcome)
        for payload, status, outcome in running.rows(
            "select o.payload, c.status, c.outcome from orchestration_case c "
            "join orchestration_casecontent o on o.case_id = c.id"
        )
    }
    expected = {"plain": ("decided", "yes"), "far": ("decided", "no"), "rude": ("escalated", "")}
    assert {text: expected[text.split()[0]] for text in accepted} == by_text
    twice = "select case_id from orchestration_decision group by case_id having count(*) > 1"
    assert running.rows(twice) == []
    assert running.rows("select run_id, number from orchestration_agentattempt group by 1, 2 having count(*) > 1") == []
    runs = (
        "select case_id, step from orchestration_agentrun where status = 'succeeded' group by 1, 2 having count(*) > 1"
    )
    assert running.rows(runs) == []
    unfinished = "select count(*) from orchestration_agentrun where status in ('pending', 'running')"
    assert running.rows(unfinished) == [(0,)]
    gaps = (
        "select c.id from orchestration_case c left join orchestration_caseevent e on e.case_id = c.id "
        "group by c.id, c.last_event having count(e.id) <> c.last_event or max(e.number) <> c.last_event"
    )
    assert running.rows(gaps) == []
