"""Agent steps of a draft: what may be set, what is wrong with it, saved, renamed and removed one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.contrib.auth.models import User
from pydantic import ValidationError

from orchestration.agents.configured import configured_schema
from orchestration.agents.found import Found
from orchestration.agents.found import Refused as Unusable
from orchestration.agents.frozen import frozen_step
from orchestration.agents.registry import registry
from orchestration.agents.secret_fields import replaced, secret_values
from orchestration.facts import Problem, check_values
from orchestration.models import WorkflowVersion
from orchestration.rules.check_version import check_foundations
from orchestration.rules.findings import Check
from orchestration.rules.language import AgentStep, VersionContent
from orchestration.rules.parse import MAX_DOCUMENT_DEPTH
from orchestration.rules.reading import NAME_LENGTH, WORD, Reader, at
from orchestration.rules.sections import read_step
from orchestration.services.document_lines import shown
from orchestration.services.draft import PartError, change_part, part_of, rename_part
from orchestration.services.editing import Remark, content_of
from orchestration.services.refusal import Refused
from orchestration.services.secret import REFERENCE
from orchestration.services.secret import names as secret_names
from orchestration.services.step_names import StepUse, renamed, step_uses

FROZEN: Final = ("agent_version", "input_schema", "output_schema", "inline")
"""What each save takes from the agent as installed; nobody writes it."""

PLACEHOLDER: Final = "a secret that is put in its place when the agent runs"
MOST_REMARKS: Final = 50
_KINDS: Final = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_parsing", "float_type", "decimal_parsing", "decimal_type"), "a number"),
    **dict.fromkeys(("date_parsing", "date_type", "date_from_datetime_parsing"), "a date such as 2026-11-30"),
    "string_type": "a text",
}
"""What a value must be, by the kind of pydantic's error."""


@dataclass(frozen=True, slots=True)
class SaidStep:
    """A step as read: `step` is its plain JSON, None where it cannot be read at all."""

    step: dict[str, Any] | None
    remarks: tuple[Remark, ...] = ()

    @property
    def wrong(self) -> bool:
        return any(one.severity == "error" for one in self.remarks)


class StepInUse(Refused):
    """The step is not removed while these use it."""

    def __init__(self, step: str, uses: tuple[StepUse, ...]) -> None:
        named = ", ".join(f"“{use.title}”" for use in uses[:5]) + (" and others" if len(uses) > 5 else "")
        super().__init__(f"“{step}” is still used by {named}. Change those first, then remove it.")
        self.uses = uses


def offered() -> list[dict[str, Any]]:
    """The installed agents as an editor lists them, with the schemas of what they take."""
    return [
        {
            "name": found.name,
            "title": found.title,
            "version": found.version,
            "description": found.description[:600],
            "package": found.package,
            "inline": found.inline,
            "input": found.input_schema,
            "config": found.config_schema,
        }
        for found in registry().agents.values()
    ]


