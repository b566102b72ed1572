"""Names of persons and companies in a form that can be compared: Latin letters, no titles, no legal forms."""

from __future__ import annotations

import re

from anyascii import anyascii
from rapidfuzz import fuzz

from .cologne import code

_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "ø": "oe", "æ": "ae"})
_TITLES = frozenset({
    "mr", "mrs", "ms", "herr", "frau", "dr", "prof", "med", "jur", "phil", "rer", "nat", "dipl", "ing",
})  # fmt: skip
_INNER_MARK = re.compile(r"(?<=[a-z])[.'’](?=[a-z])")  # as in S.p.A. and O'Neill
_PART_OF_NAME = 0.96  # all words of one name are among the other's, as with a middle name left out
_SOUNDS_ALIKE = 92.0
_ABBREVIATED = 90.0  # a surname alone, or with initials: "Herr Weiß" and "J. Weiß" may be Jörg Weiß
_FIRST_WORD_ONLY = 88.0  # a company by its first word: "Sturmhöhe" for Sturmhöhe Reederei

# Legal forms as they are left when punctuation is gone and single letters are drawn together, longest first.
_LEGAL_FORMS = (
    "ug haftungsbeschraenkt", "ug haftungsbeschrankt", "mit beschraenkter haftung", "mit beschrankter haftung",
    "gmbh and co kgaa",
    "gmbh and co kg", "gmbh and co ohg", "gmbh co kg", "gmbh co ohg", "se and co kgaa", "se and co kg", "se co kgaa",
    "ag and co kgaa", "ag and co kg", "ag co kg", "ug and co kg", "ug co kg", "partg mbb", "partgmbb", "and co kg",
    "sp zoo", "sp z oo", "sa rl", "gesellschaft mbh", "gesellschaft",
    "ggmbh", "gmbh", "mbh", "kgaa", "partg", "mbb", "ohg", "gbr", "egbr",
    "ug", "ag", "se", "kg", "ek", "ekfr", "ev", "eg", "co", "limited", "ltd", "llc", "llp", "plc", "inc",
    "incorporated",
    "corp", "corporation", "company", "sa", "sarl", "sas", "spa", "srl", "bv", "nv", "ab", "as", "aps", "oy", "oyj",
    "sro", "kft", "doo", "sl", "lda",
)  # fmt: skip
_FORMS = tuple(tuple(form.split()) for form in _LEGAL_FORMS)


def person_spellings(name: str) -> tuple[str, ...]:
    """The ways a name may be written down, without titles: `Dr. Jörg Weiß` gives `joerg weiss` and `jorg weiss`."""
    found = [[word for word in one if word not in _TITLES] or one for one in _words(name)]
    return _distinct(found)


def company_spellings(name: str) -> tuple[str, ...]:
    """The same for a company, without legal forms at its end (or beginning: `GbR Meier`), unless none is left."""
    return _distinct([_bare(one) for one in _words(name)])


def person_likeness(left: str, right: str) -> float:
    """0 to 100. The order of words does not count; words left out cost a little, names that sound alike too."""
    one, other = left.split(), right.split()
    score = fuzz.ratio(" ".join(sorted(one)), " ".join(sorted(other)))
    if min(len(one), len(other)) >= 2:
        if fuzz.token_set_ratio(left, right) >= 95:
            score = max(score, 100 * _PART_OF_NAME)
        if score >= 60 and _sound_alike(one, other):
            score = max(score, _SOUNDS_ALIKE)
    if _abbreviates(one, other) or _abbreviates(other, one):
        score = max(score, _ABBREVIATED)
    return float(score)


def company_likeness(left: str, right: str) -> float:
    """0 to 100, by words in any order; that all words of one are among the other's says less than with persons."""
    score = fuzz.token_sort_ratio(left, right)
    one, other = left.split(), right.split()
    if min(len(one), len(other)) >= 2 and fuzz.token_set_ratio(left, right) >= 95:
        score = max(score, 90.0)
    if 1 in (len(one), len(other)) and one[:1] == other[:1] and len(one[0]) >= 4:
        score = max(score, _FIRST_WORD_ONLY)
    return float(score)


def _words(name: str) -> list[list[str]]:
    """The words of each spelling: the German way (ü → ue) and with the mark left out (ü → u)."""
    lower = name.lower().replace("&", " and ").replace("+", " and ")
    spelt = (anyascii(lower.translate(_GERMAN)), anyascii(lower))
    return [_drawn_together(re.findall(r"[a-z0-9]+", _INNER_MARK.sub("", one.lower()))) for one in spelt]


def _drawn_together(words: list[str]) -> list[str]:
    """`e k` and `s p a`, which were written apart, become `ek` and `spa`."""
    drawn: list[str] = []
    run = ""
    for word in [*words, ""]:
        if len(word) == 1:
            run += word
            continue
        drawn += [run] if run else []
        run = ""
        drawn += [word] if word else []
    return drawn


def _bare(words: list[str]) -> list[str]:
    left = list(words)
    shorter = True
    while shorter:
        shorter = False
        for form in _FORMS:
            size = len(form)
            if len(left) > size and tuple(left[-size:]) == form:
                left, shorter = left[:-size], True
                break
            if len(left) > size and tuple(left[:size]) == form and form[0] in ("gbr", "ohg", "kg", "gmbh"):
                left, shorter = left[size:], True
                break
    if len(left) > 1 and left[-1] == "and":
        left = left[:-1]
    return left


def _sound_alike(one: list[str], other: list[str]) -> bool:
    """Every word of both has a partner that sounds the same, in whatever order."""
    return sorted(map(code, one)) == sorted(map(code, other))


def _abbreviates(short: list[str], name: list[str]) -> bool:
    """A whole word of the short name is one of the other's, and the rest are initials of what that leaves."""
    whole = {word for word in short if len(word) > 2 and word in name}
    rest = [word for word in short if word not in whole]
    initials, left = "".join(rest), "".join(word[0] for word in name if word not in whole)
    return (
        bool(whole)
        and all(len(word) <= 2 for word in rest)
        and all(initials.count(letter) <= left.count(letter) for letter in initials)
    )


def _distinct(spellings: list[list[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(" ".join(words) for words in spellings if words))
