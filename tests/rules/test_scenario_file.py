"""Scenarios as spreadsheets: nothing is lost on the way out and back, and bad files are told place by place."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from orchestration.rules.reading import RuleError
from orchestration.rules.scenario_file import csv_of_scenarios, scenarios_from_file, xlsx_of_scenarios
from orchestration.rules.scenario_sheet import scenarios_of_sheet, sheet_of_scenarios
from tests.rules.strategies import plain, texts, titles, tricky

keys = st.one_of(st.sampled_from(["age", "a.b", "x y", '"q"', " pad ", "0", "été", "true"]), texts.filter(bool))
facts = st.dictionaries(keys, plain, min_size=1, max_size=3)
givens = st.fixed_dictionaries(
    {}, optional={"case": facts, "agents": facts, "human": facts, "meta": facts, "now": st.just("2026-01-31T09:00:00Z")}
)
expects = st.one_of(
    titles.map(lambda text: {"outcome": text}),
    st.one_of(titles, tricky).map(lambda text: {"escalate": text}),
    st.lists(titles, min_size=1, max_size=3).map(lambda steps: {"run": steps}),
    st.just({"wait": True}),
)
scenarios = st.lists(
    st.builds(lambda title, given, expect: {"title": title, "given": given, "expect": expect}, titles, givens, expects),
    max_size=3,
)


def exactly(value: Any) -> Any:
    """Values with their types, since true is 1 and 1.0 is 1 in Python."""
    if isinstance(value, dict):
        return {key: exactly(one) for key, one in value.items()}
    return [exactly(one) for one in value] if isinstance(value, list) else (type(value), repr(value))


@settings(deadline=None, max_examples=200)
@given(scenarios)
def test_csv_keeps_every_scenario(made: list[dict[str, Any]]) -> None:
    assert exactly(scenarios_from_file(csv_of_scenarios(made).encode())) == exactly(made)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(scenarios)
def test_xlsx_keeps_every_scenario(made: list[dict[str, Any]]) -> None:
    assert exactly(scenarios_from_file(xlsx_of_scenarios(made))) == exactly(made)


ONE = {
    "title": "Grown up",
    "given": {
        "case": {"age": 20, "address": {"city": "Ulm"}, "zip": "01234", "tags": ["a"]},
        "now": "2026-01-31T09:00:00Z",
    },
    "expect": {"outcome": "approve"},
}


def test_a_scenario_is_a_row_and_a_fact_a_column():
    assert sheet_of_scenarios([ONE]) == [
        ["title", "case.age", "case.address.city", "case.zip", "case.tags", "now", "expect.outcome"],
        ["Grown up", 20, "Ulm", '"01234"', '["a"]', "2026-01-31T09:00:00Z", "approve"],
    ]


def test_what_people_type_is_read_as_they_mean_it():
    lines = [
        ["title", "case.age", "case.member", "case.name", None, "expect.run"],
        [],
        ["A", "18", "true", " Ida ", None, '["a", "b"]'],
        ["B", 18.5, False, None, None, "a"],
    ]
    assert scenarios_of_sheet(lines) == [
        {
            "title": "A",
            "given": {"case": {"age": 18, "member": True, "name": " Ida "}},
            "expect": {"run": ["a", "b"]},
        },
        {"title": "B", "given": {"case": {"age": 18.5, "member": False}}, "expect": {"run": "a"}},
    ]


def test_no_cell_of_a_csv_is_run_as_a_formula():
    wild = {
        "title": "=1+1",
        "given": {"case": {"a": '=HYPERLINK("x")', "b": "@x", "c": "-5"}},
        "expect": {"outcome": "+x"},
    }
    text = csv_of_scenarios([wild])
    assert [cell[0] for cell in list(csv.reader(io.StringIO(text[1:])))[1]] == ["'", "'", "'", '"', "'"]
    assert scenarios_from_file(text.encode()) == [wild]


def test_nor_of_a_workbook():
    page = load_workbook(io.BytesIO(xlsx_of_scenarios([{**ONE, "title": "=1+1"}]))).active
    assert (page["A2"].value, page["A2"].data_type) == ("=1+1", "s")


def workbook(*lines: list[Any], merge: str = "") -> bytes:
    book = Workbook()
    for line in lines:
        book.active.append(line)
    if merge:
        book.active.merge_cells(merge)
    found = io.BytesIO()
    book.save(found)
    return found.getvalue()


HEAD = ["title", "case.age", "expect.outcome"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "there is nothing in it"),
        (b"title,case.age\r\nA,5\r\n", "row 1: a column “expect.outcome” is missing"),
        (
            b"titel,case.age,expect.outcome\r\nA,5,yes\r\n",
            "column A: “titel” is no heading that scenarios have. Did you mean “title”?",
        ),
        (
            b"title,cases.age,expect.outcome\r\nA,5,yes\r\n",
            "column B: “cases.age” is no heading that scenarios have. Did you mean “case”?",
        ),
        (
            b"title,case.age,expect.outcom\r\nA,5,yes\r\n",
            "column C: “expect.outcom” is no expectation. Did you mean “outcome”?",
        ),
        (b"title,case.age,case.age,expect.run\r\n", "column C: “case.age” stands there twice"),
        (b"title,case.age,expect.outcome\r\n,5,yes\r\n", "row 2: the scenario has no title"),
        (b"title,case.age,expect.outcome\r\nA,5,\r\n", "row 2: the scenario expects nothing"),
        (b"title,case.age,expect.outcome\r\nA,5,yes,7\r\n", "row 2, column D: this cell has no heading above it"),
        (
            b"title,case.a,case.a.b,expect.outcome\r\nA,5,6,yes\r\n",
            "row 2, column C: another column of this row holds a value",
        ),
        (
            b"title,case.age,expect.outcome\r\nA,99999999999999999999,yes\r\n",
            "row 2, column B: the value is a number beyond",
        ),
        (b"title,expect.outcome\r\n" + b"A,yes\r\n" * 5001, "5,001 scenarios; at most 5,000"),
        (b"title\x00\xff", "not a text in UTF-8"),
        (workbook(HEAD, ["A", "=1+1", "yes"]), "Sheet “Sheet”, row 2, column B: this cell is a formula"),
        (workbook(HEAD, ["A", 5, "yes"], merge="A3:B4"), "these cells are merged"),
        (workbook(HEAD, ["A", 5, None]), "Sheet “Sheet”, row 2: the scenario expects nothing"),
        (b"PK\x03\x04 and then nonsense", "no XLSX workbook"),
    ],
)
def test_a_bad_file_is_told_by_row_and_column(content, told):
    with pytest.raises(RuleError) as refused:
        scenarios_from_file(content)
    assert told in "\n".join(problem.detail for problem in refused.value.problems)
