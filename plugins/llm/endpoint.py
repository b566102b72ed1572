"""Talks to a chat-completions endpoint: bounded in time and size, tried again when that can help."""

from __future__ import annotations

import json
import math
import ssl
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Final

import httpx2

from orchestration.plugin_api import AgentError

from .answer import Reply
from .config import Config

CURE: Final = "The library openai is not installed here. Install it: pip install django-conductor[llm]"
ANSWER_BYTES: Final = 4 * 1024 * 1024
_LONGEST_PAUSE: Final = 10.0
_FIRST_PAUSE: Final = 0.5
_LEAST_SECONDS: Final = 0.5
_SECONDS_TO_TELL: Final = 0.5
"""Kept back from the deadline, so that what went wrong can still be told."""
_MAY_PASS: Final = frozenset((408, 409, 425, 429))
_NO_OTHER_FORM_HELPS: Final = ("context_length_exceeded", "content_filter", "model_not_found", "invalid_api_key")
_HINTS: Final = {
    401: " Look at api_key.",
    403: " Look at the rights of the API key.",
    404: " Look at base_url (it usually ends in /v1) and model.",
    413: " Give the step less, or choose a model that takes more.",
}


class NotTaken(Exception):
    """The endpoint does not take the call as it is put; another way of asking for the form may be taken."""


class Endpoint:
    """The endpoint of one run; use it in a `with` statement."""

    def __init__(self, config: Config, *, deadline: datetime) -> None:
        try:
            import openai
        except ImportError:
            raise AgentError(CURE, permanent=True) from None
        self._openai, self._config, self._deadline = openai, config, deadline
        self._bounded = _Bounded()
        self._client = openai.OpenAI(
            base_url=config.base_url,
            api_key=config.api_key.get_secret_value() or "none",
            max_retries=0,
            http_client=httpx2.Client(transport=self._bounded, follow_redirects=False),
        )

    def __enter__(self) -> Endpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, parameters: Mapping[str, Any], *, key: str) -> Reply:
        """One answer. `key` is the same for each further try. Raises AgentError, or NotTaken."""
        for tries_left in reversed(range(self._config.retries + 1)):
            try:
                return _reply(self._call(parameters, key))
            except _MayPass as fault:
                pause = fault.retry_after
                if pause is None:
                    pause = _FIRST_PAUSE * 2 ** (self._config.retries - tries_left)
                if not tries_left or pause > min(_LONGEST_PAUSE, self._left() / 2):
                    raise AgentError(fault.message, retry_after=fault.retry_after) from None
                time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def models(self) -> list[str] | None:
        """Names of the models on offer; None where the endpoint tells none."""
        try:
            self._bounded.until = time.monotonic() + self._left()
            found = self._client.with_options(timeout=self._left()).models.with_raw_response.list()
            offered = json.loads(found.http_response.content).get("data")
        except self._openai.APIStatusError as error:
            if error.status_code in (404, 405, 501):
                return None
            raise _told(error) from None
        except self._openai.APIConnectionError as error:
            raise _unreached(error, self._left()) from None
        except (ValueError, AttributeError):
            return None
        return [one["id"] for one in offered if isinstance(one, dict)] if isinstance(offered, list) else None

    def _call(self, parameters: Mapping[str, Any], key: str) -> httpx2.Response:
        seconds = min(self._config.timeout, self._left())
        if seconds < _LEAST_SECONDS:
            raise AgentError("No time was left to ask the model. Give the step a longer timeout.")
        self._bounded.until = time.monotonic() + seconds
        chat = self._client.chat.completions.with_raw_response
        try:
            return chat.create(**parameters, timeout=seconds, extra_headers={"Idempotency-Key": key}).http_response
        except self._openai.APIStatusError as error:
            if "max_completion_tokens" in _said(error) and "max_tokens" in parameters:
                newer = {**parameters, "max_completion_tokens": parameters["max_tokens"]}
                return self._call({name: value for name, value in newer.items() if name != "max_tokens"}, key)
            raise _told(error) from None
        except self._openai.APIConnectionError as error:
            raise _unreached(error, seconds) from None

    def _left(self) -> float:
        return (self._deadline - datetime.now(UTC)).total_seconds() - _SECONDS_TO_TELL


class _MayPass(AgentError):
    pass


class _TooLong(httpx2.TransportError):
    pass


class _Slow(httpx2.ReadTimeout):
    pass


