"""Probes for operators: is this process alive, and is the whole ready for work. Neither needs a key."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from orchestration.services import health


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """This process answers. Asks no database."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Each thing that must be there for cases to be decided; 503 when one is not."""
    checks = health.checks()
    ready = all(check.ok for check in checks)
    body = {
        "status": "ready" if ready else "not ready",
        "checks": {check.name: {"ok": check.ok, "detail": check.detail} for check in checks},
    }
    return JsonResponse(body, status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)
