"""How agents are, in words for people who run no servers: what is wrong, what becomes of cases, what helps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince

from orchestration.models import AgentEvent, AgentState, Circuit, StepState, VersionStatus
from orchestration.services.agent_state import State, states
from orchestration.services.agent_use import Agents, Use, agents_in_use

ERROR_WORDS: Final[Mapping[str, str]] = {
    "input": "It was given something it cannot take",
    "config": "Its configuration does not fit it",
    "output": "Its answer could not be used",
    "agent": "It said that it could not do the work",
    "exception": "It broke down",
    "time-limit": "It took too long",
    "memory": "It needed too much memory",
    "exited": "It ended its own process",
    "processes": "It started too many processes",
    "disk": "It wrote too much to disk",
    "vanished": "Its process was lost",
    "not-installed": "It is not installed",
    "not-wanted": "The case was closed first",
    "expired": "The outside party did not answer in time",
    "switched-off": "It was switched off",
    "circuit-open": "Its circuit stayed open for too long",
}
"""Why a run failed, by kind of error."""

FAILS_OVER: Final = {"escalate": "a person takes over", "continue": "the rules go on without it"}
"""What becomes of a case when a step has failed, by the step's `on_failure`."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`tone` as of labels. `text`: what that means for cases; `help`: what to do, "" where nothing is to be done."""

    tone: str
    label: str
    text: str = ""
    help: str = ""


WORKS: Final = Condition("good", "works", "It answered that it can work.")
NOT_ASKED: Final = Condition("quiet", "not asked yet", "Agents of published versions are asked now and then.")


def conditions(agents: Agents) -> dict[str, tuple[Condition, ...]]:
    """What is to be said of each agent, the worst first; each has at least one. At most three queries."""
    uses = {one.found.name: one.uses for one in agents.installed} | {name: used for name, _, used in agents.missing}
    missing = {name: why for name, why, _ in agents.missing}
    known = states(uses)
    why_off = _why_off([name for name, state in known.items() if not state.enabled])
    open_rows = list(step_states().exclude(circuit=Circuit.CLOSED))
    found = {}
    for name, used in uses.items():
        said = _of_state(known[name], why_off.get(name, ""))
        if name in missing:
            said.insert(0, Condition("bad", "not installed", missing[name], "Ask an operator to install its package."))
        steps = {(use.version.workflow_id, use.step) for use in used}
        rows = [row for row in open_rows if (row.workflow_id, row.step) in steps and keeps_back(row, name)]
        said += [circuit_condition(row) for row in rows]
        found[name] = tuple(said) or ((WORKS if known[name].health_ok else NOT_ASKED),)
    return found


def attention() -> list[tuple[str, str, Condition]]:
    """Agents of published versions that are not as they should be: name, title, the worst of it.

    Two cheap queries while all is well.
    """
    if not StepState.objects.exclude(circuit=Circuit.CLOSED).exists() and not _ailing():
        return []
    agents = agents_in_use()
    titles = {one.found.name: (one.found.title, one.uses) for one in agents.installed}
    titles |= {name: (name, used) for name, _, used in agents.missing}
    return [
        (name, titles[name][0], said[0])
        for name, said in conditions(agents).items()
        if said[0].tone in ("bad", "warning") and is_published(titles[name][1])
    ]


def is_published(uses: Iterable[Use]) -> bool:
    return any(use.version.status == VersionStatus.PUBLISHED for use in uses)


def step_states() -> QuerySet[StepState]:
    """What is set and known of steps, each with `waiting`: how many runs its circuit keeps waiting."""
    waiting = Count("held", filter=Q(held__circuit_since__isnull=False))
    return StepState.objects.select_related("workflow").annotate(waiting=waiting)


def keeps_back(row: StepState, agent: str) -> bool:
    """Does the step's circuit keep runs of this agent back? One that another agent opened does so only while held."""
    return row.circuit != Circuit.CLOSED and (row.agent == agent or row.circuit_held)


def circuit_condition(row: StepState) -> Condition:
    """Of a row of `step_states` that is not closed."""
    place = f"{row.workflow.title} › {row.step}"
    runs = f" {row.waiting} run{'s wait' if row.waiting != 1 else ' waits'}." if row.waiting else ""
    longest = span(settings.CONDUCTOR["circuit_patience"])
    after = f" A run that has waited {longest} fails, and goes the way its step says."
    mend = "Read the last failures to find the cause. Once it is mended, let one run try, or close the circuit."
    if row.circuit_held:
        text = f"Somebody holds the circuit of {place} open, so no run is tried.{runs}{after}"
        return Condition("bad", "circuit open", text, "Close the circuit when the reason no longer holds.")
    if row.circuit == Circuit.HALF_OPEN and row.probe_id:
        text = f"It kept failing in {place}. One run is trying now whether it works again.{runs}"
        return Condition("warning", "being tried", text, mend)
    if row.circuit_until is None or row.circuit_until <= timezone.now():
        text = f"It kept failing in {place}. The next run tries whether it works again.{runs}"
        return Condition("warning", "circuit open", text, mend)
    text = f"It kept failing in {place}, so no run is tried until {moment(row.circuit_until)}; then one tries.{runs}"
    return Condition("bad", "circuit open", f"{text}{after}", mend)


def moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "j M Y, H:i")


def span(seconds: float) -> str:
    """A span of time in words, such as 15 minutes."""
    if seconds < 60:
        return f"{seconds:g} seconds"
    begin = datetime(2001, 1, 1)
    return timesince(begin, begin + timedelta(seconds=seconds)).replace("\xa0", " ")


def seconds_in_words(seconds: float) -> str:
    """A short time as people say it."""
    if seconds < 0.001:
        return "under 1 ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _of_state(state: State, why_off: str) -> list[Condition]:
    said = []
    if not state.enabled:
        text = f"{why_off} Its runs fail at once and go the way their step says.".strip()
        said.append(Condition("bad", "switched off", text, "Switch it on again when the reason no longer holds."))
    if state.health_ok is False:
        text = state.health_message or "It answered that it cannot work, and not why."
        said.append(Condition("bad", "cannot work", text, "Mend what it names, then check it again."))
    return said


def _why_off(names: list[str]) -> dict[str, str]:
    """Who switched each of these off, when and why."""
    if not names:
        return {}
    events = AgentEvent.objects.filter(agent__in=names, kind="agent.switched_off").order_by("id")
    return {
        one.agent: f"{one.actor} switched it off on {moment(one.at)}: {str(one.about.get('reason', '')).rstrip('.')}."
        for one in events
    }


def _ailing() -> bool:
    return AgentState.objects.filter(Q(enabled=False) | Q(health_ok=False)).exists()
