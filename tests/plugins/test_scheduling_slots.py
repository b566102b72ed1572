"""Free times: never overlapping, within hours, buffers kept, the best by brute force; clocks and holidays by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.scheduling.calendars import DAYS, Clinic, Provider, clinics, holiday, opening
from plugins.scheduling.slot_search import Wanted, all_slots, best_slots
from plugins.scheduling.slots import SlotsAgent

NEW_YORK = ZoneInfo("America/New_York")
MINUTE = timedelta(minutes=1)


def clinic(hours: dict[str, tuple[tuple[time, time], ...]], buffer: int = 5) -> Clinic:
    providers = tuple(Provider(key, key, "skin", hours) for key in ("ann", "ben"))
    return Clinic("c", "C", NEW_YORK, "US", "MA", timedelta(minutes=buffer), providers)


WEEK = {day: ((time(7, 30), time(12)), (time(13), time(17))) for day in DAYS}
MONDAY = datetime(2026, 3, 2, 7, tzinfo=NEW_YORK).astimezone(UTC)


def _wanted(**changes: object) -> Wanted:
    usual = {"specialty": "skin", "length": 30 * MINUTE, "earliest": MONDAY, "latest": MONDAY + timedelta(days=2)}
    return Wanted(**{**usual, **changes})  # type: ignore[arg-type]


booked = st.lists(st.tuples(st.integers(-60, 3 * 24 * 60), st.integers(5, 300)), max_size=12)
searches = st.builds(
    _wanted,
    length=st.sampled_from((15, 20, 30, 45, 60)).map(lambda minutes: minutes * MINUTE),
    part_of_day=st.sampled_from((None, "early", "morning", "afternoon", "evening")),
    weekdays=st.sampled_from(((), ("mon",), ("tue", "wed"))),
    provider=st.sampled_from((None, "ann", "ben")),
    earliest=st.integers(0, 2000).map(lambda minutes: MONDAY + minutes * MINUTE),
)


def _busy(ann: list[tuple[int, int]], ben: list[tuple[int, int]]) -> dict[str, list[tuple[datetime, datetime]]]:
    return {
        key: [(MONDAY + start * MINUTE, MONDAY + (start + long) * MINUTE) for start, long in one]
        for key, one in (("ann", ann), ("ben", ben))
    }


@settings(max_examples=60, deadline=None, derandomize=True)
@given(booked, booked, searches, st.integers(0, 20))
def test_every_slot_is_inside_the_hours_and_keeps_the_buffer_to_what_is_booked(
    ann: list, ben: list, wanted: Wanted, buffer: int
) -> None:
    busy, place = _busy(ann, ben), clinic(WEEK, buffer)
    for slot in all_slots(place, busy, wanted):
        assert slot.end - slot.start == wanted.length
        assert wanted.earliest <= slot.start <= wanted.latest
        spans = WEEK[DAYS[slot.start.weekday()]]
        assert any(start <= slot.start.time() and slot.end.time() <= end for start, end in spans)
        for taken_from, taken_to in busy[slot.provider]:
            assert slot.end + place.buffer <= taken_from or taken_to + place.buffer <= slot.start


@settings(max_examples=40, deadline=None, derandomize=True)
@given(booked, booked, searches)
def test_the_times_found_are_those_of_brute_force(ann: list, ben: list, wanted: Wanted) -> None:
    """Brute force looks at every minute of every day on its own, and knows nothing of gaps."""
    busy, place = _busy(ann, ben), clinic(WEEK)
    expected = set()
    for provider in ("ann", "ben"):
        for minute in range(4 * 24 * 60):
            start = MONDAY - timedelta(hours=7) + minute * MINUTE
            local, end = start.astimezone(NEW_YORK), start + wanted.length
            if not wanted.earliest <= start <= wanted.latest:
                continue
            for opens, closes in WEEK[DAYS[local.weekday()]]:
                opened = datetime.combine(local.date(), opens, NEW_YORK)
                closed = datetime.combine(local.date(), closes, NEW_YORK)
                fits = opened <= start and end <= closed and (start - opened) % wanted.step == timedelta(0)
                if fits and all(end + 5 * MINUTE <= a or b + 5 * MINUTE <= start for a, b in busy[provider]):
                    expected.add((start, provider))
    slots = list(all_slots(place, busy, wanted))
    assert {(slot.start.astimezone(UTC), slot.provider) for slot in slots} == expected
    assert len(slots) == len(expected)
    best = best_slots(place, busy, wanted, 3)
    assert best == sorted(slots, key=lambda slot: slot.rank)[:3]
    assert not slots or best[0].score == max(slot.score for slot in slots)


def test_scores_are_those_worked_out_by_hand() -> None:
    """Monday 7:30 to 8:30 is free with Ann: 100, less 25 for a wish for the afternoon, less 1 for half an hour left."""
    place = clinic({"mon": ((time(7, 30), time(8, 20)),)})
    found = list(all_slots(place, {}, _wanted(part_of_day="afternoon", provider="ann", step=20 * MINUTE)))
    ann, ben = ([slot for slot in found if slot.provider == key] for key in ("ann", "ben"))
    assert [(slot.start.strftime("%H:%M"), slot.score) for slot in ann] == [("07:30", 74.0), ("07:50", 74.0)]
    assert [slot.score for slot in ben] == [54.0, 54.0]
    assert ann[0].missed == ("part_of_day",)
    assert ben[0].missed == ("part_of_day", "provider")


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2026, 3, 1), 6),  # an ordinary night
        (date(2026, 3, 8), 5),  # clocks go forward: an hour is missing
        (date(2026, 11, 1), 7),  # and back: an hour comes twice
    ],
)
def test_a_night_over_a_change_of_the_clocks_has_as_many_slots_as_hours(day: date, hours: int) -> None:
    place = clinic({DAYS[day.weekday()]: ((time(0), time(6)),)})
    start = datetime.combine(day, time(0), NEW_YORK).astimezone(UTC)
    assert [b - a for a, b in opening(place, place.providers[0], day)] == [timedelta(hours=hours)]
    wanted = _wanted(earliest=start, latest=start + timedelta(hours=8), length=60 * MINUTE, step=60 * MINUTE)
    found = sorted({slot.start.astimezone(UTC) for slot in all_slots(place, {}, wanted)})
    assert found == [start + timedelta(hours=number) for number in range(hours)]


def test_nine_o_clock_stays_nine_o_clock_when_the_clocks_change() -> None:
    place = clinic({day: ((time(9), time(10)),) for day in DAYS})
    starts = [opening(place, place.providers[0], date(2026, 3, day))[0][0] for day in (7, 8)]
    assert [start.hour for start in starts] == [14, 13]


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 7, 3), "Independence Day (observed)"),  # the fourth is a Saturday: not kept on Friday in the state
        (date(2026, 4, 20), "Patriots' Day"),  # kept in Massachusetts only
        (date(2026, 11, 26), "Thanksgiving Day"),
    ],
)
def test_nobody_works_on_a_public_holiday(day: date, name: str) -> None:
    place = clinic(WEEK)
    kept = holiday(place, day)
    if day == date(2026, 7, 3):
        assert bool(kept) == (opening(place, place.providers[0], day) == [])
        return
    assert kept == name
    assert opening(place, place.providers[0], day) == []


AT = "2026-03-02T09:00:00-05:00"


def test_the_agent_finds_the_next_free_time_after_what_is_booked(run: Callable) -> None:
    """Dr Maris works Tuesday from 7:30. Booked until 9:00, and five minutes' buffer: the next start is 9:15."""
    busy = [{"provider": "maris", "start": "2026-03-03T07:30:00-05:00", "minutes": 90}]
    output = run(SlotsAgent(), clinic="northgate", specialty="dermatology", received_at=AT, busy=busy).output
    assert output.start == datetime(2026, 3, 3, 9, 15, tzinfo=NEW_YORK)
    assert (output.provider, output.part_of_day, output.lead_days, output.matches) == ("maris", "morning", 1, True)
    assert len(output.slots) == 3


