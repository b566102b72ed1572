"""What all views of the interface share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import structlog
from django.http import Http404
from django.http.response import HttpResponseBase
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from orchestration.models import ApiKey


class OnlyJSON(BaseContentNegotiation):
    """There is one representation, whatever `Accept` says: an answer in JSON serves everybody better than a 406."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class View(APIView):
    """`scopes` names, for each method, the scope that a key needs."""

    scopes: ClassVar[Mapping[str, str]] = {}
    content_negotiation_class = OnlyJSON
    metadata_class = None

    def names_workflow(self, request: Request) -> str:
        """Slug of the workflow that the request is about, where it says so; it is then looked up with the key."""
        return ""

    @staticmethod
    def key(request: Request) -> ApiKey:
        key: ApiKey = request.auth
        return key

    def finalize_response(self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any) -> Any:
        if request_id := structlog.contextvars.get_contextvars().get("request_id"):
            response.headers["X-Request-ID"] = str(request_id)
        return super().finalize_response(request, response, *args, **kwargs)


class Nothing(View):
    """Every address below /api/v1/ that is none: a problem document instead of a page."""

    permission_classes = ()
    throttle_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Http404
