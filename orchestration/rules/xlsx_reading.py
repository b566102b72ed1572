"""Reads the cells of an XLSX workbook: bounded before anything is unpacked, and no formula is believed.

openpyxl is imported where it is used, here and where workbooks are written: a process that needs none starts sooner.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from orchestration.facts import Problem
from orchestration.rules.reading import RuleError
from orchestration.rules.sheet_cells import Cell
from orchestration.rules.table_sheet import letters

SHEET: Final = "Table"
MAX_BYTES: Final = 5 * 1024 * 1024
MAX_UNPACKED: Final = 64 * 1024 * 1024
MAX_FILES: Final = 1_000
MAX_LINES: Final = 20_000
MAX_FILLED: Final = 5_100
MAX_CELLS: Final = 200_000
MAX_COLUMN: Final = 500
_MOST_FAULTS: Final = 20
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ADDRESS: Final = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")


def xlsx_cells(content: bytes) -> tuple[str, list[list[Cell]]]:
    """Name and cells of the sheet “Table”, or else of the first one. Raises RuleError naming sheet, row and column."""
    if len(content) > MAX_BYTES:
        raise _wrong(f"The file is larger than {MAX_BYTES // 2**20} MiB.")
    if content[:4] == b"\xd0\xcf\x11\xe0":
        cure = "Save it as .xlsx (Excel workbook) without a password."
        raise _wrong(f"This is a workbook in the old format .xls, or protected by a password. {cure}")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _require_small(archive)
            return _Workbook(archive).cells()
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zipfile.zlib.error):  # type: ignore[attr-defined]
        raise _wrong("This is no XLSX workbook, or it is damaged. Choose a file ending with .xlsx.") from None
    except DefusedXmlException:
        raise _wrong("The workbook holds XML entities, which no spreadsheet program writes; it is not read.") from None
    except (ParseError, KeyError, ValueError, IndexError, OverflowError) as error:
        if isinstance(error, RuleError):
            raise
        raise _wrong("This is no XLSX workbook that can be read. Save it anew in your spreadsheet program.") from None


def unescaped(text: str) -> str:
    """`_x000D_` as the sign it stands for."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def _require_small(archive: zipfile.ZipFile) -> None:
    files = archive.infolist()
    unpacked = sum(one.file_size for one in files)
    if len(files) > MAX_FILES or unpacked > MAX_UNPACKED:
        said = f"Unpacked the workbook has {len(files):,} files and {unpacked / 2**20:,.0f} MiB"
        raise _wrong(f"{said}; at most {MAX_FILES:,} files and {MAX_UNPACKED // 2**20} MiB are read.")
    if any(one.flag_bits & 1 for one in files):
        raise _wrong("The workbook is protected by a password. Save it without one.")


