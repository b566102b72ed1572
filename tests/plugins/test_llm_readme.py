"""The pack in the README can be read, checked and run, and its facts are what the form says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestration.agents.frozen import frozen_step
from orchestration.agents.runner import run
from orchestration.engine.compile import compile_version
from orchestration.engine.scenario import run_scenario
from orchestration.rules import pack as packs
from orchestration.rules.check import check
from orchestration.rules.operators import parse_duration
from plugins import llm

from .asking import MODEL
from .chat_endpoint import completion, serving

README = (Path(llm.__file__).parent / "README.md").read_text(encoding="utf-8")
(TEXT,) = re.findall(r"^```yaml\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
PACK = packs.load(TEXT)
CONTENT = replace(PACK.content, agents=tuple(frozen_step(step, MODEL) for step in PACK.content.agents))


def test_the_checker_has_nothing_to_say() -> None:
    queues = {queue["slug"] for queue in PACK.queues}
    assert check(CONTENT, queues=queues, workflows={PACK.workflow["slug"]}) == ()


def test_rules_that_name_another_fact_are_found_out() -> None:
    rules = tuple(rule for rule in packs.load(TEXT.replace("output.angry", "output.anger")).content.rules)
    faults = check(replace(CONTENT, rules=rules), queues={"post-room"}, workflows={"post"})
    (error,) = [fault for fault in faults if fault.severity == "error"]
    assert (error.rule, "agents.sort.output.anger" in error.message) == ("angry", True)


@pytest.mark.parametrize("scenario", CONTENT.scenarios, ids=lambda scenario: scenario.title)
def test_scenario(scenario: Any) -> None:
    rule_set = compile_version(CONTENT)
    result = run_scenario(rule_set, scenario)
    rule_set.close()
    assert (result.passed, result.message) == (True, "")


def test_the_step_runs_as_it_is_written() -> None:
    (step,) = CONTENT.agents
    letter = {"letter": "Ada Lovelace, account 4711-12, here: my bill is wrong.", "customer": {"name": "Ada Lovelace"}}
    answer = {"topic": "billing", "angry": False, "answer_confidence": 0.9}
    with serving(completion(answer, usage=(1000, 100))) as endpoint:
        outcome = run(
            MODEL,
            input=letter,
            config={**step.config, "base_url": endpoint.url},
            idempotency_key="run-1",
            attempt=1,
            timeout=parse_duration(step.timeout),
            isolate=False,
        )
    assert (outcome.output, outcome.confidence) == ({"topic": "billing", "angry": False}, 0.9)
    assert outcome.cost == pytest.approx((1000 * 0.2 + 100 * 0.8) / 1e6)
    assert "Lovelace" not in endpoint.sent


def test_the_readme_names_every_setting() -> None:
    words = README.replace(TEXT, "")
    assert [name for name in MODEL.config_schema["properties"] if f"`{name}`" not in words] == []
