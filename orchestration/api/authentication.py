"""Who is asking: `Authorization: Bearer <key>`, looked up by its hash in one query."""

from __future__ import annotations

import structlog
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from orchestration.models import ApiKey
from orchestration.services.api_key import find_key


class ApiKeyAuthentication(BaseAuthentication):
    """Sets `request.auth` to the live ApiKey with its client; there is no user behind a key."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = find_key(text.strip(), workflow=request.parser_context["view"].names_workflow(request))
        if key is None:
            raise AuthenticationFailed("The API key is unknown, expired or revoked, or its client is switched off.")
        structlog.contextvars.bind_contextvars(client=key.client.name)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="conductor"'
