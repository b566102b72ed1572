"""Scenarios as rows of a sheet, one column for each fact, written so that they read back exactly as they were."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from orchestration.facts import Problem, check_values
from orchestration.rules.reading import TITLE_LENGTH, RuleError, nearest
from orchestration.rules.sheet_cells import Cell
from orchestration.rules.table_sheet import letters

TITLE: Final = "title"
GIVEN: Final = "given"
EXPECT: Final = "expect"
MOST: Final = 5_000
_PARTS: Final = ("case", "agents", "human", "children", "meta", "now")
_EXPECTED: Final = ("outcome", "escalate", "run", "wait")
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LIKE_A_NUMBER: Final = re.compile(r"[-+]?[0-9.,]+([eE][-+]?[0-9]+)?")
"""Such as 01234, of which a spreadsheet program would make 1234."""
_NAME: Final = re.compile(r"[^.\s\"\x00-\x1f][^.\"\x00-\x1f]*")
_MOST_FAULTS: Final = 50


def sheet_of_scenarios(scenarios: Sequence[Mapping[str, Any]]) -> list[list[Cell]]:
    """A line of headings (`title`, facts such as `case.age`, expectations such as `expect.outcome`) and a line for
    each scenario. An empty cell: not given. Texts that look like another value stand in double quotes."""
    rows = [dict(_flat(scenario)) for scenario in scenarios]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    columns.sort(key=lambda name: (name != TITLE, name.startswith(EXPECT)))
    if not rows:
        columns = [TITLE, "case.example", f"{EXPECT}.outcome"]
    return [list(columns), *([row.get(name) for name in columns] for row in rows)]


def scenarios_of_sheet(lines: Sequence[Sequence[Cell]], sheet: str = "") -> list[dict[str, Any]]:
    """The scenarios of a sheet. Raises RuleError naming row and column of everything that cannot be read."""
    where = f"Sheet “{sheet}”, " if sheet else ""
    filled = [(number, line) for number, line in enumerate(lines, start=1) if any(c not in (None, "") for c in line)]
    if not filled:
        raise RuleError([Problem("", f"{where}there is nothing in it. The first row names the columns.")])
    number, headings = filled[0]
    problems: list[Problem] = []
    names = list(_headings(headings, f"{where}row {number:,}", problems))
    if len(filled) - 1 > MOST:
        problems.append(Problem("", f"{where}there are {len(filled) - 1:,} scenarios; at most {MOST:,} are possible."))
    if problems:
        raise RuleError(problems)
    found = []
    for number, line in filled[1:]:
        found.append(_scenario(names, line, f"{where}row {number:,}", problems))
        if len(problems) >= _MOST_FAULTS:
            break
    if problems:
        raise RuleError(problems)
    return found


def _flat(scenario: Mapping[str, Any]) -> Iterator[tuple[str, Cell]]:
    yield TITLE, written(scenario["title"])
    for part, value in scenario["given"].items():
        yield from _below(_joined("", part) if part in _PARTS else f"{GIVEN}.{json.dumps(part)}", value)
    for part, value in scenario["expect"].items():
        yield from _below(_joined(EXPECT, part), value)
    for name in ("given", "expect"):
        if not scenario[name]:
            yield name, "{}"


def _below(name: str, value: Any) -> Iterator[tuple[str, Cell]]:
    if isinstance(value, Mapping) and value:
        for key, one in value.items():
            yield from _below(_joined(name, key), one)
    else:
        yield name, written(value)


def _joined(name: str, key: str) -> str:
    """A key with dots, quotes or spaces at its start stands in double quotes."""
    part = key if _NAME.fullmatch(key) and key == key.strip() else json.dumps(key, ensure_ascii=False)
    return f"{name}.{part}" if name else part


def written(value: Any) -> Cell:
    """A value as a cell: numbers and truths as such, texts as they are unless they would read as something else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) or (isinstance(value, float) and not value.is_integer()):
        return value
    if (
        isinstance(value, str)
        and value
        and read(value) == value == value.strip()
        and not _LIKE_A_NUMBER.fullmatch(value)
    ):
        return value
    return json.dumps(value, ensure_ascii=False)