class _Bounded(httpx2.BaseTransport):
    """Ends an answer that grows beyond ANSWER_BYTES or drips beyond `until`; takes none that unpacks to more."""

    def __init__(self) -> None:
        self._inner = httpx2.HTTPTransport(verify=_trusted(), trust_env=False)
        self.until = math.inf

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["accept-encoding"] = "identity"
        response = self._inner.handle_request(request)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            response.close()
            raise _TooLong("is packed, though it was asked for unpacked")
        stream = _Counted(response.stream, self.until)
        return httpx2.Response(response.status_code, headers=response.headers, stream=stream)

    def close(self) -> None:
        self._inner.close()


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities this machine trusts; reading them takes longer than a short call."""
    return httpx2.create_ssl_context(trust_env=False)


class _Counted(httpx2.SyncByteStream):
    def __init__(self, stream: Any, until: float) -> None:
        self._stream, self._until = stream, until

    def __iter__(self) -> Iterator[bytes]:
        count = 0
        for chunk in self._stream:
            count += len(chunk)
            if count > ANSWER_BYTES:
                raise _TooLong(f"is longer than {ANSWER_BYTES:,} bytes")
            if time.monotonic() > self._until:
                raise _Slow("The answer did not end in time.")
            yield chunk

    def close(self) -> None:
        self._stream.close()


def _told(error: Any) -> Exception:
    """What an answer with an error status means: a fault that may pass, another way to try, or the end."""
    status, said = error.status_code, _said(error)
    text = f"The endpoint answered {status}{f': {said}' if said else ''}."
    if status in _MAY_PASS or (status >= 500 and status != 501):
        return _MayPass(text, retry_after=_retry_after(error.response.headers))
    if 300 <= status < 400:
        return AgentError(f"The endpoint answered {status}: it is elsewhere. Correct base_url.", permanent=True)
    if status in (400, 415, 422, 501) and error.code not in _NO_OTHER_FORM_HELPS:
        return NotTaken(text)
    return AgentError(text + _HINTS.get(status, ""), permanent=True)


def _unreached(error: Exception, seconds: float) -> AgentError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, _TooLong):
            return AgentError(f"The endpoint's answer {cause}. Lower max_tokens, or look at base_url.")
        if isinstance(cause, httpx2.TimeoutException):
            return _MayPass(f"The endpoint gave no whole answer within {seconds:.3g} seconds.")
        if isinstance(cause, httpx2.TransportError | httpx2.InvalidURL):
            told = " ".join(str(cause).split())[:200]
            return _MayPass(f"The endpoint cannot be reached ({type(cause).__name__}: {told}). Look at base_url.")
        cause = cause.__cause__
    return _MayPass(f"The endpoint cannot be reached ({type(error).__name__}).")


def _said(error: Any) -> str:
    """The endpoint's own words, short and on one line."""
    body = error.body
    said = body.get("message") or body.get("detail") or body.get("error") if isinstance(body, dict) else body
    if isinstance(said, bytes):
        said = said.decode("utf-8", "replace")
    text = " ".join(said.split()) if isinstance(said, str) else ""
    return text[:299] + "…" if len(text) > 300 else text.rstrip(".")


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


def _reply(response: httpx2.Response) -> Reply:
    """Read without trust: an endpoint may leave out or mistype whatever it likes."""
    try:
        document = json.loads(response.content)
    except (ValueError, RecursionError):
        document = None
    usage = document.get("usage") if isinstance(document, dict) else None
    usage = usage if isinstance(usage, dict) else {}
    choices = document.get("choices") if isinstance(document, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    message = choice.get("message")
    if not isinstance(message, dict):
        if not usage:
            kind = response.headers.get("content-type", "an unknown type")[:80]
            raise AgentError(
                f"The endpoint's answer is no chat completion ({kind}). Look at base_url: it usually ends in /v1."
            )
        message = {}  # nothing was said, but it was counted, and is paid for
    probable = choice.get("logprobs")
    tokens = probable.get("content") if isinstance(probable, dict) else None
    return Reply(
        text=_arguments(message) or _text(message.get("content")),
        finish=_text(choice.get("finish_reason")),
        refusal=_text(message.get("refusal")),
        logprobs=tuple(tokens) if isinstance(tokens, list) else (),
        tokens_in=_count(usage.get("prompt_tokens")),
        tokens_out=_count(usage.get("completion_tokens")),
        counted="prompt_tokens" in usage and "completion_tokens" in usage,
        model=_text(document.get("model"))[:200],
    )


def _arguments(message: Mapping[str, Any]) -> str:
    calls = message.get("tool_calls")
    call = calls[0] if isinstance(calls, list) and calls and isinstance(calls[0], dict) else {}
    function = call.get("function")
    return _text(function.get("arguments")) if isinstance(function, dict) else ""


def _text(value: object) -> str:
    """A text, or the texts of a list of parts."""
    if isinstance(value, list):
        return "".join(_text(part.get("text")) for part in value if isinstance(part, dict))
    return value if isinstance(value, str) else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else 0
