"""How alike the name on an application and the name on a document are, from 0 to 100."""

from __future__ import annotations

from itertools import product

from rapidfuzz import fuzz

from .mrz import Mrz, encode_name
from .transliteration import spellings

_SWAPPED = 0.9  # surname and given names entered in each other's field
_SHORTENED = 0.95  # only some of the given names on the application


def name_score(surname: str, given_names: str, document: Mrz) -> float:
    """The best score over every spelling an issuing state may print, to one decimal.

    Surname and given names count half each. Given names left out cost a little, swapped fields more. A name
    too long for its field is compared as the document would have cut it.
    """
    best = 0.0
    for family, given in product(spellings(surname), spellings(given_names)):
        best = max(best, _score(family, given, document))
        if best == 100:
            return best
        best = max(best, _SWAPPED * _score(given, family, document))
        if document.name_truncated:
            printed = encode_name(family, given, len(document.name_field))
            best = max(best, fuzz.ratio(printed, document.name_field))
    return round(best, 1)


def _score(family: str, given: str, document: Mrz) -> float:
    surname = fuzz.token_sort_ratio(family, document.surname)
    if not given or not document.given_names:
        # A person with a single name has no given names on either side.
        return surname if given == document.given_names else surname / 2
    full = fuzz.token_sort_ratio(given, document.given_names)
    return (surname + max(full, _SHORTENED * _shortened(given, document.given_names))) / 2


def _shortened(left: str, right: str) -> float:
    """Every name of the shorter list against its best partner in the longer one."""
    shorter, longer = sorted((left.split(), right.split()), key=len)
    return sum(max(fuzz.ratio(name, other) for other in longer) for name in shorter) / len(shorter)
