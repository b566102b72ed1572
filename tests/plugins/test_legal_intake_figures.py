"""A thousand invented calls through the pack and its agents: decided as promised, and as the README says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from orchestration.rules import pack as packs
from orchestration.testing import Conductor, Result
from plugins import legal_intake
from plugins.legal_intake.complexity import ComplexityAgent
from plugins.legal_intake.conflicts import ConflictsAgent
from plugins.legal_intake.distress import DistressAgent
from plugins.legal_intake.limitation import LimitationAgent
from plugins.legal_intake.practice_area import PracticeAreaAgent
from plugins.legal_intake.sample_call import Call
from plugins.legal_intake.samples import sample_call

HERE = Path(legal_intake.__file__).parent
TEXT = (HERE / "pack.yaml").read_text(encoding="utf-8")
README = " ".join((HERE / "README.md").read_text(encoding="utf-8").split())
AGENTS = (PracticeAreaAgent, ConflictsAgent, LimitationAgent, ComplexityAgent, DistressAgent)
CONTENT = packs.load(TEXT).content
PARAMETERS: dict[str, Any] = {one.name: one.value for one in CONTENT.parameters}
TODAY, NOW = date(2026, 3, 2), "2026-03-02T12:00:00+00:00"


@pytest.fixture(scope="module")
def conductor() -> Iterator[Conductor]:
    with Conductor.of_pack(TEXT, agents=AGENTS) as made:
        yield made


@dataclass(frozen=True)
class Sampled:
    call: Call
    truth: str
    payload: dict[str, Any]
    result: Result

    @property
    def complexity(self) -> float:
        return float(self.result.runs["complexity"].output["score"])


@pytest.fixture(scope="module")
def sampled(conductor: Conductor) -> list[Sampled]:
    found = []
    for number in range(1000):
        case, call = sample_call(1, number, TODAY)
        found.append(Sampled(call, case["truth"], case["payload"], conductor.run(case["payload"], now=NOW)))
    return found


def test_a_thousand_samples_are_decided_as_promised(sampled: list[Sampled]) -> None:
    decided = [one for one in sampled if one.result.kind == "decide"]
    assert 750 <= len(decided) <= 900
    assert {one.result.outcome for one in decided} == set(CONTENT.outcomes)
    # Almost all automatic decisions are right, and a few are not: the quality sample has something to find.
    wrong = sum(one.result.outcome != one.truth for one in decided)
    assert 0.002 <= wrong / len(decided) <= 0.02
    reasons = Counter(one.result.reason for one in sampled if one.result.kind == "escalate")
    # Complexity and empathy together send about 15 % of the cases to people.
    assert 120 <= reasons["High complexity"] + reasons["Requires empathy"] <= 180
    assert {name for name, _ in reasons.most_common(2)} == {"High complexity", "Requires empathy"}
    assert reasons["Conflict of interest"] >= 5
    assert reasons["Limitation ends soon"] >= 2
    assert reasons["Somebody may be in danger"] >= 2


def test_the_readme_gives_these_figures(sampled: list[Sampled]) -> None:
    decided = [one for one in sampled if one.result.kind == "decide"]
    right = sum(one.result.outcome == one.truth for one in decided)
    escalated = Counter((one.result.reason, one.result.queue) for one in sampled if one.result.kind == "escalate")
    share = f"{100 * right / len(decided):.1f} %"
    told = [f"the rules decide {len(decided)}. Of these decisions {right} ({share}) are"]
    told += [f"| {reason} | `{queue}` | {count} |" for (reason, queue), count in escalated.items()]
    assert [one for one in told if one not in README] == []


def test_every_kind_of_turn_in_the_samples_ends_where_it_should(sampled: list[Sampled]) -> None:
    """Whoever is in danger, in distress or in conflict is never decided by rule, whatever else is true of the call."""
    ends = {"danger", "danger_denied", "distressed", "our_client_is_the_opponent", "our_opponent_calls", "vague"}
    told = {one.call.turn for one in sampled}
    assert ends <= told
    assert [one.call.turn for one in sampled if one.call.turn in ends and one.result.kind != "escalate"] == []


def test_tenancy_matters_are_judged_too_cautiously_and_others_are_not(sampled: list[Sampled]) -> None:
    """The improvement that is hidden in the calls: the same limit for tenancy as for all other matters.

    People accept nearly all tenancy matters between the two limits; with the higher one the rules decide them, nearly
    all as people would. A higher limit for the others would accept what people mostly do not.
    """
    limits = {name: PARAMETERS[name] for name in ("complexity_max", "complexity_max_tenancy")}
    held = [one for one in sampled if one.result.reason == "High complexity"]
    between = [one for one in held if one.call.area == "tenancy" and one.complexity <= limits["complexity_max"]]
    others = [one for one in held if one.call.area != "tenancy"]
    assert (len(between) >= 30, len(others) >= 20) == (True, True)
    accepted = [sum(one.truth == "accept_matter" for one in held) for held in (between, others)]
    assert accepted[0] / len(between) > 0.88
    assert accepted[1] / len(others) < 0.45
    assert f"of the {len(between)} tenancy calls between the two limits people accepted {accepted[0]}." in README
    assert f"of the {len(others)} above their limit people accepted {accepted[1]}." in README

    def relaxed(name: str, value: float, on: list[Sampled]) -> list[bool]:
        """With this limit: of the cases that are now decided, which as people would."""
        old = f"{name}:\n      type: number\n      value: {limits[name]}\n"
        assert TEXT.count(old) == 1
        with Conductor.of_pack(TEXT.replace(old, old.replace(str(limits[name]), str(value))), agents=AGENTS) as other:
            now = [(one.truth, other.run(one.payload, now=NOW)) for one in on]
        return [result.outcome == truth for truth, result in now if result.kind == "decide"]

    better = relaxed("complexity_max_tenancy", limits["complexity_max"], between)
    worse = relaxed("complexity_max", 100, others)
    assert len(better) == len(between)
    assert sum(better) / len(better) > 0.88
    assert sum(worse) / len(worse) < 0.7
