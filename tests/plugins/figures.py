"""Sample cases as a pack decides them, and tables of what came of it in Markdown, as READMEs show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from orchestration.testing import Result


@dataclass(frozen=True)
class Sampled:
    """A sample case and where it came to."""

    case: dict[str, Any]
    result: Result

    @property
    def automatic(self) -> bool:
        return self.result.kind == "decide"

    @property
    def right(self) -> bool:
        return bool(self.result.outcome == self.case["truth"])


def pack_of(plugin: ModuleType) -> str:
    return (Path(str(plugin.__file__)).parent / "pack.yaml").read_text(encoding="utf-8")


def agreement(sampled: Iterable[Sampled]) -> tuple[int, int]:
    """How many are decided automatically, and how many of these as people would."""
    automatic = [one for one in sampled if one.automatic]
    return len(automatic), sum(one.right for one in automatic)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield from ("", f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}")
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"


def escalated(sampled: Iterable[Sampled], cases: str) -> Iterator[str]:
    """How many `cases` go to whom and why."""
    found = Counter((one.result.queue, one.result.reason) for one in sampled if not one.automatic)
    rows = ((f"`{queue}`", reason, count) for (queue, reason), count in found.most_common())
    yield from table(("goes to", "reason", cases), rows)
