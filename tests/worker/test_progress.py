"""The ledger tells a cluster that moves from one that does not, and finds the doorbells that got lost on the way."""

import os

import pytest

from orchestration.management.worker.progress import Kind, Ledger, Limits, Reporter, read

LIMITS = Limits(busy=100, quiet=10)
WORKER = 4711


def ledger(*messages: tuple[float, Kind, int]) -> Ledger:
    """A cluster started at second 0 that has told (second, kind, doorbell)."""
    told = Ledger(started_at=0)
    for now, kind, doorbell in messages:
        told.note(kind, doorbell, WORKER, now)
    return told


@pytest.mark.parametrize(
    ("messages", "now", "stalled"),
    [
        # it may take its time to begin, but not for ever
        ([], 59, False),
        ([], 61, True),
        # an empty queue is no standstill as long as somebody looks
        ([(1, Kind.LOOKED, 0), (95, Kind.LOOKED, 0)], 100, False),
        ([(1, Kind.LOOKED, 0)], 12, True),
        # fetched and never taken up: the workers are deaf; fetching more does not hide it
        ([(1, Kind.FETCHED, 7), (9, Kind.FETCHED, 8)], 10, False),
        ([(1, Kind.FETCHED, 7), (9, Kind.FETCHED, 8)], 12, True),
        # ended and never acknowledged: the monitor is deaf
        ([(1, Kind.FETCHED, 7), (2, Kind.STARTED, 7), (3, Kind.ENDED, 7), (12, Kind.LOOKED, 0)], 14, True),
        # a long task may run, up to the longer limit, with others behind it
        ([(1, Kind.FETCHED, 7), (2, Kind.STARTED, 7), (3, Kind.FETCHED, 8)], 101, False),
        ([(1, Kind.FETCHED, 7), (2, Kind.STARTED, 7), (3, Kind.FETCHED, 8)], 103, True),
        # a failed task that will not be acknowledged leaves nothing in hand
        ([(1, Kind.FETCHED, 7), (2, Kind.STARTED, 7), (3, Kind.DROPPED, 7), (12, Kind.LOOKED, 0)], 14, False),
        # everything acknowledged
        ([(1, Kind.FETCHED, 7), (2, Kind.STARTED, 7), (3, Kind.ENDED, 7), (4, Kind.ACKNOWLEDGED, 7)], 13, False),
    ],
)
def test_a_cluster_is_stalled_when_what_it_has_in_hand_does_not_move(messages, now, stalled):
    assert bool(ledger(*messages).stalled(now, LIMITS)) is stalled


def test_a_killed_worker_takes_its_doorbell_along_and_the_cluster_is_not_blamed():
    told = ledger((1, Kind.FETCHED, 7), (2, Kind.STARTED, 7), (200, Kind.LOOKED, 0))

    told.forget_the_dead(lambda process: process != WORKER, now=200)

    assert (told.in_hand, told.stalled(205, LIMITS)) == ({}, "")


def test_what_fell_just_before_the_end_belongs_to_what_is_left_and_what_fell_long_before_does_not():
    told = ledger((1, Kind.FETCHED, 7), (2, Kind.STARTED, 7), (3, Kind.FETCHED, 8))
    told.forget_the_dead(lambda _: False, now=50)

    assert told.left_by_the_end(51) == {7, 8}
    assert told.left_by_the_end(70) == {8}


def test_a_doorbell_that_was_passed_over_by_a_later_one_is_lost_once():
    told = ledger((1, Kind.FETCHED, 7), (2, Kind.FETCHED, 8), (3, Kind.STARTED, 8))

    assert told.take_lost(11, LIMITS) == set()
    assert told.take_lost(12, LIMITS) == {7}
    assert told.take_lost(13, LIMITS) == set()


def test_a_doorbell_that_waits_behind_a_long_task_is_not_lost():
    told = ledger((1, Kind.FETCHED, 7), (2, Kind.STARTED, 7), (3, Kind.FETCHED, 8))

    assert told.take_lost(90, LIMITS) == set()


def test_an_ended_doorbell_is_lost_when_one_that_ended_later_was_acknowledged():
    told = ledger((1, Kind.FETCHED, 7), (2, Kind.FETCHED, 8), (3, Kind.STARTED, 7), (4, Kind.STARTED, 8))
    told.note(Kind.ENDED, 7, WORKER, 5)
    assert told.take_lost(50, LIMITS) == set()  # with a deaf monitor both wait, and nothing is lost yet

    told.note(Kind.ENDED, 8, WORKER, 51)
    told.note(Kind.ACKNOWLEDGED, 8, WORKER, 52)

    assert told.take_lost(52, LIMITS) == {7}


def test_reports_arrive_whole_and_in_order_and_a_full_pipe_stops_nobody():
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    reporter = Reporter(theirs)
    for number in range(100_000):
        reporter.tell(Kind.FETCHED, number)

    messages, rest = read(ours, b"")

    assert messages == [(Kind.FETCHED, number, os.getpid()) for number in range(len(messages))]
    assert (rest, len(messages) > 4000, read(ours, b"")) == (b"", True, ([], b""))
    os.close(ours)
    os.close(theirs)


def test_a_message_cut_in_two_is_put_together():
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    Reporter(theirs).tell(Kind.STARTED, -5)
    text = os.read(ours, 100)
    os.write(theirs, text[:4])
    messages, rest = read(ours, b"")
    os.write(theirs, text[4:])

    assert (messages, read(ours, rest)) == ([], ([(Kind.STARTED, -5, os.getpid())], b""))
    os.close(ours)
    os.close(theirs)
