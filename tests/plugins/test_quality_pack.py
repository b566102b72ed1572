"""The non-conformance pack: what is missing ends with a person, and a critical characteristic always does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from orchestration.engine.advance import advance
from orchestration.engine.compile import RuleSet, compile_version
from orchestration.engine.step import Progress, RunRecord, Step
from orchestration.facts import Facts
from orchestration.testing import Conductor

from .quality_conductor import AGENTS, NOW, PACK, TEXT


@pytest.fixture(scope="module")
def conductor() -> Iterator[Conductor]:
    with Conductor.of_pack(TEXT, agents=AGENTS) as made:
        yield made


# --- What is missing ends with a person -------------------------------------------------------------

CASE: dict[str, Any] = {
    "report_date": "2026-03-02",
    "detected_at": "in_process",
    "origin": "own_process",
    "characteristics": [{"name": "Bore", "importance": "major"}],
    "process": {"characteristic": "Bore"},
    "used_as_is_before": 0,
}
FOUND: dict[str, Any] = {
    "measurements": 0.99,
    "measurements.verdict": "nonconforming",
    "measurements.implausible": 0,
    "measurements.gauge_percent": 10,
    "measurements.reach_percent": 30,
    "measurements.minor_reach_percent": 0,
    "measurements.characteristics": [{"name": "Bore", "importance": "major", "verdict": "nonconforming"}],
    "chart.in_control": True,
    "cost.cheapest": "rework",
    "cost.cost": 400,
    "cost.doubt": 0,
    "cost.days_late": 0,
}
BOUGHT = {name: value for name, value in CASE.items() if name != "process"} | {"origin": "supplier"}
RECORD = {"supplier.rating": "good", "supplier.overdue_actions": 0, "supplier.notice_days_left": 3}
FOUND_BOUGHT = {name: value for name, value in FOUND.items() if not name.startswith("chart")} | RECORD
LITTLE = FOUND | {"measurements.reach_percent": 0, "measurements.minor_reach_percent": 5}


@pytest.fixture(scope="module")
def rule_set(conductor: Conductor) -> Iterator[RuleSet]:
    compiled = compile_version(conductor.content)
    yield compiled
    compiled.close()


def step_on(
    rule_set: RuleSet, case: dict[str, Any], found: dict[str, Any], human: dict[str, Any] | None = None
) -> Step:
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
    facts = Facts({"case": case, "human": human or {}, "meta": {"now": NOW}})
    return advance(rule_set, facts, Progress(runs=tuple(runs)))


def test_reports_with_all_that_matters_are_decided(rule_set: RuleSet) -> None:
    assert step_on(rule_set, CASE, FOUND).outcome == "rework"
    assert step_on(rule_set, BOUGHT, FOUND_BOUGHT | {"cost.cheapest": "return"}).outcome == "return_to_supplier"
    assert step_on(rule_set, CASE, LITTLE).outcome == "use_as_is"


# What a lot that is not used as is can do without: how far it reaches, and how certain a verdict is that is clear.
NOT_NEEDED = {"measurements", "measurements.reach_percent", "measurements.minor_reach_percent"}


@pytest.mark.parametrize("missing", sorted(FOUND.keys() - NOT_NEEDED))
def test_a_finding_that_is_missing_ends_with_a_person(rule_set: RuleSet, missing: str) -> None:
    found = {name: value for name, value in FOUND.items() if name != missing}
    assert step_on(rule_set, CASE, found).kind == "escalate"


@pytest.mark.parametrize("missing", sorted(FOUND_BOUGHT.keys() - NOT_NEEDED - {"measurements.characteristics"}))
def test_so_does_one_about_a_bought_lot(rule_set: RuleSet, missing: str) -> None:
    found = {name: value for name, value in FOUND_BOUGHT.items() if name != missing}
    assert step_on(rule_set, BOUGHT, found).kind == "escalate"


@pytest.mark.parametrize("missing", sorted(NOT_NEEDED - {"measurements"}))
def test_a_lot_is_not_used_as_is_where_nobody_knows_how_far_it_reaches(rule_set: RuleSet, missing: str) -> None:
    found = {name: value for name, value in LITTLE.items() if name != missing}
    assert step_on(rule_set, CASE, found).outcome == "rework"
    assert step_on(rule_set, CASE, found | {"measurements.verdict": "conforming"}).kind == "escalate"


@pytest.mark.parametrize("missing", sorted(CASE))
def test_a_fact_that_is_missing_ends_with_a_person(rule_set: RuleSet, missing: str) -> None:
    case = {name: value for name, value in CASE.items() if name != missing}
    assert step_on(rule_set, case, LITTLE).kind == "escalate"


def test_a_minor_characteristic_without_certainty_ends_with_a_person(rule_set: RuleSet) -> None:
    unclear = LITTLE | {"measurements.verdict": "unclear", "measurements.unclear_class": "minor"}
    assert step_on(rule_set, CASE, unclear).outcome == "use_as_is"
    del unclear["measurements"]
    assert step_on(rule_set, CASE, unclear).kind == "escalate"


@pytest.mark.parametrize("failed", ["measurements", "chart", "cost"])
def test_an_agent_that_failed_ends_with_a_person(rule_set: RuleSet, failed: str) -> None:
    found = {name: value for name, value in FOUND.items() if name.partition(".")[0] != failed}
    assert step_on(rule_set, CASE, found).kind == "escalate"


def test_nothing_known_about_a_case_always_ends_with_a_person(rule_set: RuleSet) -> None:
    assert step_on(rule_set, {}, {}).kind == "escalate"


ANSWERS: dict[str, Any] = dict.fromkeys(PACK.content.human_fields["properties"], True)
# Row: the classes on the report, what was found.
CRITICAL = [
    (["critical"], FOUND),
    (["minor", "critical"], FOUND),  # among others
    (["critical"], LITTLE | {"measurements.verdict": "conforming", "measurements.minor_reach_percent": 0}),  # conforms
    (["Critical"], FOUND),  # a class that nobody knows
    ([None], FOUND),  # none at all
]


@pytest.mark.parametrize("answers", [{}, ANSWERS], ids=["not answered", "all answered"])
@pytest.mark.parametrize(("classes", "found"), CRITICAL)
def test_a_critical_characteristic_is_never_decided_by_rules(
    rule_set: RuleSet, classes: list[str], found: dict[str, Any], answers: dict[str, Any]
) -> None:
    case = CASE | {"characteristics": [{"name": "Bore", "importance": one} for one in classes]}
    step = step_on(rule_set, case, found, answers)
    assert (step.kind, step.reason) == ("escalate", "Critical characteristic")


# --- With the agents --------------------------------------------------------------------------------

REPORT: dict[str, Any] = {
    "report_date": "2026-03-02",
    "detected_at": "in_process",
    "origin": "own_process",
    "part": {"number": "P-1", "name": "Housing"},
    "quantity": 5,
    "characteristics": [
        {"name": "Bore", "importance": "major", "nominal": 47, "lower_deviation": -0.025, "upper_deviation": 0,
         "uncertainty": 0.002, "rework_side": "below", "values": [46.99, 46.96, 46.985, 46.99, 46.985]},
    ],
    "process": {"station": "M3", "characteristic": "Bore", "values": [46.985, 46.989, 46.987, 46.991] * 11},
    "costs": {"part_value": 50, "scrap_value": 3, "inspection_minutes": 1, "hourly_rate": 60, "late_per_day": 50,
              "replacement_days": 4},
    "rework": {"procedure": "RW-1", "setup_minutes": 20, "minutes": 6, "material": 1, "yield_percent": 95, "days": 1,
               "times_before": 0},
    "customer": {"name": "Invented", "due_date": "2026-03-20"},
    "used_as_is_before": 0,
}  # fmt: skip
BORE = REPORT["characteristics"][0]


def with_values(*values: float, **more: Any) -> dict[str, Any]:
    return REPORT | {"characteristics": [BORE | {"values": list(values)} | more]}


def test_a_bore_that_is_too_small_is_reworked_and_the_agents_say_why(conductor: Conductor) -> None:
    result = conductor.run(REPORT, now=NOW)
    assert (result.outcome, sorted(result.runs)) == ("rework", ["chart", "cost", "measurements"])
    assert result.runs["cost"].output["rework_cost"] == 30.35  # 20 + 6 + 1 + 1 + 5 % of 47


def test_a_bore_that_is_too_large_is_scrapped(conductor: Conductor) -> None:
    assert conductor.run(with_values(46.99, 47.01, 46.985, 46.99, 46.985), now=NOW).outcome == "scrap"


def test_values_measured_again_with_a_better_gauge_decide_the_lot(conductor: Conductor) -> None:
    """The loop of rework in the measuring room: sent back with corrected values, everything is judged again."""
    near = [46.99, 46.9745, 46.985, 46.99, 46.985]
    asked = conductor.run(with_values(*near), now=NOW)
    assert (asked.queue, asked.reason) == ("measuring-room", "Too near to a limit")
    again = [BORE | {"uncertainty": 0.0004, "values": [46.9903, 46.9742, 46.9852, 46.9898, 46.9851]}]
    assert asked.answer(corrections={"characteristics": again}).outcome == "rework"
    inside = [BORE | {"uncertainty": 0.0004, "values": [46.9903, 46.9757, 46.9852, 46.9898, 46.9851]}]
    assert asked.answer(corrections={"characteristics": inside}).outcome == "use_as_is"
    assert asked.answer(corrections={"characteristics": [BORE | {"values": near}]}).reason == "Too near to a limit"


def test_a_class_that_was_typed_wrongly_can_be_corrected(conductor: Conductor) -> None:
    asked = conductor.run(with_values(*BORE["values"], importance="critical"), now=NOW)
    assert asked.reason == "Critical characteristic"
    assert asked.answer(corrections={"characteristics": REPORT["characteristics"]}).outcome == "rework"


def test_a_tool_that_broke_shows_on_the_chart(conductor: Conductor) -> None:
    process = REPORT["process"] | {"values": [*REPORT["process"]["values"], 46.97, 46.97]}
    asked = conductor.run(REPORT | {"process": process}, now=NOW)
    assert (asked.queue, asked.reason) == ("process-engineering", "Process is not in control")
    assert asked.answer({"process_contained": True}).outcome == "rework"


def test_a_report_without_a_chart_of_our_process_goes_to_a_person(conductor: Conductor) -> None:
    without = {name: value for name, value in REPORT.items() if name != "process"}
    assert conductor.run(without, now=NOW).reason == "Process is not in control"
