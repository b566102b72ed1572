"""Comparing an agent with a candidate on recorded inputs: asked for, watched, stopped, read."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse

from orchestration.agents.registry import registry
from orchestration.models import AgentRun, ComparisonRun, ComparisonStatus, Purpose, Workflow
from orchestration.models.run import ENDED
from orchestration.services.comparison_report import report_of
from orchestration.services.comparison_run import MOST, stop_comparison, ring_lost, start_comparison
from orchestration.services.editing import read_source, source_of
from orchestration.services.refusal import Refused

if TYPE_CHECKING:
    from orchestration.admin.base import ModelAdmin

SEE: Final = ("orchestration.view_workflow", "orchestration.view_agentrun", "orchestration.view_case")
MANAGE: Final = "orchestration.manage_agents"


def urls(page: ModelAdmin) -> list[URLPattern]:
    view, name = page.admin_site.admin_view, "orchestration_agent"
    return [
        path("agents/~comparison/<int:pk>/", view(partial(report_view, page)), name=f"{name}-comparison"),
        path("agents/<str:agent>/compare/", view(partial(compare_view, page)), name=f"{name}-compare"),
    ]


def compare_view(page: ModelAdmin, request: HttpRequest, agent: str) -> HttpResponse:
    if not request.user.has_perms((*SEE, MANAGE)):
        raise PermissionDenied
    steps = _steps(agent)
    typed = {"candidate": agent, "last": "100", **request.POST.dict()} if request.method == "POST" else None
    refused = ""
    if typed is not None:
        try:
            comparison = _started(agent, typed, request)
            return HttpResponseRedirect(reverse("admin:orchestration_agent-comparison", args=[comparison.pk]))
        except Refused as refusal:
            refused = refusal.message
    return page.page(
        request,
        "agent_compare.html",
        f"Compare {agent}",
        opts=None,
        agent=agent,
        steps=steps,
        candidates=list(registry().agents.values()),
        typed=typed or {"candidate": agent, "last": "100", "config": _config_of(steps, agent)},
        refused=refused,
        most=MOST,
        status=400 if refused else 200,
    )


def report_view(page: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """A page of a comparison that stands still rings for it again, should its doorbell be lost."""
    if not request.user.has_perms(SEE):
        raise PermissionDenied
    comparison = get_object_or_404(ComparisonRun.objects.select_related("workflow", "created_by"), pk=pk)
    if request.method == "POST":
        if not request.user.has_perm(MANAGE):
            raise PermissionDenied
        stopped = stop_comparison(comparison_id=pk, user=request.user)
        messages.info(request, "The comparison is cancelled." if stopped else "The comparison has ended already.")
        return HttpResponseRedirect(request.path)
    ring_lost()
    return page.page(
        request,
        "agent_comparison.html",
        str(comparison),
        opts=None,
        comparison=comparison,
        running=comparison.status == ComparisonStatus.RUNNING,
        config=source_of(comparison.config) if comparison.config else "",
        report=report_of(comparison),
        may_manage=request.user.has_perm(MANAGE),
    )


def _started(agent: str, typed: dict[str, str], request: HttpRequest) -> ComparisonRun:
    slug, _, step = typed.get("step", "").partition("/")
    workflow = Workflow.objects.filter(slug=slug).first()
    if workflow is None:
        raise Refused("Choose a step.")
    config: Any = {}
    if typed.get("config", "").strip():
        config, remarks = read_source(typed["config"].replace("\r\n", "\n"))
        if remarks:
            told = remarks[0].detail.replace(
                "A rule has the entries key, title, when and then", "Write names and values"
            )
            raise Refused(f"The configuration cannot be read: {told}")
    last = typed.get("last", "").strip()
    if not (last.isascii() and last.isdigit() and len(last) < 7):
        raise Refused(f"How many runs? Write a number from 1 to {MOST:,}.")
    return start_comparison(
        agent=agent,
        workflow=workflow,
        step=step,
        candidate=typed.get("candidate", ""),
        config=config,
        user=request.user,
        last=int(last),
        since=_day(typed.get("since", "")),
        until=_day(typed.get("until", "")),
    )


def _steps(agent: str) -> list[tuple[str, str]]:
    """`workflow/step` and its name, of steps with ended live runs of this agent."""
    runs = AgentRun.objects.filter(agent=agent, purpose=Purpose.LIVE, status__in=ENDED).order_by()
    found = runs.values_list("case__workflow__slug", "case__workflow__title", "step").distinct()
    return [(f"{slug}/{step}", f"{title} › {step}") for slug, title, step in sorted(found)]


def _config_of(steps: list[tuple[str, str]], agent: str) -> str:
    """The configuration that the first step has now, to start from."""
    for name, _ in steps:
        slug, _, step = name.partition("/")
        workflow = Workflow.objects.select_related("published_version").filter(slug=slug).first()
        version = workflow.published_version if workflow else None
        spec = (version.content.get("agents") or {}).get(step) if version else None
        if spec and spec.get("use") == agent and spec.get("config"):
            return source_of(spec["config"])
    return ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.strip() else None
    except ValueError:
        raise Refused("Write days as 2026-01-31, or leave them empty.") from None
