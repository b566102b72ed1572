"""Workbooks and CSV files that people and attackers bring: each is read, or refused with sheet, row and column."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import load_workbook

from orchestration.rules.reading import RuleError
from orchestration.rules.table_csv import csv_of, table_from_csv
from orchestration.rules.table_xlsx import table_from_xlsx, xlsx_of
from tests.rules.contents import table
from tests.rules.test_table_sheet import lines, read


def book(change: Callable[[Any], None] = lambda page: None, *, before: str = "") -> bytes:
    """The workbook of a table as somebody saved it anew, changed on the way."""
    found = load_workbook(io.BytesIO(xlsx_of(read(table()))))
    change(found["Table"])
    if before:
        found.create_sheet(before, 0)
    written = io.BytesIO()
    found.save(written)
    return written.getvalue()


def packed(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()


def with_file(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    return packed({**files, name: change(files.get(name, b""))})


def fill(page: Any, rows: int, columns: int) -> None:
    for row in range(16, 16 + rows):
        for column in range(1, columns + 1):
            page.cell(row, column, "Row" if column == 1 else "x")


def put(address: str, value: Any) -> Callable[[Any], None]:
    return lambda page: page.__setitem__(address, value)


def test_a_workbook_saved_anew_by_another_program_reads_as_the_same():
    assert table_from_xlsx(book(before="Notes")) == read(table())


def test_numbers_days_and_truths_that_a_spreadsheet_program_made_of_texts_are_read():
    def change(page: Any) -> None:
        page["C9"], page["D9"] = "case.born", "case.income"
        page["C13"], page["D13"] = date(2026, 1, 31), 18
        page["C14"], page["D14"] = datetime(2026, 1, 31, 9, 30), 4.5
        page["E14"] = True

    rows = table_from_xlsx(book(change)).rows
    assert [row.when for row in rows] == [("2026-01-31", "18"), ("2026-01-31T09:30:00", "4.5")]
    assert rows[1].then == ("true",)


BAD = [
    # (content, what is said)
    (b"", "This is no XLSX workbook, or it is damaged."),
    (b"hello", "This is no XLSX workbook, or it is damaged."),
    (b"\xd0\xcf\x11\xe0 old", "old format .xls, or protected by a password"),
    (b"PK\x03\x04 broken", "This is no XLSX workbook, or it is damaged."),
    (book()[:3_000], "This is no XLSX workbook, or it is damaged."),
    (b"x" * (5 * 2**20 + 1), "The file is larger than 5 MiB."),
    (packed({"a.txt": b"hi"}), "This is a packed file, but no XLSX workbook."),
    (packed({f"{n}": b"" for n in range(1_001)}), "Unpacked the workbook has 1,001 files"),
    (lambda: packed({"xl/workbook.xml": b"<x>" + b" " * (70 * 2**20)}), "and 70 MiB; at most"),
    (packed({"xl/workbook.xml": b"not xml"}), "This is no XLSX workbook that can be read."),
    (
        with_file(book(), "xl/workbook.xml", lambda _: b'<!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>'),
        "The workbook holds XML entities",
    ),
    (with_file(book(), "xl/worksheets/sheet1.xml", lambda _: b"<sheet"), "This is no XLSX workbook that can be read."),
    (
        book(put("C14", "=SUM(A1:A3)")),
        "Sheet “Table”, row 14, column C: this cell is a formula. Put its value there",
    ),
    (
        book(lambda page: page.merge_cells("C13:D13")),
        "Sheet “Table”, row 13, column C (C13:D13): these cells are merged.",
    ),
    (book(put("C14", "#N/A")), "Sheet “Table”, row 14, column C: this cell holds the error #N/A."),
    (book(put("XFD14", "x")), "Sheet “Table”, row 14, column XFD: this cell stands far from the table."),
    (book(put("C1048576", "x")), "Sheet “Table”, row 1,048,576, column C: this cell stands far from the table."),
    (book(put("B3", "mostly")), "Sheet “Table”, row 3, column B: The hit policy cannot be “mostly”"),
    (lambda: book(lambda page: fill(page, 5_200, 3)), "Sheet “Table” has more than 5,100 filled rows"),
    (lambda: book(lambda page: fill(page, 900, 250)), "more than 200,000 filled cells up to row"),
]


@pytest.mark.parametrize(("content", "said"), BAD)
def test_a_workbook_that_is_no_table_is_refused_with_its_place(content, said):
    with pytest.raises(RuleError) as refused:
        table_from_xlsx(content() if callable(content) else content)
    assert said in refused.value.problems[0].detail


def test_a_workbook_of_two_million_cells_is_refused_before_they_are_all_read():
    row = "<row>" + "<c><v>1</v></c>" * 400 + "</row>"
    sheet = f"<worksheet><sheetData>{row * 5_000}</sheetData></worksheet>".encode()
    with pytest.raises(RuleError, match="more than 200,000 filled cells up to row 501"):
        table_from_xlsx(with_file(book(), "xl/worksheets/sheet1.xml", lambda _: sheet))


def test_every_formula_of_a_workbook_is_named():
    def change(page: Any) -> None:
        page["C13"], page["D14"] = "=1", "=2"

    with pytest.raises(RuleError) as refused:
        table_from_xlsx(book(change))
    assert [problem.pointer for problem in refused.value.problems] == ["C13", "D14"]


def test_formats_that_reach_down_to_the_last_row_do_no_harm():
    def change(page: Any) -> None:
        page.cell(30_000, 3).number_format = "@"

    assert table_from_xlsx(book(change)) == read(table())


def test_a_text_longer_than_a_spreadsheet_cell_is_not_cut_but_told():
    long = read(table(rows=[{"key": "r", "when": ["-", "-"], "then": ["x" * 40_000]}]))
    with pytest.raises(RuleError, match="Row 13, column E: the text has 40,000 signs"):
        xlsx_of(long)
    assert table_from_csv(csv_of(long).encode()) == long


def test_a_workbook_holds_texts_where_a_program_would_reckon():
    page = load_workbook(io.BytesIO(xlsx_of(read(table(rows=[
        {"key": "r", "when": ["= 5", "-"], "then": ["=1+1"]},
    ])))))["Table"]  # fmt: skip
    assert [(page[cell].value, page[cell].data_type) for cell in ("C13", "E13")] == [("= 5", "s"), ("=1+1", "s")]


WHOLE = csv_of(read(table()))


@pytest.mark.parametrize("separator", [";", "\t"])
def test_csv_with_other_separators_and_in_other_unicode_reads_as_the_same(separator):
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(lines())
    assert table_from_csv(text.getvalue().encode()) == read(table())
    assert table_from_csv(text.getvalue().encode("utf-16")) == read(table())


BAD_CSV = [
    # (content, what is said)
    (b"", "The line “Decision table” is missing."),
    ("Decision table,ä".encode("latin-1"), "The file is not a text in UTF-8. Save it as “CSV UTF-8”"),
    (xlsx_of(read(table())), "This is not CSV but a packed file."),
    (WHOLE.encode() + b'"open', "Row 16 is not CSV: unexpected end of data."),
    (WHOLE.encode() + b"\r\n" * 30_000, "The file has more than 20,000 lines"),
    (WHOLE.encode() + b"Row,,x\r\n" * 6_000, "A table has at most 5,000 rows; there are 6,002."),
    (WHOLE.encode() + b"," * 200_000, "The file has more than 200,000 cells, in row 16"),
    (b"x" * (4 * 2**20 + 1), "The file is larger than 4 MiB."),
]


@pytest.mark.parametrize(("content", "said"), BAD_CSV)
def test_a_csv_file_that_is_no_table_is_refused_with_its_place(content, said):
    with pytest.raises(RuleError) as refused:
        table_from_csv(content)
    assert said in refused.value.problems[0].detail
