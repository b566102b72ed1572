"""A sanctions list read from a CSV file and searched by name and birth date."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from rapidfuzz import fuzz, process

from .transliteration import spellings, unknown_letters

COLUMNS = ("id", "name", "aliases", "date_of_birth", "nationality", "programme")
_LIKENESS_CUTOFF = 60  # names less alike than this never matter
_PART_OF_NAME = 0.96  # all names of one are among the other's, as with a middle name left out


class ListError(ValueError):
    """The list file cannot be used."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One listed person. `date_of_birth` is YYYY-MM-DD, only YYYY, or empty where the list does not say."""

    id: str
    name: str
    aliases: tuple[str, ...]
    date_of_birth: str
    nationality: str
    programme: str


@dataclass(frozen=True, slots=True)
class Hit:
    entry: Entry
    matched_name: str
    name_score: float
    birth_date: str  # same, year_same, close, swapped, unknown or different
    score: float


@dataclass(frozen=True)
class Watchlist:
    """`names[i]`, with its words sorted `sorted_names[i]`, is one spelling of `shown[i]`, a name of `owners[i]`."""

    entries: tuple[Entry, ...]
    digest: str
    names: tuple[str, ...]
    sorted_names: tuple[str, ...]
    shown: tuple[str, ...]
    owners: tuple[Entry, ...]

    def search(self, name: str, born: date | None, least: float) -> list[Hit]:
        """Hits with a score of at least `least`, best first, one for each listed person."""
        best: dict[str, Hit] = {}
        for spelling in spellings(name):
            for at, likeness in self._alike(spelling):
                entry = self.owners[at]
                verdict, penalty = _compare(born, entry.date_of_birth)
                score = round(max(0.0, likeness - penalty), 1)
                if score >= least and (entry.id not in best or best[entry.id].score < score):
                    best[entry.id] = Hit(entry, self.shown[at], round(likeness, 1), verdict, score)
        return sorted(best.values(), key=lambda hit: (-hit.score, hit.entry.id))

    def _alike(self, spelling: str) -> Iterable[tuple[int, float]]:
        words = _sorted(spelling)
        for _, likeness, at in process.extract(
            words, self.sorted_names, scorer=fuzz.ratio, score_cutoff=_LIKENESS_CUTOFF, limit=None
        ):
            yield at, likeness
        if " " in words:
            for found, likeness, at in process.extract(
                spelling, self.names, scorer=fuzz.token_set_ratio, score_cutoff=95, limit=None
            ):
                if " " in found:
                    yield at, likeness * _PART_OF_NAME


def load(path: Path) -> Watchlist:
    """The list in this file; read again only when the file has changed."""
    try:
        state = path.stat()
    except OSError as error:
        raise ListError(f"the list {path} cannot be read: {error.strerror}") from error
    return _read(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int, _size: int) -> Watchlist:
    raw = path.read_bytes()
    try:
        rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ListError(f"the list {path} is not a CSV file in UTF-8: {error}") from error
    if not rows or not set(COLUMNS) <= rows[0].keys():
        raise ListError(f"the list {path} needs a heading with {', '.join(COLUMNS)} and at least one entry")
    entries = tuple(_entry(path, number, row) for number, row in enumerate(rows, start=2))
    indexed = [
        (spelling, shown, entry)
        for entry in entries
        for shown in (entry.name, *entry.aliases)
        if not unknown_letters(shown)
        for spelling in spellings(shown)
        if spelling
    ]
    names, shown, owners = zip(*indexed, strict=True)
    digest = hashlib.sha256(raw).hexdigest()[:16]
    return Watchlist(entries, digest, names, tuple(map(_sorted, names)), shown, owners)


def _sorted(name: str) -> str:
    """The words in alphabetical order, so that their order does not count."""
    return " ".join(sorted(name.split()))


def _entry(path: Path, number: int, row: dict[str, str | None]) -> Entry:
    value = {name: (row[name] or "").strip() for name in COLUMNS}
    born = value["date_of_birth"]
    try:
        date.fromisoformat(born if len(born) == 10 else f"{born or 2000}-01-01")
    except ValueError:
        raise ListError(f"line {number} of {path}: {born!r} is neither YYYY-MM-DD nor YYYY") from None
    if not value["id"] or not value["name"]:
        raise ListError(f"line {number} of {path}: an entry needs an id and a name")
    aliases = tuple(alias.strip() for alias in value["aliases"].split(";") if alias.strip())
    return Entry(value["id"], value["name"], aliases, born, value["nationality"], value["programme"])


def _compare(born: date | None, listed: str) -> tuple[str, float]:
    """What the birth dates say about each other, and the points it costs."""
    if not listed or born is None:
        return "unknown", 5.0
    if len(listed) == 4:
        years = abs(born.year - int(listed))
        return ("year_same", 0.0) if years == 0 else ("close", 6.0) if years == 1 else ("different", 25.0)
    day = date.fromisoformat(listed)
    if day == born:
        return "same", 0.0
    if (day.year, day.month, day.day) == (born.year, born.day, born.month):
        return "swapped", 3.0
    if abs((day - born).days) <= 366:
        return "close", 6.0
    return "different", 25.0
