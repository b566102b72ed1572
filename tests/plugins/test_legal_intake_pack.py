"""The client-intake pack: what is missing ends with a person, and what is answered lets the rules go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.engine.advance import advance
from orchestration.engine.compile import RuleSet, compile_version
from orchestration.engine.step import Progress, RunRecord, Step
from orchestration.facts import Facts
from orchestration.rules import pack as packs
from orchestration.testing import Conductor
from plugins import legal_intake
from plugins.legal_intake.complexity import ComplexityAgent
from plugins.legal_intake.conflicts import ConflictsAgent
from plugins.legal_intake.distress import DistressAgent
from plugins.legal_intake.limitation import LimitationAgent
from plugins.legal_intake.practice_area import AREAS, PracticeAreaAgent

HERE = Path(legal_intake.__file__).parent
TEXT = (HERE / "pack.yaml").read_text(encoding="utf-8")
AGENTS = (PracticeAreaAgent, ConflictsAgent, LimitationAgent, ComplexityAgent, DistressAgent)
NOW = "2026-03-02T12:00:00+00:00"
PACK = packs.load(TEXT)
PARAMETERS: dict[str, Any] = {one.name: one.value for one in PACK.content.parameters}


@pytest.fixture(scope="module")
def conductor() -> Iterator[Conductor]:
    with Conductor.of_pack(TEXT, agents=AGENTS) as made:
        yield made


def test_every_area_is_either_practised_or_referred() -> None:
    named = [area for name in ("areas_practised", "areas_referred") for area in PARAMETERS[name]]
    assert sorted(named) == sorted(AREAS)


# --- What is missing ends with a person -------------------------------------------------------------

DECIDED: dict[str, Any] = {
    "call_date": "2026-03-02",
    "matter": {"jurisdictions": ["DE"], "documents": 4, "proceedings": "none"},
    "opponents": [{"name": "Pirol Grundbesitz", "kind": "company"}],
}
FOUND: dict[str, Any] = {
    "area": 0.8,
    "area.area": "tenancy",
    "conflicts.conflict_score": 0,
    "conflicts.check_score": 0,
    "limitation.running": True,
    "limitation.next_last_day": "2026-12-31",
    "limitation.all_expired": False,
    "limitation.some_expired": False,
    "limitation.undated": [],
    "limitation.unstated": [],
    "complexity": 1.0,
    "complexity.score": 12,
    "distress.danger": "none",
    "distress.sensitive": False,
    "distress.score": 0,
}


@pytest.fixture(scope="module")
def rule_set(conductor: Conductor) -> Iterator[RuleSet]:
    compiled = compile_version(conductor.content)
    yield compiled
    compiled.close()


def step_on(rule_set: RuleSet, case: dict[str, Any], found: dict[str, Any]) -> Step:
    names = [step.name for step in PACK.content.agents]
    outputs: dict[str, dict[str, Any]] = {name: {} for name in names}
    confidence: dict[str, float] = {}
    for name, value in found.items():
        step, _, field = name.partition(".")
        if field:
            outputs[step][field] = value
        else:
            confidence[step] = value
    runs = [RunRecord(name, "succeeded", output=outputs[name], confidence=confidence.get(name)) for name in names]
    return advance(rule_set, Facts({"case": case, "human": {}, "meta": {"now": NOW}}), Progress(runs=tuple(runs)))


def test_a_call_with_all_that_matters_is_accepted(rule_set: RuleSet) -> None:
    assert step_on(rule_set, DECIDED, FOUND).outcome == "accept_matter"


@pytest.mark.parametrize("missing", FOUND)
def test_a_finding_that_is_missing_ends_with_a_person(rule_set: RuleSet, missing: str) -> None:
    found = {name: value for name, value in FOUND.items() if name != missing}
    assert step_on(rule_set, DECIDED, found).kind == "escalate"


@pytest.mark.parametrize("missing", ["call_date", "matter", "documents", "proceedings", "opponents"])
def test_a_fact_that_is_missing_ends_with_a_person(rule_set: RuleSet, missing: str) -> None:
    matter = {name: value for name, value in DECIDED["matter"].items() if name != missing}
    case = {name: value for name, value in (DECIDED | {"matter": matter}).items() if name != missing}
    assert step_on(rule_set, case, FOUND).kind == "escalate"


@pytest.mark.parametrize("failed", [step.name for step in PACK.content.agents])
def test_an_agent_that_failed_ends_with_a_person(rule_set: RuleSet, failed: str) -> None:
    found = {name: value for name, value in FOUND.items() if name.partition(".")[0] != failed}
    assert step_on(rule_set, DECIDED, found).kind == "escalate"


def test_nothing_known_about_a_case_always_ends_with_a_person(rule_set: RuleSet) -> None:
    assert step_on(rule_set, {}, {}).kind == "escalate"


# --- With the agents --------------------------------------------------------------------------------

CALL: dict[str, Any] = {
    "call_date": "2026-03-02",
    "caller": {"name": "Nele Vandamme", "kind": "person"},
    "opponents": [{"name": "Pirol Grundbesitz GbR", "kind": "company"}],
    "claims": [{"kind": "regular", "happened": "2025-06-30", "known": "2025-06-30"}],
    "matter": {"amount": 1500, "jurisdictions": ["DE"], "documents": 5, "proceedings": "none"},
    "transcript": [
        {"speaker": "caller", "text": "My landlord keeps the rent deposit."},
        {"speaker": "firm", "text": "Since when?"},
        {"speaker": "caller", "text": "I moved out in June."},
        {"speaker": "caller", "text": "We wrote a handover protocol."},
    ],
}


def test_an_ordinary_call_is_accepted_and_every_agent_has_looked_at_it(conductor: Conductor) -> None:
    result = conductor.run(CALL, now=NOW)
    assert (result.outcome, sorted(result.runs)) == (
        "accept_matter", ["area", "complexity", "conflicts", "distress", "limitation"],
    )  # fmt: skip


def with_line(text: str) -> dict[str, Any]:
    return CALL | {"transcript": [*CALL["transcript"], {"speaker": "caller", "text": text}]}


# Row: the call, the queue and the reason, what the person answers, the outcome then.
ANSWERED = [
    (with_line("He threatened to kill me."), "client-care", "Somebody may be in danger",
     {"caller_safe": True, "caller_spoken_with": True}, "accept_matter"),
    (with_line("I am desperate and in tears."), "client-care", "Requires empathy", {"caller_spoken_with": True},
     "accept_matter"),
    (CALL | {"opponents": [{"name": "Feldspat Energie", "kind": "company"}]}, "conflicts-desk",
     "Conflict of interest", {"conflict_cleared": True}, "accept_matter"),
    (CALL | {"opponents": []}, "conflicts-desk", "Opponent is not named", {"conflict_cleared": True}, "accept_matter"),
    (CALL | {"claims": [{"kind": "dismissal", "happened": "2026-02-12"}]}, "deadlines-desk", "Limitation ends soon",
     {"in_time": True}, "accept_matter"),
    (CALL | {"claims": [{"kind": "tenant_expenses"}]}, "deadlines-desk", "A limitation date is not known",
     {"in_time": True}, "accept_matter"),
    (CALL | {"claims": [{"kind": "tenant_expenses", "happened": "2025-07-31"}]}, "deadlines-desk",
     "Limitation ran out lately", {"in_time": True}, "offer_consultation"),
    (CALL | {"matter": CALL["matter"] | {"documents": 200, "amount": 900_000, "jurisdictions": ["DE", "PL"]}},
     "senior-lawyers", "High complexity", {"complexity_accepted": True}, "accept_matter"),
    (CALL | {"transcript": [{"speaker": "caller", "text": "It is about a letter."}] * 3}, "intake-desk",
     "Practice area is not clear", {"practice_area": "tax"}, "refer_out"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "queue", "reason", "answer", "outcome"), ANSWERED, ids=[row[2] for row in ANSWERED])
def test_what_a_person_answers_settles_the_case(
    conductor: Conductor, call: dict[str, Any], queue: str, reason: str, answer: dict[str, Any], outcome: str
) -> None:
    asked = conductor.run(call, now=NOW)
    assert (asked.queue, asked.reason) == (queue, reason)
    assert asked.answer(answer).outcome == outcome


def test_a_corrected_name_is_checked_again(conductor: Conductor) -> None:
    asked = conductor.run(CALL | {"opponents": [{"name": "Feldspat Energie", "kind": "company"}]}, now=NOW)
    corrected = asked.answer(corrections={"opponents": [{"name": "Nordsee Kurbetriebe", "kind": "company"}]})
    assert (asked.reason, corrected.outcome) == ("Conflict of interest", "accept_matter")
