"""The firm's register of clients and parties, read from a CSV file and searched by name, birth date and number."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from rapidfuzz import fuzz, process

from .party_names import company_likeness, company_spellings, person_likeness, person_spellings

COLUMNS = ("id", "matter", "matter_status", "role", "kind", "name", "aliases", "date_of_birth", "company_number")
ROLES = ("client", "opponent", "related")
_FIRST_LOOK = 55.0  # names less alike than this never matter, whatever they sound like
_KIND_DIFFERS = 12.0  # a sole trader's firm often bears the owner's name


class RegisterError(ValueError):
    """The register file cannot be used."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who is asked about: a person with a birth date, or a company with its number, as far as known."""

    name: str
    kind: str  # person or company
    date_of_birth: date | None = None
    company_number: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One party of one matter of the firm."""

    id: str
    matter: str
    open: bool
    role: str
    party: Party
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    entry: Entry
    matched_name: str
    name_score: float
    identity: str  # same, unknown, close or different: what birth dates or company numbers say
    score: float


@dataclass(frozen=True)
class Register:
    """`spelt[i]` is one spelling of the name `shown[i]` of the entry `owners[i]`.

    `numbered` finds i by company number.
    """

    entries: tuple[Entry, ...]
    digest: str
    spelt: tuple[str, ...]
    shown: tuple[str, ...]
    owners: tuple[Entry, ...]
    numbered: Mapping[str, tuple[int, ...]]

    def search(self, asked: Party, least: float) -> list[Match]:
        """Matches with a score of at least `least`, best first, one for each entry."""
        best: dict[str, Match] = {}
        for match in self._candidates(asked):
            known = best.get(match.entry.id)
            if match.score >= least and (known is None or known.score < match.score):
                best[match.entry.id] = match
        return sorted(best.values(), key=lambda match: (-match.score, match.entry.id))

    def _candidates(self, asked: Party) -> Iterable[Match]:
        likeness = company_likeness if asked.kind == "company" else person_likeness
        for spelling in spelling_of(asked.kind, asked.name):
            for found, _, at in process.extract(
                spelling, self.spelt, scorer=fuzz.token_set_ratio, score_cutoff=_FIRST_LOOK, limit=None
            ):
                yield self._match(asked, at, likeness(spelling, found))
        # A company may have changed its name; its number stays.
        for at in self.numbered.get(number(asked.company_number), ()) if asked.kind == "company" else ():
            yield self._match(asked, at, 100.0)

    def _match(self, asked: Party, at: int, alike: float) -> Match:
        entry = self.owners[at]
        identity, points = compare(asked, entry.party)
        if asked.kind != entry.party.kind:
            points += _KIND_DIFFERS
        return Match(entry, self.shown[at], round(alike, 1), identity, round(max(0.0, alike - points), 1))


def compare(asked: Party, known: Party) -> tuple[str, float]:
    """What birth dates or company numbers say about two parties of like name, and the points it costs."""
    if asked.kind == known.kind == "company":
        numbers = number(asked.company_number), number(known.company_number)
        if not all(numbers):
            return "unknown", 3.0
        return ("same", 0.0) if numbers[0] == numbers[1] else ("different", 40.0)
    if asked.date_of_birth is None or known.date_of_birth is None:
        return "unknown", 4.0
    one, other = asked.date_of_birth, known.date_of_birth
    if one == other:
        return "same", 0.0
    swapped = (one.year, one.month, one.day) == (other.year, other.day, other.month)
    mistyped = sum(left != right for left, right in zip(str(one), str(other), strict=True)) == 1
    if swapped or mistyped or abs((one - other).days) <= 10:
        return "close", 5.0
    return "different", 35.0


def spelling_of(kind: str, name: str) -> tuple[str, ...]:
    """The ways this name may be written; none where it has no letters or digits at all."""
    return company_spellings(name) if kind == "company" else person_spellings(name)


def number(text: str) -> str:
    """A company number without spaces and points: `HRB 12 345 B` gives `HRB12345B`."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def load(path: Path) -> Register:
    """The register in this file; read again only when the file has changed."""
    try:
        state = path.stat()
    except OSError as error:
        raise RegisterError(f"The register {path} cannot be read: {error.strerror}.") from error
    return _read(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int, _size: int) -> Register:
    raw = path.read_bytes()
    try:
        rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise RegisterError(f"The register {path} is not a CSV file in UTF-8: {error}.") from error
    if not rows or not set(COLUMNS) <= rows[0].keys():
        raise RegisterError(f"The register {path} needs a heading with {', '.join(COLUMNS)} and at least one entry.")
    entries = tuple(_entry(path, line, row) for line, row in enumerate(rows, start=2))
    named = [
        (spelling, shown, entry)
        for entry in entries
        for shown in (entry.party.name, *entry.aliases)
        for spelling in spelling_of(entry.party.kind, shown)
    ]
    spelt, shown, owners = zip(*named, strict=True)
    numbered: dict[str, tuple[int, ...]] = {}
    for at, entry in enumerate(owners):
        if bare := number(entry.party.company_number):
            numbered[bare] = (*numbered.get(bare, ()), at)
    return Register(entries, hashlib.sha256(raw).hexdigest()[:16], spelt, shown, owners, numbered)


def _entry(path: Path, line: int, row: dict[str, str | None]) -> Entry:
    value = {name: (row[name] or "").strip() for name in COLUMNS}
    fault = ""
    born = None
    if value["date_of_birth"]:
        try:
            born = date.fromisoformat(value["date_of_birth"])
        except ValueError:
            fault = f"the birth date {value['date_of_birth']!r} is not YYYY-MM-DD"
    if not value["id"] or not value["matter"] or not spelling_of(value["kind"], value["name"]):
        fault = "an entry needs an id, a matter and a name"
    if value["role"] not in ROLES:
        fault = f"the role {value['role']!r} is not one of {', '.join(ROLES)}"
    if value["kind"] not in ("person", "company"):
        fault = f"the kind {value['kind']!r} is neither person nor company"
    if value["matter_status"] not in ("open", "closed"):
        fault = f"the status {value['matter_status']!r} is neither open nor closed"
    if fault:
        raise RegisterError(f"Line {line} of {path}: {fault}.")
    aliases = tuple(alias.strip() for alias in value["aliases"].split(";") if alias.strip())
    party = Party(value["name"], value["kind"], born, value["company_number"])
    return Entry(value["id"], value["matter"], value["matter_status"] == "open", value["role"], party, aliases)