class _Workbook:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._faults: list[Problem] = []

    def cells(self) -> tuple[str, list[list[Cell]]]:
        main = next((path for kind, path in self._related("").values() if kind == "officeDocument"), "xl/workbook.xml")
        related = self._related(main)
        sheets, epoch = self._sheets(main, related)
        if not sheets:
            raise _wrong("The workbook has no sheet with cells.")
        name, path = next((one for one in sheets if one[0].strip().lower() == SHEET.lower()), sheets[0])
        kinds = dict(related.values())
        strings = self._strings(kinds.get("sharedStrings", ""))
        dates = self._dates(kinds.get("styles", ""))
        lines = self._lines(name, path, _Values(strings, dates, epoch))
        if self._faults:
            raise RuleError(self._faults)
        return name, lines

    def _related(self, path: str) -> dict[str, tuple[str, str]]:
        """Identifier → kind and path of what a part refers to."""
        folder, file = posixpath.split(path)
        place = posixpath.join(folder, "_rels", f"{file}.rels")
        if place not in self._archive.namelist():
            return {}
        found: dict[str, tuple[str, str]] = {}
        for element in self._elements(place, "Relationship"):
            target = element.get("Target", "")
            full = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[element.get("Id", "")] = (element.get("Type", "").rpartition("/")[2], full)
        return found

    def _sheets(self, path: str, related: Mapping[str, tuple[str, str]]) -> tuple[list[tuple[str, str]], datetime]:
        from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

        sheets, epoch = [], CALENDAR_WINDOWS_1900
        if path not in self._archive.namelist():
            raise _wrong("This is a packed file, but no XLSX workbook.")
        for element in self._elements(path, "sheet", "workbookPr"):
            if _local(element) == "workbookPr":
                epoch = CALENDAR_MAC_1904 if element.get("date1904") in ("1", "true") else epoch
                continue
            reference = next((value for key, value in element.items() if key.endswith("}id")), "")
            kind, target = related.get(reference, ("", ""))
            if kind == "worksheet":
                sheets.append((element.get("name", ""), target))
        return sheets, epoch

    def _strings(self, path: str) -> list[str]:
        return [_text(element) for element in self._elements(path, "si")] if path else []

    def _dates(self, path: str) -> list[bool]:
        """For each cell style, whether it shows a day."""
        from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

        if not path:
            return []
        formats = dict(BUILTIN_FORMATS)
        found: list[bool] = []
        for element in self._elements(path, "numFmt", "cellXfs"):
            if _local(element) == "numFmt":
                formats[int(element.get("numFmtId", "0"))] = element.get("formatCode", "")
            else:
                found = [bool(is_date_format(formats.get(int(one.get("numFmtId", "0")), ""))) for one in element]
        return found

    def _lines(self, name: str, path: str, values: _Values) -> list[list[Cell]]:
        found: list[list[Cell]] = []
        filled = cells = number = 0
        for element in self._elements(path, "row", "mergeCell"):
            if _local(element) == "mergeCell":
                self._fault(
                    name, element.get("ref", ""), "these cells are merged. Split them: every cell stands alone."
                )
                continue
            number = int(element.get("r", number + 1))
            line: dict[int, Cell] = {}
            column = -1
            for cell in element:
                address = _ADDRESS.fullmatch(cell.get("r", ""))
                column = _column(address[1]) if address else column + 1
                value = self._value(name, f"{letters(column)}{number}", cell, values)
                if value is not None and value != "":
                    line[column] = value
            cells += len(line)
            filled += bool(line)
            if filled > MAX_FILLED:
                raise _wrong(f"Sheet “{name}” has more than {MAX_FILLED:,} filled rows; a table has at most 5,000.")
            if cells > MAX_CELLS:
                raise _wrong(
                    f"Sheet “{name}” has more than {MAX_CELLS:,} filled cells up to row {number:,}; that is too many."
                )
            if line and (number > MAX_LINES or max(line) > MAX_COLUMN):
                place = f"{letters(max(line))}{number}"
                self._fault(name, place, "this cell stands far from the table. Clear it.")
            elif line:
                found += [[] for _ in range(number - 1 - len(found))]
                found.append([line.get(place) for place in range(max(line) + 1)])
            if len(self._faults) >= _MOST_FAULTS:
                raise RuleError(self._faults)
        return found

    def _value(self, sheet: str, address: str, cell: Element, values: _Values) -> Cell:
        kind = cell.get("t", "n")
        parts = {_local(part): part for part in cell}
        if "f" in parts:
            self._fault(sheet, address, "this cell is a formula. Put its value there (copy, then paste values only).")
            return None
        if kind == "e":
            self._fault(sheet, address, f"this cell holds the error {(parts['v'].text or '')[:20]}.")
            return None
        if kind == "inlineStr":
            return _text(parts["is"]) if "is" in parts else None
        text = parts["v"].text if "v" in parts else None
        return None if text is None else values.read(kind, text, int(cell.get("s", "0")))

    def _elements(self, path: str, *names: str) -> Iterator[Element]:
        """The finished elements of these names, each thrown away after use."""
        with self._archive.open(path) as source:
            stack: list[Element] = []
            for event, element in iterparse(source, events=("start", "end"), forbid_dtd=True):
                if event == "start":
                    stack.append(element)
                    continue
                stack.pop()
                if _local(element) in names:
                    yield element
                    if stack:
                        stack[-1].remove(element)

    def _fault(self, sheet: str, address: str, detail: str) -> None:
        if len(self._faults) < _MOST_FAULTS:
            found = _ADDRESS.match(address)
            place = f"row {int(found[2]):,}, column {found[1].upper()}" if found else "somewhere"
            until = f" ({address})" if ":" in address else ""
            self._faults.append(Problem(address, f"Sheet “{sheet}”, {place}{until}: {detail}"))


class _Values:
    def __init__(self, strings: list[str], dates: list[bool], epoch: datetime) -> None:
        self._strings, self._dates, self._epoch = strings, dates, epoch
        self._readers: dict[str, Callable[[str], Cell]] = {
            "s": lambda text: self._strings[int(text)],
            "str": unescaped,
            "b": lambda text: text.strip() in ("1", "true"),
            "d": lambda text: text.removesuffix("T00:00:00"),
        }

    def read(self, kind: str, text: str, style: int) -> Cell:
        from openpyxl.utils.datetime import from_excel

        if kind in self._readers:
            return self._readers[kind](text)
        number = float(text)
        if style < len(self._dates) and self._dates[style]:
            return _moment(from_excel(number, self._epoch))
        whole = text.strip().lstrip("+-").isdigit()
        return int(text) if whole else int(number) if number.is_integer() and abs(number) >= 2**53 else number


def _moment(value: Any) -> str:
    if isinstance(value, datetime) and (value.hour, value.minute, value.second) == (0, 0, 0):
        return value.date().isoformat()
    return str(value.isoformat(timespec="seconds")) if isinstance(value, datetime) else str(value)


def _text(element: Element) -> str:
    """A string with its runs joined, without the reading aids of Japanese texts."""
    parts = [one for one in element if _local(one) in ("t", "r")]
    texts = [part if _local(part) == "t" else next((t for t in part if _local(t) == "t"), None) for part in parts]
    return unescaped("".join((text.text or "") for text in texts if text is not None))


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _column(name: str) -> int:
    found = 0
    for letter in name.upper():
        found = found * 26 + ord(letter) - 64
    return found - 1


def _wrong(detail: str) -> RuleError:
    return RuleError([Problem("", detail)])
