"""Scenarios of a version: run beside those of the published one, made from real cases, measured by what they cover."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from orchestration.engine.advance import settle_round
from orchestration.engine.coverage import Coverage, coverage
from orchestration.engine.scenario import ScenarioResult, run_scenario
from orchestration.facts import canonical
from orchestration.models import Case, CaseStatus, Evaluation, Purpose, Workflow, WorkflowVersion
from orchestration.rules.language import Scenario
from orchestration.services.refusal import Refused
from orchestration.services.rule_set import loaded
from orchestration.services.situation import situation_of
from orchestration.services.trying import ready

RECENT: Final = 15
CHUNK: Final = 100
"""Scenarios that are run in one request of the page."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One scenario on this version and on the published one (None where there is none, or it is this one)."""

    number: int
    scenario: Scenario
    here: ScenarioResult
    published: ScenarioResult | None

    @property
    def expected(self) -> str:
        return expectation(self.scenario.expect)

    @property
    def changed(self) -> bool:
        """Does this version answer otherwise than the published one?"""
        return self.published is not None and self.published.passed != self.here.passed


def compared(
    *, version: WorkflowVersion, published: WorkflowVersion | None, first: int = 0, count: int | None = None
) -> list[Compared]:
    """The version's scenarios (from number `first` on) run on it and on the published version. Raises RuleError."""
    here = ready(version.content)
    other = None
    if published is not None and published.pk != version.pk:
        other = loaded(published.pk)
    chosen = here.content.scenarios[first : None if count is None else first + count]
    return [
        Compared(
            number=first + place,
            scenario=scenario,
            here=run_scenario(here.rule_set, scenario),
            published=run_scenario(other.rule_set, scenario) if other else None,
        )
        for place, scenario in enumerate(chosen)
    ]


def covered(version: WorkflowVersion, results: Sequence[Compared] | None = None) -> Coverage:
    """Which rules and rows the version's scenarios exercise. `results`: of all its scenarios, if they were run."""
    here = ready(version.content)
    if results is None or len(results) != len(here.content.scenarios):
        return coverage(here.rule_set, [run_scenario(here.rule_set, one).step for one in here.content.scenarios])
    return coverage(here.rule_set, [one.here.step for one in results])


def recent_cases(*, workflow: Workflow, search: str = "") -> list[Case]:
    """The workflow's newest cases, or those with this reference or id; without those whose content is erased."""
    cases = Case.objects.filter(workflow=workflow, content__erased_at=None).select_related("client")
    if search:
        wanted = Q(reference__istartswith=search)
        with contextlib.suppress(ValueError):
            wanted |= Q(public_id=UUID(search))
        cases = cases.filter(wanted)
    return list(cases.order_by("-id")[:RECENT])


def given_of_case(*, case: Case) -> dict[str, Any]:
    """The case's facts as a scenario gives them: payload with corrections, recorded agent outputs, answers.

    Raises Refused where its content is erased.
    """
    case = Case.objects.select_related("client", "content").get(pk=case.pk)
    if case.content.erased_at is not None:
        raise Refused("The content of this case is erased, so nothing can be tried on it.")
    found = situation_of(case)
    document = settle_round(loaded(case.version_id).rule_set, found.facts, found.progress).facts.document
    given: dict[str, Any] = {"case": document["case"]}
    agents = {step: _run(run) for step, run in (document.get("agents") or {}).items()}
    children = {name: _present(child) for name, child in (document.get("children") or {}).items()}
    meta = _present({name: value for name, value in document["meta"].items() if name != "now"})
    parts = {"agents": agents, "human": document.get("human") or {}, "children": children, "meta": meta}
    given |= {name: part for name, part in parts.items() if part}
    return given | {"now": document["meta"]["now"]}


def scenario_of_case(*, case: Case) -> dict[str, Any]:
    """The case as a scenario: what was decided, by rules or a person, is what is expected.

    Raises Refused where the content is erased, or nothing can be expected yet.
    """
    given = given_of_case(case=case)
    name = case.reference or str(case.public_id)
    if case.status == CaseStatus.DECIDED:
        who = "a person" if case.decided_by == "person" else "the rules"
        return {
            "title": f"Case {name}: {case.outcome.replace('_', ' ')}, as {who} decided"[:300],
            "given": given,
            "expect": {"outcome": case.outcome},
        }
    last = Evaluation.objects.filter(case=case, purpose=Purpose.LIVE).order_by("-id").first()
    if last is None or last.step.get("kind") != "escalate" or not last.step.get("reason"):
        raise Refused("This case is neither decided nor with a person, so nothing can be expected of it yet.")
    reason = str(last.step["reason"])
    return {"title": f"Case {name}: {reason}"[:300], "given": given, "expect": {"escalate": reason}}


def expectation(expect: Mapping[str, Any]) -> str:
    """What a scenario expects, in words."""
    words = {"outcome": "decide {}", "escalate": "escalate: {}", "run": "run {}", "wait": "wait ({})"}
    return "; ".join(words.get(key, f"{key} {{}}").format(_listed(value)) for key, value in expect.items())


def same_scenario(one: Any, other: Any) -> bool:
    return canonical(one) == canonical(other)


def _listed(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "yes" if value is True else str(value)


def _run(run: Mapping[str, Any]) -> dict[str, Any]:
    found = _present(dict(run))
    if found.get("status") == "succeeded":
        del found["status"]
    return found


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
