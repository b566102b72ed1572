"""Drafts: one part changed at a time, whoever else is at work on the others; thrown away while they are drafts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction

from orchestration.facts import Problem, digest
from orchestration.models import VersionStatus, WorkflowVersion
from orchestration.rules.reading import RuleError, at
from orchestration.services.refusal import Refused
from orchestration.services.version import save_draft
from orchestration.services.version_event import record

NAMED: Final = ("parameters", "agents")  # mappings by name; the other sections are lists
KEYED: Final = ("rules", "tables")
TRIES: Final = 10


@dataclass(frozen=True, slots=True)
class Part:
    """One rule, table, parameter, agent step or scenario as stored; `seen` is its digest, "" where there is none."""

    value: dict[str, Any] | None
    seen: str
    place: str  # JSON pointer into the document, "" where there is none


class Overtaken(Refused):
    """Somebody else changed this very part meanwhile. `now`: the part as stored, None where it was deleted."""

    def __init__(self, message: str, now: dict[str, Any] | None) -> None:
        super().__init__(message)
        self.now = now


class PartError(RuleError):
    """What is wrong with a change of a part, as pointers into `document`, the draft as it would have become.

    `place` is the part's own pointer: problems below it are its own. It is "" for a part to delete.
    """

    def __init__(self, problems: tuple[Problem, ...], place: str, document: Mapping[str, Any]) -> None:
        super().__init__(problems)
        self.place = place
        self.document = document


def part_of(version: WorkflowVersion, section: str, key: str) -> Part:
    """One part of the version. Scenarios have no key: theirs is their index, written as text."""
    document = version.content
    place = _find(document, section, key)
    if place is None:
        return Part(None, "", "")
    value = document[section][place]
    return Part(value, digest(value), at(at("", section), place))


def change_part(
    *,
    version_id: int,
    section: str,
    key: str,
    value: dict[str, Any] | None,
    seen: str,
    user: User,
    new: bool = False,
    position: int | None = None,
) -> WorkflowVersion:
    """Replace, add (`new`), move (`position`) or delete (`value` None) one part of a draft's newest revision.

    `seen` is the digest of the part as the person saw it. Raises PartError (a RuleError) when the draft would not
    pass its checks, Overtaken when that part was changed since, Refused when the version is no draft any more.
    """
    for _ in range(TRIES):
        version = _draft(version_id)
        document, place = _changed(version, section, key, value, seen, new, position)
        if _same(document, version):
            return version
        try:
            return save_draft(
                version_id=version_id, data=document, note=version.note, revision=version.revision, user=user
            )
        except WorkflowVersion.DoesNotExist:
            raise Refused(GONE) from None
        except RuleError as error:
            raise PartError(error.problems, place, document) from None
        except Refused:
            if _draft(version_id).revision == version.revision:
                raise
    raise Refused("Many people are saving this draft just now. Nothing of yours was stored; save again.")


def rename_part(
    *,
    version_id: int,
    section: str,
    key: str,
    name: str,
    value: dict[str, Any],
    seen: str,
    user: User,
    rewrite: Callable[[dict[str, Any]], dict[str, Any]],
) -> WorkflowVersion:
    """Give a named part another name and value in a draft's newest revision; `rewrite` tells those that name it.

    Raises as `change_part`.
    """
    for _ in range(TRIES):
        version = _draft(version_id)
        _seen_place(version.content, section, key, seen, deleting=False)
        _refuse_taken(version.content, section, name, name)
        document = rewrite({**version.content})
        parts = {(name if one == key else one): part for one, part in document[section].items()}
        document[section] = {**parts, name: value}
        place = at(at("", section), name)
        try:
            return save_draft(
                version_id=version_id, data=document, note=version.note, revision=version.revision, user=user
            )
        except WorkflowVersion.DoesNotExist:
            raise Refused(GONE) from None
        except RuleError as error:
            raise PartError(error.problems, place, document) from None
        except Refused:
            if _draft(version_id).revision == version.revision:
                raise
    raise Refused("Many people are saving this draft just now. Nothing of yours was stored; save again.")


def discard(*, version_id: int, user: User | None = None) -> int:
    """Delete a draft for good; its number. Raises Refused for anything that has left drafting."""
    with transaction.atomic():
        version = WorkflowVersion.objects.select_for_update().get(pk=version_id)
        if version.status != VersionStatus.DRAFT:
            raise Refused(f"Version {version.number} is part of the record and is never deleted.")
        record(version, "version.discarded", user=user)
        version.delete()
        return version.number


def _draft(version_id: int) -> WorkflowVersion:
    version = WorkflowVersion.objects.filter(pk=version_id).first()
    if version is None:
        raise Refused(GONE)
    if version.status != VersionStatus.DRAFT:
        raise Refused(f"Version {version.number} is {version.get_status_display().lower()} and never changes.")
    return version


def _changed(
    version: WorkflowVersion,
    section: str,
    key: str,
    value: dict[str, Any] | None,
    seen: str,
    new: bool,
    position: int | None,
) -> tuple[dict[str, Any], str]:
    """The document with the change, and the pointer of the part in it."""
    document = dict(version.content)
    named = section in NAMED
    parts: Any = dict(document.get(section, {})) if named else list(document.get(section, []))
    if new:
        place = key if named else _bounded(position, len(parts))
        _refuse_taken(document, section, key if named or not value else str(value.get("key", key)), place)
        if named:
            parts[key] = value
        else:
            parts.insert(place, value)
    else:
        place = _seen_place(document, section, key, seen, deleting=value is None)
        if value is not None:
            parts[place] = value
        elif place is not None:
            del parts[place]
            place = None
        if value is not None and position is not None and not named:
            parts.insert(_bounded(position, len(parts) - 1), parts.pop(place))
            place = _bounded(position, len(parts) - 1)
    if parts:
        document[section] = parts
    else:
        document.pop(section, None)
    return document, "" if place is None else at(at("", section), place)


def _seen_place(document: Mapping[str, Any], section: str, key: str, seen: str, *, deleting: bool) -> Any:
    """Where the part is that the person saw; None for one to delete that is gone already. Raises Overtaken."""
    place = _find(document, section, key)
    if section == "scenarios" and (place is None or digest(document[section][place]) != seen):
        same = [number for number, one in enumerate(document.get(section, [])) if digest(one) == seen]
        place = same[0] if same else place  # it moved when somebody added or deleted another
    if place is None:
        if deleting:
            return None
        raise Overtaken("Somebody else deleted this meanwhile. Yours was not stored.", None)
    now = document[section][place]
    if digest(now) != seen:
        raise Overtaken("Somebody else changed this while you edited it. Yours was not stored.", now)
    return place


def _refuse_taken(document: Mapping[str, Any], section: str, key: str, place: str | int) -> None:
    parts = document.get(section, ())
    taken = key in parts if section in NAMED else any(one.get("key") == key for one in parts if section in KEYED)
    if taken:
        noun = {"rules": "rule", "tables": "table", "parameters": "parameter"}.get(section, "step")
        own = at(at("", section), place)
        pointer = own if section in NAMED else at(own, "key")
        raise PartError((Problem(pointer, f"There is a {noun} “{key}” already. Choose another key."),), own, document)


def _find(document: Mapping[str, Any], section: str, key: str) -> Any:
    """The part's key or index within its section; None where there is none."""
    parts = document.get(section, {} if section in NAMED else [])
    if section in NAMED:
        return key if key in parts else None
    if section in KEYED:
        return next((number for number, one in enumerate(parts) if one.get("key") == key), None)
    return int(key) if key.isascii() and key.isdigit() and len(key) < 9 and int(key) < len(parts) else None


def _same(document: Mapping[str, Any], version: WorkflowVersion) -> bool:
    try:
        return digest(document) == version.digest
    except ValueError:  # not JSON: NaN or a lone surrogate, which the checks name
        return False


def _bounded(position: int | None, most: int) -> int:
    return most if position is None else max(0, min(position, most))


GONE: Final = "This draft was deleted by somebody. What you typed is still on this page: copy it before you leave."
