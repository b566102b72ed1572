"""The page that shows one decision table to whoever writes it, with all that stands in the way of saving."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse

from orchestration.admin.label import status_label
from orchestration.facts import digest
from orchestration.models import VersionStatus, WorkflowVersion
from orchestration.rules.lone_table import TableRemark
from orchestration.rules.parse import RuleError
from orchestration.services.draft import Overtaken
from orchestration.services.editing import content_of, source_of, to_wire
from orchestration.services.table_file import say_table, table_words

if TYPE_CHECKING:
    from orchestration.admin.version import VersionAdmin


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody is writing: the draft, the stored table's key ("" where it is new) and what they saw of it."""

    version: WorkflowVersion
    key: str
    seen: str


def table_page(
    admin: VersionAdmin,
    request: HttpRequest,
    draft: Draft,
    table: Any,
    *,
    source: str = "",
    remarks: tuple[TableRemark, ...] = (),
    others: tuple[tuple[str, str], ...] = (),
    overtaken: Overtaken | None = None,
    imported: dict[str, Any] | None = None,
    what: str = "saved",
    fresh: bool = False,
    status: int = 200,
) -> HttpResponse:
    version, key = draft.version, draft.key
    try:
        content = content_of(version)
    except RuleError as error:
        return kept_page(
            admin, request, version, source, f"This version cannot be read: {error.problems[0].detail}", 409
        )
    _, found = say_table(version, content, table, key=key) if table is not None else (None, ())
    title = f"Table “{table.get('title') or key}”" if key and isinstance(table, dict) else "New decision table"
    now = overtaken.now if overtaken else None
    return admin.page(
        request,
        "table.html",
        title,
        version=version,
        status_label=status_label(VersionStatus(version.status)),
        key=key,
        seen=draft.seen,
        source=source or source_of(table),
        remarks=[(place_in_table(one.pointer, table), one.detail) for one in remarks],
        others=others,
        what=what,
        imported=imported,
        overtaken=overtaken,
        over=digest(now) if now is not None else "",
        stored=source_of(now) if now is not None else "",
        document={
            "key": key,
            "table": to_wire(table),
            "problems": None if fresh else [shown(one) for one in found],
            "unsaved": status != 200 or imported is not None,
        },
        words=table_words(version, content),
        status=status,
    )


def kept_page(
    admin: VersionAdmin, request: HttpRequest, version: WorkflowVersion | None, text: str, reason: str, status: int
) -> HttpResponse:
    """The table cannot be saved at all: the reason, and the text to copy."""
    return admin.page(request, "table_kept.html", "Not saved", version=version, text=text, reason=reason, status=status)


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
