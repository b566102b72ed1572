"""Reads a document piece by piece and remembers everything that is wrong with it, each with its place."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from orchestration.facts import Problem

NAME_LENGTH: Final = 80
"""Of keys, slugs, outcomes and all other names: cases, runs and decisions keep them in columns this wide."""
_MORE: Final = NAME_LENGTH - 1
NAME: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{_MORE}}}")
SLUG: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{_MORE}}}")
AGENT: Final = re.compile(r"(?=.{1,120}$)[A-Za-z0-9][A-Za-z0-9_.-]*(@[A-Za-z0-9._-]+)?")
WORD: Final = re.compile(rf"[A-Za-z][A-Za-z0-9_-]{{0,{_MORE}}}")
PATH: Final = re.compile(r"[^.\x00-\x1f]+(\.[^.\x00-\x1f]+)*")
TITLE_LENGTH: Final = 300
TEXT_LENGTH: Final = 10_000
PATH_LENGTH: Final = 1_000


class RuleError(ValueError):
    """Something written in the rule language cannot be used; `problems` holds every error with its place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("; ".join(f"{problem.pointer or '/'}: {problem.detail}" for problem in self.problems))


def at(pointer: str, key: str | int) -> str:
    """The RFC 6901 pointer to a member of what `pointer` names."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def nearest(word: str, known: Collection[str]) -> str:
    """` Did you mean “x”?`, with the known word spelt most like this one; "" when none is like it."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5) if len(word) <= 200 else []
    return f" Did you mean “{found[0]}”?" if found else ""


def shown(value: Any) -> str:
    """A value as the writer would recognise it, shortened."""
    text = f"“{value}”" if isinstance(value, str) else repr(value)
    text = {"None": "nothing", "True": "true", "False": "false"}.get(text, text)
    return text if len(text) <= 60 else text[:57] + "…" + ("”" if isinstance(value, str) else "")


class Reader:
    """Every method returns something of the right kind even for a wrong value, and notes the problem."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def fault(self, pointer: str, detail: str) -> None:
        self.problems.append(Problem(pointer, detail))

    def finish(self) -> None:
        """Raise RuleError when anything was wrong."""
        if self.problems:
            raise RuleError(self.problems)

    def mapping(
        self, data: Any, pointer: str, what: str, *, required: Sequence[str] = (), optional: Sequence[str] = ()
    ) -> Mapping[str, Any] | None:
        """The mapping, or None when it is none. Missing and unknown keys are noted."""
        if not isinstance(data, Mapping):
            self.fault(pointer, f"{what} must be a mapping of names to values, not {shown_kind(data)}.")
            return None
        known = (*required, *optional)
        for key in data:
            if key not in known:
                hint = nearest(str(key), known) or f" Possible are {', '.join(known)}."
                self.fault(at(pointer, key), f"{what} has no entry {shown(key)}.{hint}")
        for key in required:
            if key not in data:
                self.fault(pointer, f"{what} lacks the entry “{key}”.")
        return data

    def names(self, data: Any, pointer: str, what: str, *, limit: int) -> Iterator[tuple[str, Any, str]]:
        """Name, value and place of each entry of a mapping, sorted by name, since a mapping has no order."""
        if not isinstance(data, Mapping):
            self.fault(pointer, f"{what} must be a mapping of names to values, not {shown_kind(data)}.")
            return
        if len(data) > limit:
            self.fault(pointer, f"{what} has {len(data):,} entries; at most {limit:,} are possible.")
            return
        for name in sorted(data, key=str):
            yield str(name), data[name], at(pointer, name)

    def sequence(self, data: Any, pointer: str, what: str, *, limit: int, least: int = 0) -> Iterator[tuple[Any, str]]:
        """Each element of a list with its place."""
        if not isinstance(data, list | tuple):
            self.fault(pointer, f"{what} must be a list, not {shown_kind(data)}.")
            return
        if len(data) > limit:
            self.fault(pointer, f"{what} has {len(data):,} entries; at most {limit:,} are possible.")
            return
        if len(data) < least:
            self.fault(pointer, f"{what} must have at least {'one entry' if least == 1 else f'{least} entries'}.")
        for place, one in enumerate(data):
            yield one, at(pointer, place)

    def text(self, value: Any, pointer: str, what: str, *, limit: int = TITLE_LENGTH, empty: bool = False) -> str:
        if not isinstance(value, str):
            self.fault(pointer, f"{what} must be a text, not {shown_kind(value)}.")
            return ""
        if not empty and not value.strip():
            self.fault(pointer, f"{what} must not be empty.")
        if len(value) > limit:
            self.fault(pointer, f"{what} has {len(value):,} characters; at most {limit:,} are possible.")
        return value

    def name(self, value: Any, pointer: str, what: str, pattern: re.Pattern[str] = NAME) -> str:
        """A key or name: it stands in paths and reports, so it has no spaces or slashes."""
        if not isinstance(value, str):
            self.fault(pointer, f"{what} must be a text, not {shown_kind(value)}.")
            return ""
        if not pattern.fullmatch(value):
            if pattern is AGENT:
                self.fault(pointer, f"{what} {shown(value)} is not possible: write acme.age, say, or acme.age@2.")
                return value
            signs = {WORD: "“-” and “_”, and starts with a letter", SLUG: "“-” and “_”"}.get(
                pattern, "“-”, “_” and “.”"
            )
            said = f"it has up to {NAME_LENGTH} letters, digits, {signs}"
            self.fault(pointer, f"{what} {shown(value)} is not possible: {said}.")
        return value

    def path(self, value: Any, pointer: str, what: str = "The fact") -> str:
        """The path of a fact, such as `case.applicant.age`."""
        if not isinstance(value, str):
            self.fault(pointer, f"{what} must be a path such as case.age, not {shown_kind(value)}.")
            return ""
        if len(value) > PATH_LENGTH or not PATH.fullmatch(value):
            self.fault(pointer, f"{what} {shown(value)} is not a path such as case.applicant.age.")
        return value

    def choice(self, value: Any, pointer: str, what: str, options: Sequence[str]) -> str:
        if not isinstance(value, str) or value not in options:
            hint = nearest(value, options) if isinstance(value, str) else ""
            self.fault(pointer, f"{what} cannot be {shown(value)}; it is one of {', '.join(options)}.{hint}")
            return options[0]
        return value

    def integer(self, value: Any, pointer: str, what: str, low: int, high: int) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.fault(pointer, f"{what} must be a whole number from {low:,} to {high:,}, not {shown(value)}.")
            return low
        return value

    def number(self, value: Any, pointer: str, what: str) -> int | float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            self.fault(pointer, f"{what} must be a number, not {shown_kind(value)}.")
            return 0
        return value

    def boolean(self, value: Any, pointer: str, what: str) -> bool:
        if not isinstance(value, bool):
            self.fault(pointer, f"{what} must be true or false, not {shown_kind(value)}.")
            return False
        return value

    def free(self, value: Any, pointer: str, what: str) -> Mapping[str, Any]:
        """A mapping whose content is checked elsewhere (a schema, a configuration)."""
        if not isinstance(value, Mapping):
            self.fault(pointer, f"{what} must be a mapping, not {shown_kind(value)}.")
            return {}
        if any(not isinstance(key, str) for key in value):
            self.fault(pointer, f"{what} has a name that is not a text; put it in quotes.")
        return value


def shown_kind(value: Any) -> str:
    """What a value is, in a word or two, with the value where it is short."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return shown(value)
