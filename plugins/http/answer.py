"""What a service's answer means: a result, a promise of one, or a failure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from orchestration.plugin_api import AgentError, AgentResult, Pending

from .line import Answered

_MAY_PASS: Final = frozenset((408, 425, 429))


class Result(BaseModel):
    """The body of a 200; fields it does not know are passed over, so that a service may tell more."""

    model_config = ConfigDict(strict=True, frozen=True)

    output: dict[str, JsonValue]
    confidence: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    summary: str = ""
    evidence: list[dict[str, JsonValue]] = Field(default_factory=list, max_length=1_000)
    transcript: str = ""
    cost: float = Field(default=0.0, ge=0, allow_inf_nan=False)


class Promise(BaseModel):
    """The body of a 202."""

    model_config = ConfigDict(strict=True, frozen=True)

    note: str = Field(default="The service will answer later.", max_length=1_000)
    expires_in: float = Field(default=86_400.0, gt=0, le=90 * 86_400, allow_inf_nan=False)
    transcript: str = ""
    cost: float = Field(default=0.0, ge=0, allow_inf_nan=False)


def read(answered: Answered) -> AgentResult | Pending:
    """Raises AgentError for everything that is neither a result nor a promise."""
    if answered.status == 200:
        found = _fitted(Result, answered)
        told = (found.summary, tuple(found.evidence), found.transcript, found.cost)
        return AgentResult(found.output, found.confidence, *told)
    if answered.status == 202:
        promise = _fitted(Promise, answered, empty={})
        return Pending(promise.note, promise.expires_in, promise.transcript, promise.cost)
    if 200 <= answered.status < 300:
        raise AgentError(f"The service answered {answered.status}. Only 200 and 202 are understood.", permanent=True)
    if 300 <= answered.status < 400:
        raise AgentError(
            f"The service answered {answered.status}: it is elsewhere. No redirect is followed. Correct url.",
            permanent=True,
        )
    said = _said(answered)
    text = f"The service answered {answered.status}{f': {said}' if said else ''}."
    if answered.status in _MAY_PASS or answered.status >= 500:
        raise AgentError(text, retry_after=_retry_after(answered.headers))
    raise AgentError(text, permanent=True)


def _fitted(model: type[Any], answered: Answered, empty: Any = None) -> Any:
    if not answered.body.strip() and empty is not None:
        return model.model_validate(empty)
    try:
        return model.model_validate_json(answered.body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)[:5]
        places = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'the whole'}: {one['msg']}" for one in found)
        raise AgentError(f"The service's answer {answered.status} has another form than agreed: {places}.") from None


def _said(answered: Answered) -> str:
    """The service's own words, where it gives a problem document or any other JSON that tells."""
    try:
        problem = json.loads(answered.body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(problem, dict):
        return ""
    words = [problem.get(name) for name in ("title", "detail", "message", "error")]
    said = ": ".join(dict.fromkeys(" ".join(word.split()) for word in words if isinstance(word, str) and word.strip()))
    return said[:499] + "…" if len(said) > 500 else said.rstrip(".")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None
