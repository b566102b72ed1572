"""The whole story of a case for one page: read once, in a fixed number of queries, nothing decided here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Prefetch
from django.utils import timezone

from orchestration.facts import FactSpec, lay_over
from orchestration.models import (
    AgentAttempt,
    AgentRun,
    Case,
    CaseEffect,
    Decision,
    EffectKind,
    Feedback,
    Priority,
    RunStatus,
    WorkItem,
)
from orchestration.models.case import WaitsFor
from orchestration.services.agent_condition import ERROR_WORDS, moment, seconds_in_words
from orchestration.services.document_lines import Line, lines_of, shown
from orchestration.services.history import History, history_of
from orchestration.services.rule_set import Loaded, loaded
from orchestration.services.rule_story import RulesSeen, rules_seen

SHOWN: Final = 20
"""So much feedback is shown; the history has all."""


@dataclass(frozen=True, slots=True)
class RunStory:
    run: AgentRun
    title: str
    input: list[Line]
    output: list[Line]
    attempts: list[AgentAttempt]
    percent: int | None  # confidence, 0 to 100
    seconds: float | None

    @property
    def duration(self) -> str:
        return seconds_in_words(self.seconds or 0.0)

    @property
    def errors(self) -> list[tuple[int, str, str]]:
        """What went wrong: number of the attempt, what it said, and the kind in words."""
        content = getattr(self.run, "content", None)
        kept = (content.errors or []) if content else []
        return [(one.get("attempt", 0), one.get("text", ""), _why(one.get("kind", ""))) for one in kept]

    @property
    def other_attempts(self) -> list[tuple[int, str]]:
        """Attempts that neither succeeded nor left an error, and what became of them."""
        told = {number for number, _, _ in self.errors}
        others = [one for one in self.attempts if one.status != "succeeded" and one.number not in told]
        left = "left to an outside party"
        return [(one.number, left if one.status == "pending" else _why(one.error_kind)) for one in others]

    @property
    def isolated(self) -> str:
        """Which attempts took place in a process of their own, "" if none."""
        numbers = [str(one.number) for one in self.attempts if one.isolated]
        if not numbers or len(numbers) == len(self.attempts):
            return "in a process of its own" if numbers else ""
        return f"attempt {' and '.join(numbers)} in a process of its own"

    @property
    def held_back(self) -> str:
        """Why a run that could be tried waits, "" where it does not or nothing holds it back."""
        held = getattr(self.run, "held", None)
        if self.run.status != RunStatus.PENDING:
            return ""
        if held is None:
            return f"It is tried again from {moment(self.run.due_at)} on." if self.attempts and self.run.due_at else ""
        if held.circuit_since:
            return "It waits because the circuit of its step is open: the agent kept failing, or somebody holds it."
        return "It waits in line: its step may not run more often at a time or in a minute."

    @property
    def evidence(self) -> list[tuple[str, str, str]]:
        """Each piece as what was looked at, what was seen, and what it was held against."""
        content = getattr(self.run, "content", None)
        return [_piece(piece) for piece in (content.evidence or [])] if content else []

    @property
    def erased_at(self) -> datetime | None:
        content = getattr(self.run, "content", None)
        return content.erased_at if content else None


@dataclass(frozen=True, slots=True)
class DecisionStory:
    row: Decision
    words: str
    who: str


@dataclass(frozen=True, slots=True)
class FeedbackStory:
    row: Feedback
    words: str
    who: str


@dataclass(frozen=True, slots=True)
class Story:
    case: Case
    erased_at: datetime | None
    payload: list[Line]
    payload_text: str
    answers: list[Line]
    other_facts: list[tuple[str, str, list[Line]]]  # source, what it is, lines
    decisions: list[DecisionStory]  # newest first
    feedback: list[FeedbackStory]  # newest first, the last ones
    open_item: WorkItem | None
    work_items: list[WorkItem]
    runs: list[RunStory]  # the last of each step
    earlier_runs: list[RunStory]
    rules: RulesSeen
    history: History
    children: list[CaseEffect]

    @property
    def corrected(self) -> int:
        return len(self.case.content.corrections or {})

    @property
    def waits(self) -> str:
        return WaitsFor(self.case.waits_for).label.lower() if self.case.waits_for else ""

    @property
    def outcome(self) -> str:
        return in_words(self.case.outcome)


def story_of(case: Case) -> Story:
    """Needs `workflow`, `version`, `client`, `content` and `parent` loaded."""
    version = loaded(case.version_id)
    content = case.content
    history = history_of(case)
    items = list(
        WorkItem.objects.filter(case=case).select_related("queue", "claimed_by", "closed_by", "content").order_by("-id")
    )
    decisions = Decision.objects.filter(case=case).select_related("content", "user").order_by("-id")
    feedback = Feedback.objects.filter(case=case).select_related("content", "user").order_by("-id")[:SHOWN]
    rules = rules_seen(case)
    runs = runs_of_story(case, version)
    last = {run.run.step: run for run in runs}
    erased = content.erased_at is not None
    present = lay_over(content.payload, content.corrections) if isinstance(content.payload, dict) else {}
    return Story(
        case=case,
        erased_at=content.erased_at,
        payload=[]
        if erased
        else lines_of(present, root_spec(version, "case"), corrections=history.corrections, posted=content.payload),
        payload_text="" if erased else json.dumps(content.payload, ensure_ascii=False, indent=2),
        answers=[]
        if erased
        else lines_of(content.human or {}, root_spec(version, "human"), corrections=history.answers),
        other_facts=_other_facts(case, rules),
        decisions=[_decision(row) for row in decisions],
        feedback=[_feedback(row, case) for row in feedback],
        open_item=next((item for item in items if item.status == "open"), None),
        work_items=items,
        runs=[run for run in runs if last[run.run.step] is run],
        earlier_runs=[run for run in runs if last[run.run.step] is not run],
        rules=rules,
        history=history,
        children=list(
            CaseEffect.objects.filter(case=case, kind=EffectKind.CHILD).select_related("child__workflow").order_by("id")
        ),
    )


def in_words(outcome: str) -> str:
    """An outcome's name as people say it."""
    return outcome.replace("_", " ")


