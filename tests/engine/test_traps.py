"""The faults of durable_rules that we stay clear of, shown on the engine itself. A test that fails here after an
upgrade means that a fault is gone: `docs/durable-rules.md` and the limits in `engine.durable` may then be loosened."""

from __future__ import annotations

import itertools
import json

import durable_rules_engine as dre
import pytest

_names = itertools.count()


def one(condition, message):
    """Does a rule with this condition fire on this message?"""
    rules = {
        "p": {"all": [{"m": {"k": "w"}}]},
        "r": {"all": [{"m": {"$and": [{"k": "c"}, condition]}}]},
        "zz": {"all": [{"m": {"k": "c"}}]},
    }
    handle = dre.create_ruleset(f"trap{next(_names)}", json.dumps(rules, ensure_ascii=False))
    try:
        run(handle, '{"id":"d","sid":"0","k":"w"}')
        return "r" in run(handle, json.dumps({"id": "d", "sid": "0", "k": "c", **message}, ensure_ascii=False))
    finally:
        dre.delete_state(handle, "0")
        dre.delete_ruleset(handle)


def run(handle, message):
    fired = []
    offset = dre.assert_fact(handle, message)[1]
    started = dre.start_action_for_state(handle, offset)
    result = started[1] if started else None
    while result:
        fired.append(result[2 : result.index('"', 2)])
        result = dre.complete_and_start_action(handle, offset)
    dre.retract_fact(handle, message)
    return fired


@pytest.mark.parametrize(
    ("condition", "message", "fires"),
    [
        ({"liquid": 1}, {"costarring": 1}, True),  # names are told apart by a 32-bit hash
        ({"a.b": 1}, {"a": {"b": 1}}, True),  # a dotted name is a path
        ({"a": "x"}, {"a": "x" * 65_536}, True),  # the length of a string is taken modulo 65,536
        ({"$lt": {"a": "2024-01-01 10:00"}}, {"a": "2024-01-01"}, False),  # the order of strings
        ({"a": 2**63}, {"a": 2**63 - 1}, True),  # integers saturate
        ({"a": 2**53 + 1}, {"a": 2.0**53}, True),  # and compare with floats as doubles
        ({"$mt": {"a": ".*aa"}}, {"a": "aaaa"}, False),  # a regular expression that overlaps itself
        ({"$neq": {"a": 1}}, {}, False),  # not a fault, but a comparison on a missing value is false
    ],
)
def test_the_engine_still_has_the_faults_that_our_codes_avoid(condition, message, fires):
    assert one(condition, message) is fires


def test_an_exponent_without_a_fraction_is_still_refused():
    with pytest.raises(dre.error, match="204"):
        one({"a": 1e22}, {"a": 1})


def test_text_is_still_compared_as_it_is_written():
    rules = {"r": {"all": [{"m": {"$and": [{"k": "c"}, {"a": "é"}]}}]}}
    handle = dre.create_ruleset(f"trap{next(_names)}", json.dumps(rules, ensure_ascii=False))
    assert run(handle, '{"id":"d","sid":"0","k":"c","a":"é"}') == ["r"]
    assert run(handle, '{"id":"d","sid":"0","k":"c","a":"\\u00e9"}') == []
    dre.delete_state(handle, "0")
    dre.delete_ruleset(handle)