def read(cell: Cell) -> Any:
    """What a cell holds: a number, true or false, null, `"a text in quotes"`, `[…]` and `{…}` as JSON; else a text."""
    if not isinstance(cell, str):
        return cell
    text = cell.strip()
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            return cell
        return int(text) if text.lstrip("-").isdigit() and text != "-0" else number
    if text[:1] in ('"', "[", "{"):
        try:
            return json.loads(text, strict=False, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return cell
    return cell


def _headings(line: Sequence[Cell], where: str, problems: list[Problem]) -> Iterator[tuple[str, ...] | None]:
    seen: set[tuple[str, ...]] = set()
    for place, cell in enumerate(line):
        column = f"{where}, column {letters(place)}"
        if cell is None or cell == "":
            yield None
            continue
        names = _names(str(cell).strip())
        first = names[0] if names else ""
        known = (TITLE, EXPECT, GIVEN, *_PARTS)
        if not names or first not in known:
            hint = nearest(first or str(cell), known) or f" A column is one of {', '.join(known)}, such as case.age."
            problems.append(Problem("", f"{column}: “{str(cell)[:60]}” is no heading that scenarios have.{hint}"))
        elif first == EXPECT and len(names) > 1 and names[1] not in _EXPECTED:
            hint = nearest(names[1], _EXPECTED) or f" Possible are {', '.join(_EXPECTED)}."
            problems.append(Problem("", f"{column}: “{str(cell)[:60]}” is no expectation.{hint}"))
        elif names in seen:
            problems.append(Problem("", f"{column}: “{str(cell)[:60]}” stands there twice."))
        seen.add(names)
        yield names
    for needed in (TITLE, EXPECT):
        if not any(names[:1] == (needed,) for names in seen):
            example = TITLE if needed == TITLE else "expect.outcome"
            problems.append(Problem("", f"{where}: a column “{example}” is missing."))


def _names(text: str) -> tuple[str, ...]:
    """`case."a.b".c` as its parts; none where it cannot be read."""
    found: list[str] = []
    place = 0
    while place < len(text):
        if text[place] == '"':
            try:
                name, place = json.JSONDecoder(strict=False).raw_decode(text, place)
            except ValueError:
                return ()
        else:
            end = text.find(".", place)
            end = len(text) if end < 0 else end
            name, place = text[place:end], end
        found.append(str(name))
        if place < len(text):
            if text[place] != "." or place + 1 == len(text):
                return ()
            place += 1
    return tuple(found)


def _scenario(
    names: Sequence[tuple[str, ...] | None], line: Sequence[Cell], where: str, problems: list[Problem]
) -> dict[str, Any]:
    found: dict[str, Any] = {"given": {}, "expect": {}}
    for place, cell in enumerate(line):
        column = f"{where}, column {letters(place)}"
        if cell is None or cell == "":
            continue
        path = names[place] if place < len(names) else None
        if path is None:
            problems.append(Problem("", f"{column}: this cell has no heading above it."))
            continue
        value = read(cell)
        if faults := check_values(value):
            problems.append(Problem("", f"{column}: the value {faults[0].detail}."))
        elif path == (TITLE,):
            found[TITLE] = value if isinstance(value, str) else str(cell)
        elif not _put(found, path if path[0] in (GIVEN, EXPECT) else (GIVEN, *path), value):
            problems.append(
                Problem("", f"{column}: another column of this row holds a value where this needs a group.")
            )
    if not str(found.get(TITLE, "")).strip():
        problems.append(Problem("", f"{where}: the scenario has no title."))
    elif len(found[TITLE]) > TITLE_LENGTH:
        problems.append(Problem("", f"{where}: the title is longer than {TITLE_LENGTH} characters."))
    if not found["expect"]:
        problems.append(Problem("", f"{where}: the scenario expects nothing. Fill one of the expect columns."))
    return {TITLE: found.get(TITLE, ""), "given": found["given"], "expect": found["expect"]}


def _put(target: dict[str, Any], path: tuple[str, ...], value: Any) -> bool:
    for name in path[:-1]:
        below = target.setdefault(name, {})
        if not isinstance(below, dict):
            return False
        target = below
    if path[-1] in target:
        return value == {} and isinstance(target[path[-1]], dict)
    target[path[-1]] = value
    return True


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_WORDS: Final = {"true": True, "false": False, "null": None, "TRUE": True, "FALSE": False}
