"""Clients that post prepared requests as fast as they are answered, each on a connection of its own a request."""

from __future__ import annotations

import itertools
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass
class Tally:
    """What the clients saw: seconds of each answer, and how many answers of each kind."""

    seconds: list[float] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    elapsed: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.elapsed

    def percentile(self, percent: int) -> float:
        return statistics.quantiles(self.seconds, n=100)[percent - 1]

    def add(self, other: Tally) -> None:
        self.seconds += other.seconds
        self.kinds += other.kinds
        self.elapsed += other.elapsed


def prepared(port: int, path: str, body: bytes, headers: Sequence[str] = ()) -> bytes:
    """One POST as bytes."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def load(port: int, requests: Iterator[bytes], *, clients: int, seconds: float) -> Tally:
    """Let `clients` post for so long; an answer's kind is its status and, in a JSON object, `status`."""
    tally, lock = Tally(), threading.Lock()
    start = time.perf_counter()

    def client() -> None:
        while time.perf_counter() - start < seconds:
            with lock:
                request = next(requests)
            began = time.perf_counter()
            answer = _answer(port, request)
            took = time.perf_counter() - began
            with lock:
                tally.seconds.append(took)
                tally.kinds[_kind(answer)] += 1

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.elapsed = time.perf_counter() - start
    return tally


def round_and_round(requests: Sequence[bytes]) -> Iterator[bytes]:
    return itertools.cycle(requests)


def _answer(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def _kind(answer: bytes) -> str:
    status = answer[9:12].decode()
    found = answer.partition(b'"status":"')[2].partition(b'"')[0].decode()
    return f"{status} {found}".strip()
