"""Decision tables as CSV: read from any spreadsheet program, written so that none runs a cell as a formula."""

from __future__ import annotations

import csv
import io
import re
from typing import Final

from orchestration.facts import Problem
from orchestration.rules.language import DecisionTable
from orchestration.rules.reading import RuleError
from orchestration.rules.sheet_cells import Cell, plain
from orchestration.rules.sheet_reading import table_of
from orchestration.rules.table_sheet import place_of, sheet_of

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_LINES: Final = 20_000
MAX_CELLS: Final = 200_000
_RISKY: Final = re.compile(r"[=+\-@|%＝＋－＠\t\r\n]")
_HARMLESS: Final = re.compile(r"-|[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def csv_of(table: DecisionTable) -> str:
    """The table as CSV (UTF-8 with a mark that Excel needs). Raises RuleError as `sheet_of` does."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    sheet = sheet_of(table)
    width = max(len(line) for line in sheet)
    for line in sheet:
        cells = ["" if cell is None else disarmed(plain(cell)) for cell in line]
        writer.writerow(cells + [""] * (width - len(cells)))
    return "\ufeff" + text.getvalue()


def table_from_csv(content: bytes) -> DecisionTable:
    """The table. Raises RuleError naming row and column."""
    return table_of(csv_cells(content))


def csv_cells(content: bytes) -> list[list[Cell]]:
    """The cells of a CSV file, separated by comma, semicolon or tab."""
    if len(content) > MAX_BYTES:
        raise _wrong(f"The file is larger than {MAX_BYTES // 2**20} MiB.")
    if content[:2] == b"PK":
        raise _wrong("This is not CSV but a packed file. If it is a spreadsheet, its name must end with .xlsx.")
    try:
        text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        cure = "Save it as “CSV UTF-8” in your spreadsheet program."
        raise _wrong(f"The file is not a text in UTF-8. {cure}") from None
    found: list[list[Cell]] = []
    cells = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        for line in reader:
            cells += len(line)
            if len(found) >= MAX_LINES:
                raise _wrong(f"The file has more than {MAX_LINES:,} lines; a table has at most 5,000 rows.")
            if cells > MAX_CELLS:
                raise _wrong(
                    f"The file has more than {MAX_CELLS:,} cells, in {place_of(len(found), 0)}; that is too many."
                )
            found.append([armed(cell) or None for cell in line])
    except csv.Error as error:
        raise _wrong(f"Row {len(found) + 1:,} is not CSV: {error}.") from None
    return found


def disarmed(text: str) -> str:
    """With an apostrophe before what a spreadsheet program would run as a formula."""
    return f"'{text}" if _is_risky(text.lstrip("'")) else text


def armed(text: str) -> str:
    """As it was before `disarmed`."""
    return text[1:] if text.startswith("'") and _is_risky(text.lstrip("'")) else text


def _is_risky(text: str) -> bool:
    if _HARMLESS.fullmatch(text):
        return False
    return bool(_RISKY.match(text.lstrip(" ")) or _RISKY.match(text.lstrip()))


def _separator(text: str) -> str:
    """The separator used first outside of quotes; the first line is short and holds at least one."""
    first = re.sub(r'"[^"]*"', "", text[:10_000].split("\n", 1)[0])
    found = [sign for sign in first if sign in ",;\t"]
    return found[0] if found else ","


def _wrong(detail: str) -> RuleError:
    return RuleError([Problem("", detail)])
