"""A quick yes to whether a document is plain JSON within the limits on values; what gets none is looked at closely."""

from __future__ import annotations

from typing import Any, Final

from orchestration.facts import MAX_NUMBER, MAX_STRING_BYTES, Problem, check_values

_DEPTH: Final = 21
_SURELY_SHORT: Final = MAX_STRING_BYTES // 4


def surely_within(document: Any) -> bool:
    """True only where `facts.check_values` finds nothing. It costs a fifth, and tells no place and no reason."""
    level, texts = [document], list[str]()
    for _ in range(_DEPTH):
        below: list[Any] = []
        for value in level:
            kind = type(value)
            if kind is str:
                texts.append(value)
            elif kind is dict:
                texts += value
                below += value.values()
            elif kind is list:
                below += value
            elif kind is float or kind is int:
                if not -MAX_NUMBER <= value <= MAX_NUMBER:  # NaN is not
                    return False
            elif value is not None and kind is not bool:
                return False
        if not below:
            return _fit(texts)
        level = below
    return False


def problems_in(document: Any) -> list[Problem]:
    """What `facts.check_values` finds, most often nothing, and then sooner."""
    return [] if surely_within(document) else check_values(document)


def _fit(texts: list[str]) -> bool:
    """Looked at as one text, which is as valid as all of them are."""
    try:
        whole = "".join(texts)
        if not whole.isascii():
            whole.encode()
    except (TypeError, UnicodeEncodeError):  # a key that is no text; a lone surrogate
        return False
    return len(whole) <= _SURELY_SHORT or max(map(len, texts)) <= _SURELY_SHORT
