"""Every bundled workflow: as exported, clean under the checker, configured rightly, with a scenario for every end."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from orchestration.rules import pack as packs
from orchestration.rules.language import Escalate
from orchestration.testing import Conductor

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
NAMES = sorted(file.parent.name for file in PLUGINS.glob("*/pack.yaml"))
ONLY_BY_A_PERSON = {"scheduling": {"emergency_care"}}
"""Nobody is sent to an emergency room by a rule: that is the nurse's to say."""


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def conductor(name: str) -> Iterator[Conductor]:
    with Conductor.of_pack(PLUGINS / name / "pack.yaml") as made:
        yield made


def test_the_four_workflows_are_bundled() -> None:
    assert NAMES == ["kyc", "legal_intake", "quality", "scheduling"]


def test_the_file_is_exactly_what_exporting_it_gives(name: str, conductor: Conductor) -> None:
    assert packs.dump(conductor.pack) == (PLUGINS / name / "pack.yaml").read_text(encoding="utf-8")


def test_the_checker_says_only_what_is_meant(name: str, conductor: Conductor) -> None:
    meant = [f"No rule decides “{one}”; only a person can." for one in ONLY_BY_A_PERSON.get(name, ())]
    assert [one.message for one in conductor.findings] == meant


def test_every_config_fits_its_agent(conductor: Conductor) -> None:
    for step in conductor.pack.content.agents:
        (found,) = entry_points(group="conductor.agents", name=step.use)
        agent = found.load()()
        assert agent.check(agent.Config.model_validate(dict(step.config))).ok


def test_every_scenario_holds(conductor: Conductor) -> None:
    assert [(one.title, one.message) for one in conductor.scenarios() if not one.passed] == []


def test_every_outcome_and_every_escalation_has_a_scenario(name: str, conductor: Conductor) -> None:
    content = conductor.content
    reasons = {action.reason for rule in content.rules for action in rule.then if isinstance(action, Escalate)}
    expected = [scenario.expect for scenario in content.scenarios]
    assert {one["escalate"] for one in expected if "escalate" in one} == reasons
    by_rules = set(content.outcomes) - ONLY_BY_A_PERSON.get(name, set())
    assert {one["outcome"] for one in expected if "outcome" in one} == by_rules
