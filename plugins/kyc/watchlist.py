"""A sanctions list read from a CSV file and searched by name and birth date."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from rapidfuzz import fuzz, process

from .transliteration import spellings, unknown_letters

COLUMNS = ("id", "name", "aliases", "date_of_birth", "nationality", "programme")
_LIKENESS_CUTOFF = 60  # names less alike than this never matter
_PART_CUTOFF = 95
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
    """`names[i]` is one spelling of `shown[i]`, a name of `owners[i]`; in `sorted_names[i]` its words are sorted, in
    `word_sets[i]` each of them also comes only once. `with_word` tells the places of all names with a word."""

    entries: tuple[Entry, ...]
    digest: str
    names: tuple[str, ...]
    sorted_names: tuple[str, ...]
    word_sets: tuple[str, ...]
    with_word: Mapping[str, Sequence[int]]
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
        words = spelling.split()
        for at, likeness in _nearest(" ".join(sorted(words)), self.sorted_names, _LIKENESS_CUTOFF):
            yield at, likeness
        if len(words) > 1:
            for at, likeness in self._alike_in_part(spelling, set(words)):
                yield at, likeness * _PART_OF_NAME

    def _alike_in_part(self, spelling: str, words: set[str]) -> list[tuple[int, float]]:
        """The names of several words whose token set ratio is high. Comparing sets of words takes ten times as long
        as comparing texts, so only those are looked at that share a word or, written without repeated words, are
        nearly the same text."""
        possible = {at for word in words for at in self.with_word.get(word, ())}
        possible.update(at for at, _ in _nearest(" ".join(sorted(words)), self.word_sets, _PART_CUTOFF))
        found = [
            (at, likeness)
            for at in possible
            if " " in self.names[at]
            and (likeness := fuzz.token_set_ratio(spelling, self.names[at], score_cutoff=_PART_CUTOFF))
        ]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))


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
    words = [name.split() for name in names]
    with_word: dict[str, list[int]] = {}
    for at, some in enumerate(words):
        for word in set(some):
            with_word.setdefault(word, []).append(at)
    return Watchlist(
        entries=entries,
        digest=digest,
        names=names,
        sorted_names=tuple(" ".join(sorted(some)) for some in words),
        word_sets=tuple(" ".join(sorted(set(some))) for some in words),
        with_word=with_word,
        shown=shown,
        owners=owners,
    )


def _nearest(text: str, texts: Sequence[str], cutoff: float) -> list[tuple[int, float]]:
    """Places and likenesses, best first."""
    found = process.extract(text, texts, scorer=fuzz.ratio, score_cutoff=cutoff, limit=None)
    return [(at, likeness) for _, likeness, at in found]


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
