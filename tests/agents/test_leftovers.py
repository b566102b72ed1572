"""After an isolated attempt nothing of it is left: no process, no descriptor, whoever died first."""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.agents.found import Found
from orchestration.agents.outcome import Outcome
from orchestration.agents.runner import run
from orchestration.agents.waiting import end_waiting, waiting_processes

pytestmark = pytest.mark.slow
AgentThat = Callable[..., Found]
GOOD = "return AgentResult(output={'text': 'fine'})"


def attempt(found: Found, *, seconds: float = 60, **given: object) -> Outcome:
    defaults = {"input": {"first_name": "Ada"}, "config": {}, "idempotency_key": "run-1", "attempt": 2}
    return run(found, timeout=timedelta(seconds=seconds), isolate=True, **{**defaults, **given})  # type: ignore[arg-type]


LEFTOVERS = [
    # who is left behind when run returns or is stopped
    ("a child", "subprocess.Popen(SLEEP)"),
    ("a child in a session of its own", "subprocess.Popen(SLEEP, start_new_session=True)"),
    ("a daemon", "subprocess.run(['sh', '-c', 'setsid sleep 600 >/dev/null 2>&1 &'])"),
    ("forked children that hold every pipe", "[os.fork() or time.sleep(600) for _ in range(3)]"),
    ("a bounded fork bomb", "[os.fork() for _ in range(6)]\nif os.getpid() != me: time.sleep(600)"),
    ("a thread that never ends", "threading.Thread(target=time.sleep, args=(600,)).start()"),
]


@pytest.mark.parametrize("end", [GOOD, "time.sleep(600)", "os._exit(1)"], ids=["returns", "hangs", "exits"])
@pytest.mark.parametrize(("who", "code"), LEFTOVERS, ids=[who for who, _ in LEFTOVERS])
def test_nothing_is_left_behind(agent_that: AgentThat, who: str, code: str, end: str) -> None:
    more = "import os, subprocess, threading, time\nSLEEP = ['sleep', '600']"
    outcome = attempt(agent_that(f"me = os.getpid()\n{code}\n{end}", more=more), seconds=4 if "sleep" in end else 60)
    kinds = {GOOD: "", "time.sleep(600)": "time-limit", "os._exit(1)": "exited"}
    assert outcome.error_kind == kinds[end]
    assert _left_of_attempts() == []


def test_no_descriptor_and_no_zombie_is_left_but_the_process_that_waits(agent_that: AgentThat) -> None:
    found = agent_that(f"time.sleep(600) if request.input.first_name == 'slow' else None\n{GOOD}", more="import time")
    end_waiting()
    before = sorted(os.listdir("/proc/self/fd")), _children_of(os.getpid())
    kinds = [attempt(found, seconds=seconds).error_kind for seconds in (60, 60, 0.0001)]
    kinds += [attempt(found, seconds=seconds, input={"first_name": "slow"}).error_kind for seconds in (2, 0.1)]
    assert kinds == ["", "", "time-limit", "time-limit", "time-limit"]
    assert attempt(found).error_kind == ""
    assert {*_children_of(os.getpid())} - {*before[1]} == {str(pid) for pid in waiting_processes()}
    end_waiting()
    assert (sorted(os.listdir("/proc/self/fd")), _children_of(os.getpid())) == before


@pytest.mark.parametrize("lost", ["worker", "waiting process"])
def test_all_end_with_the_worker_or_the_process_that_waits(agent_that: AgentThat, tmp_path: Path, lost: str) -> None:
    """A daemon of the agent's, too, and the folder in which the agent may have written of the case."""
    up = tmp_path / "up"
    start = f"""
        daemon = subprocess.Popen(["sleep", "600"], start_new_session=True, env={{}} if {lost == "worker"} else None)
        place = {str(up)!r}
        open(place + ".new", "w").write(f"{{os.getppid()}} {{os.getpid()}} {{daemon.pid}}\\n{{os.getcwd()}}")
        open("notes", "w").write("Ada is ill")
        os.rename(place + ".new", place)
        while True: time.sleep(1)
    """
    found = agent_that(start, more="import os, subprocess, time")
    worker = _worker(found, "print(attempt().error_kind)")
    _until(up.exists)
    pids, folder = up.read_text().splitlines()
    waiting, *others = pids.split()
    if lost == "worker":
        worker.kill()
    else:
        os.kill(int(waiting), 9)
    assert worker.communicate()[0] == (b"" if lost == "worker" else b"vanished\n")
    _until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in (waiting, *others)))
    assert not Path(folder).exists()


