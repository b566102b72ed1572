"""Every agent of the scheduling plugin keeps the promises of an agent."""

from typing import Any

import pytest

from orchestration.testing import promises
from plugins.scheduling.eligibility import EligibilityAgent
from plugins.scheduling.no_show import NoShowAgent
from plugins.scheduling.reminders import RemindersAgent
from plugins.scheduling.request import RequestAgent
from plugins.scheduling.slots import SlotsAgent

AT, START = "2026-03-02T09:00:00-05:00", "2026-03-05T08:00:00-05:00"
VISIT = {"clinic": "northgate", "specialty": "dermatology", "visit_type": "consultation"}
PLAN = {"plan": "harbour_plus", "day": "2026-03-05", "birth_date": "1990-05-17", "member_since": "2020-01-01"}
REMINDED = {"start": START, "received_at": AT, "band": "high", "sms": True}
AGENTS: list[tuple[Any, list[dict[str, Any]], list[dict[str, Any]]]] = [
    (RequestAgent, [{"received_at": AT, "transcript": "Caller: I have chest pain"}, {"received_at": AT}], []),
    (SlotsAgent, [{**VISIT, "received_at": AT}], [{**VISIT, "received_at": AT, "clinic": "moon"}]),
    (EligibilityAgent, [{**VISIT, **PLAN, "visits_this_year": 0, "received_at": AT}], []),
    (NoShowAgent, [{"start": START, "received_at": AT, "birth_date": "1990-05-17"}], []),
    (RemindersAgent, [{**REMINDED, "time_zone": "America/New_York"}], [{**REMINDED, "time_zone": "Mars/Base"}]),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "promise",
    [
        pytest.param(promise, id=f"{agent.name}-{promise}")
        for agent, inputs, failing in AGENTS
        for promise in promises(agent, inputs=inputs, failing=failing)
    ],
)
def test_promise(promise: Any) -> None:
    promise()
