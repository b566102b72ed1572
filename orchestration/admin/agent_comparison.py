"""Comparing an agent with a candidate on recorded inputs: asked for, watched, stopped, repeated, read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse

from orchestration.admin.comparison_picture import pairs_of
from orchestration.agents.registry import registry
from orchestration.models import AgentRun, ComparisonRun, ComparisonStatus, Purpose, Workflow
from orchestration.models.run import ENDED
from orchestration.rules.pack import load_yaml
from orchestration.rules.parse import RuleError
from orchestration.services.agent_condition import ERROR_WORDS, seconds_in_words
from orchestration.services.comparison_difference import differences, failures
from orchestration.services.comparison_report import PERCENTILES, Side, repeat_of, report_of
from orchestration.services.comparison_run import (
    MOST,
    reaches_out,
    repeat_comparison,
    ring_lost,
    start_comparison,
    stop_comparison,
)
from orchestration.services.editing import MAX_SOURCE, source_of
from orchestration.services.refusal import Refused

if TYPE_CHECKING:
    from orchestration.admin.base import ModelAdmin

SEE: Final = ("orchestration.view_workflow", "orchestration.view_agentrun", "orchestration.view_case")
MANAGE: Final = "orchestration.manage_agents"
LOOKED_AT: Final = 10_000
"""The agent's newest runs among which the steps to choose from are found."""

SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Choice:
    """Runs of a step to compare with, of one version or of all (None)."""

    workflow: str  # slug
    title: str
    step: str
    version: int | None
    runs: int

    @property
    def value(self) -> str:
        return f"{self.workflow}/{self.step}" + ("" if self.version is None else f"/{self.version}")

    @property
    def words(self) -> str:
        which = "all versions" if self.version is None else f"version {self.version}"
        return f"{self.title} › {self.step}, {which} ({self.runs:,} {'run' if self.runs == 1 else 'runs'})"


def urls(page: ModelAdmin) -> list[URLPattern]:
    view, name = page.admin_site.admin_view, "orchestration_agent"
    return [
        path("agents/~comparison/<int:pk>/", view(partial(report_view, page)), name=f"{name}-comparison"),
        path("agents/<str:agent>/compare/", view(partial(compare_view, page)), name=f"{name}-compare"),
    ]


