"""Parameters of a draft: changed together or not at all, and what they were in earlier versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction

from orchestration.models import WorkflowVersion
from orchestration.rules.parameter_uses import Use, parameter_uses
from orchestration.rules.parse import version_from
from orchestration.rules.reading import RuleError
from orchestration.rules.sheet_cells import plain, write_values
from orchestration.services.draft import Overtaken, PartError, change_part
from orchestration.services.refusal import Refused

LOOKED_BACK: Final = 30
"""Published versions that the history of values reaches back to."""


@dataclass(frozen=True, slots=True)
class Change:
    """One parameter as it shall be (`value` None: deleted), and the digest of what the person saw."""

    name: str
    value: Mapping[str, Any] | None
    seen: str
    new: bool = False


class ParametersRefused(Exception):
    """None of the changes is stored: what is wrong with each, by parameter."""

    def __init__(self, faults: Mapping[str, PartError | Overtaken]) -> None:
        self.faults = faults
        super().__init__(", ".join(faults))


def change_parameters(*, version_id: int, changes: Sequence[Change], user: User) -> None:
    """Store all changes, or none. Raises ParametersRefused; Refused when the version is no draft any more."""
    faults: dict[str, PartError | Overtaken] = {}
    with transaction.atomic():
        for change in changes:
            value = None if change.value is None else dict(change.value)
            try:
                change_part(
                    version_id=version_id,
                    section="parameters",
                    key=change.name,
                    value=value,
                    seen=change.seen,
                    user=user,
                    new=change.new,
                )
            except (PartError, Overtaken) as fault:
                faults[change.name] = fault
        if faults:
            raise ParametersRefused(faults)


def delete_parameter(*, version_id: int, name: str, seen: str, user: User) -> None:
    """Delete a parameter that nothing reads. Raises Refused naming what reads it, Overtaken as `change_part`."""
    version = WorkflowVersion.objects.filter(pk=version_id).first()
    if version is not None:
        uses = uses_in(version.content).get(name, ())
        if uses:
            listed = ", ".join(f"“{use.title}”" for use in uses[:5]) + (" and others" if len(uses) > 5 else "")
            raise Refused(f"“{name}” is still used by {listed}. Change those first, then delete it.")
    try:
        change_part(version_id=version_id, section="parameters", key=name, value=None, seen=seen, user=user)
    except PartError as error:
        raise Refused(f"“{name}” is not deleted: {error.problems[0].detail}") from None


def uses_in(document: Mapping[str, Any]) -> dict[str, tuple[Use, ...]]:
    """Parameter → the rules and tables that read it; nothing where the document cannot be read."""
    try:
        return parameter_uses(version_from(document))
    except RuleError:
        return {}


def value_histories(version: WorkflowVersion) -> dict[str, str]:
    """Parameter → `0.85 since version 7, 0.8 before`, from this version and the published ones before it."""
    earlier = (
        WorkflowVersion.objects.filter(workflow_id=version.workflow_id, number__lt=version.number)
        .exclude(published_at=None)
        .order_by("-number")
        .values_list("number", "content")[:LOOKED_BACK]
    )
    past = [(number, content.get("parameters", {})) for number, content in earlier]
    own = version.content.get("parameters", {})
    return {name: _history(name, one, version, past) for name, one in own.items()}


def value_text(parameter: Mapping[str, Any]) -> str:
    """The value as a person reads and writes it."""
    value = parameter.get("value")
    if isinstance(value, list | tuple):
        return str(write_values(value, "number") or "")
    return "" if value is None else plain(value)


def _history(name: str, own: Mapping[str, Any], version: WorkflowVersion, past: Sequence[tuple[int, Any]]) -> str:
    runs: list[tuple[str, int]] = [(value_text(own), version.number)]  # value, first version that had it
    began = False
    for number, parameters in past:
        if name not in parameters:
            began = True
            break
        text = value_text(parameters[name])
        if text == runs[-1][0]:
            runs[-1] = (text, number)
        else:
            runs.append((text, number))
    current, *before = runs
    if not past or (len(runs) == 1 and current[1] == version.number):
        return "New in this version."
    said = (
        f"{current[0]} since this version"
        if current[1] == version.number
        else f"{current[0]} since version {current[1]}"
    )
    for place, (text, number) in enumerate(before[:4]):
        last = place == len(before) - 1 and not began
        said += f", {text} before" if last else f", {text} since version {number}"
    return said + (", and earlier values." if len(before) > 4 else ".")
