"""Agents: a page that lists what is installed, how it is and who uses it, and what could not be loaded and why."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from orchestration.admin import agent_comparison, agent_page
from orchestration.services.agent_state import states
from orchestration.services.agent_use import agents_in_use

if TYPE_CHECKING:
    from orchestration.admin.base import ModelAdmin

SEE: Final = "orchestration.view_workflow"


def urls(page: ModelAdmin) -> list[URLPattern]:
    return [
        path("agents/", page.admin_site.admin_view(partial(list_view, page)), name="orchestration_agents"),
        *agent_comparison.urls(page),
        *agent_page.urls(page),
    ]


def list_view(page: ModelAdmin, request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(SEE):
        raise PermissionDenied
    agents = agents_in_use()
    known = states([one.found.name for one in agents.installed])
    rows: list[tuple[Any, Any]] = [(one, known[one.found.name]) for one in agents.installed]
    return page.page(request, "agents.html", "Agents", agents=agents, rows=rows, opts=None)


def agents_view(page: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Where the list was before it had an address of its own."""
    return HttpResponseRedirect(reverse("admin:orchestration_agents"))
