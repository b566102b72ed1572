"""The page that shows one decision table to whoever writes it, with all that stands in the way of saving."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse

from orchestration.admin.draft_part import DraftPart
from orchestration.rules.lone_table import TableRemark
from orchestration.rules.parse import RuleError
from orchestration.services.editing import content_of, to_wire
from orchestration.services.table_file import say_table, table_words


def table_page(
    part: DraftPart,
    *,
    imported: dict[str, Any] | None = None,
    what: str = "saved",
    fresh: bool = False,
    status: int = 200,
    **why: Any,
) -> HttpResponse:
    """`what`: what the refusal is of; `fresh`: nothing is typed yet, so nothing is wrong with it."""
    version, table, key = part.version, part.data, part.key
    try:
        content = content_of(version)
    except RuleError as error:
        return part.unreadable(error)
    _, found = say_table(version, content, table, key=key) if table is not None else (None, ())
    return part.page(
        "table.html",
        f"Table “{table.get('title') or key}”" if key and isinstance(table, dict) else "New decision table",
        place=place_in_table,
        status=status,
        what=what,
        imported=imported,
        document={
            "table": to_wire(table),
            "problems": None if fresh else [shown(one) for one in found],
            "unsaved": status != 200 or imported is not None,
        },
        words=table_words(version, content),
        **why,
    )


def place_in_table(pointer: str, table: Any) -> str:
    """`/rows/3/when/0` as `row 4 (minors), condition 1`."""
    parts = pointer.split("/")[1:]
    rows = table.get("rows") if isinstance(table, dict) else None
    if len(parts) > 1 and parts[0] == "rows" and parts[1].isdigit():
        number = int(parts[1])
        row = rows[number] if isinstance(rows, list) and number < len(rows) else None
        key = f" ({str(row.get('key'))[:100]})" if isinstance(row, dict) and row.get("key") else ""
        rest = [_COLUMNS.get(part, f"{int(part) + 1}" if part.isdigit() else part) for part in parts[2:]]
        return f"row {number + 1}{key}" + (f", {' '.join(rest)}" if rest else "")
    return " ".join(f"{int(part) + 1}" if part.isdigit() else _COLUMNS.get(part, part) for part in parts)


def shown(remark: TableRemark) -> dict[str, Any]:
    return asdict(remark)


_COLUMNS = {"when": "condition", "then": "result", "inputs": "condition column", "outputs": "result column"}
