"""How fast one client may ask: a count per client and window, shared through the cache in small batches."""

from __future__ import annotations

import threading
import time
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

log = structlog.get_logger(__name__)

SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class ClientThrottle(BaseThrottle):
    """`CONDUCTOR["rate"]` requests a client and window, such as `6000/min`; none when it is empty.

    Each process adds its count to the shared cache once for every hundredth of the limit, so that the cache
    costs next to nothing; a client may exceed the limit by as much for each process. Without a cache the
    request goes through: taking cases in matters more.
    """

    def __init__(self) -> None:
        self._wait: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        rate = settings.CONDUCTOR["rate"]
        if not rate or request.auth is None:
            return True
        limit, period = parse_rate(rate)
        now = time.time()
        window = int(now // period)
        if _counts.count(request.auth.client_id, window, period=period, batch=max(1, limit // 100)) <= limit:
            return True
        self._wait = (window + 1) * period - now
        return False

    def wait(self) -> float | None:
        return self._wait


def parse_rate(rate: str) -> tuple[int, int]:
    """`600/min` → (600, 60)."""
    number, _, period = rate.partition("/")
    return int(number), SECONDS[period.strip()[0]]


class _Counts:
    """This process's counts of the present window: what all processes had when last told, and ours since."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: dict[tuple[int, int], int] = {}
        self._ours: dict[tuple[int, int], int] = {}

    def count(self, client: int, window: int, *, period: int, batch: int) -> int:
        """Count one request; how many the client has made in this window, as far as this process knows."""
        place = (client, window)
        with self._lock:
            if place not in self._ours:
                self._forget_before(client, window)
            ours = self._ours[place] = self._ours.get(place, 0) + 1
            if ours < batch:
                return self._told.get(place, 0) + ours
            self._ours[place] = 0
        told = _add(f"throttle:{client}:{window}", ours, timeout=2 * period)
        with self._lock:
            known = self._told.get(place, 0)
            self._told[place] = max(known, told) if told is not None else known + ours
            return self._told[place]

    def clear(self) -> None:
        with self._lock:
            self._told.clear()
            self._ours.clear()

    def _forget_before(self, client: int, window: int) -> None:
        for counts in (self._told, self._ours):
            for place in [place for place in counts if place[0] == client and place[1] < window]:
                del counts[place]


def _add(name: str, count: int, *, timeout: int) -> int | None:
    """Add to the shared count; None where the cache does not answer."""
    try:
        cache.add(name, 0, timeout)
        found: Any = cache.incr(name, count)
    except Exception:
        log.warning("throttle_cache_unavailable", exc_info=True)
        return None
    return int(found)


_counts = _Counts()


def forget_counts() -> None:
    """Start counting anew, for tests."""
    _counts.clear()
