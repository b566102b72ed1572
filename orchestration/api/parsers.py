"""Bodies: JSON as RFC 8259 has it and nothing else, of bounded length, read whole only when it fits."""

from __future__ import annotations

import json
import math
from http import HTTPStatus
from typing import Any, Final, NoReturn

from django.conf import settings
from django.http import UnreadablePostError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from orchestration.api.problems import HttpProblem

MEDIA_TYPE: Final = "application/json"
MAX_DIGITS: Final = 400
"""An integer with more digits is far beyond what a value may be; Python refuses to read one of thousands."""


class StrictJSONParser(BaseParser):
    """For DRF and the OpenAPI document; views read their body by `document_of`."""

    media_type = MEDIA_TYPE

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return document_from(_bounded(stream))


def document_of(request: Any) -> Any:
    """The body as parsed JSON, read once. Answers 400, 411, 413 or 415 when there is none."""
    if not hasattr(request, "posted"):
        try:
            request.posted = _read(request), None
        except HttpProblem as problem:
            request.posted = None, problem
    document, problem = request.posted
    if problem is not None:
        raise problem
    return document


def _read(request: Request) -> Any:
    given = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if given != MEDIA_TYPE:
        detail = f"The body must be {MEDIA_TYPE}, not {given or 'without a Content-Type'}."
        raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type-not-supported", detail)
    return document_from(_bounded(_stream(request)))


def document_from(body: bytes) -> Any:
    """Parsed JSON in UTF-8. NaN, infinities and nesting beyond Python's reach answer 400."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise _not_json(f"The body is not UTF-8: byte {error.start + 1} cannot be read.") from None
    try:
        return _loaded(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _not_json(f"The body is not JSON: {error.msg} at {where}.") from None
    except RecursionError:
        raise _not_json("The body is nested too deeply.") from None


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer of thousands of digits: read it as infinite, which the limits on values refuse
        return json.loads(text, parse_constant=_refuse_constant, parse_int=_bounded_integer)


def _stream(request: Request) -> Any:
    raw: Any = request._request
    if raw.META.get("CONTENT_LENGTH"):
        return raw
    if "HTTP_TRANSFER_ENCODING" not in raw.META:
        return raw
    if not raw.META.get("wsgi.input_terminated"):
        raise HttpProblem(HTTPStatus.LENGTH_REQUIRED, "length-required", "Send a Content-Length.")
    return raw.META["wsgi.input"]  # chunked, and the server says where it ends


def _bounded(stream: Any) -> bytes:
    limit = settings.CONDUCTOR["max_body"]
    try:
        announced = int(getattr(stream, "META", {}).get("CONTENT_LENGTH") or 0)
    except ValueError:
        announced = 0
    try:
        body: bytes = b"" if announced > limit else stream.read(limit + 1)
    except UnreadablePostError:
        raise _not_json("The body ended early.") from None
    if max(announced, len(body)) > limit:
        detail = f"The body may have {limit:,} bytes."
        raise HttpProblem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body-too-large", detail)
    return body


def _refuse_constant(name: str) -> NoReturn:
    raise _not_json(f"The body is not JSON: {name} is not a value that JSON has.")


def _bounded_integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS else math.inf


def _not_json(detail: str) -> HttpProblem:
    return HttpProblem(HTTPStatus.BAD_REQUEST, "not-json", detail)
