"""What every benchmark prints: a table with the machine and versions, or one JSON object with `--json`."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Goal:
    """A figure to reach: `value >= at_least` or `value <= at_most`."""

    key: str
    at_least: float | None = None
    at_most: float | None = None

    def reached(self, value: float) -> bool:
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    def __str__(self) -> str:
        return f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"


@dataclass
class Report:
    """Rows of a table, then the figures that count. `packages`: whose versions are told."""

    title: str
    goals: Sequence[Goal]
    packages: Sequence[str] = ()
    columns: Sequence[str] = ()
    rows: list[Sequence[str]] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """The JSON object: the figures first, then what they were measured on."""
        return {**self.figures, "reached": self.reached(), **surroundings(self.packages)}

    def reached(self) -> bool:
        return all(goal.key in self.figures and goal.reached(self.figures[goal.key]) for goal in self.goals)

    def text(self) -> str:
        goals = {goal.key: goal for goal in self.goals}
        figures = [("figure", "value", "goal", "")]
        for key, value in self.figures.items():
            goal = goals.get(key)
            verdict = "" if goal is None else "reached" if goal.reached(value) else "NOT REACHED"
            figures.append((key, f"{value:g}", str(goal) if goal else "", verdict))
        told = ", ".join(f"{name} {value}" for name, value in surroundings(self.packages).items())
        parts = [f"# {self.title}", _table([self.columns, *self.rows]), *self.notes, _table(figures), told]
        return "\n\n".join(part for part in parts if part)


def main(measure: Callable[[argparse.Namespace], Report], description: str, *options: Mapping[str, Any]) -> int:
    """Run a benchmark from the command line; 1 when a goal is not reached, so that CI may look."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    for option in options:
        parser.add_argument(option["name"], **{key: value for key, value in option.items() if key != "name"})
    arguments = parser.parse_args()
    report = measure(arguments)
    print(json.dumps(report.document()) if arguments.json else report.text())
    return 0 if report.reached() else 1


def surroundings(packages: Sequence[str]) -> dict[str, str]:
    """Machine, date and versions."""
    found = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory()} GB",
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }
    return found | {name: importlib.metadata.version(name) for name in packages}


def resident_mb() -> float:
    """Memory of this process now, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def say(text: str) -> None:
    """Progress, on stderr so that it never mixes with the result."""
    print(text, file=sys.stderr, flush=True)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _table(rows: Sequence[Sequence[str]]) -> str:
    rows = [row for row in rows if row]
    if not rows:
        return ""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
