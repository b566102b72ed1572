"""Saving without leaving the page: the answer to a form that stays open until the server has what was typed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse


def stays(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Where unsaved.js asks, what was saved is told as `X-Go-To` and not as a redirect.

    A script cannot see where a redirect leads, and one to the sign-in page would look like a success. Goes inside
    `admin_view`, so that a redirect is only ever the end of a session.
    """

    @wraps(view)
    def called(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        if "X-Stay" not in request.headers or answer.status_code != 302:
            return answer
        return HttpResponse(status=204, headers={"X-Go-To": answer.headers["Location"]})

    return called
