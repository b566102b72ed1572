"""Decision tables as XLSX workbooks, with help for whoever fills them in."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any, Final

from orchestration.facts import Problem
from orchestration.rules.language import DecisionTable, SetOutput
from orchestration.rules.reading import RuleError
from orchestration.rules.sections import HIT_POLICIES, OUTPUT_TYPES
from orchestration.rules.sheet_cells import Cell, plain
from orchestration.rules.sheet_reading import table_of
from orchestration.rules.table_sheet import (
    FIRST,
    HEADER,
    OTHERWISE,
    ROW,
    SETTINGS,
    TYPE,
    letters,
    place_of,
    sheet_of,
)
from orchestration.rules.xlsx_reading import SHEET, xlsx_cells

_LONGEST: Final = 32_767
"""Signs that a spreadsheet program keeps of one cell."""
_SPECIAL: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_TEXT: Final = "@"
_FRACTION: Final = "0.0##############"
_SPARE_ROWS: Final = 200
_HELP: Final = (
    ("Condition", "means"),
    ("-", "any value, also none"),
    ("18", "is 18"),
    (">= 18", "is 18 or more; also <, <=, >, !="),
    ("[1..5]", "from 1 to 5; a round bracket leaves the end out: [1..5)"),
    ('"DE","FR"', "one of these texts"),
    ('not("US")', "another text"),
    ("true", "yes"),
    (">= 2026-01-31", "on this day or later"),
    (">= {limit}", "compared with the parameter “limit”; in {countries}: one of a list"),
    ("", ""),
    ("Rows", "A line that begins with “Row” is a row; its key in column B may be left empty."),
    ("Results", "An empty result gives nothing. “Otherwise” holds where no row applies."),
    ("Not possible", "Formulas and merged cells."),
)


def xlsx_of(table: DecisionTable) -> bytes:
    """The table as a workbook. Raises RuleError for a text that no spreadsheet program can hold."""
    from openpyxl import Workbook

    sheet = sheet_of(table)
    book = Workbook()
    page = book.active
    page.title = SHEET
    for number, line in enumerate(sheet):
        for place, value in enumerate(line):
            if value is not None:
                _write(page.cell(number + 1, place + 1), value, place_of(number, place))
    _dress(page, table, sheet)
    helped = book.create_sheet("Help")
    for number, words in enumerate(_HELP, start=1):
        for place, text in enumerate(words, start=1):
            if text:
                _write(helped.cell(number, place), text, "")
    helped.column_dimensions["A"].width, helped.column_dimensions["B"].width = 18, 80
    found = io.BytesIO()
    book.save(found)
    return found.getvalue()


def table_from_xlsx(content: bytes) -> DecisionTable:
    """The table. Raises RuleError naming sheet, row and column."""
    name, cells = xlsx_cells(content)
    return table_of(cells, name)


def _write(cell: Any, value: Cell, place: str) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool) and _is_kept(value):
        cell.value = value
        cell.number_format = _FRACTION if isinstance(value, float) else "General"
    elif isinstance(value, bool):
        cell.value = value
    else:
        text = _SPECIAL.sub(lambda found: f"_x{ord(found[0]):04X}_", plain(value))  # type: ignore[arg-type]
        if len(text) > _LONGEST:
            said = f"the text has {len(text):,} signs; a spreadsheet cell holds {_LONGEST:,}. Export as CSV instead."
            raise RuleError([Problem("", f"{place[:1].upper()}{place[1:]}: {said}")])
        cell.value = text
        cell.data_type = "s"  # whatever it begins with
        cell.number_format = _TEXT


def _is_kept(number: int | float) -> bool:
    """Does the number survive the 15 digits of spreadsheet programs, as what it is?"""
    if isinstance(number, int):
        return abs(number) < 10**15
    return float(f"{number:.15g}") == number and not number.is_integer()


def _dress(page: Any, table: DecisionTable, sheet: Sequence[Sequence[Cell]]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    top = len(SETTINGS) + 1
    bold, quiet = Font(bold=True), Font(color="666666", italic=True)
    condition, result = PatternFill("solid", fgColor="EEF2F7"), PatternFill("solid", fgColor="EDE7FB")
    wide = Alignment(wrap_text=True, vertical="top")
    inputs = len(table.inputs)
    for line in page.iter_rows(1, len(sheet)):
        line[0].font = quiet
        for cell in line[1:]:
            cell.alignment = wide
    for number in range(top + 1, top + len(HEADER) + 1):
        for place in range(FIRST, FIRST + inputs + len(table.outputs)):
            cell = page.cell(number, place + 1)
            cell.fill, cell.font = (condition if place < FIRST + inputs else result), bold
    page.freeze_panes = page.cell(top + len(HEADER) + 1, FIRST + 1)
    page.column_dimensions["A"].width, page.column_dimensions["B"].width = 15, 24
    last = len(sheet) + _SPARE_ROWS
    first = top + len(HEADER) + 1
    for place in range(FIRST, FIRST + inputs + len(table.outputs)):
        page.column_dimensions[letters(place)].width = 22
    _choice(page, f"B{SETTINGS.index('Hit policy') + 1}", HIT_POLICIES)
    _choice(page, f"B{SETTINGS.index('Switched on') + 1}", ("yes", "no"))
    _choice(page, f"A{first}:A{last}", (ROW, OTHERWISE))
    for place, output in enumerate(table.outputs, start=FIRST + inputs):
        if isinstance(output, SetOutput):
            _choice(page, f"{letters(place)}{top + 1 + HEADER.index(TYPE)}", OUTPUT_TYPES)
        _choice(page, f"{letters(place)}{first}:{letters(place)}{last}", [plain(value) for value in output.values])
    for line in page.iter_rows(len(sheet) + 1, last, FIRST, FIRST + inputs):
        for cell in line:
            cell.number_format = _TEXT  # so that what is typed stays as typed


def _choice(page: Any, cells: str, values: Sequence[str]) -> None:
    """Offers the values, without insisting: whether they fit is for the check to say."""
    from openpyxl.worksheet.datavalidation import DataValidation

    listed = ",".join(values)
    if (
        values
        and len(listed) <= 250
        and not any(set(value) & set(',"\r\n') for value in values)
        and listed.isprintable()
    ):
        rule = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True, showErrorMessage=False)
        rule.add(cells)
        page.add_data_validation(rule)
