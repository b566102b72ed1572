"""What a lost process was on is found by the next one, and by nobody as long as the process lives."""

import multiprocessing
import os
import signal
import threading
from pathlib import Path
from typing import Any

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


def test_a_process_that_ran_before_knows_of_one_that_was_lost_since(folder: Path) -> None:
    before = InFlight(folder)
    with before.on(OTHER):
        pass
    _in_a_process(_die_on, folder, WORK)
    with pytest.raises(Suspect), before.on(WORK):
        pass


def test_what_a_live_process_is_on_is_no_suspect(folder: Path) -> None:
    with InFlight(folder).on(WORK):
        _in_a_process(_go_on, folder, WORK)


def test_a_suspect_is_forgotten_after_an_hour(folder: Path) -> None:
    _in_a_process(_die_on, folder, WORK)
    with InFlight(folder).on(OTHER):
        pass
    (suspect,) = folder.glob("suspect-*")
    os.utime(suspect, (0, 0))
    with InFlight(folder).on(WORK):
        pass


def test_threads_do_not_disturb_each_other_and_leave_no_files(folder: Path) -> None:
    journal, both = InFlight(folder), threading.Barrier(2, timeout=600)

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


def test_of_processes_that_start_together_none_loses_its_file(folder: Path) -> None:
    context = multiprocessing.get_context("fork")
    for _ in range(5):
        ready, done = context.Barrier(6, timeout=600), context.Barrier(7, timeout=600)
        processes = [context.Process(target=_hold, args=(folder, ready, done)) for _ in range(6)]
        for process in processes:
            process.start()
        done.wait()
        held = len(list(folder.glob("process-*")))
        done.wait()
        for process in processes:
            process.join(600)
        assert held == 6


@pytest.mark.parametrize("left", [b"\xff\xfe" * 32, b"\0" * 64, b"", b"../../etc/passwd".ljust(64), b"A" * 64])
def test_files_of_another_making_do_no_harm(folder: Path, left: bytes) -> None:
    folder.mkdir()
    (folder / "process-1-x").write_bytes(left)
    with InFlight(folder).on(WORK):
        assert [path.name for path in folder.iterdir() if path.name.startswith("suspect")] == []
    assert not (folder / "process-1-x").exists()


def test_a_note_that_cannot_be_cleared_does_not_undo_what_was_done(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with InFlight(folder).on(WORK):
        monkeypatch.setattr(os, "pwrite", refuse)
    with pytest.raises(OSError, match="No space left"), InFlight(folder).on(WORK):
        pass


def test_a_child_does_not_keep_its_dead_parents_work_alive(folder: Path) -> None:
    reader, writer = os.pipe()
    parent = os.fork()
    if parent == 0:
        _die_with_a_child(folder, WORK, writer)
    os.waitpid(parent, 0)
    child = int(os.read(reader, 20))
    try:
        with pytest.raises(Suspect), InFlight(folder).on(WORK):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.close(reader)
        os.close(writer)


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
    process.join(600)
    assert process.exitcode in (0, 9)


def _die_on(folder: Path, work: str) -> None:
    _die_within(InFlight(folder), work)


def _die_within(journal: InFlight, work: str) -> None:
    with journal.on(work):
        os._exit(9)


def _hold(folder: Path, ready: Any, done: Any) -> None:
    ready.wait()
    with InFlight(folder).on(OTHER):
        done.wait()
        done.wait()


def _die_with_a_child(folder: Path, work: str, writer: int) -> None:
    with InFlight(folder).on(work):
        child = os.fork()
        if child == 0:
            signal.pause()
        os.write(writer, str(child).encode())
        os._exit(9)


def _go_on(folder: Path, work: str) -> None:
    try:
        with InFlight(folder).on(work):
            os._exit(0)
    except Suspect:
        os._exit(1)
