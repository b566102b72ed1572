"""An example of a version's facts: every field, with values that its schema allows."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.rules.example import example_given
from orchestration.rules.language import AgentStep, VersionContent
from tests.rules.contents import content
from tests.rules.strategies import plain

NOW = "2026-11-22T12:00:00Z"


def made(schema: dict[str, Any]) -> Any:
    return example_given(VersionContent(("x",), schema), NOW)["case"]


def test_the_example_of_a_whole_version():
    found = example_given(content(), NOW)
    assert found["case"]["age"] == 0
    assert found["case"]["country"] == "DE"
    assert found["case"]["owners"] == [{"share": 0, "pep": False, "accounts": [{"iban": "example"}]}]
    assert found["agents"] == {"address": {"confidence": 0.9, "output": {"valid": False, "note": "example"}}}
    assert found["now"] == NOW


FIELDS = [
    {"type": "string", "pattern": "^[A-Z]{2}$"},
    {"type": "string", "pattern": "[0-9]{5}"},
    {"type": "string", "minLength": 12},
    {"type": "string", "maxLength": 3},
    {"type": "string", "format": "date"},
    {"type": "string", "format": "date-time"},
    {"type": "string", "format": "email"},
    {"type": "string", "enum": ["a", "b"]},
    {"type": "integer", "minimum": 5},
    {"type": "integer", "maximum": -5},
    {"type": "integer", "exclusiveMinimum": 5},
    {"type": ["null", "number"]},
    {"type": "number", "default": 7},
    {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
    {"type": "array", "items": {"type": "integer"}},
    {"const": 4},
    {"examples": ["x"]},
    {"$ref": "#/$defs/it"},
]


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_has_a_value_that_its_schema_allows(field):
    schema = {"type": "object", "properties": {"a": field}, "$defs": {"it": {"type": "string", "format": "date"}}}
    assert jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid(made(schema))


def test_a_schema_within_itself_comes_to_an_end():
    schema = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    assert made(schema)["next"]["next"]


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["type", "properties", "items", "enum", "anyOf", "$ref", "pattern", "x"]), plain)
)
def test_nonsense_does_not_break_it(schema):
    step = AgentStep("a", "b", output_schema=schema)
    assert example_given(VersionContent(("x",), schema, agents=(step,)), NOW)["now"] == NOW
