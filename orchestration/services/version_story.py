"""A version to read: its rules in the order they are walked, tables, steps, and whether its scenarios hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from orchestration.engine.compile import walk_order
from orchestration.engine.scenario import ScenarioResult
from orchestration.models import WorkflowVersion
from orchestration.rules.check import Finding
from orchestration.rules.explain import action_text, condition_text, fact_text
from orchestration.rules.language import (
    AgentStep,
    DecideOutput,
    DecisionTable,
    Rule,
    SetOutput,
    TableOutput,
    VersionContent,
)
from orchestration.rules.parse import RuleError, version_from
from orchestration.services.evidence import Judged, ScenarioProof, evidence_from
from orchestration.services.version import findings, scenario_results

HIT_POLICIES: Final = {
    "unique": "exactly one row may apply",
    "any": "rows that apply must agree",
    "priority": "of the rows that apply, the result listed first counts",
    "first": "the first row that applies counts",
    "rule_order": "every row that applies counts, in the order of rows",
    "output_order": "every row that applies counts, in the order of results",
    "collect": "every row that applies counts",
    "collect_sum": "the results of all rows that apply are added up",
    "collect_min": "the smallest result counts",
    "collect_max": "the largest result counts",
    "collect_count": "counts the rows that apply",
}


@dataclass(frozen=True, slots=True)
class RuleView:
    key: str
    title: str
    kind: str
    priority: int
    enabled: bool
    condition: str
    actions: tuple[str, ...]
    remarks: tuple[Finding, ...] = ()
    is_table: bool = False


@dataclass(frozen=True, slots=True)
class TableView:
    key: str
    title: str
    policy: str
    policy_words: str
    priority: int
    enabled: bool
    inputs: tuple[tuple[str, str], ...]  # title, fact
    outputs: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]  # key, conditions, results
    otherwise: tuple[str, ...] | None
    remarks: tuple[Finding, ...] = ()
    is_table: bool = True


@dataclass(frozen=True, slots=True)
class VersionStory(Judged):
    version: WorkflowVersion
    content: VersionContent | None
    unreadable: str
    blocks: tuple[RuleView | TableView, ...]  # in walk order, then what is switched off
    findings: tuple[Finding, ...]
    scenarios: tuple[ScenarioResult | ScenarioProof, ...]
    judged_at: datetime | None = None  # None: just now

    @property
    def passed(self) -> list[ScenarioResult | ScenarioProof]:
        return [one for one in self.scenarios if one.passed]

    @property
    def steps(self) -> tuple[AgentStep, ...]:
        return self.content.agents if self.content else ()


def version_story(version: WorkflowVersion) -> VersionStory:
    """Needs `workflow` loaded. Checks and scenarios are those of its submission; without one they are run now."""
    try:
        content = version_from(version.content)
    except RuleError as error:
        return VersionStory(version, None, str(error), (), (), ())
    submission = getattr(version, "submission", None)
    frozen = evidence_from(submission.evidence) if submission else None
    found = frozen.findings if frozen else findings(content, version.workflow)
    walked = walk_order(content)
    resting = [block for block in (*content.rules, *content.tables) if not block.enabled]
    return VersionStory(
        version=version,
        content=content,
        unreadable="",
        blocks=tuple(view_of(block, content, found) for block in (*walked, *resting)),
        findings=found,
        scenarios=frozen.scenarios if frozen else tuple(scenario_results(content)),
        judged_at=submission.at if submission else None,
    )


def view_of(block: Rule | DecisionTable, content: VersionContent, found: tuple[Finding, ...]) -> RuleView | TableView:
    remarks = tuple(one for one in found if one.rule and one.rule.split("/")[0] == block.key)
    if isinstance(block, DecisionTable):
        return _table(block, content, remarks)
    return RuleView(
        key=block.key,
        title=block.title,
        kind=block.kind,
        priority=block.priority,
        enabled=block.enabled,
        condition=condition_text(block.when, content),
        actions=tuple(action_text(action, content) for action in block.then),
        remarks=remarks,
    )


def _table(table: DecisionTable, content: VersionContent, remarks: tuple[Finding, ...]) -> TableView:
    return TableView(
        key=table.key,
        title=table.title,
        policy=table.hit_policy.replace("_", " "),
        policy_words=HIT_POLICIES.get(table.hit_policy, ""),
        priority=table.priority,
        enabled=table.enabled,
        inputs=tuple(
            (column.title or fact_text(column.fact, content).capitalize(), column.fact) for column in table.inputs
        ),
        outputs=tuple(_output(column, content) for column in table.outputs),
        rows=tuple((row.key, row.when, tuple(_cell(value) for value in row.then)) for row in table.rows),
        otherwise=None if table.otherwise is None else tuple(_cell(value) for value in table.otherwise),
        remarks=remarks,
    )


def _output(column: TableOutput, content: VersionContent) -> tuple[str, str]:
    if isinstance(column, SetOutput):
        return fact_text(column.fact, content).capitalize(), column.fact
    return ("Outcome", "decide") if isinstance(column, DecideOutput) else (f"Reason, to {column.queue}", "escalate")


def _cell(value: Any) -> str:
    return (
        "—"
        if value is None
        else {True: "yes", False: "no"}.get(value, str(value))
        if isinstance(value, bool)
        else str(value)
    )
