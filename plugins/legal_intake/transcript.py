"""The lines of a call, their words, and which phrases of a word list are said in them, negated or not."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from orchestration.plugin_api import Model

MAX_LINES = 300
MAX_TEXT = 1_000
_LONGEST_PHRASE = 6  # words
_REACH = 3  # a negation counts for so many words after it
_NO_DENIAL = frozenset({"stop", "help", "only", "just"})  # after a negation: "I cannot stop crying", "not only"
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_BREAK = re.compile(r"[.,;:!?]|\b(?:but|because|and then)\b", re.IGNORECASE)
_NEGATIONS = frozenset({
    "not", "no", "never", "none", "nobody", "neither", "nor", "without", "hardly", "nothing", "cannot", "cant", "dont",
    "doesnt", "didnt", "isnt", "arent", "wasnt", "werent", "wont", "wouldnt", "havent", "hasnt", "hadnt",
})  # fmt: skip


class Line(Model):
    """One thing somebody said. Lines are counted from 1."""

    speaker: Literal["caller", "firm"] = Field(title="Who speaks")
    text: str = Field(title="What was said", max_length=MAX_TEXT)


@dataclass(frozen=True, slots=True)
class Said:
    """A phrase of a word list that was said: in which line, and whether it was denied ("I was not dismissed")."""

    phrase: str
    line: int
    negated: bool


class WordListError(ValueError):
    """A word list cannot be used."""


def words(text: str) -> list[str]:
    """The words in lower case, without apostrophes: "Don't" gives `dont`."""
    return [word.replace("'", "").replace("’", "") for word in _WORD.findall(text.lower())]


def stem(word: str) -> str:
    """A word without its commonest endings, so that `tenants`, `tenant's` and `tenant` are one."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def stems(phrase: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in words(phrase))


def phrases_said(lines: Iterable[tuple[int, str]], known: Mapping[tuple[str, ...], str]) -> Iterator[Said]:
    """Every phrase of `known` (its stems to the phrase as written) in these numbered lines, the longest first.

    Words of a longer phrase do not count again for a shorter one. A negation denies what follows it within
    three words of the same part of a sentence, unless the phrase itself begins with it.
    """
    for number, text in lines:
        for part in _BREAK.split(text):
            found = stems(part)
            at = 0
            while at < len(found):
                length = _longest(found, at, known)
                if not length:
                    at += 1
                    continue
                yield Said(known[found[at : at + length]], number, _denied(found, at))
                at += length


def _denied(found: tuple[str, ...], at: int) -> bool:
    return any(found[one] in _NEGATIONS and found[one + 1] not in _NO_DENIAL for one in range(max(0, at - _REACH), at))


def _longest(found: tuple[str, ...], at: int, known: Mapping[tuple[str, ...], str]) -> int:
    for length in range(min(_LONGEST_PHRASE, len(found) - at), 0, -1):
        if found[at : at + length] in known:
            return length
    return 0


def word_list(path: Path, columns: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The rows of a word list, each with these columns; read again only when the file has changed."""
    try:
        state = path.stat()
    except OSError as error:
        raise WordListError(f"The word list {path} cannot be read: {error.strerror}.") from error
    return _read(path, state.st_mtime_ns, state.st_size, columns)


@lru_cache(maxsize=32)
def _read(path: Path, _changed: int, _size: int, columns: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise WordListError(f"The word list {path} is not a CSV file in UTF-8: {error}.") from error
    if not rows or not set(columns) <= rows[0].keys():
        raise WordListError(f"The word list {path} needs a heading with {', '.join(columns)} and at least one row.")
    return tuple(tuple((row[column] or "").strip() for column in columns) for row in rows)
