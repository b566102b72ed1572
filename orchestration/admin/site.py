"""Our first page and titles on whichever admin site is in use."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse

from orchestration.admin.base import ModelAdmin
from orchestration.admin.dashboard import dashboard


def dress(site: AdminSite) -> None:
    """Give the site our title and first page. The page is the same on both looks, so it hooks in here."""
    plain = site.index

    def index(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"media": ModelAdmin(_any_model(), site).media, **dashboard(request), **(extra_context or {})}
        return plain(request, context)

    site.index_template = "orchestration/admin/index.html"
    site.index_title = "Overview"
    site.site_title = site.site_header = "Conductor"
    site.index = index  # type: ignore[method-assign]


def _any_model() -> Any:
    from orchestration.models import Case

    return Case
