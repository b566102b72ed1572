"""Decision tables of DMN files become ours; what cannot is named with its place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestration.rules.check import check
from orchestration.rules.dmn import Imported, tables_from_dmn
from orchestration.rules.reading import Reader, RuleError
from orchestration.rules.sections import read_table
from tests.rules.contents import content

FILES = Path(__file__).parent / "dmn"
FACTS = {
    "case.age": "integer", "case.country": "string", "case.born": "date", "case.income": "number",
    "case.address.city": "string", "case.owners": "array",
}  # fmt: skip


def imported(name: str) -> tuple[Imported, ...]:
    return tables_from_dmn((FILES / name).read_bytes(), facts=FACTS, parameters={"limit"})


def told(found: Imported) -> list[tuple[str, str]]:
    return [(remark.place, remark.text) for remark in found.remarks]


def test_a_file_of_camunda_modeler_becomes_tables_with_remarks():
    risk, region = imported("camunda-risk.dmn")
    assert risk.table == {
        "key": "how-risky-is-the-applicant",
        "title": "How risky is the applicant?",
        "hit_policy": "priority",
        "inputs": [
            {"fact": "case.age", "title": "Age"},
            {"fact": "derived.region", "title": "Home region"},
            {"fact": "case.born", "title": "Born"},
        ],
        "outputs": [
            {"set": "derived.risk", "type": "string", "values": ["high", "medium", "low"]},
            {"set": "derived.points", "type": "number"},
        ],
        "rows": [
            {"key": "minors-are-always-risky", "when": ["< 18", "-", "-"], "then": ["high", 12.5]},
            {"key": "row-2", "when": ["(17..65)", 'not("abroad")', ">= 1960-01-01"], "then": ["low", None]},
            {
                "key": "row-3",
                "when": ["> maximum_age", '${region.startsWith("a")}', "null"],
                "then": [None, -3],
            },
        ],
        "otherwise": ["medium", None],
    }
    said = dict(told(risk))
    assert list(said) == [
        "Input column 2 “Home region”",
        "Row 3, input column 1",
        "Row 3, input column 2",
        "Row 3, input column 3",
        "Row 3, output column 1",
        "Annotation",
        "Decision “Fee”",
        "Business knowledge model “Common sense”",
    ]
    assert "“maximum_age” is neither a value nor a parameter" in said["Row 3, input column 1"]
    assert "(it is written in juel)" in said["Row 3, input column 2"]
    assert "The cell is empty." in said["Row 3, output column 1"]
    assert said["Annotation"].endswith("minors-are-always-risky: Minors are always risky")
    assert said["Decision “Fee”"] == "It is no table but a literal expression, and is not taken over."
    assert region.table["hit_policy"] == "unique"
    assert region.table["rows"] == [
        {"key": "row-1", "when": ['"DE", "FR"'], "then": ["home"]},
        {"key": "row-2", "when": ['not("DE", "FR")'], "then": ["abroad"]},
    ]
    assert [place for place, _ in told(region)] == ["Decision “Fee”", "Business knowledge model “Common sense”"]


def test_a_cell_that_was_not_taken_over_is_an_error_of_the_table():
    reader = Reader()
    tables = [read_table(reader, dict(one.table), "") for one in imported("camunda-risk.dmn")]
    assert reader.problems == []
    errors = {one.pointer for one in check(replace(content(), tables=tuple(tables))) if one.severity == "error"}
    assert errors == {"/tables/0/rows/2/when/0", "/tables/0/rows/2/when/1", "/tables/0/rows/2/when/2"}


def test_a_file_with_prefixes_types_of_its_own_and_annotation_columns_is_read():
    (fine,) = imported("kie-fine.dmn")
    assert fine.table == {
        "key": "fine-level",
        "title": "Fine Level",
        "hit_policy": "collect_count",
        "inputs": [{"fact": "case.income"}, {"fact": "case.x_11"}],
        "outputs": [{"set": "derived.Fine_Level", "type": "string", "values": ["severe", "mild"]}],
        "rows": [{"key": "middling-3", "when": ["[100..200)", "-"], "then": ["mild"]}],
    }
    assert [place for place, _ in told(fine)] == ["Input column 2", "Annotation"]


def file(
    attributes: str = "", *, body: str | None = None, model: str = "https://www.omg.org/spec/DMN/20230324/MODEL/"
) -> bytes:
    whole = (
        body
        if body is not None
        else """
      <input label="Age"><inputExpression><text>age</text></inputExpression></input>
      <output name="points" typeRef="number"/>
      <rule><inputEntry><text>1</text></inputEntry><outputEntry><text>5</text></outputEntry></rule>"""
    )
    table = f"<decisionTable {attributes}>{whole}</decisionTable>"
    return f'<definitions xmlns="{model}"><decision id="d" name="D">{table}</decision></definitions>'.encode()


POLICIES = [
    ("", "unique"), ('hitPolicy="UNIQUE"', "unique"), ('hitPolicy="ANY"', "any"), ('hitPolicy="PRIORITY"', "priority"),
    ('hitPolicy="FIRST"', "first"), ('hitPolicy="RULE ORDER"', "rule_order"),
    ('hitPolicy="OUTPUT ORDER"', "output_order"), ('hitPolicy="COLLECT"', "collect"),
    ('hitPolicy="COLLECT" aggregation="SUM"', "collect_sum"), ('hitPolicy="COLLECT" aggregation="MIN"', "collect_min"),
    ('hitPolicy="COLLECT" aggregation="MAX"', "collect_max"),
    ('hitPolicy="COLLECT" aggregation="COUNT"', "collect_count"), ('hitPolicy="C+"', "collect_sum"),
    ('hitPolicy="C&lt;"', "collect_min"), ('hitPolicy="C&gt;"', "collect_max"), ('hitPolicy="C#"', "collect_count"),
    ('hitPolicy="R"', "rule_order"),
]  # fmt: skip


@pytest.mark.parametrize(("attributes", "policy"), POLICIES)
def test_every_hit_policy_is_taken_over(attributes, policy):
    (found,) = tables_from_dmn(file(attributes), facts=FACTS)
    assert (found.table["hit_policy"], found.remarks) == (policy, ())


@pytest.mark.parametrize("model", [
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd", "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/", "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
])  # fmt: skip
def test_every_version_of_dmn_is_read(model):
    (found,) = tables_from_dmn(file(model=model), facts=FACTS)
    assert found.table["rows"] == [{"key": "row-1", "when": ["1"], "then": [5]}]


FAMILIAR = [
    # (input expression, column, known)
    ("age", "case.age", True),
    ("case.age", "case.age", True),
    ("Age", "case.age", True),
    ("address.city", "case.address.city", True),
    ("city", "case.address.city", True),
    ("Annual Income", "case.Annual_Income", False),
    ("owners", "case.owners", False),  # a list is no column
    ("points", "derived.points", False),  # what the table itself gives
]


@pytest.mark.parametrize(("expression", "fact", "known"), FAMILIAR)
def test_the_fact_of_an_input_is_found_by_its_name(expression, fact, known):
    (found,) = tables_from_dmn(
        file().replace(b"<text>age</text>", f"<text>{expression}</text>".encode()).replace(b"<text>1<", b"<text>-<"),
        facts=FACTS,
    )
    assert found.table["inputs"] == [{"fact": fact, "title": "Age"} if expression != "Age" else {"fact": fact}]
    assert (found.remarks == ()) is known


BAD: list[tuple[Any, str]] = [
    (b"", "is not XML."),
    (b"hello", "Line 1: this is not XML."),
    (b"\xff\xfe\x00", "is not XML."),
    (b"<definitions/>", "This is another kind of XML, not DMN: it begins with <definitions>."),
    (b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>', "This is BPMN, not DMN"),
    (file(model="https://www.omg.org/spec/DMN/20991111/MODEL/"), "DMN version that is not known here"),
    (b'<!DOCTYPE d [<!ENTITY a "b">]>' + file(), "The file has a DTD or XML entities"),
    (file(body=""), "Decision “D” has a table without an output column."),
    (b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>', "The file holds no decision table."),
    (file(body='<output name="x"/>' + "<rule/>" * 5_001), "Decision “D” has 5,001 rules; at most 5,000 are read."),
    (file(body='<output name="x"/>' * 101), "Decision “D” has 101 outputs; at most 100 are read."),
    (b" " * (4 * 2**20 + 1), "The file is larger than 4 MiB."),
]


@pytest.mark.parametrize(("whole", "said"), BAD)
def test_a_file_that_is_no_dmn_is_refused_with_the_reason(whole, said):
    with pytest.raises(RuleError) as refused:
        tables_from_dmn(whole)
    assert said in refused.value.problems[0].detail


def test_a_row_with_too_few_entries_is_named_and_filled_up():
    (found,) = tables_from_dmn(file(body='<input><inputExpression><text>age</text></inputExpression></input>'
                                         '<output name="a"/><output name="b"/><rule/>'), facts=FACTS)  # fmt: skip
    assert found.table["rows"] == [{"key": "row-1", "when": ["-"], "then": [None, None]}]
    assert told(found) == [
        ("Row 1", "It has 0 and 0 entries for 1 and 2 columns. What lacks is left empty, what is too much left out.")
    ]


def test_remarks_are_many_but_bounded():
    rule = "<rule><inputEntry><text>f(x)</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>"
    head = '<input><inputExpression><text>age</text></inputExpression></input><output name="a" typeRef="number"/>'
    (found,) = tables_from_dmn(file(body=head + rule * 300), facts=FACTS)
    assert len(found.remarks) == 201
    assert found.remarks[-1].text == "100 more of this kind."
