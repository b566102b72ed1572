"""What a lost process was on is found by the next one, and by nobody as long as the process lives."""

import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from orchestration.agents.in_flight import InFlight, Suspect

WORK, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "in-flight"


def test_work_that_ends_leaves_nothing_behind(folder: Path) -> None:
    journal = InFlight(folder)
    for _ in range(2):
        with journal.on(WORK):
            pass
    with InFlight(folder).on(WORK):
        pass


def test_work_that_fails_is_no_suspect(folder: Path) -> None:
    with pytest.raises(ZeroDivisionError), InFlight(folder).on(WORK):
        raise ZeroDivisionError
    with InFlight(folder).on(WORK):
        pass


def test_what_a_process_died_on_is_a_suspect_to_the_next(folder: Path) -> None:
    _in_a_process(_die_on, folder, WORK)
    journal = InFlight(folder)
    with pytest.raises(Suspect, match="A process was lost on this work before"), journal.on(WORK):
        pass
    with journal.on(OTHER):
        pass
    with pytest.raises(Suspect), InFlight(folder).on(WORK):
        pass


def test_a_suspect_found_by_one_process_is_known_to_those_that_ran_before(folder: Path) -> None:
    before = InFlight(folder)
    with before.on(OTHER):
        pass
    _in_a_process(_die_on, folder, WORK)
    with InFlight(folder).on(OTHER):  # the process that takes the dead one's place looks around
        pass
    with pytest.raises(Suspect), before.on(WORK):
        pass


def test_what_a_live_process_is_on_is_no_suspect(folder: Path) -> None:
    with InFlight(folder).on(WORK):
        _in_a_process(_go_on, folder, WORK)


def test_a_suspect_is_forgotten_after_a_day(folder: Path) -> None:
    _in_a_process(_die_on, folder, WORK)
    with InFlight(folder).on(OTHER):
        pass
    (suspect,) = folder.glob("suspect-*")
    os.utime(suspect, (0, 0))
    with InFlight(folder).on(WORK):
        pass


def test_threads_do_not_disturb_each_other_and_leave_no_files(folder: Path) -> None:
    journal, both = InFlight(folder), threading.Barrier(2, timeout=30)

    def work() -> None:
        with journal.on(WORK):
            both.wait()

    for _ in range(20):
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert list(folder.iterdir()) == []


def test_a_forked_process_keeps_a_file_of_its_own(folder: Path) -> None:
    journal = InFlight(folder)
    with journal.on(OTHER):
        pass
    _in_a_process(_die_within, journal, WORK)
    with pytest.raises(Suspect), InFlight(folder).on(WORK):
        pass
    with journal.on(OTHER):
        pass


def _in_a_process(function: object, *arguments: object) -> None:
    process = multiprocessing.get_context("fork").Process(target=function, args=arguments)
    process.start()
    process.join(60)
    assert process.exitcode in (0, 9)


def _die_on(folder: Path, work: str) -> None:
    _die_within(InFlight(folder), work)


def _die_within(journal: InFlight, work: str) -> None:
    with journal.on(work):
        os._exit(9)


def _go_on(folder: Path, work: str) -> None:
    try:
        with InFlight(folder).on(work):
            os._exit(0)
    except Suspect:
        os._exit(1)
