"""The page of one agent: where it is used, whether it is on and well, its limits, what it did; and its forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from orchestration.admin.agent_pictures import bins_of, days_of
from orchestration.agents.registry import registry
from orchestration.models import AgentRun, Isolation, Purpose, RunStatus, StepState, Workflow
from orchestration.services.agent_event import WORDS, events_of
from orchestration.services.agent_figures import figures
from orchestration.services.agent_state import check_agent, set_isolation, state_of, switch
from orchestration.services.agent_use import IN_USE, Use, agents_in_use
from orchestration.services.comparison_run import comparisons_of
from orchestration.services.refusal import Refused
from orchestration.services.step_state import set_circuit, set_limits

if TYPE_CHECKING:
    from orchestration.admin.base import ModelAdmin

SEE: Final = "orchestration.view_workflow"
MANAGE: Final = "orchestration.manage_agents"
SPANS: Final = (7, 30, 90)
RECENT: Final = 20
IN_PLACES: Final = (Isolation.DECLARED, Isolation.INLINE)


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of a workflow that uses the agent now. `state` is None where nothing was ever set or noticed."""

    workflow: Workflow
    step: str
    state: StepState | None
    limited: bool  # does it run outside the deciding step, where limits hold?


def urls(page: ModelAdmin) -> list[URLPattern]:
    view, name = page.admin_site.admin_view, "orchestration_agent"
    return [
        path("agents/<str:agent>/", view(partial(agent_view, page)), name=name),
        path("agents/<str:agent>/<str:action>/", view(require_POST(partial(action_view, page))), name=f"{name}-action"),
    ]


def agent_view(page: ModelAdmin, request: HttpRequest, agent: str) -> HttpResponse:
    if not request.user.has_perm(SEE):
        raise PermissionDenied
    agents = agents_in_use()
    installed = next((one for one in agents.installed if one.found.name == agent), None)
    missing = next((one for one in agents.missing if one[0] == agent), None)
    if installed is None and missing is None and not AgentRun.objects.filter(agent=agent).exists():
        raise Http404("There is no such agent, and never was.")
    uses = installed.uses if installed else missing[2] if missing else ()
    family = agent.partition("@")[0]
    days = next((one for one in SPANS if str(one) == request.GET.get("days")), 30)
    found = installed.found if installed else None
    state, numbers = state_of(agent), figures(agent, days=days)
    sees_runs = request.user.has_perm("orchestration.view_agentrun") and request.user.has_perm(
        "orchestration.view_case"
    )
    return page.page(
        request,
        "agent.html",
        agent,
        opts=None,
        agent=agent,
        found=found,
        why_not="" if found else registry().why_not(agent),
        beside=[one.found for one in agents.installed if one.found.family == family and one.found.name != agent],
        uses=uses,
        state=state,
        may_manage=request.user.has_perm(MANAGE),
        may_compare=sees_runs and request.user.has_perm(MANAGE),
        places=[one for one in Isolation.choices if one[0] != Isolation.INLINE or (found and found.inline)],
        place=Isolation(state.isolation).label,
        steps=_steps(uses, bool(found and found.inline and state.isolation in IN_PLACES)),
        spans=SPANS,
        figures=numbers,
        latency=[(f"{percent} %", seconds) for percent, seconds in numbers.latency.items()],
        bins=bins_of(numbers),
        by_day=days_of(numbers),
        sees_runs=sees_runs,
        runs=_recent(agent) if sees_runs else (),
        failed=_failed(agent) if sees_runs else (),
        events=[(one, WORDS.get(one.kind, one.kind), _details(one.about)) for one in events_of(agent)[:RECENT]],
        comparisons=comparisons_of(agent)[:RECENT] if sees_runs else (),
    )


def action_view(page: ModelAdmin, request: HttpRequest, agent: str, action: str) -> HttpResponse:
    """Switch, isolate, check, limit: each a form of the page."""
    if not request.user.has_perm(SEE) or not request.user.has_perm(MANAGE):
        raise PermissionDenied
    if action not in _ACTIONS:
        raise Http404("There is no such action.")
    try:
        messages.success(request, _ACTIONS[action](request, agent))
    except Unwell as unwell:
        messages.warning(request, str(unwell))
    except Refused as refused:
        messages.error(request, refused.message)
    return HttpResponseRedirect(reverse("admin:orchestration_agent", args=[agent]))


