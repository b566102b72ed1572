"""The limitation agent: last days worked out by hand from the statutes and the calendar.

Every date below was reckoned on paper from the wording of the statute named in its row (gesetze-im-internet.de) and a
calendar; none was taken from the agent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.testing import check_agent
from plugins.legal_intake.limitation import LimitationAgent
from plugins.legal_intake.periods import KINDS, Claim, after, last_day, next_working_day

Run = Callable[..., Any]
DAYS = st.dates(date(1950, 1, 1), date(2080, 12, 31))


def day(text: str) -> date:
    return date.fromisoformat(text)


# Row: kind, happened, known, acted, federal state, last day, statute, why.
WORKED = [
    ("regular", "2022-05-03", "2022-05-03", None, "BY", "2025-12-31", "§§ 195, 199 Abs. 1 BGB",
     "three years from the end of 2022; 31 December 2025 is a Wednesday and no holiday"),
    ("regular", "2022-12-31", None, None, "BY", "2025-12-31", "§§ 195, 199 Abs. 1 BGB",
     "the last day of the year counts to it"),
    ("regular", "2023-01-01", None, None, "BY", "2026-12-31", "§§ 195, 199 Abs. 1 BGB",
     "one day later is one year more"),
    ("regular", "2020-05-03", "2022-02-01", None, "BE", "2025-12-31", "§§ 195, 199 Abs. 1 BGB", "knowledge begins it"),
    ("regular", "2019-05-03", None, None, "BY", "2023-01-02", "§§ 195, 199 Abs. 1 BGB, § 193 BGB",
     "31 December 2022 is a Saturday, 1 January a Sunday and a holiday: Monday"),
    ("regular", "2020-05-03", None, None, "BY", "2024-01-02", "§§ 195, 199 Abs. 1 BGB, § 193 BGB",
     "31 December 2023 is a Sunday, Monday is New Year"),
    ("regular", "2010-03-10", "2018-06-01", None, "HH", "2020-03-10", "§ 199 Abs. 4 BGB",
     "ten years from when it arose come before the end of 2021"),
    ("damages", "2010-03-01", "2019-01-01", None, None, "2020-03-02", "§ 199 Abs. 3 Nr. 1 BGB, § 193 BGB",
     "ten years, known or not; 1 March 2020 is a Sunday"),
    ("damages", "2018-04-04", "2023-04-04", "1994-06-08", None, "2024-06-10", "§ 199 Abs. 3 Nr. 2 BGB, § 193 BGB",
     "thirty years from the act; 8 June 2024 is a Saturday"),
    ("injury", "2000-02-02", "2023-03-03", "2000-02-02", "NW", "2026-12-31", "§§ 195, 199 Abs. 1 BGB",
     "to body or health no ten-year limit: known in 2023, and thirty years end in 2030"),
    ("injury", "1996-09-17", "2025-01-10", "1996-09-17", "NW", "2026-09-17", "§ 199 Abs. 2 BGB",
     "thirty years from the act come before the end of 2028"),
    ("inheritance_claim", "1995-11-20", "2024-05-05", None, "SN", "2025-11-20", "§ 199 Abs. 3a BGB",
     "thirty years from death"),
    ("adjudicated", "1996-10-03", None, None, None, "2026-10-05", "§ 197 Abs. 1 Nr. 3, § 201 BGB, § 193 BGB",
     "thirty years from the final judgment; Unity Day 2026 is a Saturday"),
    ("surrender_of_property", "1996-02-29", None, None, None, "2026-03-02", "§ 197 Abs. 1 Nr. 2, § 200 BGB, § 193 BGB",
     "no 29 February 2026: the 28th (§ 188 Abs. 3), a Saturday, so Monday"),
    ("intentional_injury", "1996-07-01", None, None, None, "2026-07-01", "§ 197 Abs. 1 Nr. 1, § 200 BGB",
     "thirty years"),
    ("purchase_defect", "2024-03-12", None, None, "BW", "2026-03-12", "§ 438 Abs. 1 Nr. 3, Abs. 2 BGB", "two years"),
    ("landlord_damage", "2025-09-15", None, None, "HE", "2026-03-16", "§ 548 Abs. 1 BGB, § 193 BGB",
     "six months from the keys; 15 March 2026 is a Sunday"),
    ("landlord_damage", "2025-08-31", None, None, "HH", "2026-03-02", "§ 548 Abs. 1 BGB, § 193 BGB",
     "no 31 February: the 28th (§ 188 Abs. 3), a Saturday, so Monday"),
    ("tenant_expenses", "2025-10-31", None, None, "BE", "2026-04-30", "§ 548 Abs. 2 BGB", "no 31 April: the 30th"),
    ("dismissal", "2026-03-04", None, None, "BE", "2026-03-25", "§ 4 KSchG", "a Wednesday, three weeks, a Wednesday"),
    ("dismissal", "2026-03-13", None, None, "BE", "2026-04-07", "§ 4 KSchG, § 193 BGB",
     "Good Friday, weekend, Easter Monday: Tuesday"),
    ("dismissal", "2026-05-14", None, None, "BY", "2026-06-05", "§ 4 KSchG, § 193 BGB",
     "Corpus Christi is a holiday in Bavaria"),
    ("dismissal", "2026-05-14", None, None, "BE", "2026-06-04", "§ 4 KSchG", "and none in Berlin"),
    ("dismissal", "2026-05-14", None, None, None, "2026-06-04", "§ 4 KSchG", "nor where the state is not known"),
    ("fine_notice", "2026-02-14", None, None, None, "2026-03-02",
     "§ 67 Abs. 1 OWiG, § 46 Abs. 1 OWiG, § 43 Abs. 2 StPO", "two weeks end on a Saturday"),
    ("penal_order", "2026-04-17", None, None, None, "2026-05-04", "§ 410 Abs. 1 StPO, § 43 Abs. 2 StPO",
     "1 May, a Friday"),
    ("renounce_inheritance", "2026-01-20", None, None, "HH", "2026-03-03", "§ 1944 Abs. 1 BGB", "six weeks"),
    ("set_by_authority", "2026-03-07", None, None, "HH", "2026-03-07", "set by a court or authority",
     "a day that was named stands, even a Saturday"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "happened", "known", "acted", "state", "expected", "statute"),
    [row[:7] for row in WORKED],
    ids=[f"{row[0]}: {row[7]}" for row in WORKED],
)
def test_the_last_day_is_the_one_worked_out_by_hand(
    kind: str, happened: str, known: str | None, acted: str | None, state: str | None, expected: str, statute: str
) -> None:
    claim = Claim(kind, day(happened), day(known) if known else None, day(acted) if acted else None)
    reckoned = last_day(claim, state)
    assert (reckoned.last.isoformat(), reckoned.statute) == (expected, statute)


def test_every_kind_of_claim_has_a_worked_example() -> None:
    assert {row[0] for row in WORKED} == set(KINDS)


@given(
    kind=st.sampled_from(KINDS), happened=DAYS, later=st.integers(0, 4000), state=st.sampled_from([None, "BY", "BE"])
)
def test_what_arose_later_never_ends_earlier(kind: str, happened: date, later: int, state: str | None) -> None:
    second = min(happened + timedelta(days=later), date(2080, 12, 31))
    assert last_day(Claim(kind, happened), state).last <= last_day(Claim(kind, second), state).last


@given(start=DAYS, state=st.sampled_from([None, "BY", "SN", "BB"]))
def test_the_next_working_day_is_one_and_none_lies_before_it(start: date, state: str | None) -> None:
    found = next_working_day(start, state)
    assert found.weekday() < 5
    assert next_working_day(found, state) == found
    between = [start + timedelta(days=one) for one in range((found - start).days)]
    assert all(next_working_day(one, state) == found for one in between)


@given(start=DAYS, weeks=st.integers(1, 6))
def test_a_period_of_weeks_ends_on_the_day_of_the_same_name(start: date, weeks: int) -> None:
    assert after(start, weeks=weeks).weekday() == start.weekday()


@given(kind=st.sampled_from(["regular", "damages", "injury"]), happened=DAYS)
def test_to_know_nothing_of_a_states_holidays_never_gives_a_later_day(kind: str, happened: date) -> None:
    assert last_day(Claim(kind, happened), None).last <= last_day(Claim(kind, happened), "BY").last


def test_days_left_statute_and_reckoning_are_told(run: Run) -> None:
    """Dismissal received on Friday, 13 March 2026: last day Tuesday, 7 April; seen on 30 March, 8 days away."""
    claims = [{"kind": "dismissal", "happened": "2026-03-13"}, {"kind": "purchase_defect", "happened": "2024-01-10"}]
    result = run(LimitationAgent(), call_date="2026-03-30", claims=claims, state="BE")
    output = result.output
    assert (output.running, output.days_left, output.next_last_day, output.next_kind) == (
        True, 8, date(2026, 4, 7), "dismissal",
    )  # fmt: skip
    assert [(one.kind, one.days_left, one.moved) for one in output.deadlines] == [
        ("purchase_defect", -77, True),  # 10 January 2026 is a Saturday: Monday, 12 January
        ("dismissal", 8, True),
    ]
    assert (output.some_expired, output.all_expired, output.expired_since) == (True, False, None)
    assert result.evidence[1] == {
        "what": "dismissal: notice of dismissal received 2026-03-13: 3 weeks end on 2026-04-03; 2026-04-03 is a "
        "holiday: moves on to 2026-04-07 (§ 193 BGB)",
        "value": "2026-04-07",
        "statute": "§ 4 KSchG, § 193 BGB",
        "days_left": 8,
    }
    assert result.summary == (
        "The next last day is 2026-04-07 (dismissal), 8 days away; one claim or more is time-barred already."
    )
    assert result.confidence == 1.0


def test_the_last_day_itself_is_still_in_time(run: Run) -> None:
    def found(call_date: str) -> tuple[int | None, bool, int | None]:
        claims = [{"kind": "dismissal", "happened": "2026-03-04"}]
        output = run(LimitationAgent(), call_date=call_date, claims=claims, state="BE").output
        return output.days_left, output.all_expired, output.expired_since

    assert found("2026-03-25") == (0, False, None)
    assert found("2026-03-26") == (None, True, 1)


@pytest.mark.parametrize(
    "claim",
    [{"kind": "dismissal"}, {"kind": "dismissal", "happened": "2026-04-01"}],
    ids=["no date", "a date after the call"],
)
def test_a_claim_without_a_usable_date_is_named_and_never_counts_as_over(run: Run, claim: dict[str, str]) -> None:
    old = {"kind": "regular", "happened": "2010-01-01", "known": "2010-01-01"}
    result = run(LimitationAgent(), call_date="2026-03-02", claims=[claim, old], state="BE")
    assert (result.output.undated, result.output.all_expired, result.confidence) == (["dismissal"], False, 0.3)


# Row: what is said, by whom, the claims on the form, the periods that nobody wrote down.
HEARD = [
    ("They sent me a notice of dismissal.", "caller", [], ["dismissal"]),
    ("They sent me a notice of dismissal.", "caller", ["dismissal"], []),  # it is on the form
    ("They sent me a notice of dismissal.", "caller", ["set_by_authority"], []),  # somebody has named the day
    ("Did they send you a notice of dismissal?", "firm", [], []),  # a question
    ("I was not dismissed, I was never even warned.", "caller", [], []),  # denied
    ("I handed back the keys in May.", "caller", ["tenant_expenses"], []),
    ("I handed back the keys in May.", "caller", ["purchase_defect"], ["landlord_damage"]),
    ("A penalty notice and a penal order came.", "caller", [], ["fine_notice", "penal_order"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "speaker", "kinds", "unstated"), HEARD)
def test_a_short_period_that_is_only_spoken_of_is_noticed(
    run: Run, text: str, speaker: str, kinds: list[str], unstated: list[str]
) -> None:
    claims = [{"kind": kind, "happened": "2026-03-01"} for kind in kinds]
    transcript = [{"speaker": speaker, "text": text}]
    output = run(LimitationAgent(), call_date="2026-03-02", claims=claims, transcript=transcript).output
    assert output.unstated == unstated


# Row: claims, state, confidence.
SURE = [
    ([{"kind": "dismissal", "happened": "2026-02-20"}], "BE", 1.0),
    ([{"kind": "dismissal", "happened": "2026-02-20"}], None, 0.95),  # the state's holidays are not known
    ([{"kind": "regular", "happened": "2025-02-20"}], "BE", 0.9),  # when it was known is assumed
    ([{"kind": "regular", "happened": "2025-02-20", "known": "2025-02-20"}], "BE", 1.0),
    ([], None, 1.0),  # nothing to be wrong about
]


@pytest.mark.parametrize(("claims", "state", "confidence"), SURE)
def test_confidence_falls_with_what_had_to_be_assumed(
    run: Run, claims: list[dict[str, str]], state: str | None, confidence: float
) -> None:
    result = run(LimitationAgent(), call_date="2026-03-02", claims=claims, state=state)
    assert result.confidence == confidence


def test_the_home_state_counts_where_the_call_names_none(run: Run) -> None:
    claims = [{"kind": "dismissal", "happened": "2026-05-14"}]
    output = run(LimitationAgent(), {"home_state": "BY"}, call_date="2026-05-20", claims=claims).output
    assert output.next_last_day == date(2026, 6, 5)


def test_no_claim_means_that_nothing_runs_and_nothing_is_over(run: Run) -> None:
    result = run(LimitationAgent(), call_date="2026-03-02")
    output = result.output
    assert (output.running, output.all_expired, output.some_expired) == (False, False, False)
    assert result.summary == "No claim with a period was named."


def test_it_knows_the_holidays_it_needs() -> None:
    agent = LimitationAgent()
    assert agent.check(agent.Config(home_state="BY")).message == "Holidays of BY are known"


def test_it_keeps_the_contract_of_an_agent() -> None:
    check_agent(
        LimitationAgent,
        inputs=[{"call_date": "2026-03-02", "claims": [{"kind": "dismissal", "happened": "2026-02-20"}]}],
        failing=[{"call_date": "2026-03-02", "claims": [{"kind": "wish"}]}, {"call_date": "0001-01-01"}],
    )
