"""What the rows of a decision table that apply give together: every hit policy of DMN 1.5."""

from __future__ import annotations

from typing import Any

import pytest

from orchestration.rules.catalogue import catalogue_of
from orchestration.rules.language import Always, DecisionTable
from orchestration.rules.parse import RuleError, condition_from
from orchestration.rules.tables import TableResult, row_condition, settle
from tests.rules.contents import content, table


def made(policy: str, results: list[list[Any]], outputs: list[dict[str, Any]], **changed: Any) -> DecisionTable:
    rows = [{"key": f"r{n}", "when": ["-"], "then": then} for n, then in enumerate(results)]
    whole = table(hit_policy=policy, inputs=[{"fact": "case.age"}], outputs=outputs, rows=rows, **changed)
    if "otherwise" not in changed:
        del whole["otherwise"]
    return content(tables=[whole]).tables[0]


RISK = {"set": "derived.risk", "type": "string", "values": ["high", "medium", "low"]}
POINTS = {"set": "derived.points", "type": "number"}
FEE = {"set": "derived.fee", "type": "number", "values": [30, 20, 10]}
DECIDE = {"decide": "outcome"}
ESCALATE = {"escalate": "reason", "queue": "desk"}


def given(
    policy: str, results: list[list[Any]], outputs: list[dict[str, Any]], *matched: int, **changed: Any
) -> TableResult:
    made_table = made(policy, results, outputs, **changed)
    return settle(made_table, [made_table.rows[number] for number in matched])


LEVELS = [["low"], ["high"], ["medium"], ["high"]]

SINGLE = [
    # (policy, rows that apply, value, rows that count)
    ("unique", [2], "medium", ["r2"]),
    ("any", [1, 3], "high", ["r1", "r3"]),  # they agree
    ("first", [2, 0, 1], "low", ["r0"]),  # in the table's order, whatever order they come in
    ("priority", [0, 2], "medium", ["r2"]),
    ("priority", [0, 3, 1], "high", ["r1"]),  # of equal ones the first
]


@pytest.mark.parametrize(("policy", "matched", "value", "rows"), SINGLE)
def test_one_row_counts(policy, matched, value, rows):
    expected = TableResult(sets=(("derived.risk", value),), rows=tuple(rows))
    assert given(policy, LEVELS, [RISK], *matched) == expected


MANY = [
    ("rule_order", [2, 0, 1], ["low", "high", "medium"], ["r0", "r1", "r2"]),
    ("collect", [3, 1], ["high", "high"], ["r1", "r3"]),
    ("output_order", [0, 1, 2, 3], ["high", "high", "medium", "low"], ["r1", "r3", "r2", "r0"]),
]


@pytest.mark.parametrize(("policy", "matched", "values", "rows"), MANY)
def test_several_rows_give_the_list_of_their_column(policy, matched, values, rows):
    expected = TableResult(sets=(("derived.risk", values),), rows=tuple(rows))
    assert given(policy, LEVELS, [RISK], *matched) == expected


def test_a_row_that_gives_nothing_in_a_column_adds_nothing_to_its_list():
    results = [["low", None], [None, 10], ["high", 20]]
    assert given("collect", results, [RISK, FEE], 0, 1, 2).sets == (
        ("derived.risk", ["low", "high"]),
        ("derived.fee", [10, 20]),
    )


AMOUNTS = [[0.1], [0.2], [3], [None]]
AGGREGATES = [
    ("collect_sum", [0, 1], 0.3),  # in decimal
    ("collect_sum", [0, 1, 2, 3], 3.3),  # an empty result adds nothing
    ("collect_min", [0, 1, 2, 3], 0.1),
    ("collect_max", [0, 1, 2, 3], 3),
    ("collect_count", [0, 1, 2, 3], 3),
    ("collect_count", [0], 1),
]


@pytest.mark.parametrize(("policy", "matched", "value"), AGGREGATES)
def test_aggregators_work_on_each_column(policy, matched, value):
    result = given(policy, AMOUNTS, [POINTS], *matched)
    assert result == TableResult(sets=(("derived.points", value),), rows=tuple(f"r{n}" for n in matched))


def test_a_sum_of_whole_numbers_is_whole():
    ((_, value),) = given("collect_sum", [[1], [2.0], [2**53 - 4]], [POINTS], 0, 1, 2).sets
    assert (value, type(value)) == (2**53 - 1, int)


def test_aggregators_treat_every_column_alone():
    result = given("collect_sum", [[1, 10], [2, 20]], [POINTS, FEE], 0, 1)
    assert result.sets == (("derived.points", 3), ("derived.fee", 30))


VIOLATIONS = [
    ("unique", [0, 1], "only one row may apply, but “r0” and “r1” do"),
    ("unique", [3, 1, 2], "only one row may apply, but “r1”, “r2” and “r3” do"),
    ("any", [0, 1, 3], "all rows that apply must agree, but “r0”, “r1” and “r3” do not"),
]


