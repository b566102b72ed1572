"""The talk with an agent's process: request in, answer and prints out, everything bounded, nothing blocking."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from orchestration.agents.allowed import TOLD
from orchestration.agents.text import unsplit

ANSWER_BYTES: Final = 4 * 1024 * 1024
PRINTED_BYTES: Final = 32 * 1024
_GRACE: Final = 2.0  # for an answered process to end by itself
_CHUNK: Final = 64 * 1024
_LAST_WORDS: Final = 4 * 1024 * 1024
_REPORT_BYTES: Final = 1024


class Capture:
    """The first and the last of what was printed, however much it was."""

    def __init__(self, limit: int = PRINTED_BYTES) -> None:
        self._half = limit // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0

    def add(self, chunk: bytes) -> None:
        room = self._half - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        if (beyond := len(self._tail) - self._half) > 0:
            self._left_out += beyond
            del self._tail[:beyond]

    def text(self, secrets: Iterable[str] = ()) -> str:
        """`secrets`: no piece of these stands where the middle is left out."""
        if not self._left_out:
            return bytes(self._head + self._tail).decode("utf-8", "replace")
        head = self._head.decode("utf-8", "replace").rstrip("\ufffd")  # a letter may be cut through, too
        tail = self._tail.decode("utf-8", "replace").lstrip("\ufffd")
        return f"\n[… {self._left_out:,} bytes left out …]\n".join(unsplit(head, tail, secrets))


class Talk:
    """`begun`: the plugin is imported and the work was begun. `threaded`: its import has started threads.
    `answered`: a whole answer came. `too_long`: more than `limit` bytes of it. `timed_out`: neither, in time.
    `report`: how the work ended, as the process that waits for work tells it. `lost`: that process is gone."""

    limit: Final = ANSWER_BYTES

    def __init__(self, control: socket.socket) -> None:
        self.answer = bytearray()
        self.printed = Capture()
        self.errors = Capture()
        self.begun = self.threaded = self.answered = self.too_long = self.timed_out = self.lost = False
        self.report: dict[str, Any] | None = None
        self._control = control
        self._told = b""
        self._selector = selectors.DefaultSelector()
        self._own: list[int] = []

    def hold(self, terms: bytes, request: bytes, *, until: float) -> None:
        """Until the work has ended, or was answered and used up its grace, or the time is over."""
        self._begin(terms, request)
        end = until
        while self.report is None and not self.lost and not self.threaded:
            left = end - time.monotonic()
            if left <= 0:
                self.timed_out = not self.answered
                return
            for key, _ in self._selector.select(left):
                key.data(key.fd)
            if self.too_long:
                return
            if self.answered and end == until:
                end = min(until, time.monotonic() + _GRACE)
        self._drain()

    def close(self) -> None:
        self._selector.close()
        while self._own:
            os.close(self._own.pop())

    def _begin(self, terms: bytes, request: bytes) -> None:
        """Pipes for the request, what is printed, what is printed as errors, and the answer; theirs are sent."""
        theirs: list[int] = []
        try:
            for event, act in (
                (selectors.EVENT_WRITE, self._write),
                (selectors.EVENT_READ, self._into(self.printed.add)),
                (selectors.EVENT_READ, self._into(self.errors.add)),
                (selectors.EVENT_READ, self._into(self._hear_answer)),
            ):
                ends = os.pipe()
                own = ends[event == selectors.EVENT_WRITE]
                self._own.append(own)
                theirs.append(ends[event != selectors.EVENT_WRITE])
                os.set_blocking(own, False)
                self._selector.register(own, event, act)
            self._request = memoryview(request)
            self._selector.register(self._control.fileno(), selectors.EVENT_READ, self._hear_control)
            with contextlib.suppress(OSError):  # it is gone, which is heard next
                socket.send_fds(self._control, [terms], theirs)
        finally:
            for descriptor in theirs:
                os.close(descriptor)

    def _write(self, descriptor: int) -> None:
        try:
            self._request = self._request[os.write(descriptor, self._request[:_CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:  # it ended, or closed its input, without reading on
            self._request = self._request[:0]
        if not self._request:
            self._selector.unregister(descriptor)
            self._own.remove(descriptor)
            os.close(descriptor)

    def _into(self, take: Callable[[bytes], None]) -> Callable[[int], None]:
        def hear(descriptor: int) -> None:
            try:
                chunk = os.read(descriptor, _CHUNK)
            except BlockingIOError:
                return
            except OSError:
                chunk = b""
            if chunk:
                take(chunk)
            else:
                self._selector.unregister(descriptor)

        return hear

    def _hear_answer(self, chunk: bytes) -> None:
        self.answer += chunk
        self.answered = self.answer.endswith(b"\n")
        self.too_long = len(self.answer) > self.limit

    def _hear_control(self, descriptor: int) -> None:
        try:
            chunk = self._control.recv(_REPORT_BYTES)
        except OSError:
            chunk = b""
        self._told += chunk
        self.begun = self._told.startswith(b"+")
        self.threaded = self._told.startswith(b"-")
        if self._told.endswith(b"\n"):
            self.report = _report(self._told[1:])
        nonsense = self._told.endswith(b"\n") or len(self._told) > _REPORT_BYTES  # a plugin may write there, too
        if self.report is None and (not chunk or nonsense):
            self.lost = True
            self._selector.unregister(descriptor)

    def _drain(self) -> None:
        """What ended work left in the pipes; bounded, since what it has started may go on printing."""
        for _ in range(_LAST_WORDS // _CHUNK):
            ready = [key for key, event in self._selector.select(0) if event == selectors.EVENT_READ]
            ready = [key for key in ready if key.fd != self._control.fileno()]
            if not ready or self.too_long:
                return
            for key in ready:
                key.data(key.fd)


def _report(line: bytes) -> dict[str, Any] | None:
    try:
        report = json.loads(line)
    except ValueError:
        return None
    form = {"status": int | None, "over": str, "clean": bool, "again": bool}
    fits = isinstance(report, dict) and report.keys() == form.keys() and report["over"] in ("", *TOLD)
    return report if fits and all(isinstance(report[name], kind) for name, kind in form.items()) else None
