"""One attempt within this process: the agent's models check what goes in and what comes out."""

from __future__ import annotations

import errno
import inspect
import json
import re
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson
from pydantic import BaseModel, ValidationError

from orchestration.agents.amounts import LONGEST_WAIT, money_of, number_of, seconds_of, shown
from orchestration.agents.configured import configured_schema, schema_misfit
from orchestration.agents.evidence import storable_evidence
from orchestration.agents.found import Found, Refused
from orchestration.agents.outcome import FILE_TOO_LARGE, Outcome, failed
from orchestration.agents.text import (
    ERROR_CHARACTERS,
    SUMMARY_CHARACTERS,
    TRANSCRIPT_CHARACTERS,
    clean,
    misfit,
    secrets_of,
)
from orchestration.agents.within import surely_within
from orchestration.facts import check_values
from orchestration.plugin_api import AgentError, AgentResult, Pending, Request

OUTPUT_BYTES: Final = 1024 * 1024
NOBODY_TO_CALL_BACK: Final = "The agent returned Pending, but this run has no callback to post a result to."
_FRAMES_SHOWN: Final = 12
_AS_IT_IS: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
_SEEN_VALUE: Final = re.compile(r", input_value=.*")


@dataclass(slots=True)
class Work:
    """What one attempt is given, as plain JSON values."""

    input: Mapping[str, Any]
    config: Mapping[str, Any]
    idempotency_key: str
    attempt: int
    deadline: datetime
    callback: Mapping[str, str] | None = None


def attempt(found: Found, work: Work) -> Outcome:
    """What the agent makes of it; nothing the agent raises comes out of here, but a Ctrl-C does."""
    secrets = secrets_of(work.config, found.config_schema)
    try:
        request = _request(found, work)
        schema = _configured(found, work.config)
        return _judged(found, found.instance.run(request), schema, secrets, may_wait=work.callback is not None)
    except _Misfit as misfit_:
        return misfit_.outcome(secrets)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise
        return _raised(error, secrets)


def judged(found: Found, result: AgentResult, config: Mapping[str, Any], secrets: Iterable[str] = ()) -> Outcome:
    """A result that came from outside the process (a pending run's callback), checked like any other."""
    try:
        return _judged(found, result, _configured(found, config), secrets, may_wait=False)
    except _Misfit as misfit_:
        return misfit_.outcome(secrets)
    except Exception as error:
        return failed("exception", clean(_told(error), ERROR_CHARACTERS))


