"""Reminders: moments worked out by hand, and nobody ever disturbed in quiet hours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.plugin_api import AgentError
from plugins.scheduling.reminders import RemindersAgent

BASE = {"received_at": "2026-03-02T09:00:00-05:00", "time_zone": "America/New_York", "sms": True}


def plan(run: Callable, **stated: object) -> list[tuple[str, str]]:
    found = run(RemindersAgent(), **{**BASE, **stated}).output.reminders
    return [(one.at.strftime("%m-%d %H:%M"), one.channel) for one in found]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        # low: the day before
        ({"start": "2026-03-12T10:00:00-04:00", "band": "low"}, [("03-11 10:00", "sms")]),
        # medium: three days and a day before; the clocks change on the eighth, and 10 stays 10
        (
            {"start": "2026-03-10T10:00:00-04:00", "band": "medium", "sms": False, "email": True},
            [("03-07 10:00", "email"), ("03-09 10:00", "email")],
        ),
        # high: three hours before an early visit is 4:30, quiet; sent at 20:00 of the day before, and by a call
        (
            {"start": "2026-03-12T07:30:00-04:00", "band": "high", "voice": True},
            [("03-04 20:00", "sms"), ("03-09 20:00", "sms"), ("03-10 20:00", "sms"), ("03-11 20:00", "voice")],
        ),
        # what would be before the request is left out
        ({"start": "2026-03-03T15:00:00-05:00", "band": "medium"}, [("03-02 15:00", "sms")]),
        ({"start": "2026-03-02T15:00:00-05:00", "band": "low"}, []),
        # the patient's clock: eight in New York is seven in Chicago, quiet
        (
            {"start": "2026-03-12T08:00:00-04:00", "band": "low", "time_zone": "America/Chicago"},
            [("03-10 20:00", "sms")],
        ),
        # nothing is allowed
        ({"start": "2026-03-12T10:00:00-04:00", "band": "high", "sms": False}, []),
    ],
)
def test_reminders(run: Callable, stated: dict, expected: list[tuple[str, str]]) -> None:
    assert plan(run, **stated) == expected


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    st.integers(0, 40_000),
    st.sampled_from(("low", "medium", "high")),
    st.sampled_from(("America/New_York", "Europe/Berlin", "Asia/Kolkata", "Pacific/Auckland")),
    st.sampled_from(((21, 8), (22, 6), (0, 7), (12, 14))),
)
def test_every_reminder_is_between_request_and_visit_and_out_of_quiet_hours(
    run: Callable, minutes: int, band: str, zone: str, quiet: tuple[int, int]
) -> None:
    received = datetime(2026, 3, 2, 14, tzinfo=UTC)
    start = received + timedelta(minutes=minutes)
    low, high = time(quiet[0]), time(quiet[1])
    config = {"quiet_from": low, "quiet_to": high}
    stated = {"start": start, "received_at": received, "band": band, "time_zone": zone, "sms": True}
    moments = [one.at for one in run(RemindersAgent(), config, **stated).output.reminders]
    assert moments == sorted(moments)
    assert all(later - earlier >= timedelta(hours=2) for earlier, later in pairwise(moments))
    for at in moments:
        clock = at.astimezone(ZoneInfo(zone)).time()
        assert received < at < start
        assert not (low <= clock < high if low < high else clock >= low or clock < high)


@pytest.mark.parametrize(
    ("received_at", "start", "confirm_by"),
    [
        ("2026-03-02T09:00:00-05:00", "2026-03-05T10:00:00-05:00", "2026-03-02T11:00:00-05:00"),
        # half an hour in the evening, an hour and a half from eight in the morning
        ("2026-03-02T20:30:00-05:00", "2026-03-05T10:00:00-05:00", "2026-03-03T09:30:00-05:00"),
        ("2026-03-02T23:00:00-05:00", "2026-03-05T10:00:00-05:00", "2026-03-03T10:00:00-05:00"),
        ("2026-03-02T05:00:00-05:00", "2026-03-05T10:00:00-05:00", "2026-03-02T10:00:00-05:00"),
        (
            "2026-03-02T19:00:00-05:00",
            "2026-03-05T10:00:00-05:00",
            "2026-03-02T21:00:00-05:00",
        ),  # just before the night
        # an hour before the visit at the latest
        ("2026-03-02T09:00:00-05:00", "2026-03-02T11:30:00-05:00", "2026-03-02T10:30:00-05:00"),
        ("2026-03-02T23:00:00-05:00", "2026-03-03T07:30:00-05:00", "2026-03-03T06:30:00-05:00"),
        # the night in which the clocks go forward
        ("2026-03-07T20:00:00-05:00", "2026-03-12T10:00:00-04:00", "2026-03-08T09:00:00-04:00"),
    ],
)
def test_the_hours_to_confirm_are_waking_ones(run: Callable, received_at: str, start: str, confirm_by: str) -> None:
    stated = {**BASE, "received_at": received_at, "start": start, "band": "high"}
    assert run(RemindersAgent(), **stated).output.confirm_by.isoformat() == confirm_by


@pytest.mark.parametrize(
    ("received_at", "ask_again_at"),
    [
        ("2026-03-02T09:00:00-05:00", "2026-03-02T10:00:00-05:00"),
        ("2026-03-02T20:30:00-05:00", "2026-03-03T08:30:00-05:00"),  # half an hour in the evening, half in the morning
        ("2026-03-03T04:00:00-05:00", "2026-03-03T09:00:00-05:00"),
    ],
)
def test_who_is_to_confirm_is_reminded_when_half_the_waking_time_is_over(
    run: Callable, received_at: str, ask_again_at: str
) -> None:
    stated = {**BASE, "received_at": received_at, "start": "2026-03-05T10:00:00-05:00", "band": "high"}
    assert run(RemindersAgent(), **stated).output.ask_again_at.isoformat() == ask_again_at


@pytest.mark.parametrize("zone", ["Mars/Base", "../etc/passwd", ""])
def test_a_wrong_time_zone_is_named(run: Callable, zone: str) -> None:
    with pytest.raises(AgentError, match="There is no time zone") as caught:
        plan(run, start="2026-03-12T10:00:00-04:00", band="low", time_zone=zone)
    assert caught.value.permanent


def test_quiet_hours_without_length_are_an_error_of_the_configuration() -> None:
    agent = RemindersAgent()
    assert agent.check(agent.Config()).ok
    assert not agent.check(agent.Config(quiet_from=time(8), quiet_to=time(8))).ok
