"""The agent that tells whether a plan covers a visit, and every exception that stands against it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from orchestration.plugin_api import Agent, AgentResult, Health, Model, Request

Exception_ = Literal[
    "unknown_plan",
    "out_of_network",
    "age_limit",
    "not_started",
    "ended",
    "waiting_period",
    "visit_limit",
    "referral_needed",
    "prior_authorisation",
]
Main = Literal[
    "none",
    "unknown_plan",
    "out_of_network",
    "age_limit",
    "not_started",
    "ended",
    "waiting_period",
    "visit_limit",
    "referral_needed",
    "prior_authorisation",
]
# In the order in which a person would look: what cannot be mended first, what a paper mends last.
_SAID: dict[str, str] = {
    "unknown_plan": "the plan is not known",
    "out_of_network": "the clinic or specialty is outside the plan's network",
    "age_limit": "the plan is for another age",
    "not_started": "the membership begins after the visit",
    "ended": "the membership ends before the visit",
    "waiting_period": "the waiting period is not over",
    "visit_limit": "the visits of this year are used up",
    "referral_needed": "a referral is needed",
    "prior_authorisation": "a prior authorisation is needed",
}


class EligibilityAgent(Agent):
    name, version, title = "scheduling.eligibility", "1.0", "Checks insurance coverage"
    description = "Compares a visit with the rules of the patient's plan and lists every exception."
    inline = True

    class Input(Model):
        plan: str = Field(title="Plan", max_length=80)
        clinic: str = Field(title="Clinic", max_length=80)
        specialty: str = Field(title="Specialty", max_length=80)
        visit_type: str = Field(title="Kind of visit", max_length=80)
        day: date = Field(title="Day of the visit")
        birth_date: date = Field(title="Birth date")
        member_since: date = Field(title="Member since")
        member_until: date | None = Field(default=None, title="Member until")
        received_at: AwareDatetime = Field(title="When the request came in")
        visits_this_year: int = Field(title="Visits this year so far", ge=0, le=1000)
        referral: bool | None = Field(default=None, title="There is a referral")
        prior_authorisation: bool | None = Field(default=None, title="There is a prior authorisation")

    class Output(Model):
        covered: bool = Field(title="Covered")
        exceptions: list[Exception_] = Field(title="What stands against it")
        main: Main = Field(title="The exception to look at first")

    def run(self, request: Request[Any, Any]) -> AgentResult:
        stated = request.input
        plan = plans().get(stated.plan)
        found = exceptions(plan, stated) if plan else ["unknown_plan"]
        output = self.Output(covered=not found, exceptions=found, main=found[0] if found else "none")
        # A paper that nobody has asked about yet may well exist.
        unknown = [
            name
            for name, paper in (
                ("referral_needed", stated.referral),
                ("prior_authorisation", stated.prior_authorisation),
            )
            if name in found and paper is None
        ]
        title = plan["title"] if plan else stated.plan
        said = "; ".join(_SAID[one] for one in found)
        summary = f"{title}: {said}." if found else f"{title} covers the visit."
        evidence = tuple({"what": _SAID[one], "value": one} for one in found)
        return AgentResult(output, 0.6 if unknown else 1.0, summary, evidence)

    def check(self, config: Any) -> Health:
        odd = [name for name, plan in plans().items() if plan["ages"][0] > plan["ages"][1]]
        if odd:
            return Health(False, f"plans.json: the ages of {', '.join(odd)} are the wrong way round. Swap them.")
        return Health(True, details={"plans": sorted(plans())})


@cache
def plans() -> dict[str, dict[str, Any]]:
    """The plans that are shipped; all invented."""
    loaded: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "plans.json").read_text(encoding="utf-8"))
    return loaded


def exceptions(plan: dict[str, Any], stated: Any) -> list[str]:
    """What stands against covering the visit, worst first, less what the plan waives.

    The waiting period of n days ends n days after the day the membership began: that day is covered. The visit
    asked for is one more than those so far, which count anew from 1 January. A birthday on 29 February falls on
    1 March in other years.
    """
    waited_until = stated.member_since + timedelta(days=plan["waiting_days"])
    low, high = plan["ages"]
    before = stated.visits_this_year if stated.day.year == stated.received_at.year else 0
    against = {
        "out_of_network": stated.clinic not in plan["clinics"] or stated.specialty not in plan["specialties"],
        "age_limit": not low <= age_on(stated.birth_date, stated.day) <= high,
        "not_started": stated.day < stated.member_since,
        "ended": stated.member_until is not None and stated.day > stated.member_until,
        "waiting_period": stated.visit_type in plan["waiting_for"] and stated.day < waited_until,
        "visit_limit": before + 1 > plan["visits_per_year"],
        "referral_needed": stated.specialty in plan["referral"] and stated.referral is not True,
        "prior_authorisation": stated.visit_type in plan["authorisation"] and stated.prior_authorisation is not True,
    }
    return [name for name in _SAID if against.get(name) and not _waived(plan, name, stated)]


def _waived(plan: dict[str, Any], name: str, stated: Any) -> bool:
    """A waiver frees visits of some kinds, and of patients below an age, from one of the plan's rules."""
    age = age_on(stated.birth_date, stated.day)
    return any(
        waiver["rule"] == name
        and stated.visit_type in waiver.get("visit_types", (stated.visit_type,))
        and age < waiver.get("under_age", age + 1)
        for waiver in plan["waivers"]
    )


def age_on(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
