"""Check of decision tables: columns, cells, results and hit policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from orchestration.facts import FactSpec
from orchestration.rules.cells import CellError, parse_cell
from orchestration.rules.check_actions import check_outcome, check_queue
from orchestration.rules.check_conditions import check_condition
from orchestration.rules.check_operands import literal_fault
from orchestration.rules.findings import Check, Finding
from orchestration.rules.language import (
    Always,
    DecideOutput,
    DecisionTable,
    EscalateOutput,
    SetOutput,
    TableOutput,
)
from orchestration.rules.reading import TITLE_LENGTH, shown
from orchestration.rules.table_gaps import check_coverage
from orchestration.rules.tables import AGGREGATORS, LISTING, ORDERED

_SINGLE: Final = "unique, any, priority or first"
Cell = str | int | float | bool | None


def check_tables(check: Check) -> None:
    for number, table in enumerate(check.content.tables):
        check.rule = table.key
        before = sum(found.severity == "error" for found in check.findings)
        pointer = f"/tables/{number}"
        specs = _inputs(check, table, pointer)
        _outputs(check, table, pointer)
        _rows(check, table, pointer, specs)
        sound = before == sum(found.severity == "error" for found in check.findings)
        if sound and table.enabled:
            check_coverage(check, table, pointer)
    check.rule = ""


def _inputs(check: Check, table: DecisionTable, pointer: str) -> list[FactSpec | None]:
    seen: set[str] = set()
    specs = []
    for place, column in enumerate(table.inputs):
        below = f"{pointer}/inputs/{place}/fact"
        specs.append(check.fact(column.fact, below))
        if column.fact in seen:
            check.warning(below, f"There are two columns over “{column.fact}”.")
        seen.add(column.fact)
    return specs


def _outputs(check: Check, table: DecisionTable, pointer: str) -> None:
    many = table.hit_policy in (*LISTING, *AGGREGATORS)
    seen: set[str] = set()
    for place, output in enumerate(table.outputs):
        below = f"{pointer}/outputs/{place}"
        name = _name(output)
        if name in seen:
            check.error(below, f"Two output columns give {name}.")
        seen.add(name)
        if many and not isinstance(output, SetOutput):
            check.error(below, f"{name} can only be one: use the hit policy {_SINGLE}, not {table.hit_policy}.")
        numeric = not isinstance(output, SetOutput) or output.type in ("number", "integer")
        if table.hit_policy in ("collect_sum", "collect_min", "collect_max") and not numeric:
            check.error(f"{below}/type", f"{table.hit_policy} needs numbers, but {name} is not a number.")
        for number, value in enumerate(output.values):
            _result(check, output, value, f"{below}/values/{number}", closed=False)
        typed = [(isinstance(value, bool), value) for value in output.values]
        if len(set(typed)) < len(typed):
            check.error(f"{below}/values", f"The values of {name} name one twice.")
        if isinstance(output, EscalateOutput):
            check_queue(check, output.queue, f"{below}/queue")
    if table.hit_policy in ORDERED and not any(output.values for output in table.outputs):
        said = f"The hit policy {table.hit_policy} needs to know which result goes first:"
        check.error(f"{pointer}/outputs", f"{said} list a column's “values” in priority order.")


def _rows(check: Check, table: DecisionTable, pointer: str, specs: Sequence[FactSpec | None]) -> None:
    seen: set[str] = set()
    if not table.rows and table.otherwise is None:
        check.warning(f"{pointer}/rows", "The table has no rows, so it never gives anything.")
    for number, row in enumerate(table.rows):
        below = f"{pointer}/rows/{number}"
        where = f"Table “{table.key}”, row “{row.key}”"
        if row.key in seen:
            check.error(f"{below}/key", f"{where}: another row has this key too.")
        seen.add(row.key)
        if len(row.when) != len(table.inputs):
            said = f"{where}: it has {len(row.when)} cells for {len(table.inputs)} input columns."
            check.error(f"{below}/when", said)
        for place, (column, cell, spec) in enumerate(zip(table.inputs, row.when, specs, strict=False)):
            if spec is not None:
                at = f"{where}, column “{column.title or column.fact}”"
                _cell(check, cell, spec, f"{below}/when/{place}", at)
        _results(check, table, row.then, f"{below}/then", where)
    if table.otherwise is not None:
        _results(check, table, table.otherwise, f"{pointer}/otherwise", f"Table “{table.key}”, “otherwise”")


def _cell(check: Check, text: str, spec: FactSpec, pointer: str, where: str) -> None:
    try:
        condition = parse_cell(text, spec.type)(spec.path)
    except CellError as error:
        check.error(pointer, f"{where}: {error}")
        return
    if isinstance(condition, Always):
        return
    before = len(check.findings)
    check_condition(check, condition, pointer)
    for place in range(before, len(check.findings)):  # of the cell as a whole, whatever condition it stands for
        found = check.findings[place]
        message = f"{where}: {found.message}"
        check.findings[place] = Finding(found.severity, pointer, found.rule, message, found.suggestion)


def _results(check: Check, table: DecisionTable, cells: Sequence[Cell], pointer: str, where: str) -> None:
    if len(cells) != len(table.outputs):
        check.error(pointer, f"{where}: it has {len(cells)} results for {len(table.outputs)} output columns.")
    ends = 0
    for place, (output, cell) in enumerate(zip(table.outputs, cells, strict=False)):
        if cell is not None:
            ends += not isinstance(output, SetOutput)
            _result(check, output, cell, f"{pointer}/{place}", closed=True, where=f"{where}, {_name(output)}: ")
    if ends > 1:
        check.error(pointer, f"{where}: it can decide or escalate, not both; leave one of the results empty (null).")


def _result(check: Check, output: TableOutput, cell: Cell, pointer: str, *, closed: bool, where: str = "") -> None:
    type_ = output.type if isinstance(output, SetOutput) else "string"
    fault = literal_fault(cell, type_)
    if not fault and type_ == "integer" and isinstance(cell, float) and not cell.is_integer():
        fault = "is not a whole number"
    if fault:
        check.error(pointer, f"{where}{shown(cell)} {fault}.")
        return
    if isinstance(output, DecideOutput):
        check_outcome(check, str(cell), pointer)
    if isinstance(output, EscalateOutput) and not 0 < len(str(cell).strip()) <= TITLE_LENGTH:
        check.error(pointer, f"{where}a reason has 1 to {TITLE_LENGTH} characters; this one has {len(str(cell)):,}.")
    if closed and output.values and not any(_same(cell, value) for value in output.values):
        values = [str(value) for value in output.values]
        said = f"{where}“{cell}” is not among the column's values {', '.join(values)}."
        check.error(pointer, said, check.nearest(str(cell), tuple(values)))


def _same(left: Cell, right: Cell) -> bool:
    return isinstance(left, bool) is isinstance(right, bool) and left == right


def _name(output: TableOutput) -> str:
    if isinstance(output, SetOutput):
        return f"“{output.fact}”"
    return "the outcome" if isinstance(output, DecideOutput) else "the escalation"
