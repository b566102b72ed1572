"""What this machine's processes have in hand before it is stored: a lost process leaves behind what it died on.

Each thread that runs inline agents keeps a file, locked as long as its process lives, with the digest of the work it
is on. A process that starts looks for files whose lock is gone: what is noted there is a suspect from then on, and is
not taken on in the same manner again. A note costs a few microseconds, a row in the database a hundred times that.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

KEPT: Final = 86_400.0
"""Seconds after which a suspect may be tried again."""
_LENGTH: Final = 64


class Suspect(Exception):
    def __init__(self) -> None:
        super().__init__("A process was lost on this work before.")


class InFlight:
    """`folder` is shared by the processes of one machine, and made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = threading.local()

    @contextmanager
    def on(self, digest: str) -> Iterator[None]:
        """Note that this thread is on the work with this digest (64 characters). Raises Suspect, or OSError where
        no note can be made."""
        file = self._file()
        if (self._folder / f"suspect-{digest}").exists():
            raise Suspect
        os.pwrite(file.number, digest.encode(), 0)
        try:
            yield
        finally:
            os.pwrite(file.number, b" " * _LENGTH, 0)

    def _file(self) -> _File:
        """The thread's own file; made anew in a forked process, whose parent holds the lock of the old one."""
        file: _File | None = getattr(self._own, "file", None)
        if file is None or file.process != os.getpid():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._look_around()
            file = self._own.file = _File(self._folder / f"process-{os.getpid()}-{uuid.uuid4().hex}")
        return file

    def _look_around(self) -> None:
        """Make suspects of what lost processes were on; forget the old ones."""
        for path in self._folder.iterdir():
            with suppress(OSError):
                if path.name.startswith("suspect-"):
                    if path.stat().st_mtime < time.time() - KEPT:
                        path.unlink()
                elif note := _left_in(path):
                    (self._folder / f"suspect-{note}").touch()


class _File:
    """A locked file, closed and removed when its thread ends; a lost process leaves it, without the lock."""

    def __init__(self, path: Path) -> None:
        self._path, self.process = path, os.getpid()
        self.number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self.number, fcntl.LOCK_EX)

    def __del__(self) -> None:
        if self.process == os.getpid():
            with suppress(OSError):
                self._path.unlink()
                os.close(self.number)


def _left_in(path: Path) -> str:
    """What is noted in the file of a lost process, which is removed; "" for a live one or for no note."""
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        note = os.read(file, _LENGTH).decode().strip()
        path.unlink()
    except BlockingIOError:
        return ""
    finally:
        os.close(file)
    return note
