"""Where a version names an agent step: in rules, tables, scenarios and the inputs of other steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_FACT_KEYS: Final = ("fact", "some", "every", "none", "until")
_MAPS_OF_FACTS: Final = ("payload", "input")


@dataclass(frozen=True, slots=True)
class StepUse:
    """A rule, table, scenario or other step that names the step; `key` is a scenario's index, written as text."""

    section: str
    key: str
    title: str


def step_uses(document: Mapping[str, Any], step: str) -> tuple[StepUse, ...]:
    """What names the step, in the order of the document."""
    own = StepUse("agents", step, step)
    return tuple(use for use, part in _parts(document) if use != own and _renamed(part, step, "") != part)


def renamed(document: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    """The document with every mention of the step under its new name; the step itself is left where it is."""
    found = dict(document)
    for section in ("rules", "tables", "scenarios"):
        if section in found:
            found[section] = [_renamed(part, old, new) for part in found[section]]
    if "agents" in found:
        found["agents"] = {name: _renamed(part, old, new) for name, part in found["agents"].items()}
    return found


def _parts(document: Mapping[str, Any]) -> Iterator[tuple[StepUse, Any]]:
    for section in ("rules", "tables"):
        for part in document.get(section, ()):
            yield StepUse(section, part["key"], part.get("title") or part["key"]), part
    for name, part in document.get("agents", {}).items():
        yield StepUse("agents", name, name), {"input": part.get("input", {})}
    for number, part in enumerate(document.get("scenarios", ())):
        yield StepUse("scenarios", str(number), part.get("title") or f"scenario {number + 1}"), part


def _renamed(part: Any, old: str, new: str, *, within: str = "") -> Any:
    """Only where a fact or a step can stand: a text that merely looks like one is a value of the case."""
    if isinstance(part, Mapping):
        found = {}
        for key, value in part.items():
            if key == "run" and isinstance(value, list | tuple):
                found[key] = [new if one == old else one for one in value]
            elif within == "given" and key == "agents" and isinstance(value, Mapping):
                found[key] = {(new if one == old else one): below for one, below in value.items()}
            elif key in ("config", "input_schema", "output_schema"):
                found[key] = value
            elif key in _MAPS_OF_FACTS and isinstance(value, Mapping):
                found[key] = {one: _fact(below, old, new) for one, below in value.items()}
            elif key in _FACT_KEYS and isinstance(value, str):
                found[key] = _fact(value, old, new)
            elif within == "given":
                found[key] = value  # facts of a case, whatever they look like
            else:
                found[key] = _renamed(value, old, new, within=key)
        return found
    if isinstance(part, list | tuple):
        return [_renamed(one, old, new) for one in part]
    return part


def _fact(path: Any, old: str, new: str) -> Any:
    start = f"agents.{old}"
    if isinstance(path, str) and (path == start or path.startswith(f"{start}.")):
        return f"agents.{new}{path[len(start) :]}"
    return path
