"""What a version stands on is checked: time zone, outcomes, schemas, parameters, agent steps, what is unused."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.rules.check import check
from orchestration.rules.parse import version_from
from tests.rules.contents import ADDRESS_STEP, INPUT_SCHEMA, content, rule, table, version, when


def found(**changed: Any) -> list[tuple[str, str, str]]:
    return [(one.severity, one.pointer, one.message) for one in check(content(**changed))]


def test_a_sound_version_has_no_findings():
    assert found() == []


def test_a_time_zone_exists():
    assert found(time_zone="Europe/Berlim") == [
        ("error", "/time_zone", "There is no time zone “Europe/Berlim”. Did you mean “Europe/Berlin”?")
    ]


@pytest.mark.parametrize("zone", ["../etc/passwd", "/etc/localtime"])
def test_a_time_zone_is_no_path(zone):
    assert [pointer for _, pointer, _ in found(time_zone=zone)] == ["/time_zone"]


def test_outcomes_are_listed_once_and_given_by_a_rule():
    assert found(outcomes=["approve", "decline", "decline", "refer"]) == [
        ("error", "/outcomes/2", "The outcome “decline” is listed twice."),
        ("warning", "/outcomes/3", "No rule decides “refer”; only a person can."),
    ]


SCHEMAS = [
    # (schema, pointer, start of the message)
    ({"type": "object", "properties": {"x": {"type": "sting"}}}, "/properties/x/type", "This is not JSON Schema: "),
    ({"type": "array"}, "/type", "The input schema must have the type “object”."),
    ({"type": "object", "properties": []}, "/properties", "This is not JSON Schema: "),
    (
        {"type": "object", "properties": {"x": {"$ref": "https://example.org/x.json"}}},
        "/properties/x/$ref",
        "A “$ref” must stay within the schema",
    ),
    (  # a field named as a keyword: the reference in it is followed nowhere either
        {"type": "object", "properties": {"enum": {"$ref": "http://127.0.0.1:9/x"}}},
        "",
        "This is not JSON Schema: Resource 'http://127.0.0.1:9/x' is not present in a registry and retrieving it "
        "failed: ValueError: http://127.0.0.1:9/x is outside of the schema",
    ),
    ({"type": "object", "properties": {"x": {"$ref": "#/$defs/y"}}}, "", "This is not JSON Schema: "),
    ({"type": "object", "properties": {"x": {"pattern": "("}}}, "/properties/x/pattern", "This is not JSON Schema: "),
    ({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}, "/$schema", "Only JSON Schema 2020-12"),
]


@pytest.mark.parametrize(("schema", "pointer", "start"), SCHEMAS)
def test_a_schema_that_cannot_be_used_is_an_error(schema, pointer, start):
    errors = [one for one in found(input_schema=schema) if one[1].startswith("/input_schema") and one[0] == "error"]
    assert len(errors) == 1
    assert errors[0][1] == f"/input_schema{pointer}"
    assert errors[0][2].startswith(start)


def test_fields_that_no_rule_can_read_are_doubtful():
    schema = {**INPUT_SCHEMA, "properties": {**INPUT_SCHEMA["properties"], "a.b": {"type": "string"}}}
    assert found(input_schema=schema) == [
        (
            "warning",
            "/input_schema/properties/a.b",
            "No rule can read the field “a.b”: a name with a dot is not a fact.",
        )
    ]


def test_a_fact_a_hundred_levels_deep_can_be_read():
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(100):
        schema = {"type": "object", "properties": {"x": schema}}
    rules = [*version()["rules"], rule(when(fact="case" + ".x" * 100, op="eq", value="deep"))]
    schema["properties"] |= INPUT_SCHEMA["properties"]
    assert found(input_schema=schema, rules=rules) == []


def test_a_schema_that_describes_endlessly_much_does_no_harm():
    levels = {
        f"l{n}": {"type": "object", "properties": {f"{side}": {"$ref": f"#/$defs/l{n + 1}"} for side in "abc"}}
        for n in range(40)
    }
    schema = {
        **INPUT_SCHEMA,
        "$defs": {
            **levels,
            "l40": {"type": "string"},
            "me": {"type": "object", "properties": {f"p{n}": {"$ref": "#/$defs/me"} for n in range(30)}},
        },
    }
    schema["properties"] = {
        **INPUT_SCHEMA["properties"],
        "wide": {"$ref": "#/$defs/l0"},
        "self": {"$ref": "#/$defs/me"},
    }
    assert found(input_schema=schema) == []


PARAMETERS = [
    # (parameter, pointer below it, message)
    ({"type": "number", "value": "5"}, "/value", "“5” is not a number."),
    ({"type": "number", "value": True}, "/value", "true is not a number."),
    ({"type": "integer", "value": 1.5}, "/value", "1.5 is not a whole number."),
    ({"type": "string", "value": 5}, "/value", "5 is not a text."),
    ({"type": "boolean", "value": "yes"}, "/value", "“yes” is not true or false."),
    ({"type": "date", "value": "31.1.2026"}, "/value", "“31.1.2026” is not a date such as 2026-01-31."),
    ({"type": "duration", "value": "soon"}, "/value", "“soon” is not a duration such as 4h, 30d, 6mo or 18y."),
    ({"type": "list", "value": "DE"}, "/value", "The value of a list parameter must be a list, such as [DE, FR]."),
    (
        {"type": "list", "value": ["DE", 1]},
        "/value",
        "All values of a list must be of one type: all texts or all numbers.",
    ),
    ({"type": "list", "value": [], "minimum": 1}, "/minimum", "A list has no minimum."),
    ({"type": "string", "value": "a", "maximum": "b"}, "/maximum", "A parameter of type string has no maximum."),
    ({"type": "number", "value": 1, "minimum": 2}, "/value", "The value 1 is below the minimum 2."),
    ({"type": "number", "value": 3, "maximum": 2}, "/value", "The value 3 is above the maximum 2."),
    ({"type": "duration", "value": "1y", "maximum": "6mo"}, "/value", "The value 1y is above the maximum 6mo."),
    (
        {"type": "date", "value": "2026-01-01", "minimum": "2026-01-02"},
        "/value",
        "The value 2026-01-01 is below the minimum 2026-01-02.",
    ),
    ({"type": "number", "value": 5, "minimum": 6, "maximum": 4}, "/minimum", "The minimum is above the maximum."),
]


@pytest.mark.parametrize(("parameter", "pointer", "said"), PARAMETERS)
def test_a_parameter_has_a_value_of_its_type_within_its_bounds(parameter, pointer, said):
    errors = [one[1:] for one in found(parameters={"p": parameter}) if one[0] == "error"]
    assert (f"/parameters/p{pointer}", said) in errors


def test_a_parameter_that_nothing_reads_is_doubtful():
    in_a_cell = table(rows=[{"key": "a", "when": ["< {used}", "-"], "then": ["high"]}])
    parameters = {"used": {"type": "integer", "value": 18}, "idle": {"type": "integer", "value": 1}}
    assert found(parameters=parameters, tables=[in_a_cell]) == [
        ("warning", "/parameters/idle", "Nothing reads the parameter “idle”.")
    ]


def step(**changed: Any) -> dict[str, Any]:
    return {"address": {**ADDRESS_STEP, **changed}}


STEPS = [
    (step(timeout="6mo"), "/timeout", "“6mo” is not a duration. Write a number and a unit: 30s, 20m, 4h or 3d."),
    (
        step(input={"city": "case.adress.city"}),
        "/input/city",
        "There is no fact “case.adress.city”. Did you mean “case.address.city”?",
    ),
    (step(input={"city": "case.age"}), "/input/city", "“city” must be a text, but “case.age” is a whole number."),
    (
        step(input={"city": "case.name", "town": "case.name"}),
        "/input/town",
        "There is no input field of “kyc.address” named “town”. There is “city”.",
    ),
    (
        step(input={}),
        "/input",
        "The agent “kyc.address” needs “city”: say under “input” which fact it takes."
        " Did you mean “case.address.city”?",
    ),
    (
        step(input={"city": "meta.now"}),
        "/input/city",
        "A step may not take meta.now: it would have to run again at every moment.",
    ),
    (
        step(input={"city": "agents.address.output.note"}),
        "/input/city",
        "The step “address” cannot take what it gives itself.",
    ),
]


@pytest.mark.parametrize(("agents", "pointer", "said"), STEPS)
def test_a_step_takes_facts_that_fit(agents, pointer, said):
    assert found(agents=agents) == [("error", f"/agents/address{pointer}", said)]


def test_an_unmapped_field_takes_the_fact_of_the_case_with_its_name():
    schema = {
        "type": "object",
        "required": ["name", "age"],
        "properties": {"name": {"type": "string"}, "age": {"type": "string"}},
    }
    assert found(agents=step(input={}, input_schema=schema)) == [
        ("error", "/agents/address/input", "“age” must be a text, but “case.age” is a whole number.")
    ]


def test_a_step_that_no_rule_runs_is_doubtful():
    rules = version()["rules"][1:]
    assert found(rules=rules) == [
        ("warning", "/agents/address", "No rule runs the step “address”, so its facts are never there.")
    ]
    disabled = {**version()["rules"][0], "enabled": False}
    assert len(found(rules=[disabled, *rules])) == 1


def test_a_feedback_value_stands_once():
    assert found(feedback=["repaid", "defaulted", "repaid"]) == [
        ("error", "/feedback/2", "The feedback value “repaid” is listed twice.")
    ]


def test_errors_come_before_warnings():
    severities = [severity for severity, _, _ in found(outcomes=["approve", "decline", "x"], time_zone="nowhere")]
    assert severities == ["error", "warning"]


def test_a_thousand_rules_with_as_many_mistakes_are_checked():
    """Also: suggestions are given up after some time, errors are not."""
    rules = [
        rule(
            {
                "all": [
                    when(fact=f"case.wrong{n}", op="gte", value=n % 100),
                    when(fact="case.country", op="in", value=["DE", "FR"]),
                    {"some": "case.owners", "where": when(fact="item.share", op="gt", value=25)},
                ]
            },
            key=f"r{n}",
        )
        for n in range(1_000)
    ]
    errors = [one for one in check(version_from(version(rules=rules))) if one.severity == "error"]
    assert len(errors) == 1_000