def compare_view(page: ModelAdmin, request: HttpRequest, agent: str) -> HttpResponse:
    if not request.user.has_perms((*SEE, MANAGE)):
        raise PermissionDenied
    choices = _choices(agent)
    if not choices and agent not in registry().agents:
        raise Http404("There is no such agent, and never was.")
    typed, refused = {"candidate": agent, "last": "100", "source": "step"}, ""
    if request.method == "POST":
        typed = request.POST.dict()
        try:
            return _to(_started(agent, choices, typed, request))
        except Refused as refusal:
            refused = refusal.message
    return page.page(
        request,
        "agent_compare.html",
        f"Compare {agent}",
        opts=None,
        agent=agent,
        choices=choices,
        candidates=[(one, reaches_out(one)) for one in registry().agents.values()],
        typed=typed,
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
        return _acted(request, comparison)
    running = comparison.status == ComparisonStatus.RUNNING
    if running:
        ring_lost()
    report = report_of(comparison)
    chosen = request.GET.get("field", "")
    differing = [one for one in report.differences if not chosen or chosen in one.differing]
    return page.page(
        request,
        "agent_comparison.html",
        f"Compare {comparison.agent}",
        opts=None,
        comparison=comparison,
        running=running,
        config=source_of(comparison.config) if comparison.config else "",
        report=report,
        latency=[(one, *(_took(side, one) for side in (report.before, report.after))) for one in PERCENTILES],
        bins=pairs_of(report.before, report.after),
        kinds=[
            (ERROR_WORDS.get(kind, kind), report.before.failed.get(kind, 0), report.after.failed.get(kind, 0))
            for kind in sorted({*report.before.failed, *report.after.failed})
        ],
        repeat=repeat_of(comparison),
        share=f"{int(100 * report.agreement)} %" if report.agreement is not None else "",
        chosen=chosen,
        differing=len(differing),
        differences=differences(differing[:SHOWN]),
        failures=[(one, ERROR_WORDS.get(one.kind, one.kind)) for one in failures(report.failures[:SHOWN])],
        may_manage=request.user.has_perm(MANAGE),
    )


def _took(side: Side, share: int) -> str:
    return seconds_in_words(side.latency[share]) if side.latency else "—"


def _acted(request: HttpRequest, comparison: ComparisonRun) -> HttpResponse:
    if request.POST.get("action") == "again":
        try:
            return _to(repeat_comparison(comparison_id=comparison.pk, user=request.user))
        except Refused as refused:
            messages.error(request, refused.message)
    elif stop_comparison(comparison_id=comparison.pk, user=request.user):
        messages.info(request, "The comparison is stopped. What was found so far stays.")
    else:
        messages.info(request, "The comparison has ended already.")
    return _to(comparison)


def _to(comparison: ComparisonRun) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:orchestration_agent-comparison", args=[comparison.pk]))


def _started(agent: str, choices: list[Choice], typed: dict[str, str], request: HttpRequest) -> ComparisonRun:
    choice = next((one for one in choices if one.value == typed.get("step")), None)
    if choice is None:
        raise Refused("Choose a step.")
    last = typed.get("last", "").strip()
    if not (last.isascii() and last.isdigit() and len(last) < 7):
        raise Refused(f"How many runs? Write a number from 1 to {MOST:,}.")
    workflow = Workflow.objects.select_related("published_version").get(slug=choice.workflow)
    written = typed.get("source") == "written"
    return start_comparison(
        agent=agent,
        workflow=workflow,
        step=choice.step,
        version=choice.version,
        candidate=typed.get("candidate", ""),
        config=_config(typed.get("config", "")) if written else _config_of(workflow, choice),
        user=request.user,
        last=int(last),
        since=_day(typed.get("since", "")),
        until=_day(typed.get("until", "")),
        outside=typed.get("outside") == "1",
    )


def _choices(agent: str) -> list[Choice]:
    """Steps with ended live runs of this agent: each as a whole, and by version where there are several."""
    newest = AgentRun.objects.filter(agent=agent).order_by("-created_at").values("pk")[:LOOKED_AT]
    runs = AgentRun.objects.filter(
        pk__in=newest, agent=agent, purpose=Purpose.LIVE, status__in=ENDED, case__test=False
    ).order_by()
    names = ("case__workflow__title", "case__workflow__slug", "step", "version__number")
    counted: dict[tuple[str, str, str], dict[int, int]] = {}
    for title, slug, step, number, count in runs.values_list(*names).annotate(Count("pk")):
        counted.setdefault((title, slug, step), {})[number] = count
    found = []
    for (title, slug, step), versions in sorted(counted.items()):
        found.append(Choice(slug, title, step, None, sum(versions.values())))
        if len(versions) > 1:
            found += [Choice(slug, title, step, number, versions[number]) for number in sorted(versions, reverse=True)]
    return found


def _config(source: str) -> Any:
    if not source.strip():
        return {}
    if len(source) > MAX_SOURCE:
        raise Refused(f"The configuration has at most {MAX_SOURCE:,} characters.")
    try:
        config = load_yaml(source.replace("\r\n", "\n"))
    except RuleError as error:
        raise Refused(f"The configuration cannot be read: {error.problems[0].detail}") from None
    if not isinstance(config, Mapping):
        raise Refused("The configuration cannot be read: write a name and a value on each line, as in threshold: 0.8.")
    return config


def _config_of(workflow: Workflow, choice: Choice) -> dict[str, Any]:
    """As the step has it in the chosen version, or else in the published one."""
    version = workflow.published_version
    if choice.version is not None:
        version = workflow.versions.filter(number=choice.version).first()
    step = (version.content.get("agents") or {}).get(choice.step) if version else None
    if step is None:
        raise Refused(f"The published version has no step “{choice.step}”. Choose a version, or write a configuration.")
    return dict(step.get("config") or {})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.strip() else None
    except ValueError:
        raise Refused("Write days as 2026-01-31, or leave them empty.") from None
