"""The KYC pack: clean under the checker, every scenario passes, and sample cases are decided as promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration.engine.advance import advance
from orchestration.engine.compile import RuleSet, compile_version
from orchestration.engine.scenario import run_scenario
from orchestration.engine.step import Progress, RunRecord, Step
from orchestration.facts import Facts
from orchestration.plugin_api import Agent, AgentError
from orchestration.rules import pack as packs
from orchestration.rules.check import check
from orchestration.rules.language import Escalate, VersionContent
from plugins import kyc
from plugins.kyc.address import AddressAgent
from plugins.kyc.contact import ContactAgent
from plugins.kyc.identity import IdentityAgent
from plugins.kyc.samples import sample_cases
from plugins.kyc.sanctions import SanctionsAgent

TEXT = (Path(kyc.__file__).parent / "pack.yaml").read_text(encoding="utf-8")
PACK = packs.load(TEXT)
AGENTS: dict[str, Agent] = {
    agent.name: agent for agent in (IdentityAgent(), AddressAgent(), ContactAgent(), SanctionsAgent())
}
TODAY = date(2026, 3, 2)


def frozen(content: VersionContent) -> VersionContent:
    """The content as saving it freezes it: with each step's agent version and schemas."""

    def freeze(step: Any) -> Any:
        agent = AGENTS[step.use]
        return replace(
            step,
            agent_version=agent.version,
            inline=agent.inline,
            input_schema=agent.Input.model_json_schema(),
            output_schema=agent.Output.model_json_schema(mode="serialization"),
        )

    return replace(content, agents=tuple(map(freeze, content.agents)))


CONTENT = frozen(PACK.content)
ESCALATIONS = {action.reason for rule in CONTENT.rules for action in rule.then if isinstance(action, Escalate)}


@pytest.fixture(scope="module")
def rule_set() -> Iterator[RuleSet]:
    compiled = compile_version(CONTENT)
    yield compiled
    compiled.close()


def test_the_file_is_exactly_what_exporting_it_gives() -> None:
    assert packs.dump(PACK) == TEXT


def test_the_checker_has_nothing_to_say() -> None:
    queues = {queue["slug"] for queue in PACK.queues}
    assert check(CONTENT, queues=queues, workflows={PACK.workflow["slug"]}) == ()


def test_every_config_fits_its_agent() -> None:
    for step in CONTENT.agents:
        agent = AGENTS[step.use]
        assert agent.check(agent.Config.model_validate(dict(step.config))).ok


@pytest.mark.parametrize("scenario", CONTENT.scenarios, ids=lambda scenario: scenario.title)
def test_scenario(rule_set: RuleSet, scenario: Any) -> None:
    result = run_scenario(rule_set, scenario)
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


def decide(rule_set: RuleSet, run: Callable[..., Any], payload: dict[str, Any], now: str) -> tuple[Step, list[str]]:
    """Advance a case in memory until it is decided or with a person; the weaknesses of its address."""
    facts = Facts({"case": payload, "human": {}, "meta": {"now": now}})
    progress = Progress()
    step = advance(rule_set, facts, progress)
    weaknesses: list[str] = []
    while step.kind == "run":
        runs = list(progress.runs)
        for planned in step.runs:
            agent_step = next(one for one in CONTENT.agents if one.name == planned.step)
            digests = {"config_digest": planned.config_digest, "input_digest": planned.input_digest}
            version = agent_step.agent_version
            try:
                result = run(AGENTS[agent_step.use], dict(agent_step.config), **planned.input)
            except AgentError as error:
                runs.append(RunRecord(planned.step, "failed", version, **digests, error=error.message))
                continue
            output = result.output.model_dump(mode="json")
            weaknesses += output.get("weaknesses", [])
            runs.append(
                RunRecord(planned.step, "succeeded", version, **digests, output=output, confidence=result.confidence)
            )
        progress = replace(progress, runs=tuple(runs), rounds=progress.rounds + 1)
        step = advance(rule_set, facts, progress)
    return step, weaknesses


@dataclass(frozen=True)
class Sampled:
    truth: str
    step: Step
    weaknesses: list[str]


@pytest.fixture(scope="module")
def sampled(rule_set: RuleSet, run: Callable[..., Any]) -> list[Sampled]:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC).isoformat()
    cases = sample_cases(1, 1800, today=TODAY)
    return [Sampled(case["truth"], *decide(rule_set, run, case["payload"], now)) for case in cases]


def test_a_thousand_samples_are_decided_as_promised(sampled: list[Sampled]) -> None:
    thousand = sampled[:1000]
    decided = [one for one in thousand if one.step.kind == "decide"]
    assert 750 <= len(decided) <= 900
    assert {one.step.outcome for one in decided} == set(CONTENT.outcomes)
    # Almost all automatic decisions are right, and a few are not: the quality sample has something to find.
    assert 1 <= sum(one.step.outcome != one.truth for one in decided) <= 20
    reasons = Counter(one.step.reason for one in thousand if one.step.kind == "escalate")
    assert reasons.most_common(1)[0][0] == "Address abroad is not certain"
    assert set(reasons) <= ESCALATIONS


def test_addresses_abroad_are_judged_too_cautiously_where_postal_codes_tell_the_place(sampled: list[Sampled]) -> None:
    """What later makes a lower threshold for some countries a real improvement, and for others not."""

    def approved(weakness: str) -> list[bool]:
        return [
            one.truth != "decline"
            for one in sampled
            if one.step.reason == "Address abroad is not certain" and one.weaknesses == [weakness]
        ]

    rewritten, without = approved("postal_code_rewritten"), approved("no_postal_codes")
    assert len(rewritten) >= 60
    assert len(without) >= 20
    assert sum(rewritten) / len(rewritten) > 0.85
    assert sum(without) / len(without) < 0.65
