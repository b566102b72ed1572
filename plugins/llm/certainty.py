"""How sure the model is of its answer, from the probabilities of the words it chose."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

_LEXEME: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null', re.DOTALL)
_LOWEST: Final = -1e4
_COLON: Final = re.compile(rb"\s*:")


def from_logprobs(text: str, tokens: Sequence[Any]) -> float | None:
    """The geometric mean of the probabilities of the tokens that make up values, not keys or signs.

    None where the endpoint gave none, or gave such that do not belong to the text or are no numbers.
    """
    answer = text.encode("utf-8", "replace")
    values = list(_values(answer))
    place, found = 0, []
    for token in tokens:
        written, logprob = _token(token)
        if written is None or answer[place : place + len(written)] != written:
            return None
        start, place = place, place + len(written)
        if any(start < end and place > begin for begin, end in values):
            found.append(logprob)
    if place != len(answer) or not found or any(one is None for one in found):
        return None
    return min(max(math.exp(sum(found) / len(found)), 0.0), 1.0)


def _token(token: Any) -> tuple[bytes | None, float | None]:
    if not isinstance(token, dict):
        return None, None
    logprob = _bounded(token.get("logprob"))
    parts = token.get("bytes")
    if isinstance(parts, list) and all(isinstance(part, int) and 0 <= part < 256 for part in parts):
        return bytes(parts), logprob
    written = token.get("token")
    return (written.encode("utf-8", "replace") if isinstance(written, str) else None), logprob


def _bounded(logprob: Any) -> float | None:
    """At most 0, the logarithm of 1; NaN is no number, minus infinity is as good as the lowest."""
    if isinstance(logprob, bool) or not isinstance(logprob, int | float) or logprob != logprob:
        return None
    return float(max(min(logprob, 0.0), _LOWEST))


def _values(answer: bytes) -> Iterator[tuple[int, int]]:
    """Where values stand, from the first brace to the last one."""
    for lexeme in _LEXEME.finditer(answer, max(answer.find(b"{"), 0), answer.rfind(b"}") + 1):
        if not _COLON.match(answer, lexeme.end()):
            yield lexeme.span()
