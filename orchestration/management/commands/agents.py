"""`manage.py agents`: which agents and workflow packs are installed, and why the others cannot be used."""

from __future__ import annotations

import argparse
import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orchestration.agents.found import Found
from orchestration.agents.registry import Registry, registry


class Command(BaseCommand):
    help = "Lists the installed agents and workflow packs, and what could not be used, with the reason and the cure."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="of this agent: where it is from, what it takes and gives")
        parser.add_argument("--json", action="store_true", help="one JSON object, with the agents' schemas")
        parser.add_argument("--strict", action="store_true", help="end with status 1 when something cannot be used")

    def handle(self, *args: Any, **options: Any) -> None:
        found = registry()
        if name := options["name"]:
            if name not in found.agents:
                raise CommandError(found.why_not(name))
            found = Registry({name: found.agents[name]}, {}, ())
        if options["json"]:
            self.stdout.write(json.dumps(_document(found), indent=2, ensure_ascii=False))
        elif name:
            self.stdout.write("\n".join(_story(found.agents[name])))
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
        if noted := [one for one in found.agents.values() if one.notes]:
            self.stdout.write("\nTO BE CHANGED")
            for one in noted:
                self.stdout.write(self.style.WARNING(f'  {one.package}, "{one.name}": {" ".join(one.notes)}'))
        if found.failures:
            self.stdout.write("\nCANNOT BE USED")
            for failure in found.failures:
                self.stdout.write(self.style.ERROR(f"  {failure.reason}"))

    def _table(self, rows: list[tuple[str, ...]]) -> None:
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())


def _story(one: Found) -> Iterator[str]:
    yield f"{one.name} {one.version}: {one.title}"
    yield from (f"  {line}" for line in one.description.splitlines())
    parts = {
        "package": [one.package],
        "class": [" in ".join(filter(None, (one.entry_point, _file(one))))],
        "runs": ["inline, within the step that decides" if one.inline else "in a process of its own"],
        "input": _fields(one.input_schema),
        "config": _fields(one.config_schema),
        "output": _fields(one.output_schema),
        "to change": one.notes,
    }
    for word, lines in parts.items():
        yield from (f"  {'' if number else word:9}  {line}" for number, line in enumerate(lines))


def _file(one: Found) -> str:
    """Where the class stands; "" for one that was made on the way."""
    try:
        return inspect.getfile(one.cls)
    except (TypeError, OSError):
        return ""


def _fields(schema: Mapping[str, Any]) -> list[str]:
    """Each field of a model, such as `minimum_age: integer, default 18` or `country: string or null`."""
    return [f"{name}: {_kind(part, schema)}{_default(part)}" for name, part in schema.get("properties", {}).items()]


def _kind(part: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    part = schema.get("$defs", {}).get(part.get("$ref", "").rpartition("/")[2], part)
    if "enum" in part:
        return " or ".join(json.dumps(value) for value in part["enum"])
    if choices := part.get("anyOf") or part.get("oneOf"):
        return " or ".join(_kind(choice, schema) for choice in choices)
    if part.get("type") == "array" and isinstance(part.get("items"), Mapping):
        return f"list of {_kind(part['items'], schema)}"
    return "secret" if part.get("format") == "password" else str(part.get("format") or part.get("type") or "anything")


def _default(part: Mapping[str, Any]) -> str:
    return f", default {json.dumps(part['default'], ensure_ascii=False)}" if "default" in part else ""


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
                "file": _file(one),
                "notes": list(one.notes),
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
