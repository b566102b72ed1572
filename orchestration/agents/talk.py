"""The talk with an agent's process: request in, answer and prints out, everything bounded, nothing blocking."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from typing import Final

ANSWER_BYTES: Final = 4 * 1024 * 1024
PRINTED_BYTES: Final = 32 * 1024
_GRACE: Final = 2.0  # for an answered process to end by itself
_GLANCE: Final = 0.05  # between looks at a process whose end cannot be waited for
_CHUNK: Final = 64 * 1024
_LAST_WORDS: Final = 4 * 1024 * 1024


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

    def text(self) -> str:
        mark = f"\n[… {self._left_out:,} bytes left out …]\n".encode() if self._left_out else b""
        return bytes(self._head + mark + self._tail).decode("utf-8", "replace")


class Talk:
    """`answered`: a whole answer came. `too_long`: more than `limit` bytes of it. `timed_out`: neither, in time."""

    limit: Final = ANSWER_BYTES

    def __init__(self, process: subprocess.Popen[bytes], reading: int) -> None:
        self.answer = bytearray()
        self.printed = Capture()
        self.errors = Capture()
        self.answered = self.too_long = self.timed_out = False
        self._process = process
        self._reading = reading
        self._selector = selectors.DefaultSelector()
        self._ended = False
        self._pid_fd: int | None = None

    def hold(self, request: bytes, *, until: float) -> None:
        """Until the process has ended, or has answered and used up its grace, or the time is over."""
        self._listen(request)
        end = until
        while not self._ended:
            left = end - time.monotonic()
            if left <= 0:
                self.timed_out = not self.answered
                return
            for key, _ in self._selector.select(left if self._pid_fd is not None else min(left, _GLANCE)):
                key.data(key.fd)
            if self.too_long:
                return
            if self.answered and end == until:
                end = min(until, time.monotonic() + _GRACE)
            if self._pid_fd is None:
                self._ended = self._process.poll() is not None
        self._drain()

    def close(self) -> None:
        self._selector.close()
        for descriptor in (self._reading, self._pid_fd):
            if descriptor is not None:
                os.close(descriptor)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _listen(self, request: bytes) -> None:
        process = self._process
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ValueError("The process must have been started with pipes.")
        for descriptor in (process.stdin.fileno(), process.stdout.fileno(), process.stderr.fileno(), self._reading):
            os.set_blocking(descriptor, False)
        self._request = memoryview(request)
        self._selector.register(process.stdin.fileno(), selectors.EVENT_WRITE, self._write)
        self._selector.register(process.stdout.fileno(), selectors.EVENT_READ, self._hear_print)
        self._selector.register(process.stderr.fileno(), selectors.EVENT_READ, self._hear_error)
        self._selector.register(self._reading, selectors.EVENT_READ, self._hear_answer)
        with contextlib.suppress(AttributeError, OSError):  # a system without them is looked at now and then
            self._pid_fd = os.pidfd_open(process.pid)
            self._selector.register(self._pid_fd, selectors.EVENT_READ, self._hear_end)

    def _write(self, descriptor: int) -> None:
        try:
            self._request = self._request[os.write(descriptor, self._request[:_CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:  # it ended, or closed its input, without reading on
            self._request = self._request[:0]
        if not self._request:
            self._selector.unregister(descriptor)
            if self._process.stdin is not None:
                self._process.stdin.close()

    def _hear_print(self, descriptor: int) -> None:
        self.printed.add(self._read(descriptor))

    def _hear_error(self, descriptor: int) -> None:
        self.errors.add(self._read(descriptor))

    def _hear_answer(self, descriptor: int) -> None:
        self.answer += self._read(descriptor)
        self.answered = self.answer.endswith(b"\n")
        self.too_long = len(self.answer) > self.limit

    def _hear_end(self, descriptor: int) -> None:
        self._ended = True
        self._selector.unregister(descriptor)

    def _read(self, descriptor: int) -> bytes:
        try:
            chunk = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            chunk = b""
        if not chunk:
            self._selector.unregister(descriptor)
        return chunk

    def _drain(self) -> None:
        """What an ended process left in the pipes; bounded, since its children may go on printing."""
        for _ in range(_LAST_WORDS // _CHUNK):
            ready = [key for key, event in self._selector.select(0) if event == selectors.EVENT_READ]
            if not ready or self.too_long:
                return
            for key in ready:
                key.data(key.fd)
