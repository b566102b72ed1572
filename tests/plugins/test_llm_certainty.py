"""Confidence from token probabilities, and the form of the answer as strict endpoints want it."""

from __future__ import annotations

import math
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugins.llm.certainty import from_logprobs
from plugins.llm.structure import strict_form, without_nulls

HALF = math.log(0.5)


def token(text: str | bytes, logprob: Any = HALF) -> dict[str, Any]:
    written = text if isinstance(text, bytes) else text.encode()
    return {"token": written.decode("utf-8", "replace"), "bytes": list(written), "logprob": logprob}


CERTAINTIES = [
    # text, tokens, confidence
    ('{"a":1}', [token('{"a":', -9.0), token("1"), token("}", -9.0)], 0.5),
    ('{"a":"x","b":[null,-2.5e3]}', [token('{"a":', -9), token('"x"', 0), token(',"b":[', -9), token("null"),
      token(",", -9), token("-2.5e3"), token("]}", -9)], 0.25 ** (1 / 3)),
    ('{"a":"1:2"}', [token('{"a":', -9), token('"1:2"'), token("}", -9)], 0.5),  # a colon within a value
    ('{"a\\"b":"c\\"d"}', [token('{"a\\"b":', -9), token('"c\\"d"'), token("}", -9)], 0.5),  # quotes within
    ('{"a": "ä"}', [token('{"a": ', -9), token(b'"\xc3'), token(b"\xa4"), token('"}')], 0.5),  # half a letter each
    ('```\n{"a":1}\n```', [token('```\n{"a":', -9), token("1"), token("}\n```", -9)], 0.5),
    ('{"a":1}', [token('{"a":1}')], 0.5),  # all in one token
    ('{"a":1}', [{"token": '{"a":1}', "logprob": HALF}], 0.5),  # no bytes told
    ('{"a":1}', [token('{"a":', -9), token("1", float("-inf")), token("}")], 0.0),
    ('{"a":1}', [token('{"a":', -9), token("1", 5.0), token("}")], 1.0),  # no probability is above 1
    ('{"a":1}', [token('{"a":', -9), token("1", -(10**400)), token("}")], 0.0),
    ('{"a":1}', [token('{"a":', -9), token("1", float("nan")), token("}")], None),
    ('{"a":1}', [token('{"a":', -9), token("1", None), token("}")], None),
    ('{"a":1}', [token('{"a":', -9), token("1", "-1"), token("}")], None),
    ('{"a":1}', [token('{"a":', None), token("1"), token("}", None)], 0.5),  # not of a value
    ('{"a":1}', [token('{"a":'), token("2"), token("}")], None),  # tokens of another text
    ('{"a":1}', [token('{"a":'), token("1")], None),  # the end is missing
    ('{"a":1}', [], None),
    ("{}", [token("{}")], None),  # no value at all
    ('{"a":1}', [{"token": 5}], None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "tokens", "confidence"), CERTAINTIES)
def test_confidence_counts_the_tokens_of_values(text: str, tokens: list[Any], confidence: float | None) -> None:
    assert from_logprobs(text, tokens) == (None if confidence is None else pytest.approx(confidence))


VALUES = st.none() | st.floats() | st.text(max_size=5) | st.lists(st.integers(-1, 300), max_size=4)
TOKENS = st.lists(st.dictionaries(st.sampled_from(["token", "bytes", "logprob"]), VALUES), max_size=6)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=40), tokens=TOKENS)
def test_whatever_an_endpoint_says_confidence_is_from_0_to_1_or_none(text: str, tokens: list[Any]) -> None:
    found = from_logprobs(text, tokens)
    assert found is None or 0 <= found <= 1


TEXT, NOTHING = {"type": "string"}, {"type": "null"}

