"""The worker survives the death of any of its processes, and ends in order. On real processes."""

import os
import signal
import sys

import pytest

from orchestration.management.worker.processes import alive
from tests.worker.conftest import PATIENCE, Site, asleep, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads the tree of processes from Linux's /proc"),
]


@pytest.mark.parametrize(
    "victims",
    [
        "one worker",  # about every second time it holds the lock with which workers read
        "all workers",  # one of them holds it for certain
        "monitor",  # the one that takes its place hears nothing
        "pusher",
        "sentinel",  # leaves workers, monitor and pusher without anyone
        "main",
    ],
)
def test_every_doorbell_is_answered_though_idle_processes_are_killed(site: Site, victims: str):
    worker = site.start()
    before = [f"before{number}" for number in range(4)]
    site.ring(before)
    wait_until(lambda: site.done(before) and site.count("django_q_ormq") == 0, "the first doorbells are answered")

    for process in worker.roles()[victims]:
        os.kill(process, signal.SIGKILL)
    after = [f"after{number}" for number in range(20)]
    site.ring(after)

    wait_until(lambda: site.done(after), "all doorbells are answered")
    wait_until(lambda: site.count("django_q_ormq") == 0, "all doorbells are acknowledged")
    assert worker.terminate() == 0


@pytest.mark.parametrize("victims", ["all workers", "monitor"])
def test_a_cluster_that_went_deaf_with_nothing_to_do_is_replaced_before_anyone_rings(site: Site, victims: str):
    worker = site.start()
    site.ring(["first"])
    wait_until(lambda: site.done(["first"]) and site.count("django_q_ormq") == 0, "the first doorbell is answered")
    roles = worker.roles()
    # One that is killed at its work does not hold the lock with which it reads, and the next one hears very well.
    wait_until(lambda: all(map(asleep, roles[victims])), "they wait for work")

    for process in roles[victims]:
        os.kill(process, signal.SIGKILL)

    wait_until(lambda: not alive(roles["main"][0]), "the deaf cluster is killed")
    wait_until(lambda: len(worker.tree()) >= 6, "another one stands in its place")


def test_work_that_was_in_hand_when_main_was_killed_is_handed_back_and_done(site: Site):
    worker = site.start()
    site.ring(["long"], gate="gate")
    wait_until(lambda: site.lines("long") == ["begun"], "the task runs")

    os.kill(worker.roles()["main"][0], signal.SIGKILL)

    wait_until(lambda: site.lines("long") == ["begun", "begun"], "it runs again")
    site.open("gate")
    wait_until(lambda: site.count("django_q_ormq") == 0, "the doorbell is acknowledged")
    assert site.lines("long") == ["begun", "begun", "ended"]


def test_sigterm_lets_running_tasks_end_and_leaves_nothing_behind(site: Site):
    worker = site.start(drain=1000)
    site.ring(["one", "two"], gate="gate")
    wait_until(lambda: site.lines("one") and site.lines("two"), "both tasks run")
    tree = worker.tree()

    worker.process.send_signal(signal.SIGTERM)
    wait_until(lambda: "Running tasks get" in site.log(), "the worker drains")
    site.open("gate")

    assert worker.process.wait(PATIENCE) == 0
    assert (site.lines("one"), site.lines("two")) == (["begun", "ended"], ["begun", "ended"])
    assert site.count("django_q_ormq") == 0
    assert [process for process in tree if alive(process)] == []


def test_a_task_that_does_not_end_in_time_is_killed_and_its_doorbell_kept(site: Site):
    worker = site.start(drain=1)
    site.ring(["endless"], gate="never")
    wait_until(lambda: site.lines("endless"), "the task runs")
    tree = worker.tree()

    assert worker.terminate() == 1

    assert [process for process in tree if alive(process)] == []
    assert site.count("django_q_ormq") == 1


def test_sigterm_ends_a_deaf_cluster_too(site: Site):
    worker = site.start(drain=1000)
    site.ring(["first"])
    wait_until(lambda: site.done(["first"]), "the first doorbell is answered")
    tree, roles = worker.tree(), worker.roles()

    for process in roles["all workers"]:
        os.kill(process, signal.SIGKILL)
    site.ring(["unheard"])

    assert worker.terminate() in (0, 1)  # 0 when the watchdog had replaced the cluster before the signal came
    assert [process for process in tree if alive(process)] == []


def test_the_doorbell_of_a_killed_worker_host_is_answered_by_another(site: Site):
    first = site.start(drain=0)
    site.ring(["word"], gate="gate")
    wait_until(lambda: site.lines("word"), "the task runs")
    assert first.terminate() == 1

    site.start()
    wait_until(lambda: site.lines("word") == ["begun", "begun"], "it runs again")
    site.open("gate")

    wait_until(lambda: site.count("django_q_ormq") == 0, "the doorbell is acknowledged")
    assert site.lines("word") == ["begun", "begun", "ended"]


def test_a_cluster_whose_tasks_stop_moving_is_killed_and_the_rest_is_done(site: Site):
    worker = site.start(**{"stalled-after": 8})
    site.ring(["hangs", "hangs too"], gate="gate")
    wait_until(lambda: site.lines("hangs") and site.lines("hangs too"), "both workers hang")
    main = worker.roles()["main"][0]
    site.ring(["behind"])

    wait_until(lambda: not alive(main), "the cluster is killed")
    site.open("gate")  # a doorbell is handed back three times at most, so the next cluster must not hang as well

    wait_until(lambda: site.done(["hangs", "hangs too", "behind"]), "its doorbells are handed back and answered")
    assert site.lines("hangs")[:2] == ["begun", "begun"]


def test_nothing_outlives_a_killed_watchdog(site: Site):
    worker = site.start()
    site.ring(["word"], gate="never")
    wait_until(lambda: site.lines("word"), "the task runs")
    tree = worker.tree()

    worker.process.kill()

    wait_until(lambda: not any(map(alive, tree)), "the whole tree is gone")


def test_a_program_that_lost_its_worker_is_killed(site: Site):
    worker = site.start()
    site.ring(["child"], task="leave_a_child")
    wait_until(lambda: site.lines("child"), "the program runs")
    program = int(site.lines("child")[0])
    assert alive(program)

    for process in worker.roles()["all workers"]:
        os.kill(process, signal.SIGKILL)

    wait_until(lambda: not alive(program), "the program is killed")


def test_a_working_worker_is_heard_from(site: Site):
    site.start()

    wait_until(lambda: site.count("orchestration_heartbeat", "name LIKE 'worker %'") == 1, "its heartbeat is noted")
