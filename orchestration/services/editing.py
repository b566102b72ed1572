"""What an editor of rules needs to know: the words it may use, and what a rule that is being written says."""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from orchestration.facts import PRIORITIES, Problem, check_values
from orchestration.models import Workflow, WorkflowVersion
from orchestration.rules.actions import OPERATIONS
from orchestration.rules.check_actions import check_derived, check_rules
from orchestration.rules.explain import rule_text
from orchestration.rules.findings import Check, Finding
from orchestration.rules.guards import check_guards
from orchestration.rules.language import Rule, VersionContent
from orchestration.rules.operators import OPERATORS
from orchestration.rules.pack import dump_yaml, load_yaml
from orchestration.rules.parse import MAX_DOCUMENT_DEPTH, RuleError, version_from
from orchestration.rules.reading import Reader, shown_kind
from orchestration.rules.reads import BY_THE_CLOCK
from orchestration.rules.sections import read_rule, write_rule
from orchestration.services.examples import recent_facts
from orchestration.services.unfinished import check_unfinished, unfinished_text
from orchestration.services.vocabulary import fact_groups, parameters_of

KEPT: Final = 4
MAX_SOURCE: Final = 200_000


@dataclass(frozen=True, slots=True)
class Remark:
    """Something wrong (error) or doubtful (warning) about a rule; the pointer is within the rule."""

    severity: str
    pointer: str
    detail: str


@dataclass(frozen=True, slots=True)
class Said:
    """A rule as read: `rule` is its plain JSON, None where it cannot be read; `sentence` says it in plain words."""

    rule: dict[str, Any] | None
    sentence: str = ""
    remarks: tuple[Remark, ...] = ()

    @property
    def wrong(self) -> bool:
        return any(one.severity == "error" for one in self.remarks)


def content_of(version: WorkflowVersion) -> VersionContent:
    """The version's content, read once for the many questions an editor asks. Raises RuleError."""
    with _lock:
        if found := _contents.get(version.digest):
            _contents.move_to_end(version.digest)
            return found
    content = version_from(version.content)
    with _lock:
        _contents[version.digest] = content
        while len(_contents) > KEPT:
            _contents.popitem(last=False)
    return content


def vocabulary(version: WorkflowVersion, content: VersionContent, *, examples: bool = False) -> dict[str, Any]:
    """Facts by source, operators, parameters, steps, outcomes, queues and workflows, for the editors.

    With `examples` each fact has a value from a recent case, for those who may see cases. Needs `workflow` loaded.
    """
    recent = recent_facts(version.workflow) if examples else []
    return {
        "facts": fact_groups(content, recent),
        "operators": [
            {
                "name": operator.name,
                "types": sorted(operator.types),
                "takes": operator.takes,
                "words": _operator_words(operator.words),
                "value": _value_kind(operator.name),
            }
            for operator in OPERATORS.values()
        ],
        "parameters": parameters_of(content),
        "steps": [{"name": step.name, "title": step.use} for step in content.agents],
        "outcomes": list(content.outcomes),
        "queues": [{"name": slug, "title": title} for slug, title in _queues(version)],
        "workflows": [{"name": slug, "title": title} for slug, title in Workflow.objects.values_list("slug", "title")],
        "priorities": list(PRIORITIES),
        "operations": list(OPERATIONS),
    }


def say(version: WorkflowVersion, content: VersionContent, data: Any, *, key: str = "") -> Said:
    """What this rule, stored or not, says and what is wrong with it. `key`: of the stored rule that it replaces."""
    reader = Reader()
    for problem in check_values(data, max_depth=MAX_DOCUMENT_DEPTH):
        reader.fault(problem.pointer, f"The value {problem.detail}.")
    if reader.problems:
        return Said(None, "", _errors(reader.problems))
    rule = read_rule(reader, data, "")
    if rule is None or reader.problems:
        checked = _check(version, content)
        check_unfinished(checked, data)
        remarks = (*_errors(reader.problems), *(_remark(one) for one in checked.findings))
        return Said(None, unfinished_text(data, content), tuple(dict.fromkeys(remarks)))
    place, laid = _laid_over(content, rule, key)
    remarks = [*_taken(content, rule.key, key), *_findings(version, laid, place)]
    return Said(write_rule(rule), rule_text(rule, laid), tuple(dict.fromkeys(remarks)))