def root_spec(version: Loaded, root: str) -> FactSpec:
    """The catalogue's facts below `case` or `human` as one tree, for their titles."""
    specs = version.rule_set.catalogue.specs
    direct = {
        path.split(".", 1)[1]: spec
        for path, spec in specs.items()
        if path.startswith(f"{root}.") and path.count(".") == 1
    }
    return FactSpec(root, "object", properties=direct)


def runs_of_story(case: Case, version: Loaded) -> list[RunStory]:
    tries = Prefetch("tries", queryset=AgentAttempt.objects.order_by("number"))
    runs = AgentRun.objects.filter(case=case, purpose="live").select_related("content", "held").prefetch_related(tries)
    return [_run(run, version) for run in runs.order_by("id")]


def _run(run: AgentRun, version: Loaded) -> RunStory:
    content = getattr(run, "content", None)
    step = version.steps.get(run.step)
    output = content.output if content and isinstance(content.output, dict) else {}
    durations = [attempt.duration for attempt in run.tries.all() if attempt.duration is not None]
    spec = version.rule_set.catalogue.get(f"agents.{run.step}.output")
    return RunStory(
        run=run,
        title=str(step.output_schema.get("description") or "") if step else "",
        input=lines_of(content.input) if content and isinstance(content.input, dict) else [],
        output=lines_of(output, spec),
        attempts=list(run.tries.all()),
        percent=None if run.confidence is None else round(run.confidence * 100),
        seconds=sum(durations) if durations else None,
    )


def _why(kind: str) -> str:
    words = ERROR_WORDS.get(kind, kind)
    return words[:1].lower() + words[1:]


def _piece(piece: Any) -> tuple[str, str, str]:
    if not isinstance(piece, dict):
        return "", shown(piece), ""
    rest = {key: value for key, value in piece.items() if key not in ("what", "value")}
    more = ", ".join(f"{key.replace('_', ' ')} {shown(value)}" for key, value in rest.items())
    return str(piece.get("what", "")), shown(piece["value"]) if "value" in piece else "", more


def _decision(row: Decision) -> DecisionStory:
    who = (row.user.get_full_name() or row.user.get_username()) if row.user else ""
    return DecisionStory(row, in_words(row.outcome), who)


def _feedback(row: Feedback, case: Case) -> FeedbackStory:
    who = (row.user.get_full_name() or row.user.get_username()) if row.user else case.client.name
    return FeedbackStory(row, in_words(row.value), who)


def _other_facts(case: Case, rules: RulesSeen) -> list[tuple[str, str, list[Line]]]:
    """Derived facts and what is known about the case itself."""
    meta = {
        "received at": f"{timezone.localtime(case.received_at):%d %b %Y, %H:%M:%S}",
        "priority as posted": Priority(case.posted_priority).label,
        "client": case.client.name,
        "reference": case.reference or None,
    }
    found = [("meta", "About the case itself", lines_of(meta))]
    if rules.derived:
        found.insert(0, ("derived", "Set by rules and tables", lines_of(rules.derived)))
    return found
