"""Finds red-flag symptoms line by line, and tells what is plainly denied, past or only feared from what may be there.

Missing a red flag costs more than a call from the nurse in vain. So the rule of NegEx (Chapman and others, 2001), a
denial within a few words, is taken more strictly: nothing but a few known words may stand between the two, and
whatever is not plain counts as present.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from . import words

State = Literal["present", "denied", "past", "feared"]
Line = tuple[str, str]

_CLAUSES = re.compile(r"[.;!?]|(?:\b(?:but|however|although|though|except|because|since)\b)")
_FILLING = r"(?:any|a|an|the|of|kind|sort|signs?|real|really|had|have|having|felt|feel|feeling|been|my|more|either)"
_LISTED = r"(?:fever|chills|cough|nausea|vomiting|dizziness|sweating|rash|swelling|pain|weakness|headaches?|~)"
"""What may stand in one list with a symptom; `~` is a symptom of the list."""
_DENIAL = (
    r"(?:no|not|without|never|denies|deny|nor|neither|don't|doesn't|do not|does not|haven't|hasn't|hadn't|have not|"
    r"has not|didn't|isn't|wasn't)"
)
_DENIED = re.compile(rf"\b{_DENIAL}(?P<between>(?: {_FILLING})*(?: {_LISTED}(?:,? n?or|,)(?: {_FILLING})*)*) $")
_QUALIFIED = re.compile(
    r"\b(?:like (?:this|that)|(?:this|that|so) bad|worse|right now|at the moment|currently|today|any ?more)\b"
)
"""“never had chest pain like this”, “no chest pain right now”: the denial is of something else."""
_RULED_OUT = re.compile(r"^\W*(?:(?:is|was|has been|have been) )?ruled out\b|^\s*: no\b")
_HAD = re.compile(r"\b(?:had|had a|had an|history of|used to have|used to get)\s*$")
_LONG_AGO = re.compile(
    r"^\W*(?:once )?(?:(?:a|two|three|four|five|six|seven|eight|nine|ten|many|some|\d+) )?"
    r"(?:years? ago|last year|as a child|in the past|back in \d{4})\W*$"
)
_FEARED = re.compile(r"\b(?:what if i (?:get|have|had)|in case (?:of|i get)|screening for)(?: a| an| the)?\s*$")
_LONGEST = 300
_REACH = 200
"""Characters on either side of a symptom that are looked at: far more than any pattern here spans."""
_YES = re.compile(r"^(?:yes|yeah|yep|yup|i do|i am|i did|i have|correct|right|a little|a bit|some|sometimes|sort of)\b")
_NO = re.compile(r"^(?:no|nope|nah|none|never|not at all|i don't|i haven't)\b")
_NO_BUT = re.compile(
    r"\b(?:but|except|only|just|earlier|yesterday|this morning|last night|right now|at the moment|sometimes|a little|"
    r"a bit|until|anymore|any more)\b"
)
_ASKING = re.compile(r"\?|^(?:any|do|does|did|are|is|have|has|and any|and do)\b")


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
    """The list; in a term, `*` stands for up to six words."""
    with (Path(__file__).parent / "symptoms.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Symptom(row["flag"], row["title"], row["urgency"], _pattern(row["terms"])) for row in csv.DictReader(file)
        )


def mentions(lines: Sequence[Line]) -> list[Mention]:
    """Every symptom in `lines` of (speaker, words); the speaker is "caller", or "staff" who may ask about one.

    1. A caller's line is cut into clauses, so that a denial reaches no further than its own.
    2. A symptom that begins in one line of the caller and ends in the next is there.
    3. A symptom that staff ask about is denied by a plain no of the caller, and by nothing else.
    """
    found: list[Mention] = []
    for place, (speaker, said) in enumerate(lines):
        text = _plain(said)
        if not text:
            continue
        if speaker == "staff":
            found += _asked(lines, place, text)
            continue
        for clause in _CLAUSES.split(text):
            found += [_mention(one, place, said, _state(clause, match)) for one, match in _matches(clause)]
        after = _plain(lines[place + 1][1]) if place + 1 < len(lines) and lines[place + 1][0] == "caller" else ""
        if after:
            found += [
                _mention(one, place, f"{said} {lines[place + 1][1]}", "present")
                for one, match in _matches(f"{text} {after}")
                if match.start() < len(text) < match.end() - 1
            ]
    return found


def _plain(said: str) -> str:
    """As everywhere, and “chest-pain” is two words."""
    return words.plain(re.sub(r"[-/_\u2010-\u2015]", " ", said))


def _asked(lines: Sequence[Line], place: int, text: str) -> Iterator[Mention]:
    """What staff asked about. Silence after it, or an answer to something else, is no denial."""
    answered = next((number for number in range(place + 1, len(lines)) if lines[number][0] == "caller"), None)
    answer = _plain(lines[answered][1]) if answered is not None else ""
    asking = bool(_ASKING.search(text))
    if not asking and not _YES.match(answer):
        return
    state: State = "denied" if _NO.match(answer) and not _NO_BUT.search(answer) else "present"
    where = place if answered is None else answered
    for one, _ in _matches(text):
        yield _mention(one, where, f"{lines[place][1].strip()} – {lines[where][1].strip()}", state)


def _matches(text: str) -> Iterator[tuple[Symptom, re.Match[str]]]:
    for one in symptoms():
        for match in one.pattern.finditer(text):
            yield one, match


def _mention(one: Symptom, place: int, said: str, state: State) -> Mention:
    return Mention(one.flag, one.title, one.urgency, place + 1, said.strip()[:_LONGEST], state)


def _state(clause: str, match: re.Match[str]) -> State:
    before, after = clause[max(0, match.start() - _REACH) : match.start()], clause[match.end() : match.end() + _REACH]
    for one in symptoms():
        before = one.pattern.sub("~", before)
    if _denied(before, after) or _RULED_OUT.search(after):
        return "denied"
    if _HAD.search(before) and _LONG_AGO.search(after):
        return "past"
    return "feared" if _FEARED.search(before) else "present"


def _denied(before: str, after: str) -> bool:
    """“no fever, cough or chest pain” denies all three; “no, chest pain” and “no fever, chest pain” may not."""
    found = _DENIED.search(before)
    if found is None or _QUALIFIED.search(after):
        return False
    return "," not in found["between"] or bool(re.search(r"\bn?or\b", found["between"] + after))


def _pattern(terms: str) -> re.Pattern[str]:
    longest_first = sorted(terms.split(";"), key=len, reverse=True)
    spelt = (re.escape(term).replace(r"\ \*\ ", r"(?: [\w'-]+){0,6} ") for term in longest_first)
    return re.compile(rf"\b(?:{'|'.join(spelt)})\b")
