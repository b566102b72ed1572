"""What runs beside the cluster in the watchdog's own process: the reaper, and the heartbeat that readiness looks at."""

import logging
import threading
import time

from django.db import close_old_connections, connections

log = logging.getLogger(__name__)

BEAT_EVERY = 5.0
AFTER_A_FAILURE = 5.0


class Beside:
    """A thread with a database connection of its own, so that a slow database never keeps the watchdog from watching.

    `well` is set by the watchdog: without a cluster that answers, the worker is not heard from.
    """

    def __init__(self, *, name: str, reap_every: float) -> None:
        self._name = name
        self._reap_every = reap_every
        self._ended = threading.Event()
        self._beaten_at = 0.0
        self.came_round_at = time.monotonic()
        self.well = False
        self._thread = threading.Thread(target=self._run, name="reaper", daemon=True)

    def start(self) -> "Beside":
        self._thread.start()
        return self

    def end(self, seconds: float = 0.0) -> None:
        """Ask the thread to end and wait for it so long; one that hangs is left behind and ends when it comes back."""
        self._ended.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        pause = 0.0
        while not self._ended.wait(pause):
            try:
                close_old_connections()
                self._once()
                pause = self._reap_every
            except Exception:
                log.exception("The reaper's pass failed; it tries again in %s s", AFTER_A_FAILURE)
                pause = AFTER_A_FAILURE
            self.came_round_at = time.monotonic()
        connections.close_all()

    def _once(self) -> None:
        from orchestration.services import heartbeat, reaper

        if self.well and time.monotonic() - self._beaten_at >= BEAT_EVERY:
            heartbeat.beat(name=self._name)
            self._beaten_at = time.monotonic()
        reaper.reap()
