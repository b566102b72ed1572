"""What installed distributions declare in entry points, read so that one broken distribution hides no other."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import Any


@dataclass(frozen=True, slots=True)
class Declared:
    """One entry point, with the distribution that declares it."""

    group: str
    name: str
    value: str
    distribution: str
    distribution_version: str

    @property
    def package(self) -> str:
        return f"{self.distribution} {self.distribution_version}".strip()

    def load(self) -> Any:
        """Imports the module and returns what the entry point names; raises whatever the import raises."""
        return EntryPoint(self.name, self.value, self.group).load()


@dataclass(frozen=True, slots=True)
class Broken:
    """A distribution whose entry points cannot be read."""

    distribution: str
    distribution_version: str
    reason: str


def declared(groups: Collection[str]) -> tuple[list[Declared], list[Broken]]:
    """Every entry point of these groups; of a distribution found twice on sys.path the first counts."""
    plugins: dict[Declared, None] = {}
    broken: list[Broken] = []
    seen: set[str] = set()
    for distribution in distributions():
        name, version = _identity(distribution)
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in seen:
            continue
        seen.add(key)
        try:
            found = [entry for entry in distribution.entry_points if entry.group in groups]
        except Exception as error:
            reason = (
                f"{name} {version}: its entry points cannot be read ({type(error).__name__}). "
                "Install the package again."
            )
            broken.append(Broken(name, version, reason))
            continue
        for entry in found:
            plugins[Declared(entry.group, entry.name, entry.value, name, version)] = None
    return list(plugins), broken


def _identity(distribution: Distribution) -> tuple[str, str]:
    name: str | None = None
    version: str | None = None
    with contextlib.suppress(Exception):
        name, version = distribution.metadata["Name"], distribution.metadata["Version"]
    return name or f"a package without a name ({distribution.locate_file('')})", version or ""
