"""Callback: where an outside party posts a run's result, and the one-time token that lets it in.

One token serves a run until it is answered. Every try of the run hands out the same one, as it hands out the same
idempotency key: whoever recognises a repeated call and keeps to the first can answer with the token of the first, and
a try whose process was lost before its `Pending` was recorded has given away nothing that stops working. An answer
spends the token; where it was an error after which the run is tried again, the next try has a new one, so that an
answer sent twice is never taken for an answer to the next try.

To hand out the same token again without keeping it, it is made of the run, the case's secret salt and SECRET_KEY.
What the database keeps is a hash, and the token is checked against that: tokens given out stay good when SECRET_KEY
changes. A try after such a change finds the token again as long as the former key is among the SECRET_KEY_FALLBACKS.
"""

from __future__ import annotations

import base64
import hashlib
from enum import Enum, auto
from typing import Any, Final

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from orchestration.agents.outcome import WRITTEN, Outcome
from orchestration.models import AgentRun

PATH: Final = "/api/v1/agent-runs/{run}/result"
_NOBODYS: Final = "0" * 64


class Standing(Enum):
    """What a token is for a run."""

    LIVE = auto()  # it lets a result in
    SPENT = auto()  # it did
    WRONG = auto()


def give_token(run: AgentRun) -> str:
    """The run's token of now, its hash put on the row, which the caller saves; "" where there is no address to post
    to. Needs the case's content loaded."""
    if not settings.CONDUCTOR["public_url"]:
        return ""
    tokens = _tokens(run, run.answers)
    token = next((one for one in tokens if _hashed(one) == run.token_hash), tokens[0])
    run.token_hash = _hashed(token)
    return token


def callback_with(run: AgentRun, token: str) -> dict[str, str] | None:
    """What the agent gets as `request.callback`."""
    if not token:
        return None
    return {"url": settings.CONDUCTOR["public_url"] + PATH.format(run=run.public_id), "token": token}


def standing(run: AgentRun | None, token: str) -> Standing:
    """Without a run the token is wrong, and takes as long to be found so. Needs the case's content loaded."""
    if constant_time_compare(_hashed(token), (run and run.token_hash) or _NOBODYS):
        return Standing.LIVE
    spent = (one for number in range(run.answers if run else 0) for one in _tokens(run, number))
    return Standing.SPENT if any(constant_time_compare(token, one) for one in spent) else Standing.WRONG


def without_token(outcome: Outcome, token: str) -> Outcome:
    """An agent may print what it was given, or an outside party write it into its result: the token is not kept."""
    if not token or token not in (text := WRITTEN.dump_json(outcome).decode()):
        return outcome
    cleaned: Outcome = WRITTEN.validate_json(text.replace(token, "[secret]"))
    return cleaned


def _tokens(run: Any, number: int) -> list[str]:
    """The token after so many answers, under each key that the server has used, the present one first."""
    value = f"{run.public_id}/{run.case.content.salt}/{number}"
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    macs = [salted_hmac("conductor.callback", value, secret=key, algorithm="sha256").digest() for key in keys]
    return ["rt_" + base64.urlsafe_b64encode(mac).decode().rstrip("=") for mac in macs]


def _hashed(token: str) -> str:
    """SHA-256: the token is 256 bits that nobody can guess, so a slow hash would protect nothing more."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
