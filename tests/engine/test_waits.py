"""Waiting, child cases and notices happen once per case and rule (DESIGN §2, point 4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orchestration.engine.advance import NowNeeded
from orchestration.engine.step import ChildOpened, ChildRecord, Notified, WaitRecord

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
APPROVE = {"decide": {"outcome": "approve"}}
FOR = {"then": [{"wait": {"for": "2d"}}, APPROVE]}
UNTIL = {"then": [{"wait": {"until": "case.due"}}, APPROVE]}
UNTIL_TIME = {"then": [{"wait": {"until": "case.at"}}, APPROVE]}


def days(number):
    return NOW + timedelta(days=number)


@pytest.mark.parametrize(
    ("waits", "expected"),
    [
        ((), ("wait", days(2))),  # it starts now
        ((WaitRecord("r0", days(1)),), ("wait", days(1))),  # recorded: its due time stays what it was
        ((WaitRecord("r0", days(1)), WaitRecord("r0", days(0))), ("decide", None)),  # the latest record counts
        ((WaitRecord("r0", days(0)),), ("decide", None)),  # reached: passed over
        ((WaitRecord("r0", days(-3)),), ("decide", None)),
        ((WaitRecord("other", days(-3)),), ("wait", days(2))),  # another rule's wait
        ((WaitRecord("r0", days(-3), until="2026-11-19"),), ("wait", days(2))),  # another kind of wait
    ],
)
def test_a_wait_happens_once_and_its_due_time_is_recorded(version, waits, expected):
    step = version(FOR).advance(waits=waits)
    assert (step.kind, step.due) == expected
    assert step.rule == "r0"


@pytest.mark.parametrize(
    ("rule", "case", "zone", "waits", "expected"),
    [
        # a date is due at its first instant, in the workflow's time zone
        (UNTIL, {"due": "2026-12-24"}, "UTC", (), ("wait", datetime(2026, 12, 24, tzinfo=UTC), "2026-12-24")),
        (
            UNTIL,
            {"due": "2026-12-24"},
            "Europe/Berlin",
            (),
            ("wait", datetime(2026, 12, 23, 23, tzinfo=UTC), "2026-12-24"),
        ),
        (
            UNTIL_TIME,
            {"at": "2026-11-22T14:00:00+01:00"},
            "UTC",
            (),
            ("wait", datetime(2026, 11, 22, 13, tzinfo=UTC), "2026-11-22T14:00:00+01:00"),
        ),
        # in the past: no wait at all
        (UNTIL, {"due": "2026-11-22"}, "UTC", (), ("decide", None, None)),
        (UNTIL_TIME, {"at": "2026-11-22T12:00:00Z"}, "UTC", (), ("decide", None, None)),
        # recorded: the same fact is the same wait
        (
            UNTIL,
            {"due": "2026-12-24"},
            "UTC",
            (WaitRecord("r0", days(5), "2026-12-24"),),
            ("wait", days(5), "2026-12-24"),
        ),
        (UNTIL, {"due": "2026-12-24"}, "UTC", (WaitRecord("r0", days(-1), "2026-12-24"),), ("decide", None, None)),
        # a changed fact is a new wait
        (
            UNTIL,
            {"due": "2026-12-31"},
            "UTC",
            (WaitRecord("r0", days(-1), "2026-12-24"),),
            ("wait", datetime(2026, 12, 31, tzinfo=UTC), "2026-12-31"),
        ),
    ],
)
def test_a_wait_until_a_fact_is_due_when_the_fact_says(version, rule, case, zone, waits, expected):
    step = version(rule, time_zone=zone).advance(case, waits=waits)
    assert (step.kind, step.due, step.until) == expected


@pytest.mark.parametrize("case", [{}, {"due": None}, {"due": "soon"}, {"due": 5}])
def test_a_wait_until_a_fact_that_is_not_set_escalates(version, case):
    for waits in ((), (WaitRecord("r0", days(-1), "2026-12-24"),)):  # also when it had started
        step = version(UNTIL).advance(case, waits=waits)
        assert (step.kind, step.reason, step.rule) == ("escalate", "wait-without-date", "r0")
        assert "case.due" in step.detail


def test_a_wait_needs_to_know_the_time(version):
    with pytest.raises(NowNeeded, match=r"meta\.now is missing"):
        version(FOR).advance(now=None)


def test_what_follows_a_wait_in_the_rule_comes_after_it(version):
    rule = {"then": [{"wait": {"for": "1d"}}, {"escalate": {"queue": "desk", "reason": "late"}}]}
    made = version(rule)
    assert made.advance().kind == "wait"
    assert made.advance(waits=(WaitRecord("r0", days(0)),)).reason == "late"


def test_a_notice_is_given_once_per_rule(version):
    made = version({"then": {"notify": {"name": "one"}}}, {"then": {"notify": {"name": "two"}}}, {"then": APPROVE})
    assert made.advance().effects == (Notified("r0", "one"), Notified("r1", "two"))
    assert made.advance(notified=frozenset({"r0"})).effects == (Notified("r1", "two"),)


OPEN = {"then": {"open_case": {"workflow": "other", "as": "kid", "payload": {"years": "case.age"}}}}
OPEN_AND_WAIT = {
    "then": [{"open_case": {"workflow": "other", "as": "kid", "payload": {"years": "case.age"}, "wait": True}}, APPROVE]
}
OPENED = ChildOpened("r0", "kid", "other", {"years": 5}, False)


@pytest.mark.parametrize(
    ("rule", "children", "kind", "effects"),
    [
        (OPEN, (), "decide", (OPENED,)),  # opened, and on
        (OPEN, (ChildRecord("r0", "kid", "running"),), "decide", ()),  # once
        (OPEN, (ChildRecord("r0", "kid", "decided", "yes"),), "decide", ()),
        (OPEN, (ChildRecord("other", "kid", "running"),), "decide", (OPENED,)),  # another rule's child
        (OPEN_AND_WAIT, (), "wait", (ChildOpened("r0", "kid", "other", {"years": 5}, True),)),
        (OPEN_AND_WAIT, (ChildRecord("r0", "kid", "received"),), "wait", ()),
        (OPEN_AND_WAIT, (ChildRecord("r0", "kid", "escalated"),), "wait", ()),
        (OPEN_AND_WAIT, (ChildRecord("r0", "kid", "decided", "yes"),), "decide", ()),
        (OPEN_AND_WAIT, (ChildRecord("r0", "kid", "cancelled"),), "decide", ()),  # that ends the wait
        (OPEN_AND_WAIT, (ChildRecord("", "kid", "decided", "yes"),), "decide", ()),  # given by a scenario
    ],
)
def test_a_child_case_is_opened_once_and_waited_for(version, rule, children, kind, effects):
    step = version(rule, {"then": APPROVE, "priority": -1}).advance({"age": 5}, children=children)
    assert (step.kind, step.effects) == (kind, effects)
    assert step.child == ("kid" if kind == "wait" else "")


def test_what_became_of_a_child_is_a_fact(version):
    when = {"all": [{"fact": "children.kid.outcome", "op": "eq", "value": "yes"}]}
    status = {"fact": "children.kid.status", "op": "eq", "value": "cancelled"}
    made = version(
        {"then": {"open_case": {"workflow": "other", "as": "kid", "wait": True}}},
        {"then": APPROVE, "when": when},
        {"then": {"decide": {"outcome": "reject"}}, "when": status},
    )
    assert made.advance(children=(ChildRecord("r0", "kid", "decided", "yes"),)).outcome == "approve"
    assert made.advance(children=(ChildRecord("r0", "kid", "cancelled"),)).outcome == "reject"
    assert made.advance(children=(ChildRecord("r0", "kid", "decided", "no"),)).reason == "no-rule-decided"


@pytest.mark.parametrize("rule", [OPEN, OPEN_AND_WAIT])
def test_a_refused_child_escalates_with_the_cause(version, rule):
    refused = ChildRecord("r0", "kid", "refused", refused="years must be a text")
    step = version(rule, {"then": APPROVE}).advance({"age": 5}, children=(refused,))
    assert (step.kind, step.reason, step.rule) == ("escalate", "child-refused", "r0")
    assert step.detail.endswith("could not be opened: years must be a text")


def test_a_refused_child_that_is_no_longer_asked_for_is_forgotten(version):
    made = version({**OPEN, "when": {"fact": "case.age", "op": "lt", "value": 18}}, {"then": APPROVE})
    refused = (ChildRecord("r0", "kid", "refused"),)
    assert made.advance({"age": 5}, children=refused).reason == "child-refused"
    assert made.advance({"age": 20}, children=refused).kind == "decide"
