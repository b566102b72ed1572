"""Which settings hold secrets, by the schema of a configuration."""

from typing import Any

import pytest

from orchestration.agents.secret_fields import marked_names

SECRET = {"type": "string", "format": "password"}
NODE = {"properties": {"pin": SECRET, "next": {"$ref": "#/$defs/Node"}}}


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        ({}, []),
        ({"properties": {"user": {"type": "string"}}}, []),
        ({"properties": {"token": SECRET, "user": {"type": "string"}}}, ["token"]),
        ({"properties": {"key": {"anyOf": [SECRET, {"type": "null"}]}}}, ["key"]),
        ({"properties": {"login": {"properties": {"password": SECRET}}}}, ["password"]),
        ({"properties": {"desks": {"items": {"properties": {"pin": SECRET}}}}}, ["pin"]),
        ({"properties": {"keys": {"items": SECRET}, "two": {"prefixItems": [SECRET]}}}, ["keys", "two"]),
        ({"properties": {"headers": {"additionalProperties": SECRET}}}, ["headers"]),  # its own names are free
        ({"properties": {"a": {"$ref": "#/$defs/S"}, "b": {"$ref": "#/$defs/S"}}, "$defs": {"S": SECRET}}, ["a", "b"]),
        ({"properties": {"first": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": NODE}}, ["pin"]),  # a circle
    ],
)
def test_settings_that_are_marked_are_named_however_deep(schema: dict[str, Any], names: list[str]) -> None:
    assert marked_names([schema]) == names


def test_the_settings_of_several_schemas_are_named_once() -> None:
    schemas = [{"properties": {name: SECRET}} for name in ("b", "a", "b")]
    assert marked_names(schemas) == ["a", "b"]