def config_lines(use: str, config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The configuration as (place, value) to read, line by line; of secrets only their names."""
    if not config:
        return []
    found = registry().agents.get(use)
    hidden = replaced(config, found.config_schema, _secret_in_words) if found else config
    return list(_lines(hidden, ""))


def step_to_show(step: Mapping[str, Any]) -> dict[str, Any]:
    """The step for reading only: of a secret that is written out it says no more than that."""
    found, config = registry().agents.get(str(step.get("use", ""))), step.get("config")
    if found is None or not isinstance(config, Mapping):
        return dict(step)
    return {**step, "config": replaced(config, found.config_schema, _written_out_hidden)}


def plain_step(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The step as a person writes it."""
    return {key: value for key, value in stored.items() if key not in FROZEN}


def as_stored(value: Any, stored: Any) -> Any:
    """The value with numbers spelt as they are stored where they are the same: a browser takes 1.0 for 1."""
    if isinstance(value, Mapping) and isinstance(stored, Mapping):
        return {key: as_stored(below, stored.get(key)) for key, below in value.items()}
    if isinstance(value, list) and isinstance(stored, list):
        padded = [*stored, *([None] * len(value))]
        return [as_stored(below, old) for below, old in zip(value, padded, strict=False)]
    numbers = isinstance(value, int | float) and isinstance(stored, int | float)
    plain = not isinstance(value, bool) and not isinstance(stored, bool)
    return stored if numbers and plain and value == stored else value


def say_step(content: VersionContent, name: str, data: Any, *, key: str = "") -> SaidStep:
    """What is wrong with this step; pointers are within it, `/name` is its name. Nothing is stored.

    `key` is the name of the stored step that it replaces, "" for a new one.
    """
    reader = Reader()
    for problem in check_values(data, max_depth=MAX_DOCUMENT_DEPTH):
        reader.fault(problem.pointer, f"The value {problem.detail}.")
    if reader.problems:
        return SaidStep(None, _errors(reader.problems))
    remarks = list(_name_remarks(content, name, key))
    step = read_step(reader, "step" if remarks else name, data, "")
    remarks += _errors(reader.problems)
    if step is None or not isinstance(data.get("config", {}), Mapping):
        return SaidStep(None, tuple(remarks))
    found = registry().agents.get(step.use)
    if found is None:
        remarks.append(Remark("error", "/use", registry().why_not(step.use)))
    elif not reader.problems:
        remarks += config_remarks(found, step.config)
        remarks += _checked(content, replace(step, name=name), key, found)
    return SaidStep(plain_step(data), tuple(dict.fromkeys(remarks))[:MOST_REMARKS])


def config_remarks(found: Found, config: Mapping[str, Any]) -> list[Remark]:
    """What the agent's own Config model says, field by field; named secrets stand for texts of any kind."""
    known = set(secret_names())
    references: dict[str, str] = {}
    remarks: list[Remark] = []
    for place, value in secret_values(config, found.config_schema):
        if isinstance(value, Mapping) and len(value) == 1 and isinstance(value.get(REFERENCE), str):
            references[f"/config{place}"] = value[REFERENCE]
            if value[REFERENCE] not in known:
                said = f"There is no secret “{value[REFERENCE]}” yet. Choose another, or set it."
                remarks.append(Remark("warning", f"/config{place}", said))
        elif isinstance(value, str) and value:
            said = "A secret is written out here, for every reader. Choose a named secret instead."
            remarks.append(Remark("warning", f"/config{place}", said))
    filled = replaced(
        config, found.config_schema, lambda place, value: PLACEHOLDER if f"/config{place}" in references else value
    )
    faults: list[Remark] = []
    try:
        found.cls.Config.model_validate_json(json.dumps(filled, allow_nan=False))
    except ValidationError as error:
        shown = error.errors(include_url=False, include_input=False, include_context=False)
        for one in shown:
            pointer = _pointer(one["loc"], config, one["type"])
            if pointer not in references:
                faults.append(Remark("error", pointer, _sentence(one["msg"], one["type"])))
    except Exception as error:  # a validator of the plugin's that raises something else
        faults.append(Remark("error", "/config", f"{found.name} cannot check this ({type(error).__name__})."))
    if not faults:
        try:
            configured_schema(found, config)
        except Unusable as fault:
            faults.append(Remark("error", "/config", str(fault)))
    return [*faults, *remarks]


def save_step(
    *, version_id: int, key: str, name: str, value: Mapping[str, Any], seen: str, user: User, new: bool = False
) -> tuple[str, ...]:
    """Store the step under `name`; when it was called `key` before, what names it is told. Titles of what was told.

    Raises PartError with every fault at its field, Overtaken when somebody else changed the step, Refused.
    """
    version = WorkflowVersion.objects.select_related("workflow").filter(pk=version_id).first()
    if version is not None:
        _refuse_faults(version, "" if new else key, name, value)
    if not new and name != key:
        told = step_uses(version.content, key) if version is not None else ()
        rename_part(
            version_id=version_id,
            section="agents",
            key=key,
            name=name,
            value=dict(value),
            seen=seen,
            user=user,
            rewrite=lambda document: renamed(document, key, name),
        )
        return tuple(use.title for use in told)
    if not new and version is not None:
        part = part_of(version, "agents", name)
        if part.value is not None and part.seen == seen and plain_step(part.value) == dict(value):
            return ()
    change_part(version_id=version_id, section="agents", key=name, value=dict(value), seen=seen, user=user, new=new)
    return ()


def remove_step(*, version_id: int, name: str, seen: str, user: User) -> None:
    """Raises StepInUse naming what uses it, Overtaken as `change_part`, Refused."""
    version = WorkflowVersion.objects.filter(pk=version_id).first()
    if version is not None and (uses := step_uses(version.content, name)):
        raise StepInUse(name, uses)
    try:
        change_part(version_id=version_id, section="agents", key=name, value=None, seen=seen, user=user)
    except PartError as error:
        raise Refused(f"“{name}” is not removed: {error.problems[0].detail}") from None


def _secret_in_words(_: str, value: Any) -> Any:
    if isinstance(value, Mapping) and isinstance(value.get(REFERENCE), str):
        return f"the secret {value[REFERENCE]}"
    return _written_out_hidden("", value)


def _written_out_hidden(_: str, value: Any) -> Any:
    return "written out, not shown" if value and not isinstance(value, Mapping) else value


def _lines(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping | list) and value:
        below = value.items() if isinstance(value, Mapping) else enumerate(value, 1)
        for name, one in below:
            yield from _lines(one, f"{place} › {name}" if place else str(name))
    else:
        yield place, shown(value) if value not in ({}, []) else "empty"


def _refuse_faults(version: WorkflowVersion, key: str, name: str, value: Mapping[str, Any]) -> None:
    """The Config model is asked before anything is stored; places are those in the draft as it would become."""
    said = say_step(content_of(version), name, value, key=key)
    place = at("/agents", name)
    problems = [Problem(f"{place}{one.pointer}", one.detail) for one in said.remarks if one.severity == "error"]
    if problems:
        document = {**version.content, "agents": {**version.content.get("agents", {}), name: dict(value)}}
        raise PartError(tuple(problems), place, document)


def _name_remarks(content: VersionContent, name: str, key: str) -> Iterator[Remark]:
    if not WORD.fullmatch(name):
        said = f"Give the step a name of up to {NAME_LENGTH} letters, digits, “-” and “_”, starting with a letter."
        yield Remark("error", "/name", said)
    elif name != key and any(step.name == name for step in content.agents):
        yield Remark("error", "/name", f"There is a step “{name}” already. Choose another name.")


def _checked(content: VersionContent, step: AgentStep, key: str, found: Found) -> Iterator[Remark]:
    """What the version's checker says of this step, laid over the content in place of the one called `key`."""
    try:
        frozen = frozen_step(step, found)
    except Unusable:
        return  # said at the configuration already
    others = [one for one in content.agents if one.name not in (key, step.name)]
    check = Check(replace(content, agents=(*others, frozen)), None, None)
    check_foundations(check)
    place = at("/agents", step.name)
    for finding in check.findings:
        if finding.pointer == place or finding.pointer.startswith(f"{place}/"):
            yield Remark(finding.severity, finding.pointer.removeprefix(place), finding.message)


def _pointer(loc: tuple[int | str, ...], config: Any, kind: str) -> str:
    """A place in the configuration from pydantic's, which also names the members of unions on the way."""
    pointer, value = "/config", config
    for number, part in enumerate(loc):
        last = number == len(loc) - 1
        if isinstance(value, Mapping) and part in value:
            pointer, value = at(pointer, part), value[str(part)]
        elif isinstance(value, list | tuple) and isinstance(part, int) and part < len(value):
            pointer, value = at(pointer, part), value[part]
        elif last and kind == "missing":
            pointer = at(pointer, part)
    return pointer


def _sentence(message: str, kind: str) -> str:
    if kind == "missing":
        return "This must be filled in."
    if kind == "extra_forbidden":
        return "The agent knows no such setting."
    if kind in _KINDS:
        return f"This must be {_KINDS[kind]}."
    text = message.removeprefix("Value error, ").replace(" after validation", "")
    for theirs, ours in (("String ", "The text "), ("List ", "The list "), ("Input ", "This ")):
        text = ours + text.removeprefix(theirs) if text.startswith(theirs) else text
    return f"{text[:1].upper()}{text[1:]}"[:300].rstrip(".") + "."


def _errors(problems: list[Problem]) -> tuple[Remark, ...]:
    return tuple(Remark("error", one.pointer, one.detail) for one in problems)