STRICT = [
    # a schema, its strict form
    (
        {"type": "object", "properties": {"a": TEXT}, "required": ["a"]},
        {"type": "object", "properties": {"a": TEXT}, "required": ["a"], "additionalProperties": False},
    ),
    (  # a field that may be missing may be null; what strict endpoints do not take is left out
        {"type": "object", "properties": {"a": {**TEXT, "maxLength": 3, "default": "x"}}},
        {
            "type": "object",
            "properties": {"a": {"type": ["string", "null"]}},
            "required": ["a"],
            "additionalProperties": False,
        },
    ),
    (
        {"type": "object", "properties": {"a": {"enum": ["x"]}, "b": {"type": ["string", "null"]}}},
        {
            "type": "object",
            "properties": {"a": {"anyOf": [{"enum": ["x"]}, NOTHING]}, "b": {"type": ["string", "null"]}},
            "required": ["a", "b"],
            "additionalProperties": False,
        },
    ),
    (
        {
            "type": "object",
            "properties": {"a": {"type": "array", "items": {"$ref": "#/$defs/n"}}},
            "required": ["a"],
            "$defs": {"n": {"type": "integer", "minimum": 1}},
        },
        {
            "type": "object",
            "properties": {"a": {"type": "array", "items": {"$ref": "#/$defs/n"}}},
            "required": ["a"],
            "$defs": {"n": {"type": "integer", "minimum": 1}},
            "additionalProperties": False,
        },
    ),
    ({"type": "object", "properties": {}}, None),
    ({"type": "object", "properties": {"a": TEXT}, "additionalProperties": True}, None),
    ({"type": "object", "properties": {"a": {"type": "object"}}}, None),  # an open object
    ({"type": "object", "properties": {"a": {}}}, None),  # anything at all
    ({"type": "object", "properties": {"a": TEXT}, "allOf": [{"required": ["a"]}]}, None),
    ({"type": "object", "properties": {"a": {"oneOf": [TEXT, NOTHING]}}}, None),
]


@pytest.mark.parametrize(("schema", "strict"), STRICT)
def test_a_schema_is_made_strict_where_it_can_be(schema: dict[str, Any], strict: dict[str, Any] | None) -> None:
    assert strict_form(schema) == strict


NULLS = [
    # the answer, the schema, the answer without nulls that only strictness allowed
    ({"a": None}, {"properties": {"a": TEXT}}, {}),
    ({"a": None}, {"properties": {"a": TEXT}, "required": ["a"]}, {"a": None}),
    ({"a": None}, {"properties": {"a": {"type": ["string", "null"]}}}, {"a": None}),
    ({"a": None}, {"properties": {"a": {"anyOf": [TEXT, NOTHING]}}}, {"a": None}),
    ({"a": None}, {"properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": NOTHING}}, {"a": None}),
    ({"a": None}, {"properties": {"a": {"$ref": "#/$defs/t"}}, "$defs": {"t": TEXT}}, {}),
    ({"a": [{"b": None}]}, {"properties": {"a": {"items": {"properties": {"b": TEXT}}}}}, {"a": [{}]}),
    ({"z": None}, {"properties": {}}, {}),
]


@pytest.mark.parametrize(("answer", "schema", "kept"), NULLS)
def test_nulls_that_only_strictness_allowed_are_left_out(answer: Any, schema: Any, kept: Any) -> None:
    assert without_nulls(answer, schema) == kept


FIELDS = st.dictionaries(st.sampled_from("abc"), st.sampled_from([
    TEXT, {"type": "integer"}, {"enum": ["x", "y"]}, {"type": ["boolean", "null"]}, {"const": 3},
    {"type": "array", "items": {"type": "object", "properties": {"d": TEXT}}}]), min_size=1)  # fmt: skip


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(fields=FIELDS, needed=st.sets(st.sampled_from("abc")))
def test_a_strict_answer_with_every_optional_field_null_fits_the_schema_without_them(
    fields: dict[str, Any], needed: set[str]
) -> None:
    values = {"string": "s", "integer": 1, "array": [{"d": None}]}
    schema = {"type": "object", "properties": fields, "required": sorted(needed & set(fields))}
    answer = {
        name: values.get(str(field.get("type")), field.get("enum", [field.get("const")])[0]) if name in needed else None
        for name, field in fields.items()
    }
    answer = {name: None if fields[name].get("type") == ["boolean", "null"] else one for name, one in answer.items()}
    strict = strict_form(schema)
    assert strict is not None
    assert jsonschema_rs.Draft202012Validator(strict).is_valid(answer)
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(without_nulls(answer, schema))
