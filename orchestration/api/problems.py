"""Errors as RFC 9457 problem documents: one shape for every answer that is not a success."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from orchestration.facts import Problem

log = structlog.get_logger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
ERRORS_AT_MOST: Final = 100

# What `type` says, without its prefix, and the title that goes with it.
TITLES: Final = {
    "not-json": "The body is not JSON",
    "parameter-invalid": "A parameter of the address or a header is invalid",
    "key-missing-or-invalid": "A valid API key is needed",
    "forbidden": "The API key does not have this right",
    "not-found": "There is no such thing here",
    "method-not-allowed": "This address does not take that method",
    "idempotency-key-reused": "The Idempotency-Key belongs to another body",
    "not-published": "The workflow has no published version",
    "case-decided": "The case is decided already",
    "case-not-decided": "The case is not decided",
    "feedback-not-declared": "The workflow takes no feedback",
    "feedback-full": "The case has had much feedback",
    "token-missing-or-invalid": "The token of this agent run is needed",
    "already-answered": "The result was posted before",
    "too-late": "Nobody waits for this result any more",
    "result-invalid": "The result does not fit the agent",
    "agent-missing": "The result cannot be checked now",
    "length-required": "The length of the body must be given",
    "body-too-large": "The body is too large",
    "media-type-not-supported": "The body must be application/json",
    "body-invalid": "The body does not have the right form",
    "payload-invalid": "The payload does not fit the workflow's input schema",
    "feedback-invalid": "The feedback does not fit the workflow",
    "facts-invalid": "The facts cannot be evaluated",
    "too-many-requests": "Too many requests",
    "internal": "Something went wrong on our side",
}
_PREFIX: Final = "urn:conductor:problem:"


class HttpProblem(exceptions.APIException):
    """Answer with this problem: `kind` is a key of TITLES, `errors` name places of the posted body."""

    def __init__(self, status: int, kind: str, detail: str, *, errors: Iterable[Problem] = ()) -> None:
        super().__init__(detail)
        self.status_code = status
        self.kind = kind
        self.text = detail
        self.errors = tuple(errors)


def handle(exc: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler: whatever a view raises becomes a problem; what was not foreseen is logged."""
    problem = _problem_of(exc)
    request = context["request"]
    return Response(
        problem_body(problem, request.path),
        status=problem.status_code,
        headers=_headers(exc),
        content_type=MEDIA_TYPE,
    )


def problem_body(problem: HttpProblem, path: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": _PREFIX + problem.kind,
        "title": TITLES[problem.kind],
        "status": problem.status_code,
        "detail": problem.text,
        "instance": path,
    }
    if request_id := structlog.contextvars.get_contextvars().get("request_id"):
        body["request_id"] = str(request_id)
    if problem.errors:
        body["errors"] = [
            {"pointer": error.pointer, "detail": error.detail} for error in problem.errors[:ERRORS_AT_MOST]
        ]
    return body


# DRF's own exceptions, most special first.
_KNOWN: Final[tuple[tuple[type[Exception], str, str], ...]] = (
    (exceptions.NotAuthenticated, "key-missing-or-invalid", "Send Authorization: Bearer <key>."),
    (exceptions.AuthenticationFailed, "key-missing-or-invalid", ""),
    (exceptions.PermissionDenied, "forbidden", ""),
    (exceptions.MethodNotAllowed, "method-not-allowed", ""),
    (exceptions.UnsupportedMediaType, "media-type-not-supported", ""),
    (exceptions.Throttled, "too-many-requests", ""),
    (exceptions.NotFound, "not-found", ""),
    (exceptions.ParseError, "not-json", ""),
)


def _problem_of(exc: Exception) -> HttpProblem:
    if isinstance(exc, HttpProblem):
        return exc
    if isinstance(exc, Http404):
        return HttpProblem(HTTPStatus.NOT_FOUND, "not-found", "There is nothing at this address.")
    if isinstance(exc, PermissionDenied):
        return HttpProblem(HTTPStatus.FORBIDDEN, "forbidden", "The API key does not have this right.")
    for kind_of, kind, detail in _KNOWN:
        if isinstance(exc, kind_of) and isinstance(exc, exceptions.APIException):
            return HttpProblem(exc.status_code, kind, detail or str(exc.detail))
    log.error("request_failed", exc_info=exc)
    detail = "The request could not be carried out; nothing was half-stored. It may be sent again as it is."
    return HttpProblem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", detail)


def _headers(exc: Exception) -> dict[str, str]:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    return headers
