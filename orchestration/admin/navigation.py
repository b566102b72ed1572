"""The sidebar: what people do first stands first; each sees what they may use."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse

PAGES: Final = {"agents": "view_workflow", "secrets": "manage_agents"}
"""Pages of ours that are no list of a model, and what one must be allowed for their link."""


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links as Unfold takes them; groups without a link for this person are left out."""
    groups = [
        {"title": "", "items": [_link("Overview", "space_dashboard", reverse("admin:index"), request)]},
        _group(
            request,
            "Work",
            ("My work", "assignment_ind", "workitem", "?whose=mine"),
            ("All work", "inbox", "workitem", ""),
            ("Cases", "folder_open", "case", ""),
        ),
        _group(
            request,
            "Rules",
            ("Workflows", "account_tree", "workflow", ""),
            ("Versions", "history_edu", "workflowversion", ""),
            ("Agents", "smart_toy", "agents", ""),
            ("Secrets", "vpn_key", "secrets", ""),
        ),
        _group(
            request,
            "Record",
            ("Decisions", "gavel", "decision", ""),
            ("Agent runs", "play_circle", "agentrun", ""),
        ),
        _group(
            request,
            "Outside systems",
            ("Clients", "hub", "client", ""),
            ("API keys", "key", "apikey", ""),
            ("Webhook endpoints", "webhook", "webhookendpoint", ""),
            ("Webhook deliveries", "outbox", "webhookdelivery", ""),
        ),
        _group(
            request,
            "Operation",
            ("Users", "person", "auth.user", ""),
            ("Groups", "group", "auth.group", ""),
            ("Queue", "notifications", "django_q.ormq", ""),
            ("Failed tasks", "error", "django_q.failure", ""),
        ),
    ]
    return [group for group in groups if group["items"]]


def _group(request: HttpRequest, title: str, *items: tuple[str, str, str, str]) -> dict[str, Any]:
    links = []
    for text, icon, name, query in items:
        app, model = name.split(".") if "." in name else ("orchestration", name)
        if request.user.has_perm(f"{app}.{PAGES.get(model, f'view_{model}')}"):
            route = f"admin:{app}_{model}" if model in PAGES else f"admin:{app}_{model}_changelist"
            links.append(_link(text, icon, f"{reverse(route)}{query}", request))
    return {"title": title, "separator": True, "items": links}


def _link(title: str, icon: str, url: str, request: HttpRequest) -> dict[str, Any]:
    """A link is active on its own page and on those below it; of two to one list, the one whose query fits."""
    route, _, query = url.partition("?")
    below = request.path.startswith(route) if route != reverse("admin:index") else request.path == route
    mine = request.GET.get("whose") == "mine"
    fits = mine if query == "whose=mine" else not (mine and title == "All work")
    return {"title": title, "icon": icon, "link": url, "active": below and fits}
