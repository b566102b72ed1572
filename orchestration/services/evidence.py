"""What speaks for a version and against it: findings, scenario results, and what it changes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from orchestration.models import Workflow, WorkflowVersion
from orchestration.rules.difference import Change, difference
from orchestration.rules.findings import Finding
from orchestration.rules.language import VersionContent
from orchestration.rules.parse import RuleError, version_from
from orchestration.services.version import findings, scenario_results


@dataclass(frozen=True, slots=True)
class ScenarioProof:
    title: str
    passed: bool
    message: str


class Judged:
    """What findings and scenario results come to, for whatever holds the two."""

    __slots__ = ()
    findings: tuple[Finding, ...]
    scenarios: tuple[Any, ...]

    @property
    def errors(self) -> list[Finding]:
        return [one for one in self.findings if one.severity == "error"]

    @property
    def warnings(self) -> list[Finding]:
        return [one for one in self.findings if one.severity != "error"]

    @property
    def failed(self) -> list[Any]:
        return [one for one in self.scenarios if not one.passed]


@dataclass(frozen=True, slots=True)
class Evidence(Judged):
    """`compared_with`: number of the version that `changes` start from, None where there was none to compare with."""

    findings: tuple[Finding, ...]
    scenarios: tuple[ScenarioProof, ...]
    changes: tuple[Change, ...]
    compared_with: int | None

    def document(self) -> dict[str, Any]:
        return asdict(self)


def gathered(content: VersionContent, workflow: Workflow) -> Evidence:
    """Taken now, against the version that is published now. Runs every scenario."""
    published = workflow.published_version
    return Evidence(
        findings=findings(content, workflow),
        scenarios=tuple(ScenarioProof(one.title, one.passed, one.message) for one in scenario_results(content)),
        changes=changes_between(published, content),
        compared_with=published.number if published else None,
    )


def evidence_from(document: dict[str, Any]) -> Evidence:
    """What `Evidence.document` wrote."""
    return Evidence(
        findings=tuple(Finding(**one) for one in document["findings"]),
        scenarios=tuple(ScenarioProof(**one) for one in document["scenarios"]),
        changes=tuple(Change(**{**one, "sentences": tuple(one["sentences"])}) for one in document["changes"]),
        compared_with=document["compared_with"],
    )


def changes_between(before: WorkflowVersion | None, after: VersionContent) -> tuple[Change, ...]:
    """Empty where there is nothing to compare with, or it cannot be read any more."""
    if before is None:
        return ()
    try:
        return difference(version_from(before.content), after)
    except RuleError:
        return ()
