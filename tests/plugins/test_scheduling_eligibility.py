"""Coverage: one plain visit that is covered, and every exception at its edge, worked out by hand from plans.json."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from plugins.scheduling.eligibility import EligibilityAgent, age_on, plans

PLAIN = {
    "plan": "harbour_basic",
    "clinic": "northgate",
    "specialty": "family_medicine",
    "visit_type": "consultation",
    "day": "2026-03-04",
    "received_at": "2026-03-02T09:00:00-05:00",
    "birth_date": "1990-05-17",
    "member_since": "2020-01-01",
    "visits_this_year": 2,
    "referral": True,
    "prior_authorisation": True,
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"plan": "moon"}, ["unknown_plan"]),
        ({"clinic": "riverside"}, ["out_of_network"]),
        ({"specialty": "cardiology"}, []),
        ({"specialty": "cardiology", "referral": False}, ["referral_needed"]),
        ({"specialty": "cardiology", "referral": None}, ["referral_needed"]),
        ({"specialty": "cardiology", "referral": False, "plan": "harbour_plus"}, []),  # needs none
        ({"visit_type": "procedure", "prior_authorisation": False}, ["prior_authorisation"]),
        ({"visit_type": "procedure", "member_since": "2025-12-04"}, []),  # 90 days before: over on this day
        ({"visit_type": "procedure", "member_since": "2025-12-05"}, ["waiting_period"]),  # 89 days
        ({"visit_type": "consultation", "member_since": "2026-03-03"}, []),  # no waiting for a consultation
        ({"member_since": "2026-03-04"}, []),  # begins on the day
        ({"member_since": "2026-03-05"}, ["not_started"]),
        ({"visits_this_year": 11}, []),  # the twelfth of twelve
        ({"visits_this_year": 12}, ["visit_limit"]),
        ({"visits_this_year": 12, "received_at": "2025-12-30T09:00:00-05:00"}, []),  # those were last year's
        ({"visits_this_year": 12, "visit_type": "vaccination"}, []),  # waived
        ({"visits_this_year": 12, "visit_type": "vaccination", "plan": "harbour_plus", "referral": None}, []),
        ({"member_until": "2026-03-04"}, []),  # ends on the day
        ({"member_until": "2026-03-03"}, ["ended"]),
        ({"specialty": "cardiology", "referral": False, "visit_type": "follow_up"}, []),  # waived
        ({"plan": "meadow_family", "visit_type": "checkup", "member_since": "2026-02-20"}, ["waiting_period"]),
        # 17 on the day: waived; 18 on the day: not
        (
            {
                "plan": "meadow_family",
                "visit_type": "checkup",
                "member_since": "2026-02-20",
                "birth_date": "2008-03-05",
            },
            [],
        ),
        (
            {
                "plan": "meadow_family",
                "visit_type": "checkup",
                "member_since": "2026-02-20",
                "birth_date": "2008-03-04",
            },
            ["waiting_period"],
        ),
        ({"plan": "summit_senior", "birth_date": "1961-03-04"}, []),  # 65 today
        ({"plan": "summit_senior", "birth_date": "1961-03-05"}, ["age_limit"]),  # tomorrow
        ({"plan": "meadow_family", "birth_date": "1961-03-05"}, []),
        ({"plan": "meadow_family", "birth_date": "1961-03-04"}, ["age_limit"]),
        (
            {"clinic": "riverside", "specialty": "cardiology", "referral": False, "visits_this_year": 12},
            ["out_of_network", "visit_limit", "referral_needed"],
        ),
    ],
)
def test_exceptions(run: Callable, changes: dict, expected: list[str]) -> None:
    output = run(EligibilityAgent(), **{**PLAIN, **changes}).output
    assert (output.exceptions, output.covered) == (expected, not expected)
    assert output.main == (expected[0] if expected else "none")


def test_a_paper_nobody_asked_about_makes_the_answer_less_sure(run: Callable) -> None:
    heart = {**PLAIN, "specialty": "cardiology"}
    assert run(EligibilityAgent(), **{**heart, "referral": None}).confidence == 0.6
    assert run(EligibilityAgent(), **{**heart, "referral": False}).confidence == 1.0


def test_age_on_a_leap_day_is_reached_on_the_first_of_march() -> None:
    assert [age_on(date(2004, 2, 29), day) for day in (date(2025, 2, 28), date(2025, 3, 1))] == [20, 21]


def test_every_plan_covers_some_visit(run: Callable) -> None:
    assert EligibilityAgent().check(None).ok
    for name, plan in plans().items():
        born = f"{2026 - plan['ages'][0] - 5 if plan['ages'][0] else 1990}-01-01"
        assert run(EligibilityAgent(), **{**PLAIN, "plan": name, "birth_date": born}).output.covered
