"""Our first page and titles on whichever admin site is in use."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from orchestration.admin import agent, agent_secret, version_agents
from orchestration.admin.base import ModelAdmin
from orchestration.admin.dashboard import dashboard


def dress(site: AdminSite) -> None:
    """Give the site our title, first page and the pages that belong to no model; the same on both looks.

    The pages of a version's steps go before those of the version, which take every address below theirs. The other
    ones go right before the site's last pattern, which takes what is left.
    """
    plain, plain_urls = site.index, site.get_urls

    def index(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"media": ModelAdmin(_any_model(), site).media, **dashboard(request), **(extra_context or {})}
        return plain(request, context)

    def get_urls() -> list[Any]:
        from orchestration.models import WorkflowVersion

        page = ModelAdmin(_any_model(), site)
        steps = version_agents.urls(site.get_model_admin(WorkflowVersion))  # type: ignore[arg-type]
        ours = [*agent.urls(page), *agent_secret.urls(page)]
        *known, rest = plain_urls()
        return [path("orchestration/workflowversion/", include(steps)), *known, *ours, rest]

    site.index_template = "orchestration/admin/index.html"
    site.index_title = "Overview"
    site.site_title = site.site_header = "Conductor"
    site.index = index  # type: ignore[method-assign]
    site.get_urls = get_urls  # type: ignore[method-assign]


def _any_model() -> Any:
    from orchestration.models import Case

    return Case
