"""The KYC pack: clean under the checker, every scenario passes, and sample cases are decided as promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orchestration.engine.advance import advance
from orchestration.engine.compile import RuleSet, compile_version
from orchestration.engine.step import Progress, RunRecord, Step
from orchestration.facts import Facts
from orchestration.rules import pack as packs
from orchestration.rules.language import Escalate
from orchestration.testing import Conductor, Result
from plugins import kyc
from plugins.kyc.address import AddressAgent
from plugins.kyc.contact import ContactAgent
from plugins.kyc.identity import IdentityAgent
from plugins.kyc.samples import sample_cases
from plugins.kyc.sanctions import SanctionsAgent

TEXT = (Path(kyc.__file__).parent / "pack.yaml").read_text(encoding="utf-8")
PACK = packs.load(TEXT)
AGENTS = (IdentityAgent, AddressAgent, ContactAgent, SanctionsAgent)
TODAY = date(2026, 3, 2)
NOW = "2026-03-02T12:00:00+00:00"


@pytest.fixture(scope="module")
def conductor() -> Iterator[Conductor]:
    with Conductor.of_pack(TEXT, agents=AGENTS) as one:
        yield one


CONTENT = PACK.content
ESCALATIONS = {action.reason for rule in CONTENT.rules for action in rule.then if isinstance(action, Escalate)}


@pytest.fixture(scope="module")
def rule_set(conductor: Conductor) -> Iterator[RuleSet]:
    compiled = compile_version(conductor.content)
    yield compiled
    compiled.close()


def test_the_file_is_exactly_what_exporting_it_gives() -> None:
    assert packs.dump(PACK) == TEXT


def test_the_checker_has_nothing_to_say(conductor: Conductor) -> None:
    assert conductor.findings == ()


def test_every_config_fits_its_agent() -> None:
    agents = {agent.name: agent() for agent in AGENTS}
    for step in CONTENT.agents:
        agent = agents[step.use]
        assert agent.check(agent.Config.model_validate(dict(step.config))).ok


@pytest.mark.parametrize("number", range(len(CONTENT.scenarios)), ids=lambda number: CONTENT.scenarios[number].title)
def test_scenario(conductor: Conductor, number: int) -> None:
    result = conductor.scenarios()[number]
    assert (result.passed, result.message) == (True, "")


def test_every_outcome_and_every_escalation_has_a_scenario() -> None:
    outcomes = {scenario.expect["outcome"] for scenario in CONTENT.scenarios if "outcome" in scenario.expect}
    reasons = {scenario.expect["escalate"] for scenario in CONTENT.scenarios if "escalate" in scenario.expect}
    assert (outcomes, reasons) == (set(CONTENT.outcomes), ESCALATIONS)


def test_nothing_known_about_a_case_always_ends_with_a_person(rule_set: RuleSet) -> None:
    facts = Facts({"case": {}, "human": {}, "meta": {"now": "2026-03-02T12:00:00+00:00"}})
    runs = tuple(RunRecord(step.name, "succeeded") for step in CONTENT.agents)
    assert advance(rule_set, facts, Progress(runs=runs)).kind == "escalate"


DECIDED = {
    "application_date": "2026-03-02",
    "applicant": {"date_of_birth": "1990-05-17", "nationality": "DE", "politically_exposed": False},
    "address": {"country": "DE"},
    "finances": {"yearly_income": 48000, "yearly_turnover": 50000, "source_of_funds": "salary"},
}
FOUND = {
    "identity.readable": True,
    "identity.check_digits_ok": True,
    "identity.document_type": "passport",
    "identity.days_expired": 0,
    "identity.name_score": 100,
    "identity.birth_date_matches": True,
    "identity.nationality_matches": True,
    "identity": 1.0,
    "address": 1.0,
    "address.international": False,
    "contact.reachable": True,
    "sanctions.score": 0,
}


def step_on(rule_set: RuleSet, case: dict[str, Any], found: dict[str, Any]) -> Step:
    runs = {step.name: RunRecord(step.name, "succeeded", output={}) for step in CONTENT.agents}
    for name, value in found.items():
        step, _, field = name.partition(".")
        output = {**runs[step].output, field: value} if field else runs[step].output
        runs[step] = replace(runs[step], output=output, confidence=runs[step].confidence if field else value)
    facts = Facts({"case": case, "human": {}, "meta": {"now": "2026-03-02T12:00:00+00:00"}})
    return advance(rule_set, facts, Progress(runs=tuple(runs.values())))


def test_a_case_with_all_that_matters_is_approved(rule_set: RuleSet) -> None:
    assert step_on(rule_set, DECIDED, FOUND).outcome == "approve"


@pytest.mark.parametrize("missing", [name for name in FOUND if name != "address.international"])
def test_a_finding_that_is_missing_ends_with_a_person(rule_set: RuleSet, missing: str) -> None:
    found = {name: value for name, value in FOUND.items() if name != missing}
    assert step_on(rule_set, DECIDED, found).kind == "escalate"


@pytest.mark.parametrize(
    "missing",
    [
        ("application_date",),
        ("applicant", "date_of_birth"),
        ("applicant", "nationality"),
        ("applicant", "politically_exposed"),
        ("address", "country"),
        ("finances", "yearly_income"),
        ("finances", "yearly_turnover"),
        ("finances", "source_of_funds"),
    ],
)
def test_a_fact_that_is_missing_ends_with_a_person(rule_set: RuleSet, missing: tuple[str, ...]) -> None:
    case: dict[str, Any] = {name: dict(value) if isinstance(value, dict) else value for name, value in DECIDED.items()}
    place = case
    for name in missing[:-1]:
        place = place[name]
    del place[missing[-1]]
    assert step_on(rule_set, case, FOUND).kind == "escalate"


@dataclass(frozen=True)
class Sampled:
    truth: str
    result: Result

    @property
    def weaknesses(self) -> list[str]:
        address = self.result.runs.get("address")
        return list(address.output.get("weaknesses", [])) if address else []


@pytest.fixture(scope="module")
def sampled(conductor: Conductor) -> list[Sampled]:
    cases = sample_cases(1, 1800, today=TODAY)
    return [Sampled(case["truth"], conductor.run(case["payload"], now=NOW)) for case in cases]


def test_a_thousand_samples_are_decided_as_promised(sampled: list[Sampled]) -> None:
    thousand = sampled[:1000]
    decided = [one for one in thousand if one.result.kind == "decide"]
    assert 750 <= len(decided) <= 900
    assert {one.result.outcome for one in decided} == set(CONTENT.outcomes)
    # Almost all automatic decisions are right, and a few are not: the quality sample has something to find.
    assert 1 <= sum(one.result.outcome != one.truth for one in decided) <= 20
    reasons = Counter(one.result.reason for one in thousand if one.result.kind == "escalate")
    assert reasons.most_common(1)[0][0] == "Address abroad is not certain"
    assert set(reasons) <= ESCALATIONS


def test_addresses_abroad_are_judged_too_cautiously_where_postal_codes_tell_the_place(sampled: list[Sampled]) -> None:
    """What later makes a lower threshold for some countries a real improvement, and for others not."""

    def approved(weakness: str) -> list[bool]:
        return [
            one.truth != "decline"
            for one in sampled
            if one.result.reason == "Address abroad is not certain" and one.weaknesses == [weakness]
        ]

    rewritten, without = approved("postal_code_rewritten"), approved("no_postal_codes")
    assert len(rewritten) >= 60
    assert len(without) >= 20
    assert sum(rewritten) / len(rewritten) > 0.85
    assert sum(without) / len(without) < 0.65
