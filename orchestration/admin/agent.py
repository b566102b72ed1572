"""Agents: a page that lists what is installed, how it is and who uses it, and what could not be loaded and why."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from orchestration.admin import agent_comparison, agent_page
from orchestration.admin.agent_action import SEE
from orchestration.services.agent_condition import conditions, is_published
from orchestration.services.agent_use import InstalledAgent, agents_in_use

if TYPE_CHECKING:
    from orchestration.admin.base import ModelAdmin

URGENT: Final = {"bad": 0, "warning": 1}


def urls(page: ModelAdmin) -> list[URLPattern]:
    return [
        path("agents/", page.admin_site.admin_view(partial(list_view, page)), name="orchestration_agents"),
        *agent_comparison.urls(page),
        *agent_page.urls(page),
    ]


def list_view(page: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Those that need somebody first, then those in use, then the rest."""
    if not request.user.has_perm(SEE):
        raise PermissionDenied
    agents = agents_in_use()
    said = conditions(agents)

    def urgency(one: InstalledAgent) -> Any:
        return URGENT.get(said[one.found.name][0].tone, 2), not is_published(one.uses), not one.uses, one.found.name

    rows = [(one, said[one.found.name]) for one in sorted(agents.installed, key=urgency)]
    return page.page(
        request,
        "agents.html",
        "Agents",
        opts=None,
        agents=agents,
        used=[row for row in rows if row[0].uses or row[1][0].tone in URGENT],
        unused=[row for row in rows if not row[0].uses and row[1][0].tone not in URGENT],
        ailing=sum(row[1][0].tone in URGENT for row in rows),
    )


def agents_view(page: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Where the list was before it had an address of its own."""
    return HttpResponseRedirect(reverse("admin:orchestration_agents"))
