"""Checks a version before it is saved: what is wrong or doubtful, with its place and what was perhaps meant."""

from __future__ import annotations

from collections.abc import Collection

from orchestration.rules.catalogue import catalogue_of
from orchestration.rules.check_actions import check_derived, check_rules
from orchestration.rules.check_logic import check_logic
from orchestration.rules.check_scenarios import check_scenarios
from orchestration.rules.check_tables import check_tables
from orchestration.rules.check_version import check_foundations, check_unused
from orchestration.rules.findings import ERROR, Check, Finding
from orchestration.rules.guards import check_guards
from orchestration.rules.language import VersionContent

__all__ = ["Finding", "catalogue_of", "check"]


def check(
    content: VersionContent,
    *,
    queues: Collection[str] | None = None,
    workflows: Collection[str] | None = None,
) -> tuple[Finding, ...]:
    """All findings, errors first, each kind in the order of the document's sections.

    `queues` and `workflows`: the slugs that exist; None where that is not known, and then not checked.
    """
    found = Check(content, queues, workflows)
    check_foundations(found)
    check_rules(found)
    check_tables(found)
    check_derived(found)
    check_scenarios(found)
    check_guards(found)
    check_logic(found)
    check_unused(found)
    distinct = dict.fromkeys(found.findings)
    return tuple(sorted(distinct, key=lambda finding: finding.severity != ERROR))
