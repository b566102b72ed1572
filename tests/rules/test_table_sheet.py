"""A decision table goes through a sheet, CSV and XLSX unchanged; a sheet that is none says where it is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orchestration.rules.language import DecisionTable
from orchestration.rules.reading import Reader, RuleError
from orchestration.rules.sections import read_table, write_table
from orchestration.rules.sheet_reading import table_of
from orchestration.rules.table_csv import armed, csv_of, disarmed, table_from_csv
from orchestration.rules.table_sheet import sheet_of
from orchestration.rules.table_xlsx import table_from_xlsx, xlsx_of
from tests.rules.contents import table
from tests.rules.strategies import tables_


def read(document: dict[str, Any]) -> DecisionTable:
    reader = Reader()
    found = read_table(reader, document, "")
    assert reader.problems == []
    assert found is not None
    return found


def even(document: dict[str, Any]) -> dict[str, Any]:
    """With as many cells in each row as there are columns: any other table is refused before it is stored."""
    inputs, outputs = len(document["inputs"]), len(document["outputs"])
    for row in document["rows"]:
        row["when"] = [*row["when"], "-", "-"][:inputs]
        row["then"] = [*row["then"], None, None][:outputs]
    if "otherwise" in document:
        document["otherwise"] = [*document["otherwise"], None, None][:outputs]
    return document


any_table = tables_.map(even)
SPECIAL = ["=1+1", "+cmd|'/C calc'!A0", "@SUM(1)", "'=x", "''", "a,b;c\td", "two\r\nlines", "_x000D_", "\x01", "json:5"]
TRICKY = table(
    outputs=[{"set": "derived.risk", "type": "string", "values": SPECIAL}],
    rows=[{"key": f"r{n}", "when": [text, f" {text}"], "then": [text]} for n, text in enumerate([*SPECIAL, "", '"'])],
    otherwise=["#N/A"],
)
NUMBERS = table(
    outputs=[{"set": "derived.n", "type": "number", "values": [1, 1.0, -0.0, 1e-7, 0.1 + 0.2, 2**53]}],
    rows=[
        {"key": "r", "when": ["-", "-"], "then": [value]} for value in (1, 1.0, 0.1 + 0.2, 2**53, True, "1", "", None)
    ],
    otherwise=[None],
)


def typed(found: DecisionTable) -> str:
    """1, 1.0 and true are equal to Python; here they are not."""
    return repr(write_table(found))


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_table)
@example(TRICKY)
@example(NUMBERS)
def test_a_table_written_as_csv_reads_back_as_the_same(document):
    found = read(document)
    again = table_from_csv(csv_of(found).encode())
    assert (again, typed(again)) == (found, typed(found))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(any_table)
@example(TRICKY)
@example(NUMBERS)
def test_a_table_written_as_a_workbook_reads_back_as_the_same(document):
    found = read(document)
    again = table_from_xlsx(xlsx_of(found))
    assert (again, typed(again)) == (found, typed(found))


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.text("'=+-@|%\t\r\n 1.＝")))
def test_no_cell_of_a_csv_file_is_run_as_a_formula_and_each_reads_back(text):
    written = disarmed(text)
    assert armed(written) == text
    first = written.strip(" \t\r\n")[:1]
    assert first not in ("=", "+", "@", "-", "|", "%", "＝", "＋", "－", "＠") or written.strip("+-.0123456789eE") == ""


def lines(**changed: Any) -> list[list[Any]]:
    return sheet_of(read(table(**changed)))


def without(*words: str) -> list[list[Any]]:
    return [line for line in lines() if not line or line[0] not in words]


def put(row: int, column: int, cell: Any) -> list[list[Any]]:
    sheet = lines()
    line = sheet[row - 1]
    line += [None] * (column + 1 - len(line))
    line[column] = cell
    return sheet


WRONG = [
    # (sheet, the first problem)
    (
        [["Name", "Age"], ["Ann", 5]],
        "Sheet “S”, row 1, column A: The sheet is not a decision table as Conductor writes",
    ),
    ([], "Sheet “S”: The line “Decision table” is missing."),
    (without("Column"), "Sheet “S”, row 7, column A: “Heading” must stand below “Column”."),
    (without("Fact"), "Sheet “S”: The line “Fact” is missing."),
    (without("Hit policy"), "Sheet “S”: The line “Hit policy” is missing."),
    ([*lines(), ["Title", "x"]], "Sheet “S”, row 16, column A: “Title” is there already, in row 2."),
    (
        [*lines(), ["Rwo", "x"]],
        "Sheet “S”, row 16, column A: “Rwo” does not say what this line is. Did you mean “Row”?",
    ),
    (put(3, 1, "uniqe"), "Sheet “S”, row 3, column B: The hit policy cannot be “uniqe”; it is one of unique,"),
    (put(4, 1, "high"), "Sheet “S”, row 4, column B: The priority must be a whole number"),
    (put(5, 1, "perhaps"), "Sheet “S”, row 5, column B: “enabled” must be true or false, not “perhaps”."),
    (put(3, 2, "any"), "Sheet “S”, row 3, column C: “any” stands beside a setting"),
    (put(7, 2, "input"), "Sheet “S”, row 7, column C: “input” is no kind of column; it is one of condition, result"),
    (put(7, 4, "condition"), "Sheet “S”, row 7, column C: A table has at least one column “condition” and one that"),
    (put(8, 4, "Risk"), "Sheet “S”, row 8, column E: A column of kind result has no “Heading”."),
    (put(9, 2, "age..x"), "Sheet “S”, row 9, column C: The fact “age..x” is not a path such as case.applicant.age."),
    (put(10, 4, "txt"), "Sheet “S”, row 10, column E: The type cannot be “txt”; it is one of number,"),
    (put(13, 1, "a b"), "Sheet “S”, row 13, column B: The key “a b” is not possible"),
    (put(14, 6, "x"), "Sheet “S”, row 14, column G: “x” stands in a column without a kind (see the line “Column”)."),
    (put(15, 2, "< 5"), "Sheet “S”, row 15, column C: “< 5” cannot stand here: “Otherwise” has results only."),
    (put(14, 2, "x" * 70_000), "Sheet “S”, row 14, column C: The value is longer than 60,000 bytes."),
]


@pytest.mark.parametrize(("sheet", "said"), WRONG)
def test_a_wrong_sheet_is_told_with_sheet_row_and_column(sheet, said):
    with pytest.raises(RuleError) as refused:
        table_of(sheet, "S")
    assert refused.value.problems[0].detail.startswith(said)


def test_a_sheet_filled_in_by_hand_may_leave_out_what_goes_without_saying():
    sheet = [
        ["decision table", "risk"], ["TITLE", " How risky "], ["Hit policy", "Rule order"],
        ["Column", None, "Condition", "condition", "result", "outcome", "escalation"],
        ["Fact", None, "case.age", "case.country", "derived.risk"],
        ["Type", None, None, None, "string"],
        ["Queue", None, None, None, None, None, "desk"],
        ["Row", None, 18, None, 5, "approve"],
        [None, "mine", "< 5", '"DE"', '"7"'],
        [],
        ["Otherwise", None, None, None, "low"],
    ]  # fmt: skip
    found = table_of(sheet)
    assert (found.hit_policy, found.priority, found.enabled, found.title) == ("rule_order", 0, True, "How risky")
    assert [(row.key, row.when, row.then) for row in found.rows] == [
        ("row-1", ("18", "-"), ("5", "approve", None)),
        ("mine", ("< 5", '"DE"'), ("7", None, None)),
    ]
    assert found.otherwise == ("low", None, None)


def test_a_table_with_rows_of_other_widths_is_not_written():
    with pytest.raises(RuleError, match="row “x”"):
        sheet_of(read(table(rows=[{"key": "x", "when": ["-"], "then": ["low"]}])))
