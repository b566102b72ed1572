"""Names in DMN files and ours: which fact an input expression means, and keys out of titles."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

_EXPRESSION: Final = re.compile(r"[^\W\d][\w ]*(\.[^\W\d][\w ]*)*")
_KEPT: Final = 60
_ANSWERED: Final = ("number", "integer", "string", "boolean", "date", "datetime")


class FactNames:
    """The facts a table may have as columns, found by the names people and modellers give them."""

    def __init__(self, facts: Mapping[str, str]) -> None:
        self.types = {path: type_ for path, type_ in facts.items() if type_ in _ANSWERED}
        self._alike: dict[str, set[str]] = {}
        for path in self.types:
            names = path.split(".")
            for start in range(1, len(names)):
                self._alike.setdefault(_alike(".".join(names[start:])), set()).add(path)
        self._given: dict[str, str] = {}

    def add(self, name: str, path: str) -> None:
        """`name` is the result of another table of the same file."""
        if name:
            self._given.setdefault(_alike(name), path)

    def path_of(self, expression: str) -> tuple[str, bool]:
        """The fact that an expression names, and whether it is known; "" where it is more than a name."""
        said = " ".join(expression.split())
        if not _EXPRESSION.fullmatch(said):
            return "", False
        for path in (said, f"case.{said}"):
            if path in self.types:
                return path, True
        if _alike(said) in self._given:
            path = self._given[_alike(said)]
            return path, path in self.types
        alike = self._alike.get(_alike(said), set())
        own = [path for path in alike if path.startswith("case.")] if len(alike) > 1 else list(alike)
        if len(own) == 1:
            return own[0], True
        return "case." + ".".join(name_of(part) for part in said.removeprefix("case.").split(".")), False


def name_of(text: str) -> str:
    """A name such as `risk_level` for “Risk level”."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    found = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")[:_KEPT].strip("_")
    if not found or not found[0].isalpha():
        found = f"x_{found}".rstrip("_")
    return found


def key_of(identifier: str, title: str, taken: set[str]) -> str:
    """A key such as `how-risky` for “How risky?”, else the identifier; one that is not taken yet."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_KEPT].strip("-") or name_of(identifier)
    key, number = found, 2
    while key in taken:
        key, number = f"{found}-{number}", number + 1
    taken.add(key)
    return key


def _alike(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).casefold()
