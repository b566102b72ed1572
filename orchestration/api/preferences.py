"""What a request's headers ask for besides: how long to wait for a decision, and under which key not to repeat it."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from rest_framework.request import Request

from orchestration.api.problems import HttpProblem

MAX_WAIT: Final = 10
"""Seconds that an answer waits for a decision at most."""

_WAIT: Final = re.compile(r'(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=$|[,;])', re.IGNORECASE)
_KEY: Final = re.compile(r"[\x20-\x7e]{1,255}")


def wanted_wait(request: Request) -> int:
    """Seconds of `Prefer: wait=N` (RFC 7240), bounded; 0 where it is absent or cannot be read."""
    found = _WAIT.search(request.META.get("HTTP_PREFER", ""))
    return min(int(found[1]), MAX_WAIT) if found else 0


def idempotency_key(request: Request) -> str | None:
    """The Idempotency-Key, if one is sent: 1 to 255 printable ASCII characters."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        detail = "The header Idempotency-Key must have 1 to 255 printable ASCII characters."
        raise HttpProblem(HTTPStatus.BAD_REQUEST, "parameter-invalid", detail)
    return str(key)
