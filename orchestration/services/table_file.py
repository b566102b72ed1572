"""Decision tables in and out of files: CSV, XLSX and DMN; and the words that a grid offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from orchestration.facts import Problem
from orchestration.models import WorkflowVersion
from orchestration.rules.catalogue import catalogue_of
from orchestration.rules.dmn import Remark, tables_from_dmn
from orchestration.rules.language import DecisionTable, VersionContent
from orchestration.rules.lone_table import TableRemark, check_lone_table
from orchestration.rules.reading import RuleError
from orchestration.rules.sections import OUTPUT_TYPES, write_table
from orchestration.rules.table_csv import csv_of, table_from_csv
from orchestration.rules.table_xlsx import table_from_xlsx, xlsx_of
from orchestration.services.version_story import HIT_POLICIES

MAX_FILE: Final = 5 * 1024 * 1024
COLUMN_TYPES: Final = ("number", "integer", "string", "boolean", "date", "datetime")
KINDS: Final = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".dmn": "dmn", ".xml": "dmn"}


@dataclass(frozen=True, slots=True)
class Taken:
    """A table as a file gave it, and what was not taken over as it stood there."""

    table: Mapping[str, Any]
    remarks: tuple[Remark, ...] = ()


def tables_in_file(name: str, content: bytes, version: VersionContent) -> tuple[Taken, ...]:
    """The tables of a CSV, XLSX or DMN file. Raises RuleError with sheet, row and column."""
    if not content:
        raise RuleError([Problem("", "The file is empty.")])
    kind = KINDS.get(PurePath(name).suffix.lower(), "")
    if not kind:
        raise RuleError([Problem("", f"“{name[-80:]}” is no file of a table: choose .xlsx, .csv or .dmn.")])
    if kind == "dmn":
        facts = {path: spec.type for path, spec in catalogue_of(version).specs.items()}
        parameters = {one.name for one in version.parameters}
        found = tables_from_dmn(content, facts=facts, parameters=parameters)
        return tuple(Taken(one.table, one.remarks) for one in found)
    read = table_from_csv if kind == "csv" else table_from_xlsx
    return (Taken(write_table(read(content))),)


def file_of(table: DecisionTable, kind: str) -> tuple[bytes, str]:
    """The table as a file of this kind (csv or xlsx), and its content type. Raises RuleError."""
    if kind == "csv":
        return csv_of(table).encode(), "text/csv; charset=utf-8"
    return xlsx_of(table), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def say_table(
    version: WorkflowVersion, content: VersionContent, data: Any, *, key: str = ""
) -> tuple[dict[str, Any] | None, tuple[TableRemark, ...]]:
    """What is wrong or doubtful about this table, stored or not; its plain JSON, None where it cannot be read."""
    queues = list(version.workflow.queues.values_list("slug", flat=True))
    table, remarks = check_lone_table(content, data, key=key, queues=queues)
    return None if table is None else write_table(table), remarks


def table_words(version: WorkflowVersion, content: VersionContent) -> dict[str, Any]:
    """Facts that may be columns, parameters, outcomes, queues, types and hit policies in words."""
    specs = catalogue_of(content).specs.values()
    queues = version.workflow.queues.values_list("slug", "title")
    return {
        "facts": [
            {"path": one.path, "title": one.title, "type": one.type, "values": list(one.values),
             "minimum": one.minimum, "maximum": one.maximum}
            for one in specs if one.type in COLUMN_TYPES
        ],
        "parameters": [{"name": one.name, "type": one.type, "title": one.label} for one in content.parameters],
        "outcomes": list(content.outcomes),
        "queues": [{"name": slug, "title": title} for slug, title in queues],
        "types": list(OUTPUT_TYPES),
        "policies": [{"name": name, "words": words} for name, words in HIT_POLICIES.items()],
    }  # fmt: skip