class Unwell(Exception):
    """The agent answered that it cannot work."""


def _switch(request: HttpRequest, agent: str) -> str:
    on = request.POST.get("on") == "1"
    switch(agent=agent, on=on, user=request.user, reason=request.POST.get("reason", ""))
    return f"{agent} is switched {'on' if on else 'off'}."


def _isolation(request: HttpRequest, agent: str) -> str:
    memory = _whole(request.POST.get("memory_mib", ""), "The memory")
    set_isolation(agent=agent, isolation=request.POST.get("isolation", ""), memory_mib=memory, user=request.user)
    return "Where it runs is saved."


def _check(request: HttpRequest, agent: str) -> str:
    health = check_agent(agent=agent, user=request.user)
    if not health.ok:
        raise Unwell(f"{agent} cannot work just now: {health.message}")
    return f"{agent} is well. {health.message}".strip()


def _limits(request: HttpRequest, agent: str) -> str:
    workflow, step = _step_of(request)
    set_limits(
        workflow=workflow,
        step=step,
        concurrency=_whole(request.POST.get("concurrency", ""), "The number of runs at a time"),
        rate=_whole(request.POST.get("rate", ""), "The number of runs a minute"),
        user=request.user,
    )
    return f"The limits of step {step} of {workflow} are saved."


def _circuit(request: HttpRequest, agent: str) -> str:
    workflow, step = _step_of(request)
    state = request.POST.get("state", "")
    set_circuit(workflow=workflow, step=step, state=state, user=request.user, reason=request.POST.get("reason", ""))
    return f"The circuit of step {step} of {workflow} is {state.replace('_', ' ')}."


_ACTIONS: Final[dict[str, Callable[[HttpRequest, str], str]]] = {
    "switch": _switch,
    "isolation": _isolation,
    "check": _check,
    "limits": _limits,
    "circuit": _circuit,
}


def _step_of(request: HttpRequest) -> tuple[Workflow, str]:
    return get_object_or_404(Workflow, slug=request.POST.get("workflow", "")), request.POST.get("step", "")[:100]


def _whole(text: str, what: str) -> int | None:
    text = text.strip().replace(",", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused(f"{what} is a whole number, or empty for no limit of its own.")
    return int(text)


def _steps(uses: tuple[Use, ...], inline: bool) -> list[StepRow]:
    """One row a workflow and step, in the order of the uses, with what is set for it; one query."""
    found = {(use.version.workflow_id, use.step): use.version.workflow for use in uses if use.version.status in IN_USE}
    wanted = Q(pk__in=[])
    for workflow_id, step in found:
        wanted |= Q(workflow=workflow_id, step=step)
    states = {(one.workflow_id, one.step): one for one in StepState.objects.filter(wanted)}
    return [StepRow(workflow, key[1], states.get(key), not inline) for key, workflow in found.items()]


def _recent(agent: str) -> list[AgentRun]:
    runs = AgentRun.objects.filter(agent=agent, purpose=Purpose.LIVE).select_related("case__workflow", "version")
    return list(runs.order_by("-id")[:RECENT])


def _failed(agent: str) -> list[tuple[AgentRun, str]]:
    """The last failures, each with what the last attempt said; erased with the case's content."""
    runs = AgentRun.objects.filter(agent=agent, purpose=Purpose.LIVE, status=RunStatus.FAILED)
    rows = runs.select_related("case__workflow", "version", "content").order_by("-id")[:RECENT]
    return [(run, _last_error(run)) for run in rows]


def _last_error(run: AgentRun) -> str:
    content = run.content
    if content.erased_at is not None:
        return "The content of this run is erased."
    return str(content.errors[-1].get("text", "")) if content.errors else ""


def _details(about: dict[str, Any]) -> str:
    """What an event tells besides its kind, in a few words; it never holds a secret's value."""
    shown = about.get("reason") or about.get("message") or about.get("secret")
    if shown:
        return str(shown)
    if "to" in about and isinstance(about["to"], dict):
        return ", ".join(f"{name} {'none' if value in (None, '') else value}" for name, value in about["to"].items())
    return ", ".join(f"{name} {value}" for name, value in about.items())