def test_a_process_that_waits_is_used_again_by_its_own_agent_only(agent_that: AgentThat) -> None:
    found = agent_that("return AgentResult(output={'text': str(os.getppid())})", more="import os")
    seen = [attempt(found).output for _ in range(3)]
    other = replace(found, version="1.1")
    assert attempt(other).error_kind == "not-installed"
    assert attempt(found).output == seen[0] == seen[1] == seen[2]


def test_one_that_ended_while_it_waited_is_replaced(agent_that: AgentThat) -> None:
    found = agent_that(GOOD)
    end_waiting()
    assert attempt(found).output == {"text": "fine"}
    (waiting,) = waiting_processes()
    os.kill(waiting, 9)
    _until(lambda: "Z" in Path(f"/proc/{waiting}/stat").read_text())
    assert attempt(found).output == {"text": "fine"}
    assert waiting_processes() not in ({waiting}, set())


def test_many_processes_one_after_the_other_are_no_crowd(agent_that: AgentThat) -> None:
    """Those that have ended do not count, be they the agent's own or others that it has left."""
    body = """
        for _ in range(80):
            reading, writing = os.pipe()
            if not os.fork():
                os.fork()
                os._exit(0)
            os.close(writing)
            os.read(reading, 1)  # until both have ended
            os.close(reading)
        time.sleep(0.2)
        return AgentResult(output={'text': 'fine'})
    """
    assert attempt(agent_that(body, more="import os, time")).output == {"text": "fine"}


def test_an_import_that_starts_threads_is_made_anew_for_each_run(agent_that: AgentThat) -> None:
    thread = "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
    more = f"import os, threading, time\n{thread}\nME = os.getpid()"
    body = "return AgentResult(output={'text': f'{threading.active_count()} {ME == os.getpid()}'})"
    found = agent_that(body, more=more)
    assert [attempt(found).output for _ in range(2)] == [{"text": "2 True"}] * 2


def test_a_daemonic_worker_may_run_it(agent_that: AgentThat) -> None:
    worker = _worker(
        agent_that(GOOD),
        """
        import multiprocessing
        context = multiprocessing.get_context("fork")
        queue = context.SimpleQueue()
        process = context.Process(target=lambda: queue.put(attempt().output), daemon=True)
        process.start()
        print(queue.get())
        process.join()
        """,
    )
    assert worker.communicate() == (b"{'text': 'fine'}\n", b"")


def _worker(found: Found, code: str) -> subprocess.Popen[bytes]:
    """Another process that has `attempt()`, an isolated attempt of the agent."""
    start = f"""
        import sys
        sys.path[:0] = {sys.path!r}
        from datetime import timedelta
        from orchestration.agents.registry import registry
        from orchestration.agents.runner import run

        def attempt():
            return run(registry().agents[{found.name!r}], input={{"first_name": "x"}}, config={{}}, idempotency_key="k",
                       attempt=1, timeout=timedelta(seconds=500), isolate=True)
    """
    script = textwrap.dedent(start) + textwrap.dedent(code)
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _children_of(pid: int) -> list[str]:
    return sorted(
        child for place in Path(f"/proc/{pid}/task").glob("*/children") for child in place.read_text().split()
    )


def _until(done: Callable[[], bool]) -> None:
    for _ in range(12_000):
        if done():
            return
        time.sleep(0.05)
    raise AssertionError("did not happen within ten minutes")


def _left_of_attempts() -> list[str]:
    """Processes of this test process's attempts, but for those that wait for work; others run beside us."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            environment = (place / "environ").read_bytes()
        except OSError:
            continue
        if b"CONDUCTOR_ATTEMPT=" in environment and os.fsencode(sys.path[0]) in environment:
            found.append(int(place.name))
    return [f"{pid}: {Path(f'/proc/{pid}/cmdline').read_bytes()!r}" for pid in sorted({*found} - waiting_processes())]
