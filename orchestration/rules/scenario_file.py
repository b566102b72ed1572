"""Scenarios as CSV and XLSX files, and back without loss."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from orchestration.facts import Problem
from orchestration.rules.reading import RuleError
from orchestration.rules.scenario_sheet import TITLE, scenarios_of_sheet, sheet_of_scenarios
from orchestration.rules.sheet_cells import Cell, plain
from orchestration.rules.table_csv import csv_cells, disarmed
from orchestration.rules.xlsx_reading import xlsx_cells

SHEET: Final = "Scenarios"
_LONGEST: Final = 32_767
_SPECIAL: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")


def csv_of_scenarios(scenarios: Sequence[Mapping[str, Any]]) -> str:
    """UTF-8 with the mark that Excel needs; no cell that a spreadsheet program would run as a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    for line in sheet_of_scenarios(scenarios):
        writer.writerow(["" if cell is None else disarmed(plain(cell)) for cell in line])
    return "\ufeff" + text.getvalue()


def xlsx_of_scenarios(scenarios: Sequence[Mapping[str, Any]]) -> bytes:
    """A workbook of one sheet. Raises RuleError for a text that no spreadsheet program can hold."""
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    page = book.active
    page.title = SHEET
    for number, line in enumerate(sheet_of_scenarios(scenarios), start=1):
        for place, value in enumerate(line, start=1):
            if value is not None:
                _write(page.cell(number, place), value, f"Row {number:,}, column {get_column_letter(place)}")
    for cell in page[1]:
        cell.font = Font(bold=True)
        page.column_dimensions[cell.column_letter].width = 44 if cell.value == TITLE else 20
    page.freeze_panes = "B2"
    found = io.BytesIO()
    book.save(found)
    return found.getvalue()


def scenarios_from_file(content: bytes) -> list[dict[str, Any]]:
    """From CSV or XLSX, whichever it is. Raises RuleError naming sheet, row and column."""
    if content[:2] == b"PK" or content[:4] == b"\xd0\xcf\x11\xe0":
        name, cells = xlsx_cells(content)
        return scenarios_of_sheet(cells, name)
    return scenarios_of_sheet(csv_cells(content))


def _write(cell: Any, value: Cell, place: str) -> None:
    if isinstance(value, bool) or (isinstance(value, int | float) and float(f"{value:.15g}") == value):
        cell.value = value
        return
    text = _SPECIAL.sub(lambda found: f"_x{ord(found[0]):04X}_", plain(value))  # type: ignore[arg-type]
    if len(text) > _LONGEST:
        said = f"the text has {len(text):,} signs; a spreadsheet cell holds {_LONGEST:,}. Export as CSV instead."
        raise RuleError([Problem("", f"{place}: {said}")])
    cell.value = text
    cell.data_type = "s"  # whatever it begins with
    cell.number_format = "@"
