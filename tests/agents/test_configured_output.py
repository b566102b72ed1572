"""Agents whose output depends on their configuration: the schema is frozen with the step, and the output must fit."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orchestration.agents.found import Found, Refused
from orchestration.agents.frozen import frozen_step
from orchestration.agents.outcome import Outcome
from orchestration.agents.registry import registry
from orchestration.agents.runner import receive, run
from orchestration.facts import Catalogue
from orchestration.plugin_api import AgentResult
from orchestration.rules.language import LANGUAGE, AgentStep
from orchestration.rules.parse import RuleError, version_from
from orchestration.services.version import freeze

from .conftest import Install

AgentThat = Callable[..., Found]

FORM = """
from orchestration.plugin_api import Agent, AgentResult, Model

class Form(Agent):
    name, version, title = "acme.form", "1.0", "Fills a form"

    class Input(Model):
        answers: dict

    class Config(Model):
        form: dict | None = None

    class Output(Model):
        text: str = ""

    @classmethod
    def output_schema(cls, config):
        return config.get("form")

    def run(self, request):
        return AgentResult(output=request.input.answers)
"""
AGE = {
    "type": "object",
    "properties": {
        "age": {"type": "integer", "minimum": 0},
        "seen": {"type": "string", "format": "date"},
        "code": {"type": "string", "pattern": "^(a+)+$"},
    },
    "required": ["age"],
    "additionalProperties": False,
}


@pytest.fixture
def form(install: Install) -> Found:
    install("acme-forms", {"acme.form": "acme_form:Form"}, {"acme_form": FORM})
    return registry().agents["acme.form"]


def filled(form: Found, answers: Mapping[str, Any], schema: Any = AGE, *, isolate: bool = False) -> Outcome:
    return run(
        form,
        input={"answers": answers},
        config={} if schema is None else {"form": schema},
        idempotency_key="k",
        attempt=1,
        timeout=timedelta(seconds=60),
        isolate=isolate,
    )


def test_a_step_freezes_the_schema_its_configuration_makes(form: Found) -> None:
    assert frozen_step(AgentStep("ask", "acme.form", config={"form": AGE}), form).output_schema == AGE


def test_rules_may_name_the_facts_of_that_schema(form: Found) -> None:
    step = frozen_step(AgentStep("ask", "acme.form", config={"form": AGE}), form)
    catalogue = Catalogue.build(
        input_schema={}, outputs={"ask": step.output_schema}, human_fields={}, derived={}, children=()
    )
    assert {path: catalogue.specs[path].type for path in catalogue.specs if path.startswith("agents.ask.output.")} == {
        "agents.ask.output.age": "integer",
        "agents.ask.output.seen": "date",
        "agents.ask.output.code": "string",
    }


def test_without_a_schema_of_its_own_the_output_model_counts(form: Found) -> None:
    assert frozen_step(AgentStep("ask", "acme.form"), form).output_schema == form.output_schema
    assert filled(form, {"text": "hello"}, None).output == {"text": "hello"}
    assert "age: Extra inputs are not permitted" in filled(form, {"age": 3}, None).error


@pytest.mark.parametrize("isolate", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_an_output_that_fits_is_taken_as_it_is(form: Found, isolate: bool) -> None:
    outcome = filled(form, {"age": 41, "seen": "2026-02-01"}, isolate=isolate)
    assert (outcome.status, outcome.output) == ("succeeded", {"age": 41, "seen": "2026-02-01"})


MISFITS = [
    # what the agent gave, what is told of it
    ({}, 'the whole: "age" is a required property'),
    ({"age": -1}, "age: the value is less than the minimum of 0"),
    ({"age": "forty"}, 'age: the value is not of type "integer"'),
    ({"age": 1, "name": "x"}, "the whole: Additional properties are not allowed ('name' was unexpected)"),
    ({"age": 1, "seen": "yesterday"}, 'seen: the value is not a "date"'),  # formats are asserted
    ({"age": 1, "code": "a" * 40 + "!"}, 'code: the value does not match "^(a+)+$"'),  # in linear time
]


@pytest.mark.parametrize(("answers", "told"), MISFITS, ids=[told for _, told in MISFITS])
def test_an_output_that_does_not_fit_fails_and_shows_no_value(form: Found, answers: dict[str, Any], told: str) -> None:
    outcome = filled(form, answers)
    assert (outcome.error_kind, outcome.permanent) == ("output", False)
    assert outcome.error == f"The output does not fit acme.form: {told}."


BAD_SCHEMAS = [
    # the configured schema, what is told of it
    ({"type": "array"}, 'must have the type "object", since facts have names.'),
    ({"type": "object", "properties": {"a": {"type": "text"}}}, "cannot be used at /properties/a/type"),
    ({"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1/x"}}}, "must stay within the schema"),
    ({"type": "object", "title": "x" * 300_000}, "is longer than 262,144 bytes. Make it smaller."),
    ({"type": "object", "maximum": 2**60}, "cannot be stored: /maximum is a number beyond ±2^53."),
    (["type", "object"], "is a list, not an object."),
    ({"type": "object", "default": float("nan")}, "is not JSON"),
]


@pytest.mark.parametrize(("schema", "told"), BAD_SCHEMAS, ids=[told for _, told in BAD_SCHEMAS])
def test_a_schema_that_cannot_be_used_is_refused_with_the_fault(form: Found, schema: Any, told: str) -> None:
    with pytest.raises(Refused, match=r"The output schema that acme\.form makes of this configuration") as refused:
        frozen_step(AgentStep("ask", "acme.form", config={"form": schema}), form)
    assert told in str(refused.value)


def test_a_version_is_not_saved_and_every_such_step_is_named(form: Found) -> None:
    steps = {
        name: {"use": "acme.form", "config": {"form": schema}} for name, schema in (("a", {}), ("b", AGE), ("c", 1))
    }
    content = version_from(
        {"language": LANGUAGE, "outcomes": ["x"], "input_schema": {"type": "object"}, "agents": steps}
    )
    with pytest.raises(RuleError) as refused:
        freeze(content)
    assert [(one.pointer, one.detail.partition(" configuration ")[2]) for one in refused.value.problems] == [
        ("/agents/a/config", 'must have the type "object", since facts have names.'),
        ("/agents/c/config", "is a int, not an object."),
    ]
    good = replace(content, agents=content.agents[1:2])
    assert freeze(good).agents[0].output_schema == AGE


def test_the_agent_does_not_run_when_its_output_could_not_be_judged(agent_that: AgentThat) -> None:
    found = agent_that("print('I ran')\nreturn AgentResult(output={})")
    found.cls.output_schema = classmethod(lambda cls, config: config["missing"])  # type: ignore[assignment]
    outcome = run(
        found,
        input={"first_name": "Ada"},
        config={},
        idempotency_key="k",
        attempt=1,
        timeout=timedelta(seconds=60),
        isolate=False,
    )
    assert (outcome.error_kind, outcome.permanent, outcome.transcript) == ("config", True, "")
    assert outcome.error == (
        "acme.greeter cannot tell its output from this configuration (KeyError: 'missing'). Correct the configuration."
    )


NOT_JSON = [
    {"age": 1, "seen": object()},
    {"age": float("nan")},
    {"age": 1, "seen": "\ud800"},
]


@pytest.mark.parametrize("output", NOT_JSON, ids=["an object", "not a number", "a lone surrogate"])
def test_an_output_that_is_not_json_is_a_misfit(form: Found, output: dict[str, Any]) -> None:
    outcome = receive(form, AgentResult(output=output), config={"form": AGE})
    assert outcome.error.startswith("The output of acme.form cannot be written as JSON")


def test_a_posted_result_is_judged_by_the_same_schema(form: Found) -> None:
    assert receive(form, AgentResult(output={"age": 7}), config={"form": AGE}).output == {"age": 7}
    assert "required property" in receive(form, AgentResult(output={}), config={"form": AGE}).error