def test_not_before_and_not_after_are_kept_strictly(run: Callable) -> None:
    base = {"clinic": "northgate", "specialty": "dermatology", "received_at": AT}
    assert run(SlotsAgent(), **base, not_before="2026-03-18").output.day == date(2026, 3, 18)
    assert run(SlotsAgent(), **base, not_before="2026-05-01").output.day == date(2026, 5, 1)  # beyond two weeks
    assert run(SlotsAgent(), **base, not_after="2026-03-02").output.found is False


def test_urgent_searches_fewer_days_than_routine(run: Callable) -> None:
    busy = [{"provider": "maris", "start": f"2026-03-0{day}T05:00:00-05:00", "minutes": 1000} for day in (3, 4)]
    base = {"clinic": "northgate", "specialty": "dermatology", "received_at": AT, "busy": busy}
    assert run(SlotsAgent(), **base, urgency="urgent").output.found is False
    assert run(SlotsAgent(), **base).output.day == date(2026, 3, 6)


def test_an_unknown_clinic_is_named_with_those_that_are_known(run: Callable) -> None:
    with pytest.raises(Exception, match=r"no clinic “moon”\. Known: northgate, riverside") as caught:
        run(SlotsAgent(), clinic="moon", specialty="dermatology", received_at=AT)
    assert caught.value.permanent


def test_days_out_of_order_are_an_error_of_the_configuration() -> None:
    agent = SlotsAgent()
    assert agent.check(agent.Config()).ok
    assert not agent.check(agent.Config(days_urgent=20)).ok


def test_the_shipped_clinics_open_at_half_past_seven_at_the_earliest() -> None:
    for place in clinics().values():
        for provider in place.providers:
            assert min(start for spans in provider.hours.values() for start, _ in spans) >= time(7, 30)