@pytest.mark.parametrize(("policy", "matched", "said"), VIOLATIONS)
def test_a_broken_promise_is_said_and_gives_nothing_else(policy, matched, said):
    assert given(policy, LEVELS, [RISK], *matched) == TableResult(violation=said)


def test_true_and_one_do_not_agree():
    outputs = [{"set": "derived.x", "type": "boolean"}]
    assert given("any", [[True], [1]], outputs, 0, 1).violation is not None
    assert given("any", [[1], [1.0]], [POINTS], 0, 1).violation is None


def test_priority_looks_at_the_first_column_then_at_the_next():
    results = [["low", 30], ["high", 10], ["high", 20]]
    result = given("priority", results, [RISK, FEE], 0, 1, 2)
    assert result == TableResult(sets=(("derived.risk", "high"), ("derived.fee", 20)), rows=("r2",))


def test_a_result_outside_the_values_goes_last():
    assert given("priority", [["odd"], ["low"]], [RISK], 0, 1).rows == ("r1",)


def test_outcomes_and_escalations_come_from_their_columns():
    outputs = [DECIDE, ESCALATE, RISK]
    results = [["approve", None, "low"], [None, "Too risky", None]]
    assert given("first", results, outputs, 0) == TableResult(
        (("derived.risk", "low"),), outcome="approve", rows=("r0",)
    )
    assert given("first", results, outputs, 1) == TableResult(escalation=("desk", "Too risky"), rows=("r1",))


NOTHING = [
    # (policy, otherwise, what it gives when no row applies)
    ("unique", None, ()),
    ("unique", ["medium"], (("derived.risk", "medium"),)),
    ("collect", ["medium"], (("derived.risk", ["medium"]),)),
    ("collect", None, ()),
    ("rule_order", [None], (("derived.risk", []),)),
    ("collect_count", None, (("derived.risk", 0),)),  # nobody counted is a count too
]


@pytest.mark.parametrize(("policy", "otherwise", "sets"), NOTHING)
def test_otherwise_speaks_where_no_row_applies(policy, otherwise, sets):
    changed = {} if otherwise is None else {"otherwise": otherwise}
    assert given(policy, LEVELS, [RISK], **changed) == TableResult(sets=sets)


def test_sums_of_nothing_give_nothing():
    assert given("collect_sum", AMOUNTS, [POINTS]) == TableResult()
    assert given("collect_sum", AMOUNTS, [POINTS], 3) == TableResult(rows=("r3",))


TYPES = [
    # (policy, type of the derived fact)
    ("unique", "string"),
    ("priority", "string"),
    ("rule_order", "array"),
    ("output_order", "array"),
    ("collect", "array"),
    ("collect_count", "integer"),
]


@pytest.mark.parametrize(("policy", "type_"), TYPES)
def test_the_derived_fact_has_the_type_that_the_policy_gives(policy, type_):
    spec = catalogue_of(content(tables=[table(hit_policy=policy)])).get("derived.risk")
    assert spec is not None
    assert spec.type == type_
    if type_ == "array":
        assert spec.items is not None
        assert (spec.items.type, spec.items.values) == ("string", ("high", "medium", "low"))


def test_a_row_is_all_of_its_cells():
    whole = content(tables=[table()])
    home = row_condition(whole.tables[0], whole.tables[0].rows[1], catalogue_of(whole))
    assert home == condition_from(
        {
            "all": [
                {"fact": "case.age", "op": "gte", "value": 18},
                {"fact": "case.country", "op": "in", "value": ["DE", "FR"]},
            ]
        }
    )


def test_a_row_without_tests_is_always_true():
    whole = content(tables=[table(rows=[{"key": "x", "when": ["-", "-"], "then": ["low"]}])])
    assert row_condition(whole.tables[0], whole.tables[0].rows[0], catalogue_of(whole)) == Always()


def test_every_wrong_cell_of_a_row_is_named_with_table_row_and_column():
    inputs = [{"fact": "case.age"}, {"fact": "case.country"}, {"fact": "case.nothing"}]
    rows = [{"key": "odd", "when": ["old", "DE", "1"], "then": ["low"]}]
    whole = content(tables=[table(inputs=inputs, rows=rows)])
    with pytest.raises(RuleError) as caught:
        row_condition(whole.tables[0], whole.tables[0].rows[0], catalogue_of(whole))
    found = [(problem.pointer, problem.detail.split(": ")[0]) for problem in caught.value.problems]
    assert found == [
        ("/when/0", "Table “risk”, row “odd”, column “case.age”"),
        ("/when/1", "Table “risk”, row “odd”, column “case.country”"),
        ("/when/2", "Table “risk”, row “odd”, column “case.nothing”"),
    ]


def test_a_row_with_too_few_cells_is_refused():
    whole = content(tables=[table(rows=[{"key": "x", "when": ["-"], "then": ["low"]}])])
    with pytest.raises(RuleError, match="1 cells for 2 input columns"):
        row_condition(whole.tables[0], whole.tables[0].rows[0], catalogue_of(whole))
