"""The one address of agent runs: where an outside party posts the result that a run waits for."""

from __future__ import annotations

import time
import uuid
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.core.cache import cache
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from orchestration.api import documentation as documented
from orchestration.api.parsers import document_of
from orchestration.api.problems import HttpProblem
from orchestration.api.result import posted_answer
from orchestration.api.throttling import parse_rate
from orchestration.api.view import View
from orchestration.services import answer as answers

log = structlog.get_logger(__name__)


class AddressThrottle(BaseThrottle):
    """As many requests from one address as from one client: whoever guesses tokens is no client. Behind trusted proxies
    the address is the one that the outermost of them saw. Without a cache the request goes through: a result that
    somebody waited for matters more."""

    def __init__(self) -> None:
        self._wait: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        rate = settings.CONDUCTOR["rate"]
        if not rate:
            return True
        limit, period = parse_rate(rate)
        now = time.time()
        window = int(now // period)
        if _count(f"throttle:results:{self.get_ident(request)}:{window}", timeout=2 * period) <= limit:
            return True
        self._wait = (window + 1) * period - now
        return False

    def wait(self) -> float | None:
        return self._wait


class RunToken(BaseAuthentication):
    """Sets `request.auth` to the token that was sent, "" for none; whether it is the run's, only the run can tell."""

    def authenticate(self, request: Request) -> tuple[None, str]:
        scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        return None, text.strip() if scheme.lower() == "bearer" else ""


class AgentRunResultView(View):
    """Let in by the run's own token, not an API key: the outside party is no client."""

    authentication_classes = (RunToken,)
    permission_classes = ()
    throttle_classes = (AddressThrottle,)

    @documented.post_result
    def post(self, request: Request, run_id: uuid.UUID) -> Response:
        token: str = request.auth
        run = answers.run_for(public_id=run_id, token=token) if token else None
        if run is None:
            raise _unknown()
        structlog.contextvars.bind_contextvars(run_id=run.pk, case_id=run.case_id)
        answer = posted_answer(document_of(request))
        try:
            run = answers.take_in(run=run, token=token, answer=answer)
        except answers.AlreadyAnswered as refused:
            raise HttpProblem(HTTPStatus.CONFLICT, "already-answered", refused.message) from None
        except answers.TooLate as refused:
            raise HttpProblem(HTTPStatus.GONE, "too-late", refused.message) from None
        except answers.NotInstalled as refused:
            raise HttpProblem(HTTPStatus.SERVICE_UNAVAILABLE, "agent-missing", refused.message) from None
        except answers.Misfit as refused:
            detail = f"{refused.message} `errors` names each place. The token is still good."
            raise HttpProblem(422, "result-invalid", detail, errors=refused.problems) from None
        return Response({"id": str(run.public_id), "status": str(run.status)})


def _count(name: str, *, timeout: int) -> int:
    try:
        cache.add(name, 0, timeout)
        return int(cache.incr(name))
    except Exception:
        log.warning("throttle_cache_unavailable", exc_info=True)
        return 0


def _unknown() -> HttpProblem:
    """One answer for a run that is not there, a token that is not its, and none at all."""
    detail = "Send Authorization: Bearer <token>, with the token that was handed over for this run."
    problem: Any = HttpProblem(HTTPStatus.UNAUTHORIZED, "token-missing-or-invalid", detail)
    problem.auth_header = 'Bearer realm="conductor"'
    return problem
