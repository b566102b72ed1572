"""One cell of a sheet: how tests, results and texts are written so that they read back exactly as they were."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

Cell = str | int | float | bool | None
"""What a cell of a spreadsheet holds; days and moments arrive as ISO texts."""
Value = str | int | float | bool

_EXACT: Final = "json:"
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,300}")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_WORDS: Final = {"true": True, "yes": True, "false": False, "no": False}


def write_text(text: str) -> Cell:
    """A title, key or fact; nothing where it is empty."""
    return _first([text], text, read_text) if text else None


def read_text(cell: Cell) -> str:
    if isinstance(cell, str):
        exact = _decoded(cell.strip())
        return exact if isinstance(exact, str) else cell.strip()
    return "" if cell is None else plain(cell)


def write_test(test: str) -> Cell:
    """A condition's cell."""
    return _first([test], test, read_test)


def read_test(cell: Cell) -> str:
    """An empty cell means that any value will do."""
    if isinstance(cell, str) and cell.strip().startswith(_EXACT):
        return read_text(cell)
    return read_text(cell) or "-"


def write_result(value: Cell, type_: str) -> Cell:
    """A value of a column of this type: numbers and truths as such, so that spreadsheet programs reckon with them."""
    if value is None:
        return None
    if isinstance(value, str):
        tried: list[Value] = [value, json.dumps(value, ensure_ascii=False)]
    else:
        tried = [value]
    return _first(tried, value, lambda cell: read_result(cell, type_))


def read_result(cell: Cell, type_: str) -> Cell:
    numeric = type_ in ("number", "integer")
    if isinstance(cell, bool):
        return cell if type_ == "boolean" else plain(cell)
    if isinstance(cell, int | float):
        return cell if numeric else plain(cell)
    text = (cell or "").strip()
    exact = _decoded(text, quoted=True)
    if exact is not None:
        return exact  # type: ignore[no-any-return]
    if numeric and _INTEGER.fullmatch(text):
        return int(text)
    if numeric and _NUMBER.fullmatch(text):
        return float(text)
    if type_ == "boolean" and text.lower() in _WORDS:
        return _WORDS[text.lower()]
    return text or None


def write_values(values: Sequence[Value], type_: str) -> Cell:
    """A list in one cell: `high, medium, low`, or as JSON where commas and quotes are part of the values."""
    if not values:
        return None
    wanted = list(values)
    exact = json.dumps(wanted, ensure_ascii=False)
    tried = [", ".join(plain(value) for value in values), exact[1:-1]]
    return _first(tried, wanted, lambda cell: read_values(cell, type_))


def read_values(cell: Cell, type_: str) -> list[Any]:
    if not isinstance(cell, str):
        return [] if cell is None else [read_result(cell, type_)]
    text = cell.strip()
    if text.startswith(_EXACT):
        exact = _json(text.removeprefix(_EXACT))
        return exact if isinstance(exact, list) else [text]
    if '"' in text:
        listed = _json(f"[{text}]")
        if isinstance(listed, list):
            return listed
    return [read_result(part, type_) for part in text.split(",") if part.strip()]


def plain(value: Value) -> str:
    """The value as a text cell would show it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _first(tried: Sequence[Value], value: Any, read: Callable[[Cell], Any]) -> Cell:
    """The first way of writing that reads back as the value, as a cell and as a text."""
    for cell in tried:
        if _same(read(cell), value) and _same(read(plain(cell)), value):
            return cell
    return _EXACT + json.dumps(value, ensure_ascii=False)


def _decoded(text: str, *, quoted: bool = False) -> Any:
    """What stands after `json:`, or in double quotes where those are no part of the text; None when it is neither."""
    if text.startswith(_EXACT):
        found = _json(text.removeprefix(_EXACT))
        return found if isinstance(found, str | int | float) else None
    found = _json(text) if quoted and len(text) > 1 and text[0] == text[-1] == '"' else None
    return found if isinstance(found, str) else None


def _json(text: str) -> Any:
    try:
        return json.loads(text, strict=False, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and bool(one == other)
