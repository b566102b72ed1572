"""Cologne phonetics (Hans Joachim Postel, 1969): names that sound alike in German have the same code."""

from __future__ import annotations

from itertools import groupby

from anyascii import anyascii

_SINGLE = {
    **dict.fromkeys("AEIJOUY", "0"), "B": "1", "F": "3", "V": "3", "W": "3", "G": "4", "K": "4", "Q": "4",
    "L": "5", "M": "6", "N": "6", "R": "7", "S": "8", "Z": "8",
}  # fmt: skip
_HARD_C_FIRST = frozenset("AHKLOQRUX")  # at the beginning, C before one of these is K
_HARD_C = frozenset("AHKOQUX")


def code(word: str) -> str:
    """1. Every letter becomes a digit, by its neighbours. 2. Runs of a digit shrink to one. 3. 0 only leads."""
    letters = [letter for letter in anyascii(word.replace("ß", "ss")).upper() if "A" <= letter <= "Z"]
    digits = "".join(_digits(letters, at) for at in range(len(letters)))
    short = "".join(digit for digit, _ in groupby(digits))
    return short[:1] + short[1:].replace("0", "")


def _digits(letters: list[str], at: int) -> str:
    letter, before, after = letters[at], "".join(letters[max(0, at - 1) : at]), "".join(letters[at + 1 : at + 2])
    if letter == "H":
        return ""
    if letter == "P":
        return "3" if after == "H" else "1"
    if letter in "DT":
        return "8" if after and after in "CSZ" else "2"
    if letter == "X":
        return "8" if before and before in "CKQ" else "48"
    if letter == "C":
        return _c(before, after)
    return _SINGLE[letter]


def _c(before: str, after: str) -> str:
    if not before:
        return "4" if after in _HARD_C_FIRST else "8"
    return "4" if after in _HARD_C and before not in "SZ" else "8"
