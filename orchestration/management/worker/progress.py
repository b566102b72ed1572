"""What the cluster's processes tell the watchdog through a pipe, and the judgement whether they still move."""

import contextlib
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

BEGIN = 60.0  # seconds that a cluster may take to begin
LAST_MOMENTS = 10.0  # seconds within which the processes of a cluster that comes to its end die
_MESSAGE = struct.Struct("<bqi")  # kind, doorbell, process id


class Kind(IntEnum):
    LOOKED = 1  # the pusher looked for doorbells
    FETCHED = 2  # the pusher fetched a doorbell
    STARTED = 3  # a worker took it up
    ENDED = 4  # the worker is done with it
    DROPPED = 5  # it will never be acknowledged, and that is as it should be
    ACKNOWLEDGED = 6  # the monitor has removed it from the queue


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds without movement after which a cluster counts as stalled.

    `busy` holds while a task runs, so it must be longer than the longest task; `quiet` holds while none runs and must
    only be longer than a write may wait for the database.
    """

    busy: float
    quiet: float


class Reporter:
    """The cluster's end of the pipe. It never blocks: a report into a full pipe is lost, at worst for a restart."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        os.set_blocking(fd, False)
        os.set_inheritable(fd, False)

    def tell(self, kind: Kind, doorbell: int = 0) -> None:
        with contextlib.suppress(OSError):
            os.write(self._fd, _MESSAGE.pack(kind, doorbell, os.getpid()))


@dataclass(slots=True)
class _Doorbell:
    fetched_at: float
    heard_of_at: float
    runs_in: int | None = None  # process id of the worker that has it in hand
    ended_at: float = 0.0


@dataclass(slots=True)
class Ledger:
    """The doorbells one cluster has in hand, and when anything last moved. Times are seconds on one monotonic clock."""

    started_at: float
    in_hand: dict[int, _Doorbell] = field(default_factory=dict)
    moved_at: float = 0.0
    looked_at: float = 0.0
    _fell: dict[int, float] = field(default_factory=dict)  # doorbells whose worker died, and when
    _taken_up_to: float = 0.0  # when the latest doorbell that a worker took up was fetched
    _acknowledged_up_to: float = 0.0  # when the task of the latest doorbell that was acknowledged ended

    def note(self, kind: int, doorbell: int, process: int, now: float) -> None:
        if kind in (Kind.LOOKED, Kind.FETCHED):
            self.looked_at = now
        else:
            self.moved_at = now
        if kind == Kind.FETCHED:
            self.in_hand[doorbell] = _Doorbell(fetched_at=now, heard_of_at=now)
            self._fell.pop(doorbell, None)
        elif (bell := self.in_hand.get(doorbell)) is not None:
            bell.heard_of_at = now
            if kind == Kind.STARTED:
                bell.runs_in = process
                self._taken_up_to = max(self._taken_up_to, bell.fetched_at)
            elif kind == Kind.ENDED:
                bell.runs_in, bell.ended_at = None, now
            else:
                self._acknowledged_up_to = max(self._acknowledged_up_to, bell.ended_at)
                del self.in_hand[doorbell]

    def forget_the_dead(self, alive: Callable[[int], bool], now: float) -> None:
        """A task whose worker was killed is never acknowledged; its doorbell comes back when its lock ends."""
        running = [(key, bell.runs_in) for key, bell in self.in_hand.items() if bell.runs_in is not None]
        for key, process in running:
            if not alive(process):
                del self.in_hand[key]
                self._fell[key] = now

    def left_by_the_end(self, now: float) -> set[int]:
        """What the cluster had in hand when it ended, with what fell just before: its workers may have died first."""
        return {*self.in_hand, *(key for key, fell_at in self._fell.items() if now - fell_at < LAST_MOMENTS)}

    def take_lost(self, now: float, limits: Limits) -> set[int]:
        """Doorbells that vanished with the process that held them, though the cluster moves; they leave the ledger.

        Doorbells are taken up in the order they were fetched, and acknowledged in the order they ended: one that was
        passed over, and of which nothing was heard for long enough, lies in no queue any more.
        """
        lost = {
            key
            for key, bell in self.in_hand.items()
            if bell.runs_in is None
            and (bell.ended_at < self._acknowledged_up_to if bell.ended_at else bell.fetched_at < self._taken_up_to)
            and now - bell.heard_of_at > limits.quiet
        }
        for key in lost:
            del self.in_hand[key]
        return lost

    def stalled(self, now: float, limits: Limits) -> str:
        """Why the cluster counts as stalled; empty while it moves.

        Movement is a task taken up, ended or acknowledged. Fetching is none: the pusher of a cluster whose workers are
        deaf goes on fetching.
        """
        if not self.looked_at:
            begins = max(BEGIN, limits.quiet)
            return "it has not begun to look for doorbells" if now - self.started_at > begins else ""
        busy = any(bell.runs_in is not None for bell in self.in_hand.values())
        if self.in_hand:
            since = max(self.moved_at, min(bell.fetched_at for bell in self.in_hand.values()))
            if now - since > (limits.busy if busy else limits.quiet):
                count = len(self.in_hand)
                return f"it has {count} doorbells in hand, and nothing has moved for {now - since:.1f} s"
        idle = now - max(self.looked_at, self.moved_at)
        if not busy and idle > limits.quiet:
            return f"nobody has looked for doorbells for {idle:.1f} s"
        return ""


def read(fd: int, rest: bytes) -> tuple[list[tuple[int, int, int]], bytes]:
    """Every message that waits in a non-blocking pipe, and the bytes of a message that is not whole yet."""
    chunks = [rest, *_chunks(fd)]
    text = b"".join(chunks)
    whole = len(text) - len(text) % _MESSAGE.size
    return list(_MESSAGE.iter_unpack(text[:whole])), text[whole:]


def _chunks(fd: int) -> Iterator[bytes]:
    with contextlib.suppress(BlockingIOError):
        while chunk := os.read(fd, 1 << 20):
            yield chunk
