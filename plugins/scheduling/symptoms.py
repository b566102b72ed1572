"""Finds red-flag symptoms line by line, and tells what is denied, past or only feared from what is there."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from .words import plain

State = Literal["present", "denied", "past", "feared"]

_WORDS_BEFORE = 6
"""How many words before a symptom a denial may stand; the same reach as the NegEx rule of Chapman (2001)."""
_CLAUSES = re.compile(r"[.;!?]| but | however | although | though | except ")
_DENIED_BEFORE = re.compile(
    r"\b(?:no|not|without|never|denies|deny|nor|don't have|doesn't have|do not have|haven't|hasn't|"
    r"hadn't|didn't|isn't|wasn't)\b(?! only\b)(?! just\b)"
)
_DENIED_AFTER = re.compile(
    r"^\W*(?:(?:is|was|has been|have been) )?(?:ruled out|(?:all |completely )?gone)\b|^\s*: no\b"
)
_PAST = re.compile(r"\b(?:years ago|last year|history of|as a child|in the past|back in \d{4})\b")
_FEARED = re.compile(r"\b(?:if i|in case|what if|afraid of|worried about|worry about|screening for|run in|runs in)\b")
_YES = re.compile(r"^(?:yes|yeah|yep|yup|i do|i am|correct|right)\b")
_NO = re.compile(r"^(?:no|nope|nah|not|never|none|i don't)\b")


@dataclass(frozen=True, slots=True)
class Symptom:
    flag: str
    title: str
    urgency: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Mention:
    """A symptom in a line (counted from 1): what was said, and whether it is there now."""

    flag: str
    title: str
    urgency: str
    line: int
    text: str
    state: State


@cache
def symptoms() -> tuple[Symptom, ...]:
    with (Path(__file__).parent / "symptoms.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Symptom(row["flag"], row["title"], row["urgency"], _pattern(row["terms"])) for row in csv.DictReader(file)
        )


def mentions(lines: Sequence[tuple[str, str]]) -> list[Mention]:
    """Every symptom in `lines` of (speaker, words); the speaker is "caller", or "staff" who may ask about one.

    1. A caller's line is cut into clauses, so that a denial reaches no further than its own.
    2. A symptom that staff ask about counts as the caller's answer in the next line says: yes, no, or not at all.
    """
    found: list[Mention] = []
    for place, (speaker, said) in enumerate(lines):
        text = plain(said)
        if speaker == "staff":
            answer = plain(lines[place + 1][1]) if place + 1 < len(lines) and lines[place + 1][0] == "caller" else ""
            state: State | None = "present" if _YES.match(answer) else "denied" if _NO.match(answer) else None
            if "?" in said and state is not None:
                found += [
                    Mention(one.flag, one.title, one.urgency, place + 2, answer, state)
                    for one in symptoms()
                    if one.pattern.search(text)
                ]
            continue
        for clause in _CLAUSES.split(text):
            for one in symptoms():
                found += [
                    Mention(one.flag, one.title, one.urgency, place + 1, said.strip(), _state(clause, match))
                    for match in one.pattern.finditer(clause)
                ]
    return found


def _state(clause: str, match: re.Match[str]) -> State:
    before = " ".join(clause[: match.start()].split()[-_WORDS_BEFORE:])
    if _DENIED_BEFORE.search(before) or _DENIED_AFTER.search(clause[match.end() :]):
        return "denied"
    if _PAST.search(clause):
        return "past"
    return "feared" if _FEARED.search(before) else "present"


def _pattern(terms: str) -> re.Pattern[str]:
    longest_first = sorted(terms.split(";"), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(re.escape(term) for term in longest_first)})\b")
