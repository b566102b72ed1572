"""Brings what people say and type into one plain form, and cuts a transcript into lines with their speakers."""

from __future__ import annotations

import re

_STAFF = re.compile(r"^\s*(?:agent|staff|desk|operator|receptionist|nurse)\s*:\s*", re.IGNORECASE)
_CALLER = re.compile(r"^\s*(?:caller|patient|customer)\s*:\s*", re.IGNORECASE)
_APART = (("can not", "cannot"), ("dont", "don't"), ("cant", "can't"), ("wont", "won't"))


def plain(text: str) -> str:
    """Lower case, straight apostrophes, single spaces; short forms typed without an apostrophe get theirs."""
    text = " ".join(text.replace("\u2019", "'").replace("\u2018", "'").lower().split())
    for typed, meant in _APART:
        text = re.sub(rf"\b{typed}\b", meant, text)
    return text


def spoken_lines(transcript: str) -> list[tuple[str, str]]:
    """(speaker, words) of each line; whoever is not named as staff is the caller. Blank lines keep their number."""
    found = []
    for line in transcript.splitlines():
        staff = _STAFF.match(line)
        caller = _CALLER.match(line)
        start = (staff or caller).end() if staff or caller else 0  # type: ignore[union-attr]
        found.append(("staff" if staff else "caller", line[start:]))
    return found
