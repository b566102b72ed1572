"""What this machine's processes have in hand before it is stored: a lost process leaves behind what it died on.

Each thread that runs inline agents keeps a file, locked as long as its process lives, with the digest of the work it
is on. Before work is taken on, files whose lock is gone are looked for: what is noted there is a suspect from then on,
and is not taken on in the same manner again. A note costs microseconds, a row in the database a hundred times that.
"""

from __future__ import annotations

import fcntl
import os
import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from weakref import WeakSet

KEPT: Final = 3_600.0
"""Seconds after which a suspect may be tried again in the old manner."""
_NOTE: Final = re.compile(rb"[0-9a-f]{64}")
_LENGTH: Final = 64


class Suspect(Exception):
    def __init__(self) -> None:
        super().__init__("A process was lost on this work before.")


class InFlight:
    """`folder` is shared by the processes of one machine, and made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = threading.local()
        self._files: WeakSet[_File] = WeakSet()
        os.register_at_fork(after_in_child=self._forget)

    @contextmanager
    def on(self, digest: str) -> Iterator[None]:
        """Note that this thread is on the work with this digest (SHA-256, hex). Raises Suspect, or OSError where
        no note can be made."""
        note = digest.encode()
        file = self._file()
        os.pwrite(file.number, note, 0)
        try:
            if self._is_suspect(note, file):
                raise Suspect
            yield
        finally:
            with suppress(OSError):
                os.pwrite(file.number, b" " * _LENGTH, 0)

    def _file(self) -> _File:
        file: _File | None = getattr(self._own, "file", None)
        if file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = self._own.file = _File(self._folder)
            self._files.add(file)
        return file

    def _is_suspect(self, note: bytes, own: _File) -> bool:
        """Whether a process was lost on this; what lost processes left is cleared away on the way."""
        for name in os.listdir(self._folder):
            if name.startswith("process-") and name != own.path.name and (lost := _left_in(f"{self._folder}/{name}")):
                Path(self._suspect(lost)).touch()
        suspect = self._suspect(note)
        if not os.access(suspect, os.F_OK):  # as nearly always: quicker than to catch what `stat` raises
            return False
        with suppress(FileNotFoundError):
            if os.stat(suspect).st_mtime > time.time() - KEPT:
                return True
            os.unlink(suspect)
        return False

    def _suspect(self, note: bytes) -> str:
        return f"{self._folder}/suspect-{note.decode()}"

    def _forget(self) -> None:
        """A forked process has files of its own, and does not hold the locks of its parent's."""
        for file in list(self._files):
            file.close()
        self._own, self._files = threading.local(), WeakSet()


class _File:
    """A locked file, closed and removed when its thread ends; a lost process leaves it, without the lock."""

    def __init__(self, folder: Path) -> None:
        name = f"{os.getpid()}-{uuid.uuid4().hex}"
        self.path, self._process = folder / f"process-{name}", os.getpid()
        unlocked = folder / f"new-{name}"  # nobody takes it for a lost one before it is locked
        self.number = os.open(unlocked, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self.number, fcntl.LOCK_EX)
        unlocked.rename(self.path)

    def close(self) -> None:
        number, self.number = self.number, -1
        with suppress(OSError):
            os.close(number)

    def __del__(self) -> None:
        with suppress(OSError, AttributeError):
            if self._process == os.getpid():
                self.path.unlink()
        with suppress(AttributeError):
            self.close()


def _left_in(path: str) -> bytes:
    """What is noted in the file of a lost process, which is removed; nothing for a live one or for no note."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        note = os.read(file, _LENGTH)
        os.unlink(path)
    except OSError:
        return b""
    finally:
        os.close(file)
    return note if _NOTE.fullmatch(note) else b""
