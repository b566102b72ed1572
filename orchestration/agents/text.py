"""Text that agents give us, made fit to store and show: bounded, valid Unicode, without secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

from pydantic import ValidationError

from orchestration.agents.secret_fields import secret_values

ERROR_CHARACTERS: Final = 2_000
SUMMARY_CHARACTERS: Final = 1_000
TRANSCRIPT_CHARACTERS: Final = 64_000

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_SECRET_NAME: Final = re.compile(r"KEY|SECRET|TOKEN|PASSW|CREDENTIAL|DATABASE_URL|REDIS_URL|_DSN", re.IGNORECASE)
_URL_PASSWORD: Final = re.compile(r"(?<=://)([^\s/:@]*):[^\s/@]+(?=@)")
_BEARER: Final = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{16,}")
SHORTEST_SECRET: Final = 6
_PROBLEMS_SHOWN: Final = 5


def clean(text: object, limit: int, secrets: Iterable[str] = ()) -> str:
    """The text without secrets and characters that no database stores, its middle cut out beyond `limit`."""
    words = text if isinstance(text, str) else str(text)
    if not words:
        return ""
    left_out = max(len(words) - limit * 4, 0)
    if left_out:  # searched for secrets only as far as may be shown
        words = "".join(unsplit(words[: limit * 2], words[-limit * 2 :], secrets))
    if not words.isascii() or "\x00" in words:
        words = _UNSTORABLE.sub("\ufffd", words)
    return cut(_without_secrets(words, secrets), limit, left_out)


def cut(text: str, limit: int, left_out: int = 0) -> str:
    """At most `limit` characters, head and tail, with a mark between that tells how many were left out."""
    if len(text) <= limit and not left_out:
        return text
    mark = f"\n[… {max(len(text) - limit, 0) + left_out:,} characters left out …]\n"
    room = max(limit - len(mark), 0)
    head = min(room - room // 2, len(text))
    tail = min(room // 2, len(text) - head)
    return text[:head] + mark + (text[-tail:] if tail else "")


def unsplit(head: str, tail: str, secrets: Iterable[str]) -> tuple[str, str]:
    """Both without the piece of a secret that was cut through between them, which nobody would find any more."""
    values = [*secrets, *(value for _, value in _environment_secrets())]
    ending = max((_overlap(head, value) for value in values), default=0)
    beginning = max((_overlap(value, tail) for value in values), default=0)
    return head[: len(head) - ending], tail[beginning:]


def _overlap(first: str, second: str) -> int:
    """How many letters of the end of one text are the beginning of the other."""
    longest = min(len(first), len(second))
    return next((count for count in range(longest, 0, -1) if first[-count:] == second[:count]), 0)


def secrets_of(config: Mapping[str, Any], config_schema: Mapping[str, Any]) -> frozenset[str]:
    """Values of the configuration that its schema marks as a password (pydantic's `SecretStr`), however deep."""
    return frozenset(
        value
        for _, value in secret_values(config, config_schema)
        if isinstance(value, str) and len(value) >= SHORTEST_SECRET
    )


def misfit(error: ValidationError) -> str:
    """What does not fit a model, field by field, without the values that were seen."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    parts = [f"{'.'.join(map(str, one['loc'])) or 'the whole'}: {one['msg']}" for one in found[:_PROBLEMS_SHOWN]]
    if len(found) > _PROBLEMS_SHOWN:
        parts.append(f"and {len(found) - _PROBLEMS_SHOWN} more")
    return "; ".join(parts)


@cache
def _environment_secrets() -> tuple[tuple[str, str], ...]:
    found = [(name, value) for name, value in os.environ.items() if _SECRET_NAME.search(name)]
    found.sort(key=lambda pair: len(pair[1]), reverse=True)
    return tuple(pair for pair in found if len(pair[1]) >= SHORTEST_SECRET)


def _without_secrets(text: str, secrets: Iterable[str]) -> str:
    for name, value in _environment_secrets():
        text = text.replace(value, f"[{name}]")
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, "[secret]")
    if "://" in text:
        text = _URL_PASSWORD.sub(r"\1:[secret]", text)
    if "Bearer" in text or "Basic" in text:
        text = _BEARER.sub(r"\1 [secret]", text)
    return text
