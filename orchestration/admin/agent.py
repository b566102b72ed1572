"""Agents: a page that lists what is installed, who uses it, and what could not be loaded and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse

from orchestration.services.agent_use import agents_in_use

if TYPE_CHECKING:
    from orchestration.admin.base import ModelAdmin


def agents_view(page: ModelAdmin, request: HttpRequest) -> HttpResponse:
    return page.page(request, "agents.html", "Agents", agents=agents_in_use(), opts=None)
