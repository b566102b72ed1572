"""The forms of an agent's page: switch it, check it, say where it runs, set limits and circuits of its steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from orchestration.admin.navigation import PAGES
from orchestration.models import Workflow
from orchestration.services.agent_state import check_agent, set_isolation, switch
from orchestration.services.refusal import Refused
from orchestration.services.step_state import set_circuit, set_limits

SEE: Final = PAGES["agents"]
MANAGE: Final = "orchestration.manage_agents"


def action_view(request: HttpRequest, agent: str, action: str) -> HttpResponse:
    if not request.user.has_perms((SEE, MANAGE)):
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
    return f"The agent {agent} is switched {'on' if on else 'off'}."


def _isolation(request: HttpRequest, agent: str) -> str:
    memory = _whole(request.POST.get("memory_mib", ""), "The memory")
    set_isolation(agent=agent, isolation=request.POST.get("isolation", ""), memory_mib=memory, user=request.user)
    return "Where it runs is saved."


def _check(request: HttpRequest, agent: str) -> str:
    health = check_agent(agent=agent, user=request.user)
    if not health.ok:
        raise Unwell(f"The agent {agent} cannot work just now: {health.message}")
    return f"The agent {agent} can work. {health.message}".strip()


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
    done = {"open": "is held open", "half_open": "lets one run try", "closed": "is closed"}[state]
    return f"The circuit of step {step} of {workflow} {done}."


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
        raise Refused(f"{what} is a whole number; leave it empty for none of its own.")
    return int(text)
