"""The engine on its own: it answers exactly, recovers from anything that interrupts it, and gives memory back."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading

import durable_rules_engine as dre
import pytest

from orchestration.engine.durable import Engine, EngineFault, EngineRule

A, B = ',"n0":{}', ',"n1":{}'


def rule(number: int, *conditions: dict, slots: tuple[int, ...] = (0, 1), width: int = 1) -> EngineRule:
    return EngineRule(number, conditions, frozenset(slots), width=width, leaves=len(conditions))


def message(a: int | None = None, b: int | None = None) -> list[str]:
    return ["" if a is None else A.format(a), "" if b is None else B.format(b)]


SOME = [
    rule(0, {"n0": 1}),
    rule(1, {"$neq": {"n0": 1}}),
    rule(2, {"$gt": {"n0": 3}}, {"$lte": {"n1": 5}}),
    rule(3, {"$nex": {"n1": 1}}),
    rule(4, {"$or": [{"$lt": {"n0": 0}}, {"$nex": {"n0": 1}}]}),
    rule(5, {"$or": [{"n0": 4}, {"n1": 4}]}),
]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (message(1), {0, 3}),
        (message(2), {1, 3}),
        (message(4, 5), {1, 2, 5}),
        (message(4, 4), {1, 2, 5}),  # both sides of the `or`: fires twice, counts once
        (message(), {3, 4}),  # a comparison on a missing property is false, $neq included
        (message(b=4), {4, 5}),
        (message(-1, 9), {1, 4}),
    ],
)
def test_the_rules_that_are_true_are_given(facts, expected):
    engine = Engine(SOME, 2)
    assert engine.match(facts) == expected
    engine.close()


def test_many_rules_are_spread_over_shards():
    engine = Engine([rule(number, {"$gte": {"n0": number}}, slots=(0,)) for number in range(500)], 2)
    assert engine.match(message(120, 1)) == set(range(121))
    assert engine.match(message(499, 1)) == set(range(500))
    engine.close()


def test_a_shard_overrun_by_its_matches_is_split_and_asked_again():
    """Widths that are stated too small put 300 rules, true together, into one shard (error 303)."""
    engine = Engine([rule(number, {"$gte": {"n0": number}}, slots=(0,), width=0) for number in range(300)], 2)
    assert engine.match(message(299)) == set(range(300))
    assert engine.match(message(0)) == {0}
    assert engine.match(message(170)) == set(range(171))
    engine.close()


def test_one_rule_that_overruns_the_stack_alone_is_a_fault():
    engine = Engine([rule(0, {"$or": [{"$lt": {"n0": number}} for number in range(10, 90)]})], 2)
    with pytest.raises(EngineFault, match="one rule alone overran"):
        engine.match(message(1, 1))
    engine.close()


@pytest.mark.parametrize("function", ["start_action_for_state", "complete_and_start_action", "retract_fact"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, TimeoutError, MemoryError])
@pytest.mark.parametrize("after", [False, True])
def test_an_evaluation_that_is_interrupted_leaves_no_trace(monkeypatch, function, error, after):
    engine = Engine(SOME, 2)
    real = getattr(dre, function)

    def interrupted(*arguments):
        if after:
            real(*arguments)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(dre, function, interrupted)
        with pytest.raises((error, EngineFault)):
            _match_once(engine, patch)
    for _ in range(3):
        assert engine.match(message(4, 5)) == {1, 2, 5}
    engine.close()


def _match_once(engine: Engine, patch: pytest.MonkeyPatch) -> None:
    """Match with a priming that works, as it does when an exception comes from outside at some moment."""
    from orchestration.engine import durable

    def reset(handle: int) -> None:
        patch.undo()
        real_reset(handle)

    real_reset = durable._reset
    patch.setattr(durable, "_reset", reset)
    engine.match(message(4, 5))


def test_a_state_left_locked_is_noticed_and_replaced():
    """What a forked child inherits when its parent was in the middle of an evaluation."""
    engine = Engine(SOME, 2)
    handle = engine._shards[0].handle
    offset = dre.assert_fact(handle, '{"id":"d","sid":"0","k":"c","n0":1}')[1]
    dre.start_action_for_state(handle, offset)
    assert engine.match(message(4, 5)) == {1, 2, 5}
    engine.close()


def test_threads_share_an_engine():
    engine = Engine(SOME, 2)
    expected = [(message(1), {0, 3}), (message(4, 5), {1, 2, 5}), (message(), {3, 4})]
    wrong: list[object] = []

    def work(first: int) -> None:
        for turn in range(1500):
            facts, answer = expected[(first + turn) % 3]
            if engine.match(facts) != answer:
                wrong.append(facts)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    engine.close()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_has_its_own_lock_and_state():
    """Forked while another thread holds the lock in the middle of an evaluation, and used by both."""
    engine = Engine(SOME, 2)
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            engine.match(message(4, 5))

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        codes = [_in_child(engine) for _ in range(20)]
    finally:
        stop.set()
        thread.join()
    assert codes == [0] * 20
    assert engine.match(message(1)) == {0, 3}
    engine.close()


def _in_child(engine: Engine) -> int:
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        right = all(engine.match(message(4, 5)) == {1, 2, 5} for _ in range(20))
        engine.close()
        os._exit(0 if right else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_pool_of_forked_processes_uses_an_engine_made_before():
    global _shared
    _shared = Engine(SOME, 2)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        answers = pool.map(_match_shared, range(40))
    assert answers == [{0, 3}] * 40
    _shared.close()


_shared: Engine


def _match_shared(_: int) -> set[int]:
    return _shared.match(message(1))


def test_a_closed_engine_answers_no_more_and_may_be_closed_again():
    engine = Engine(SOME, 2)
    engine.close()
    engine.close()
    with pytest.raises(EngineFault, match="has been closed"):
        engine.match(message(1))


def test_a_forgotten_engine_gives_its_memory_back():
    engine = Engine(SOME, 2)
    handle, finalizer = engine._shards[0].handle, engine._free
    del engine
    gc.collect()
    assert not finalizer.alive
    with pytest.raises(dre.error):
        dre.assert_fact(handle, '{"id":"d","sid":"0","k":"c"}')


def test_rules_that_the_engine_refuses_are_a_fault():
    with pytest.raises(EngineFault, match="does not take these rules"):
        Engine([rule(0, {"$unknown": {"n0": 1}})], 2)


def test_rules_that_exclude_each_other_share_a_shard():
    """100 rules, of which a fact can meet 20 at once: they begin with different codes of one slot."""
    exclusive = [
        EngineRule(number, ({"n0": number % 5}, {"$gte": {"n1": number}}), frozenset({0, 1}), 1, 2, 0, (0, number % 5))
        for number in range(100)
    ]
    engine = Engine(exclusive, 2)
    assert len(engine._shards) == 1
    assert engine.match(message(3, 99)) == set(range(3, 100, 5))
    assert engine.match(message(3, 50)) == set(range(3, 51, 5))
    assert engine.match(message(7, 99)) == set()
    engine.close()


def test_rules_that_do_not_exclude_each_other_keep_to_the_width_of_a_shard():
    beside = [
        EngineRule(number, ({f"n{number % 2}": 1},), frozenset({number % 2}), 1, 1, 0, (number % 2, 1))
        for number in range(100)
    ]
    engine = Engine(beside, 2)
    assert [len(shard.rules) for shard in engine._shards] == [60, 40]
    assert engine.match(message(1, 1)) == set(range(100))
    engine.close()
