"""Versions ready for use in this process: compiled once, kept while they are in use."""

from __future__ import annotations

import gc
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

from orchestration.agents.registry import registry
from orchestration.agents.within import problems_in
from orchestration.engine.compile import RuleSet, compile_version
from orchestration.facts import Problem
from orchestration.models import Workflow, WorkflowVersion
from orchestration.rules.language import VersionContent
from orchestration.rules.operators import parse_duration
from orchestration.rules.parse import version_from
from orchestration.rules.schema import schema_problems, validator

KEPT: Final = 32
"""So many versions stay compiled; the one used longest ago makes room."""


@dataclass
class Loaded:
    """A version's content, compiled, with the checks of what comes in under it. `row` is without its content."""

    row: WorkflowVersion
    content: VersionContent
    rule_set: RuleSet
    timeouts: Mapping[str, timedelta] = field(default_factory=dict)

    @cached_property
    def steps(self) -> dict[str, Any]:
        return {step.name: step for step in self.content.agents}

    @cached_property
    def all_inline(self) -> bool:
        return all(step.inline for step in self.content.agents)

    @cached_property
    def _input(self) -> Any:
        return validator(self.content.input_schema)

    @cached_property
    def _human(self) -> Any:
        return validator(self.content.human_fields)

    def payload_problems(self, payload: Any) -> list[Problem]:
        """What is wrong with a payload, every error at once; empty when it is good."""
        return problems_in(payload) or schema_problems(self._input, payload)

    def human_problems(self, answers: Any) -> list[Problem]:
        return problems_in(answers) or schema_problems(self._human, answers)


def loaded(version_id: int) -> Loaded:
    """The version, from this process's memory or compiled now. Versions in use are immutable."""
    with _lock:
        if found := _kept.get(version_id):
            _kept.move_to_end(version_id)
            return found
    row = WorkflowVersion.objects.defer("content").get(pk=version_id)
    content = version_from(WorkflowVersion.objects.values_list("content", flat=True).get(pk=version_id))
    made = Loaded(row, content, compile_version(content), {s.name: parse_duration(s.timeout) for s in content.agents})
    if not _kept:
        _spare_collector()
    with _lock:
        _kept[version_id] = made
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return made


def warm() -> None:
    """Load agents and published versions now, so that a process's first case is as quick as the others."""
    registry()
    for version_id in Workflow.objects.exclude(published_version=None).values_list("published_version_id", flat=True):
        loaded(version_id)


def forget_all() -> None:
    """Empty this process's memory, for tests that reuse row ids."""
    with _lock:
        _kept.clear()


def _spare_collector() -> None:
    """A case makes thousands of objects and hardly a circle: the collector need not look after every seven hundred,
    nor again and again through what is loaded by now and stays. Without this it took a sixth of a case's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


_lock = threading.Lock()
_kept: OrderedDict[int, Loaded] = OrderedDict()
