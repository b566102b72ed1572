"""Versions are read without loss, and refused with every error named at its place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from orchestration.facts import canonical
from orchestration.rules.language import Compare, FactRef, Literal
from orchestration.rules.parse import (
    RuleError,
    action_from,
    action_to,
    condition_from,
    condition_to,
    version_from,
    version_to,
)
from tests.rules.contents import rule, table, version, when
from tests.rules.strategies import actions, conditions, versions

FEW = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def problems(data: Any) -> list[tuple[str, str]]:
    with pytest.raises(RuleError) as caught:
        version_from(data)
    return [(problem.pointer, problem.detail) for problem in caught.value.problems]


def faults_of(condition: Any) -> list[tuple[str, str]]:
    with pytest.raises(RuleError) as caught:
        condition_from(condition)
    return [(problem.pointer, problem.detail) for problem in caught.value.problems]


@FEW
@given(versions)
def test_a_version_survives_being_read_and_written(data):
    found = version_from(data)
    assert canonical(version_to(found)) == canonical(data)  # text: 1, 1.0 and true are three different values
    assert repr(version_from(version_to(found))) == repr(found)


@FEW
@given(conditions)
def test_a_condition_survives_being_read_and_written(data):
    assert canonical(condition_to(condition_from(data))) == canonical(data)


@FEW
@given(actions)
def test_an_action_survives_being_read_and_written(data):
    assert canonical(action_to(action_from(data))) == canonical(data)


@pytest.mark.parametrize("value", [1, 1.0, True, "1", -0.0, 1e-7])
def test_a_literal_keeps_its_type(value):
    found = condition_from(when(fact="case.x", op="eq", value=value))
    assert isinstance(found, Compare)
    assert isinstance(found.value, Literal)
    assert repr(found.value.value) == repr(value)


def test_a_fact_can_be_scaled():
    found = condition_from(when(fact="case.loan", op="gt", value={"fact": "case.income", "times": 4.5, "plus": 1000}))
    assert found == Compare("case.loan", "gt", FactRef("case.income", 4.5, 1000))


def test_mappings_have_no_order():
    steps = {"b": {"use": "x.b"}, "a": {"use": "x.a"}}
    parameters = {"q": {"type": "number", "value": 1}, "p": {"type": "number", "value": 2}}
    sets = {"set": {"derived.z": 1, "derived.a": 2}}
    one = version_from(version(agents=steps, parameters=parameters, rules=[rule("always", sets)]))
    turned = {"set": {"derived.a": 2, "derived.z": 1}}
    other = version(
        agents=dict(reversed(steps.items())),
        parameters=dict(reversed(parameters.items())),
        rules=[rule("always", turned)],
    )
    assert [step.name for step in one.agents] == ["a", "b"]
    assert version_from(other) == one


def test_what_is_written_cannot_change_the_version():
    found = version_from(version())
    version_to(found)["input_schema"]["properties"].clear()
    assert version_to(found) == version()


BAD_CONDITIONS = [
    # (condition, [(pointer, message)])
    ("sometimes", [("", "A condition must be “always” or a mapping, not “sometimes”.")]),
    (None, [("", "A condition must be “always” or a mapping, not nothing.")]),
    ({}, [("", "The condition is empty. It starts with one of fact, all, any, not, some, every, none.")]),
    ({"alll": []}, [("/alll", "“alll” is not a kind of condition. Did you mean “all”?")]),
    ({"all": []}, [("/all", "“all” must have at least one entry.")]),
    ({"all": {}}, [("/all", "“all” must be a list, not a mapping.")]),
    ({"any": [{"not": 5}]}, [("/any/0/not", "A condition must be “always” or a mapping, not 5.")]),
    (
        {"fact": "case.age", "op": "less_than", "value": 1},
        [("/op", "There is no operator “less_than”. Did you mean “lt”?")],
    ),
    ({"fact": "case.age", "op": "ltt", "value": 1}, [("/op", "There is no operator “ltt”. Did you mean “lt”?")]),
    ({"fact": "case.age"}, [("", "The condition lacks the entry “op”.")]),
    ({"fact": "case.age", "op": "lt"}, [("", "“lt” needs a value to compare with.")]),
    ({"fact": "case.age", "op": "is_set", "value": 1}, [("/value", "“is_set” takes no value; leave it out.")]),
    (
        {"fact": "case.age", "op": "between", "value": [1]},
        [("/value", "“between” needs exactly two values, low and high, not 1.")],
    ),
    (
        {"fact": "case.age", "op": "in", "value": 3},
        [("/value", "“in” needs a list of values, not 3.")],
    ),
    (
        {"fact": "case.age", "op": "eq", "value": None},
        [("/value", "The value must be a plain value, not nothing.")],
    ),
    (
        {"fact": "case.age", "op": "eq", "value": {"parametr": "x"}},
        [
            ("/value/parametr", "The value has no entry “parametr”. Did you mean “parameter”?"),
            ("/value", "The value must be a plain value, {parameter: name} or {fact: path}."),
        ],
    ),
    (
        {"fact": "case.age", "op": "gt", "value": {"fact": "case.x", "times": "2"}},
        [("/value/times", "“times” must be a number, not “2”.")],
    ),
    (
        {"fact": "case.age", "op": "eq", "value": 1, "ignorecase": True},
        [("/ignorecase", "The condition has no entry “ignorecase”. Did you mean “ignore_case”?")],
    ),
    ({"some": "case.owners"}, [("", "The condition lacks the entry “where”.")]),
    (
        {"fact": "case..age", "op": "is_set"},
        [("/fact", "The fact “case..age” is not a path such as case.applicant.age.")],
    ),
    ({"fact": "case.a/b~", "op": "x"}, [("/op", "There is no operator “x”.")]),
]


@pytest.mark.parametrize(("condition", "expected"), BAD_CONDITIONS)
def test_a_bad_condition_is_refused_at_its_place(condition, expected):
    assert faults_of(condition) == expected


def test_pointers_escape_what_rfc_6901_asks_for():
    assert faults_of({"all": [{"a/b~c": 1}]})[0][0] == "/all/0/a~1b~0c"


BAD_ACTIONS = [
    ({}, [("", "An entry of “then” must be exactly one action; this one is empty.")]),
    ("decide", [("", "An action must be a mapping such as {decide: …}, not “decide”.")]),
    ({"decidee": {}}, [("/decidee", "There is no action “decidee”. Did you mean “decide”?")]),
    (
        {"decide": {"outcome": "a"}, "run": ["b"]},
        [("", "An entry of “then” must be exactly one action; this one holds decide and run.")],
    ),
    ({"decide": "approve"}, [("/decide", "“decide” must be a mapping of names to values, not “approve”.")]),
    ({"decide": {}}, [("/decide", "“decide” lacks the entry “outcome”.")]),
    ({"run": "address"}, [("/run", "“run” must be a list, not “address”.")]),
    (
        {"set": {"case.age": 1}},
        [
            (
                "/set/case.age",
                "Only derived facts can be set, such as derived.risk (one name after the dot), not “case.age”.",
            )
        ],
    ),
    ({"set": {"derived.x": {"add": [1]}}}, [("/set/derived.x/add", "“add” needs a list of exactly two values.")]),
    (
        {"escalate": {"queue": "q", "reason": " ", "priority": "higher"}},
        [
            (
                "/escalate/priority",
                "The priority cannot be “higher”; it is one of low, normal, high, urgent. Did you mean “high”?",
            ),
            ("/escalate/reason", "The reason must not be empty."),
        ],
    ),
    (
        {"prioritise": "asap"},
        [("/prioritise", "The priority cannot be “asap”; it is one of low, normal, high, urgent.")],
    ),
    ({"wait": {}}, [("/wait", "“wait” needs either “for” (such as 2d) or “until” (a date or datetime fact).")]),
    (
        {"wait": {"for": "2d", "until": "case.born"}},
        [("/wait", "“wait” needs either “for” (such as 2d) or “until” (a date or datetime fact).")],
    ),
    ({"open_case": {"workflow": "w", "as": "a b"}}, None),
    ({"notify": {"name": 5}}, [("/notify/name", "The name of the notice must be a text, not 5.")]),
]


@pytest.mark.parametrize(("action", "expected"), BAD_ACTIONS)
def test_a_bad_action_is_refused_at_its_place(action, expected):
    with pytest.raises(RuleError) as caught:
        action_from(action)
    found = [(problem.pointer, problem.detail) for problem in caught.value.problems]
    assert found == (expected or [("/open_case/as", found[0][1])])


def test_every_error_is_named_at_once():
    bad = version(
        outcomes=[],
        language=2,
        bugdet=5,
        budget=-1,
        agents={"a b": {"use": 5, "attempts": True}},
        parameters={"p": {"type": "nmber", "value": None}},
        rules=[{"key": "a/b", "when": {"fact": "case.age", "op": "?"}, "then": [], "priority": 1.5}],
        tables=[table(hit_policy="uniqe", rows=[{"key": "x", "when": [18], "then": [[]]}])],
        scenarios=[{"title": "", "given": [], "expect": {}}],
    )
    assert [pointer for pointer, _ in problems(bad)] == [
        "/bugdet",
        "/language",
        "/budget",
        "/outcomes",
        "/parameters/p/value",
        "/parameters/p/type",
        "/agents/a b",
        "/agents/a b/use",
        "/agents/a b/attempts",
        "/rules/0",
        "/rules/0/then",
        "/rules/0/key",
        "/rules/0/when/op",
        "/rules/0/priority",
        "/tables/0/hit_policy",
        "/tables/0/rows/0/when/0",
        "/tables/0/rows/0/then/0",
        "/scenarios/0/title",
        "/scenarios/0/given",
    ]


def test_an_unknown_entry_is_named_with_the_nearest():
    assert problems(version(parametres={}))[0] == (
        "/parametres",
        "The version has no entry “parametres”. Did you mean “parameters”?",
    )


def test_a_cell_without_quotes_is_explained():
    found = problems(version(tables=[table(rows=[{"key": "x", "when": [18, "-"], "then": ["low"]}])]))
    assert found == [("/tables/0/rows/0/when/0", 'A cell must be a text in quotes, such as "18", not 18.')]


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"rules": [rule("always", key=f"r{n}") for n in range(5_001)]}, "/rules"),
        ({"outcomes": [str(n) for n in range(201)]}, "/outcomes"),
        ({"feedback": [str(n) for n in range(51)]}, "/feedback"),
        ({"feedback": ["v" * 81]}, "/feedback/0"),
        ({"rules": [rule({"any": [{"fact": "case.a", "op": "is_set"}] * 1_001})]}, "/rules/0/when/any"),
        ({"rules": [rule("always", title="t" * 301)]}, "/rules/0/title"),
        ({"rules": [rule("always", title="t" * 60_001)]}, "/rules/0/title"),
        ({"rules": [rule(when(fact="case.age", op="lt", value=2**53 + 1))]}, "/rules/0/when/value"),
        ({"rules": [rule(when(fact="case.age", op="lt", value=float("nan")))]}, "/rules/0/when/value"),
        ({"rules": [rule(when(fact="case.name", op="eq", value="\ud800"))]}, "/rules/0/when/value"),
    ],
)
def test_the_absurd_is_refused(changed, pointer):
    assert [found for found, _ in problems(version(**changed))] == [pointer]


def test_conditions_nest_forty_levels_and_no_more():
    condition: Any = when(fact="case.age", op="lt", value=1)
    for _ in range(40):
        condition = {"not": condition}
    assert condition_to(condition_from(condition)) == condition
    assert faults_of({"not": condition}) == [("/not" * 41, "The condition is nested deeper than 40 levels.")]


def test_a_payload_schema_may_be_a_hundred_levels_deep():
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(100):
        schema = {"type": "object", "properties": {"x": schema}}
    assert version_to(version_from(version(input_schema=schema)))["input_schema"] == schema


def test_a_document_too_deep_is_refused_without_harm():
    schema: dict[str, Any] = {}
    for _ in range(50_000):
        schema = {"x": schema}
    (problem,) = problems(version(input_schema=schema))
    assert problem[1] == "The value is nested deeper than 320 levels."


@pytest.mark.parametrize("data", [None, [], "x", 5, {}])
def test_what_is_no_version_is_refused(data):
    assert problems(data)
