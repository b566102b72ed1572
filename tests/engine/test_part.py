"""Some entries and their engine: what it said of a message is kept, for as long as there is room."""

from __future__ import annotations

import pytest

from orchestration.engine import part
from orchestration.engine.durable import Engine, EngineFault

DONE = {"decide": {"outcome": "done"}}
ADULT = {"fact": "case.age", "op": "gte", "value": 18}


@pytest.fixture
def asked(monkeypatch):
    """The messages that engines were asked about."""
    messages = []
    real = Engine.match

    def match(self, fragments):
        messages.append("".join(fragments))
        return real(self, fragments)

    monkeypatch.setattr(Engine, "match", match)
    return messages


def test_the_engine_is_asked_once_about_cases_that_no_rule_tells_apart(version, asked):
    made = version({"when": ADULT, "then": DONE})
    assert [made.advance({"age": age}).kind for age in (20, 70, 5, 18.5, 2)] == [
        "decide",
        "decide",
        "escalate",
        "decide",
        "escalate",
    ]
    assert len(asked) == 2


def test_values_outside_the_limits_are_computed_for_each_case(version, asked):
    made = version({"when": ADULT, "then": DONE})
    assert [made.advance({"age": age}).kind for age in (1e300, -1e300, 1e300)] == ["decide", "escalate", "decide"]
    assert len(asked) == 1


def test_what_was_asked_longest_ago_makes_room(version, asked, monkeypatch):
    monkeypatch.setattr(part, "MAX_KNOWN", 1)
    made = version({"when": ADULT, "then": DONE})
    assert [made.advance({"age": age}).kind for age in (20, 5, 20)] == ["decide", "escalate", "decide"]
    assert len(asked) == 3


def test_a_closed_version_answers_no_more_of_what_it_knew(version):
    made = version({"when": ADULT, "then": DONE})
    made.advance({"age": 20})
    made.rule_set.close()
    with pytest.raises(EngineFault, match="closed"):
        made.advance({"age": 20})
