"""A draft as sections of YAML: what stands in each, and which section an error belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from orchestration.facts import Problem
from orchestration.rules.pack import dump_yaml, load_yaml
from orchestration.rules.parse import RuleError

FRAME: Final = "frame"
_FRAME_KEYS: Final = ("outcomes", "feedback", "input_schema", "human_fields", "time_zone", "budget")
_FROZEN: Final = ("agent_version", "input_schema", "output_schema", "inline")
_SINGULAR: Final = {
    "rules": "rule",
    "tables": "table",
    "scenarios": "scenario",
    "parameters": "parameter",
    "agents": "step",
}
_EMPTY: Final = {"rules": [], "tables": [], "scenarios": [], "parameters": {}, "agents": {}, FRAME: {}}
SECTIONS: Final = (
    (
        "rules",
        "Rules",
        "Each rule: key, title, kind (rule or guard), priority, when, then. Those of higher priority come first.",
    ),
    (
        "tables",
        "Decision tables",
        "Each table: key, title, hit_policy, inputs, outputs, rows and, if you like, otherwise.",
    ),
    (
        "parameters",
        "Parameters",
        "Named values that rules refer to: type, value, minimum, maximum, label, help, unit.",
    ),
    (
        "agents",
        "Agent steps",
        "Each step: use (the agent), config, input (field: fact), timeout, attempts, on_failure (escalate, continue).",
    ),
    (
        "scenarios",
        "Scenarios",
        "Cases with the answer you expect. A version is published only when all of them hold.",
    ),
    (
        FRAME,
        "What goes in and comes out",
        "outcomes, feedback, input_schema, human_fields, time_zone and budget. They freeze with the version.",
    ),
)


@dataclass(slots=True)
class Section:
    name: str
    title: str
    help: str
    text: str
    errors: list[tuple[str, str]] = field(default_factory=list)  # place, what is wrong

    @property
    def rows(self) -> int:
        return min(max(self.text.count("\n") + 2, 4), 40)


def sections_of(document: Mapping[str, Any]) -> list[Section]:
    """The stored document as sections. What is frozen at each save (agent versions, their schemas) is left out."""
    return [Section(name, title, help_, _dumped(name, document)) for name, title, help_ in SECTIONS]


def sections_from(texts: Mapping[str, str]) -> list[Section]:
    """The sections as somebody typed them."""
    return [Section(name, title, help_, texts.get(name, "").replace("\r\n", "\n")) for name, title, help_ in SECTIONS]


def read_sections(sections: list[Section]) -> dict[str, Any] | None:
    """One document of all sections, or None where a text is no YAML: the section then says where and why."""
    data: dict[str, Any] = {"language": 1}
    for section in sections:
        if not section.text.strip():
            continue
        try:
            part = load_yaml(section.text)
        except RuleError as error:
            section.errors += [(problem.pointer, problem.detail) for problem in error.problems]
            continue
        if section.name != FRAME:
            data[section.name] = part
        elif isinstance(part, Mapping):
            unknown = [key for key in part if key not in _FRAME_KEYS]
            section.errors += [(f"/{key}", f"Possible are {', '.join(_FRAME_KEYS)}.") for key in unknown]
            data |= {key: value for key, value in part.items() if key in _FRAME_KEYS}
        else:
            section.errors.append(
                ("", f"Write names and values, such as outcomes: […]. Possible are {', '.join(_FRAME_KEYS)}.")
            )
    return None if any(section.errors for section in sections) else data


def place_errors(sections: list[Section], problems: tuple[Problem, ...], data: Mapping[str, Any]) -> None:
    """Put each problem beside the section it is about, its place in words."""
    by_name = {section.name: section for section in sections}
    for problem in problems:
        first = problem.pointer.strip("/").split("/")[0]
        section = by_name.get(first, by_name[FRAME])
        section.errors.append((place_in_words(problem.pointer, data), problem.detail))


def place_in_words(pointer: str, data: Any) -> str:
    """`/rules/3/when/fact` as `rule 4 (sanctions-hit) › when › fact`."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    if not parts:
        return "the version"
    words: list[str] = []
    if parts[0] in _SINGULAR and len(parts) > 1:
        words.append(_named(parts[0], parts[1], data))
        parts = parts[2:]
    words += [f"number {int(part) + 1}" if part.isdigit() else part for part in parts]
    return " › ".join(words)


def _named(section: str, part: str, data: Any) -> str:
    if not part.isdigit():
        return f"{_SINGULAR[section]} {part}"
    items = data.get(section) if isinstance(data, Mapping) else None
    item = items[int(part)] if isinstance(items, list) and int(part) < len(items) else {}
    name = (item.get("key") or item.get("title")) if isinstance(item, Mapping) else ""
    return f"{_SINGULAR[section]} {int(part) + 1}" + (f" ({name})" if isinstance(name, str) and name else "")


def _dumped(name: str, document: Mapping[str, Any]) -> str:
    if name == FRAME:
        part: Any = {key: document[key] for key in _FRAME_KEYS if key in document}
    else:
        part = document.get(name, _EMPTY[name])
    if name == "agents":
        part = {step: {key: value for key, value in one.items() if key not in _FROZEN} for step, one in part.items()}
    return dump_yaml(part) if part else ""