def read_source(
    text: str, *, noun: str = "rule", entries: str = "key, title, when and then", most: int = MAX_SOURCE
) -> tuple[Any, tuple[Remark, ...]]:
    """YAML of one part as plain JSON, or what is wrong with the text, with its line."""
    if len(text) > most:
        return None, (Remark("error", "", f"The text of one {noun} has at most {most:,} characters."),)
    try:
        data = load_yaml(text)
    except RuleError as error:
        return None, _errors(error.problems)
    if not isinstance(data, Mapping):
        return None, (Remark("error", "", f"A {noun} has the entries {entries}; {_kind(data)}."),)
    return data, ()


def source_of(rule: Any) -> str:
    """The rule as YAML; as JSON, which is YAML too, where it holds what YAML for people cannot."""
    try:
        return dump_yaml(rule)
    except (TypeError, ValueError):
        return json.dumps(rule, ensure_ascii=True)


def to_wire(value: Any) -> Any:
    """The value for a browser, which would take 1.0 for 1: such numbers travel as `{"number": "1.0"}`."""
    if isinstance(value, float) and value.is_integer():
        return {"number": repr(value)}
    if isinstance(value, Mapping):
        return {key: to_wire(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [to_wire(below) for below in value]
    return value


def from_wire(value: Any) -> Any:
    """What `to_wire` made, as it was."""
    if isinstance(value, Mapping):
        number = value.get("number")
        if len(value) == 1 and isinstance(number, str) and _NUMBER.fullmatch(number):
            return float(number) if _FRACTION.search(number) else int(number)
        return {key: from_wire(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [from_wire(below) for below in value]
    return value


def _laid_over(content: VersionContent, rule: Rule, key: str) -> tuple[int, VersionContent]:
    """The content with the rule in the place of the one with this key, else at the end; and that place."""
    place = next((number for number, one in enumerate(content.rules) if one.key == key), len(content.rules))
    return place, replace(content, rules=(*content.rules[:place], rule, *content.rules[place + 1 :]))


def _findings(version: WorkflowVersion, laid: VersionContent, place: int) -> Iterable[Remark]:
    """Findings about the one rule: its own first, then what it does to others."""
    alone, together = _check(version, laid), _check(version, laid)
    alone.content = replace(laid, rules=(laid.rules[place],), tables=())  # its words are the whole version's
    check_rules(alone)
    check_derived(together)
    if laid.rules[place].kind == "guard":
        check_guards(together)
    found = [(one, "/rules/0") for one in alone.findings] + [(one, f"/rules/{place}") for one in together.findings]
    for finding, prefix in found:
        if finding.pointer == prefix or finding.pointer.startswith(f"{prefix}/"):
            yield _remark(finding, prefix)


def _check(version: WorkflowVersion, content: VersionContent) -> Check:
    queues = [slug for slug, _ in _queues(version)]
    return Check(content, queues, list(Workflow.objects.values_list("slug", flat=True)))


def _remark(finding: Finding, prefix: str = "") -> Remark:
    return Remark(finding.severity, finding.pointer.removeprefix(prefix), finding.message)


def _taken(content: VersionContent, wanted: str, key: str) -> Iterable[Remark]:
    """The key belongs to another rule or table already."""
    for kind, blocks in (("rule", content.rules), ("table", content.tables)):
        for block in blocks:
            if block.key == wanted and not (kind == "rule" and block.key == key):
                yield Remark("error", "/key", f"There is a {kind} “{wanted}” already. Choose another key.")
                return


def _errors(problems: Sequence[Problem]) -> tuple[Remark, ...]:
    return tuple(Remark("error", problem.pointer, problem.detail) for problem in problems)


def _queues(version: WorkflowVersion) -> list[tuple[str, str]]:
    return list(version.workflow.queues.values_list("slug", "title"))


def _operator_words(words: str) -> str:
    """`is at least {} ago` as `is at least … ago`; what ends with its value needs no dots."""
    return words.removesuffix(" {}").removesuffix(" {} and").replace("{}", "…")


def _value_kind(name: str) -> str:
    """What the operator's value is: like the fact, one of its elements, a count, a period or a pattern."""
    if name in BY_THE_CLOCK:
        return "period"
    return "count" if name.startswith("size_") else {"matches": "pattern"}.get(name, "same")


def _kind(data: Any) -> str:
    return "this is empty" if data is None else f"this is {shown_kind(data)}"


_NUMBER: Final = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,4})?")
_FRACTION: Final = re.compile(r"[.eE]")
_lock = threading.Lock()
_contents: OrderedDict[str, VersionContent] = OrderedDict()
