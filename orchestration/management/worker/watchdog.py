"""Keeps one cluster at work: starts it, watches that it moves, replaces one that does not, drains it at the end."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from django.db import Error, connections

from orchestration import queue
from orchestration.management.worker import processes
from orchestration.management.worker.beside import Beside
from orchestration.management.worker.progress import Ledger, Limits, read

log = logging.getLogger(__name__)

TICK = 0.2  # seconds between two looks at the cluster
LOOK_FOR_ORPHANS_EVERY = 5.0
SHORT_LIFE = 30.0  # a cluster that ends sooner is started again with growing pauses
LONGEST_PAUSE = 30.0
HAND_BACK_AT_MOST = 3  # times for one doorbell
BESIDE_HANGS_AFTER = 120.0
_PIPE_SIZE = 1 << 20


@dataclass(frozen=True, slots=True)
class Terms:
    processes: int
    limits: Limits
    drain: float  # seconds that running tasks get to end after SIGTERM
    reap_every: float
    name: str  # in the heartbeat


@dataclass(slots=True)
class _Cluster:
    main: subprocess.Popen[bytes]
    pipe: int
    ledger: Ledger
    rest: bytes = b""

    def listen(self, now: float) -> None:
        messages, self.rest = read(self.pipe, self.rest)
        for kind, doorbell, process in messages:
            self.ledger.note(kind, doorbell, process, now)
        self.ledger.forget_the_dead(processes.alive, now)


@dataclass(slots=True)
class Watchdog:
    terms: Terms
    _cluster: _Cluster | None = None
    _signals: int = 0
    _short_lives: int = 0
    _start_at: float = 0.0
    _orphans_at: float = 0.0
    _handed_back: Counter[int] = field(default_factory=Counter)

    def run(self) -> int:
        """Watch until SIGTERM or SIGINT, then drain. 0: everything ended by itself; 1: it had to be killed."""
        processes.adopt_orphans()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        beside = self._start_beside()
        try:
            while not self._signals:
                self._look(time.monotonic())
                beside.well = self._cluster is not None and self._cluster.ledger.looked_at > 0
                if time.monotonic() - beside.came_round_at > BESIDE_HANGS_AFTER:
                    log.critical("The reaper hangs; a new one is started")
                    beside.end()
                    beside = self._start_beside()
                time.sleep(TICK)
            beside.end(seconds=5)
            return self._drain()
        finally:
            if self._cluster is not None:
                processes.kill_tree(self._cluster.main.pid)

    def _look(self, now: float) -> None:
        cluster = self._cluster
        if cluster is None:
            if now >= self._start_at:
                self._cluster = self._start_cluster()
        elif why := self._wrong_with(cluster, now):
            log.error("The cluster is killed and started again: %s", why)
            self._clear_away(cluster)
        elif now - self._orphans_at > LOOK_FOR_ORPHANS_EVERY:
            self._orphans_at = now
            if orphans := processes.kill_orphans(but=cluster.main.pid):
                log.warning("Killed processes that had lost their parent: %s", orphans)

    def _start_cluster(self) -> _Cluster:
        """In a session of its own: Ctrl-C reaches the watchdog alone, and the whole group can be killed at once."""
        ours, theirs = os.pipe()
        os.set_blocking(ours, False)
        _widen(theirs)
        command = [sys.executable, "-m", "orchestration.management.worker"]
        command += [str(theirs), str(self.terms.processes), str(os.getpid())]
        try:
            main = subprocess.Popen(  # noqa: S603 - our own module, under our own interpreter
                command,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs],
                start_new_session=True,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        finally:
            os.close(theirs)
        log.info("A cluster of %s workers is started, main process %s", self.terms.processes, main.pid)
        return _Cluster(main, ours, Ledger(started_at=time.monotonic()))

    def _wrong_with(self, cluster: _Cluster, now: float) -> str:
        cluster.listen(now)
        if (code := cluster.main.poll()) is not None:
            return f"its main process ended with {code}"
        if lost := cluster.ledger.take_lost(now, self.terms.limits):
            log.warning("%s doorbells were lost with the process that held them", len(lost))
            self._hand_back(lost)
        return cluster.ledger.stalled(now, self.terms.limits)

    def _clear_away(self, cluster: _Cluster) -> None:
        """Kill what is left of a cluster, let others fetch what it had in hand, settle when the next one starts."""
        if left := processes.kill_tree(cluster.main.pid):
            log.critical("These processes cannot be killed: %s", left)
        with contextlib.suppress(subprocess.TimeoutExpired):
            cluster.main.wait(timeout=10)
        cluster.listen(time.monotonic())
        os.close(cluster.pipe)
        self._cluster = None
        self._hand_back(cluster.ledger.left_by_the_end(time.monotonic()))
        short = time.monotonic() - cluster.ledger.started_at < SHORT_LIFE
        self._short_lives = self._short_lives + 1 if short else 0
        pause = min(2.0 ** (self._short_lives - 2), LONGEST_PAUSE) if self._short_lives > 1 else 0.0
        self._start_at = time.monotonic() + pause

    def _hand_back(self, doorbells: set[int]) -> None:
        """Canaries have no row. One that comes back again and again brings its worker down: it waits for its lock."""
        rows = {row for row in doorbells if row > 0 and self._handed_back[row] < HAND_BACK_AT_MOST}
        self._handed_back.update(rows)
        try:
            if rows:
                queue.hand_back(rows)
                connections.close_all()  # this thread needs the database again in a long while, if ever
        except Error:
            log.exception(
                "%s doorbells could not be handed back; they are fetched again when their locks end", len(rows)
            )

    def _drain(self) -> int:
        """SIGTERM to the main process alone drains a cluster; to the whole group it kills tasks midway and hangs."""
        cluster = self._cluster
        if cluster is None:
            return 0
        log.info("Running tasks get %s s to end", self.terms.drain)
        cluster.main.terminate()
        until = time.monotonic() + self.terms.drain
        while cluster.main.poll() is None and self._signals < 2:
            cluster.listen(now := time.monotonic())
            if now > until or cluster.ledger.stalled(now, self.terms.limits):
                break
            time.sleep(TICK / 2)
        drained = cluster.main.poll() is not None
        self._clear_away(cluster)
        log.info("The cluster has ended" if drained else "The cluster did not end in time and was killed")
        return 0 if drained else 1

    def _start_beside(self) -> Beside:
        return Beside(name=self.terms.name, reap_every=self.terms.reap_every).start()

    def _on_signal(self, *_: object) -> None:
        self._signals += 1


def _widen(pipe: int) -> None:
    """Room for some 80,000 messages, so that none is lost while the watchdog is busy otherwise."""
    import fcntl

    if hasattr(fcntl, "F_SETPIPE_SZ"):
        try:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
        except OSError:  # the machine allows less
            log.debug("The pipe keeps its size")