class _Misfit(Exception):
    """A value that does not fit a model or a limit; `cost` and `transcript` are what the agent has told besides."""

    def __init__(self, kind: Any, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.permanent = permanent
        self.cost, self.transcript = 0.0, ""

    def outcome(self, secrets: Iterable[str]) -> Outcome:
        told = clean(self, ERROR_CHARACTERS, secrets)
        return failed(self.kind, told, permanent=self.permanent, transcript=self.transcript, cost=self.cost)


def _raised(error: BaseException, secrets: Iterable[str]) -> Outcome:
    if isinstance(error, AgentError):
        return failed(
            "agent",
            clean(_message(error), ERROR_CHARACTERS, secrets) or "The agent failed without saying why.",
            permanent=getattr(error, "permanent", False) is True,
            retry_after=seconds_of(getattr(error, "retry_after", None)),
            transcript=clean(getattr(error, "transcript", ""), TRANSCRIPT_CHARACTERS, secrets),
            cost=money_of(getattr(error, "cost", 0.0)) or 0.0,
        )
    if isinstance(error, MemoryError):
        return failed("memory", "The agent ran out of memory.")
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return failed("disk", FILE_TOO_LARGE)
    if isinstance(error, SystemExit):
        told = f"The agent tried to end its process with exit status {error.code!r}."
        return failed("exited", clean(told, ERROR_CHARACTERS, secrets))
    return failed(
        "exception",
        clean(_told(error), ERROR_CHARACTERS, secrets),
        transcript=clean(_where(error), TRANSCRIPT_CHARACTERS, secrets),
    )


def _request(found: Found, work: Work) -> Request[Any, Any]:
    return Request(
        input=_fitted(found.cls.Input, "input", work.input, found),
        config=_fitted(found.cls.Config, "config", work.config, found),
        idempotency_key=work.idempotency_key,
        attempt=work.attempt,
        deadline=work.deadline,
        callback=work.callback,
    )


def _fitted(model: type[BaseModel], kind: str, document: Mapping[str, Any], found: Found) -> BaseModel:
    """Read as JSON, so that a model sees the same in this process and in one of its own."""
    word = {"input": "The input", "config": "The configuration"}[kind]
    try:
        return model.model_validate_json(_as_json(document))
    except ValidationError as error:
        raise _Misfit(kind, f"{word} does not fit {found.name}: {misfit(error)}.", permanent=True) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise _Misfit(kind, f"{word} of {found.name} is not JSON: {error}.", permanent=True) from None


def _as_json(document: Mapping[str, Any]) -> str | bytes:
    """orjson is quick, but writes NaN as null, and not all integers: then json says what there is to say."""
    try:
        text = orjson.dumps(document, option=_AS_IT_IS)
    except TypeError:
        return json.dumps(document, allow_nan=False)
    return json.dumps(document, allow_nan=False) if b"null" in text else text


def _configured(found: Found, config: Mapping[str, Any]) -> dict[str, Any] | None:
    """Asked before the agent runs: what could never be judged is not paid for."""
    try:
        return configured_schema(found, config)
    except Refused as refused:
        raise _Misfit("config", str(refused), permanent=True) from None


def _judged(
    found: Found, result: object, schema: dict[str, Any] | None, secrets: Iterable[str], *, may_wait: bool
) -> Outcome:
    if not isinstance(result, (AgentResult, Pending)):
        if inspect.iscoroutine(result):
            result.close()
        raise _Misfit("output", f"{found.name} returned a {type(result).__name__}, not an AgentResult.")
    cost, transcript = _cost(result.cost), clean(result.transcript, TRANSCRIPT_CHARACTERS, secrets)
    try:
        if isinstance(result, Pending):
            return Outcome(
                "pending",
                summary=clean(result.note, SUMMARY_CHARACTERS, secrets),
                transcript=transcript,
                cost=cost,
                expires_in=_expires_in(result.expires_in, may_wait=may_wait),
            )
        return Outcome(
            "succeeded",
            output=_output(found, result.output, schema),
            confidence=_confidence(result.confidence),
            summary=clean(result.summary, SUMMARY_CHARACTERS, secrets),
            evidence=_evidence(result.evidence),
            transcript=transcript,
            cost=cost,
        )
    except _Misfit as misfit_:
        misfit_.cost, misfit_.transcript = cost, transcript
        raise


def _expires_in(value: object, *, may_wait: bool) -> float:
    if not may_wait:
        raise _Misfit("output", NOBODY_TO_CALL_BACK, permanent=True)
    seconds = seconds_of(value)
    if not seconds or seconds > LONGEST_WAIT:
        raise _Misfit("output", f"expires_in of Pending is not a number of seconds from 0 to {LONGEST_WAIT:,.0f}.")
    return seconds


def _output(found: Found, output: object, schema: dict[str, Any] | None) -> dict[str, Any]:
    """The output as plain JSON in the form the output schema describes: by alias, within the limits."""
    model = found.cls.Output
    try:
        if schema is None and not isinstance(output, model):
            given = output.model_dump() if isinstance(output, BaseModel) else output
            output = model.model_validate(given)
        if isinstance(output, BaseModel):
            document = output.model_dump(mode="json", by_alias=True, warnings="error")
        else:
            document = json.loads(json.dumps(dict(output), allow_nan=False))  # type: ignore[call-overload]
        plain = surely_within(document)
        # orjson ends the process where it finds no memory for a long text
        text = (
            orjson.dumps(document)
            if plain
            else json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        )
    except MemoryError:
        raise
    except ValidationError as error:
        raise _Misfit("output", f"The output does not fit {found.name}: {misfit(error)}.") from None
    except Exception as error:
        told = _SEEN_VALUE.sub("", _told(error))
        raise _Misfit("output", f"The output of {found.name} cannot be written as JSON: {told}") from None
    if len(text) > OUTPUT_BYTES:
        raise _Misfit("output", f"The output is longer than {OUTPUT_BYTES:,} bytes: {len(text):,}.")
    if not isinstance(document, dict):
        raise _Misfit("output", "The output is not an object with fields.")
    if not plain and (problems := check_values(document)):
        raise _Misfit("output", f"The output is out of limits: {problems[0].pointer} {problems[0].detail}.")
    if schema is not None and (told := schema_misfit(document, schema)):
        raise _Misfit("output", f"The output does not fit {found.name}: {told}.")
    if b"\\u0000" in text and "\x00" in "".join(_strings(document)):
        raise _Misfit("output", "The output holds a NUL character, which no database stores.")
    return document


def _strings(document: object) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from _strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from _strings(value)


def _confidence(value: object) -> float | None:
    if value is None:
        return None
    number = number_of(value)
    if number is None or not 0 <= number <= 1:
        raise _Misfit("output", f"The confidence is {shown(value)}, not None or a number from 0 to 1.")
    return number


def _cost(value: object) -> float:
    number = money_of(value)
    if number is None:
        raise _Misfit("output", f"The cost is {shown(value)}, not a finite number from 0.")
    return number


def _evidence(entries: object) -> tuple[Mapping[str, Any], ...]:
    try:
        return storable_evidence(entries)
    except TypeError as error:
        raise _Misfit("output", str(error)) from None


def _told(error: BaseException) -> str:
    message = _message(error)
    return f"{type(error).__qualname__}: {message}" if message else type(error).__qualname__


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""


def _where(error: BaseException) -> str:
    """The calls that led to it, without what their variables held and without the message."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_SHOWN:]
    lines = [f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames]
    return "\n".join([f"{type(error).__qualname__}, raised at (innermost last):", *lines])
