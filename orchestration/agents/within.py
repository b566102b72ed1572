"""A quick yes to whether a document is plain JSON within the limits on values; what gets none is looked at closely."""

from __future__ import annotations

from typing import Any, Final

from orchestration.facts import MAX_NUMBER, MAX_STRING_BYTES

_DEPTH: Final = 20
_SURELY_SHORT: Final = MAX_STRING_BYTES // 4


def surely_within(document: Any, *, depth: int = _DEPTH) -> bool:
    """True only where `facts.check_values` finds nothing. It costs a fifth, and tells no place and no reason."""
    kind = type(document)
    if kind is str:
        return _fits(document)
    if kind is float or kind is int:
        return bool(-MAX_NUMBER <= document <= MAX_NUMBER)  # NaN is not
    if kind is dict:
        if not depth:
            return False
        for key, value in document.items():
            if type(key) is not str or not _fits(key) or not surely_within(value, depth=depth - 1):
                return False
        return True
    if kind is list:
        return depth > 0 and all(surely_within(value, depth=depth - 1) for value in document)
    return document is None or kind is bool


def _fits(text: str) -> bool:
    if len(text) > _SURELY_SHORT:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True
