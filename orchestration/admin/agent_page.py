"""The page of one agent: how it is, where it is used, what it did, and the forms of those who look after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from orchestration.admin.agent_action import MANAGE, SEE, action_view
from orchestration.admin.agent_pictures import bins_of, days_of
from orchestration.agents.registry import registry
from orchestration.models import AgentRun, Isolation, Purpose, RunStatus, StepState, VersionStatus, Workflow
from orchestration.services.agent_condition import (
    ERROR_WORDS,
    FAILS_OVER,
    Condition,
    circuit_condition,
    conditions,
    keeps_back,
    seconds_in_words,
    step_states,
)
from orchestration.services.agent_event import WORDS, details, events_of
from orchestration.services.agent_figures import figures
from orchestration.services.agent_state import state_of
from orchestration.services.agent_use import Use, agents_in_use
from orchestration.services.comparison_run import comparisons_of

if TYPE_CHECKING:
    from orchestration.admin.base import ModelAdmin

SPANS: Final = (7, 30, 90)
RECENT: Final = 20
IN_PLACES: Final = (Isolation.DECLARED, Isolation.INLINE)


@dataclass(slots=True)
class StepRow:
    """A step of a workflow that uses the agent. `state` is None where nothing was ever set or noticed."""

    workflow: Workflow
    step: str
    uses: list[Use] = field(default_factory=list)
    state: StepState | None = None
    circuit: Condition | None = None  # None: closed

    @property
    def if_it_fails(self) -> str:
        """As the published version has it, else the newest."""
        counts = next((use for use in self.uses if use.version.status == VersionStatus.PUBLISHED), self.uses[0])
        spec = (counts.version.content.get("agents") or {}).get(self.step) or {}
        return FAILS_OVER[spec.get("on_failure", "escalate")]


def urls(page: ModelAdmin) -> list[URLPattern]:
    view, name = page.admin_site.admin_view, "orchestration_agent"
    return [
        path("agents/<str:agent>/", view(partial(agent_view, page)), name=name),
        path("agents/<str:agent>/<str:action>/", view(require_POST(action_view)), name=f"{name}-action"),
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
    sees_runs = request.user.has_perms(("orchestration.view_agentrun", "orchestration.view_case"))
    steps = _steps(uses, agent)
    return page.page(
        request,
        "agent.html",
        found.title if found else agent,
        opts=None,
        agent=agent,
        found=found,
        why_not="" if found else registry().why_not(agent),
        said=conditions(agents).get(agent, ()),
        beside=[one.found for one in agents.installed if one.found.family == family and one.found.name != agent],
        state=state,
        may_manage=request.user.has_perm(MANAGE),
        places=[one for one in Isolation.choices if one[0] != Isolation.INLINE or (found and found.inline)],
        place=Isolation(state.isolation).label,
        steps=steps,
        limited=not (found and found.inline and state.isolation in IN_PLACES),
        spans=SPANS,
        figures=numbers,
        latency=[(percent, seconds_in_words(seconds)) for percent, seconds in numbers.latency.items()],
        kinds=[(ERROR_WORDS.get(kind, kind), count) for kind, count in numbers.failed.items()],
        bins=bins_of(numbers),
        by_day=days_of(numbers),
        sees_runs=sees_runs,
        runs=_recent(agent) if sees_runs else (),
        failed=_failed(agent) if sees_runs else (),
        events=[(one, WORDS.get(one.kind, one.kind), details(one)) for one in events_of(agent)[:RECENT]],
        comparisons=comparisons_of(agent)[:RECENT] if sees_runs else (),
    )


def _steps(uses: tuple[Use, ...], agent: str) -> list[StepRow]:
    """One row a workflow and step, in the order of the uses, with what is set for it; one query."""
    rows: dict[tuple[int, str], StepRow] = {}
    wanted = Q(pk__in=[])
    for use in uses:
        key = (use.version.workflow_id, use.step)
        rows.setdefault(key, StepRow(use.version.workflow, use.step)).uses.append(use)
        wanted |= Q(workflow=key[0], step=key[1])
    for state in step_states().filter(wanted):
        row = rows[state.workflow_id, state.step]
        row.state = state
        row.circuit = circuit_condition(state) if keeps_back(state, agent) else None
    return list(rows.values())


def _recent(agent: str) -> list[tuple[AgentRun, int | None]]:
    """Each with its confidence in per cent."""
    runs = AgentRun.objects.filter(agent=agent, purpose=Purpose.LIVE).select_related("case__workflow")
    return [
        (run, None if run.confidence is None else round(100 * run.confidence)) for run in runs.order_by("-id")[:RECENT]
    ]


def _failed(agent: str) -> list[tuple[AgentRun, str, str]]:
    """The last failures, each with its kind and what the last attempt said; erased with the case's content."""
    runs = AgentRun.objects.filter(agent=agent, purpose=Purpose.LIVE, status=RunStatus.FAILED)
    rows: Any = runs.select_related("case__workflow", "content").order_by("-id")[:RECENT]
    return [(run, ERROR_WORDS.get(run.error_kind, run.error_kind), _last_error(run)) for run in rows]


def _last_error(run: AgentRun) -> str:
    content = run.content
    if content.erased_at is not None:
        return "The content of this run is erased."
    return str(content.errors[-1].get("text", "")) if content.errors else ""
