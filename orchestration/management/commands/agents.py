"""`manage.py agents`: which agents and workflow packs are installed, and why the others cannot be used."""

from __future__ import annotations

import argparse
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orchestration.agents.registry import Registry, registry


class Command(BaseCommand):
    help = "Lists the installed agents and workflow packs, and what could not be used, with the reason and the cure."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object, with the agents' schemas")
        parser.add_argument("--strict", action="store_true", help="end with status 1 when something cannot be used")

    def handle(self, *args: Any, **options: Any) -> None:
        found = registry()
        if options["json"]:
            self.stdout.write(json.dumps(_document(found), indent=2, ensure_ascii=False))
        else:
            self._tell(found)
        if options["strict"] and found.failures:
            raise CommandError(f"{len(found.failures)} installed plugins cannot be used.")

    def _tell(self, found: Registry) -> None:
        rows = [("AGENT", "VERSION", "RUNS", "PACKAGE", "TITLE")]
        rows += [
            (one.name, one.version, "inline" if one.inline else "isolated", one.package, one.title)
            for one in found.agents.values()
        ]
        self._table(rows)
        if found.workflows:
            packs = [(one.name, f"{one.distribution} {one.distribution_version}") for one in found.workflows.values()]
            self.stdout.write("")
            self._table([("WORKFLOW PACK", "PACKAGE"), *packs])
        if found.failures:
            self.stdout.write("\nCANNOT BE USED")
            for failure in found.failures:
                self.stdout.write(self.style.ERROR(f"  {failure.reason}"))

    def _table(self, rows: list[tuple[str, ...]]) -> None:
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())


def _document(found: Registry) -> dict[str, Any]:
    return {
        "agents": [
            {
                "name": one.name,
                "version": one.version,
                "title": one.title,
                "description": one.description,
                "inline": one.inline,
                "package": one.distribution,
                "package_version": one.distribution_version,
                "entry_point": one.entry_point,
                "input_schema": one.input_schema,
                "config_schema": one.config_schema,
                "output_schema": one.output_schema,
            }
            for one in found.agents.values()
        ],
        "workflows": [
            {
                "name": one.name,
                "pack": str(one.path),
                "package": one.distribution,
                "package_version": one.distribution_version,
            }
            for one in found.workflows.values()
        ],
        "failures": [
            {
                "kind": "workflow" if one.group == "conductor.workflows" else "agent",
                "name": one.name,
                "entry_point": one.entry_point,
                "package": one.distribution,
                "package_version": one.distribution_version,
                "reason": one.reason,
            }
            for one in found.failures
        ],
    }
