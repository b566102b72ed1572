"""Secrets: kept sealed, named in configurations, and put in their place only right before an agent runs."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from cryptography.fernet import InvalidToken
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from orchestration.agents.outcome import Outcome, failed
from orchestration.agents.registry import registry
from orchestration.agents.secret_fields import marked_names, replaced, secret_values
from orchestration.agents.text import SHORTEST_SECRET, secrets_of
from orchestration.models import Case, Secret, WorkflowVersion
from orchestration.models.case import UNDECIDED
from orchestration.rules.findings import WARNING, Finding
from orchestration.rules.language import VersionContent
from orchestration.rules.reading import at
from orchestration.services.agent_event import record
from orchestration.services.agent_use import IN_USE
from orchestration.services.refusal import Refused
from orchestration.services.sealing import keys

REFERENCE: Final = "secret"
"""`{secret: NAME}` stands in a configuration for the value of the secret of that name."""

LONGEST: Final = 16_384
NOTE_CHARACTERS: Final = 300
NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,79}")


class Unresolved(Exception):
    """A configuration cannot be completed; the sentence names the place, the secret and the cure, never a value."""


@dataclass(frozen=True, slots=True)
class SecretUse:
    """A step of a version whose configuration names the secret."""

    version: WorkflowVersion
    step: str


def set_secret(*, name: str, value: str, note: str, user: User | None) -> Secret:
    """Make the secret, or replace its value. Agents get the new one from their next attempt on.

    Raises Refused: a bad name, a value that is too short, too long or not storable.
    """
    if not NAME.fullmatch(name):
        raise Refused("A secret's name has up to 80 small letters, digits, _ and -, and begins with a letter.")
    if not SHORTEST_SECRET <= len(value) <= LONGEST:
        raise Refused(f"A secret has {SHORTEST_SECRET} to {LONGEST:,} characters; a shorter one could be guessed.")
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise Refused("The value holds a character that cannot be stored. Was it copied whole?")
    sealed = _seal(name, value)
    with transaction.atomic():
        secret, new = Secret.objects.update_or_create(
            name=name,
            defaults={
                "sealed": sealed,
                "note": note.strip()[:NOTE_CHARACTERS],
                "changed_by": user,
                "changed_at": Now(),
            },
        )
        record("secret.created" if new else "secret.changed", user=user, about={"secret": name})
    secret.refresh_from_db()
    return secret


def delete_secret(*, name: str, user: User | None) -> None:
    """Forget the secret. Raises Refused while a version that is in use names it, or when there is none."""
    with transaction.atomic():
        secret = Secret.objects.select_for_update().filter(name=name).first()
        if secret is None:
            raise Refused(f"There is no secret named “{name}”.")
        if found := uses().get(name):
            places = "; ".join(f"{one.version}, step {one.step}" for one in found[:3])
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            raise Refused(f"“{name}” is in use: {places}{more}. Take it out of these steps first.")
        secret.delete()
        record("secret.deleted", user=user, about={"secret": name})


def names() -> list[str]:
    """Of all secrets, in alphabetical order."""
    return list(Secret.objects.order_by("name").values_list("name", flat=True))


def settings() -> list[str]:
    """The names under which configurations of installed agents hold secrets."""
    return marked_names(found.config_schema for found in registry().agents.values())


def resolve(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with values where it names secrets, at fields that the schema marks as a password.

    Raises Unresolved for a secret that is not there or cannot be opened. One query, and none without references.
    """
    asked = {str(value[REFERENCE]) for _, value in secret_values(config, schema) if _is_reference(value)}
    if not asked:
        return dict(config)
    sealed = dict(Secret.objects.filter(name__in=asked).values_list("name", "sealed"))
    opened = {name: _open(name, text) for name, text in sealed.items()}

    def value_at(place: str, value: Any) -> Any:
        if not _is_reference(value):
            return value
        name = value[REFERENCE]
        if name not in opened:
            raise Unresolved(f"The configuration names the secret “{name}” at {place}, but there is none. Set it.")
        return opened[name]

    return replaced(config, schema, value_at)


def withheld(outcome: Outcome, config: Mapping[str, Any], schema: Mapping[str, Any]) -> Outcome:
    """The outcome, unless its output holds a secret of the configuration; of the evidence such entries are left out.

    Texts have been cleaned by then; an output that was changed would no longer be what the agent said.
    """
    return without(outcome, secrets_of(config, schema))


def without(outcome: Outcome, values: Collection[str]) -> Outcome:
    """As `withheld`, for these secrets."""
    if not values:
        return outcome
    if holds_any(outcome.output, values):
        told = "The output holds a secret of the configuration, so it is not kept."
        return failed("output", told, permanent=True, cost=outcome.cost)
    return replace(outcome, evidence=tuple(entry for entry in outcome.evidence if not holds_any(entry, values)))


def named_in(config: Mapping[str, Any]) -> frozenset[str]:
    """The values of the secrets that a configuration names, wherever it does; of those that can be opened."""
    found = set()
    for name, sealed in Secret.objects.filter(name__in=set(_named(config))).values_list("name", "sealed"):
        with suppress(Unresolved):
            found.add(_open(name, sealed))
    return frozenset(found)


def holds_any(document: object, texts: Collection[str]) -> bool:
    """Whether one of the texts is in any key or value of the document."""
    front = [document]
    while front:
        one = front.pop()
        if isinstance(one, str) and any(text in one for text in texts):
            return True
        if isinstance(one, Mapping):
            front += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple):
            front += one
    return False


def references(content: VersionContent | Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Which steps of this content name which secrets: steps by secret."""
    found: dict[str, list[str]] = defaultdict(list)
    for step, config in _configs(content):
        for name in dict.fromkeys(_named(config)):
            found[name].append(step)
    return {name: tuple(steps) for name, steps in sorted(found.items())}


def uses() -> dict[str, tuple[SecretUse, ...]]:
    """Who names which secret: steps of versions that are in use, those with undecided cases included."""
    undecided = Exists(Case.objects.filter(version=OuterRef("pk"), status__in=UNDECIDED))
    versions = WorkflowVersion.objects.filter(Q(status__in=IN_USE) | Q(undecided)).select_related("workflow")
    found: dict[str, list[SecretUse]] = defaultdict(list)
    for version in versions.filter(content__contains=f'"{REFERENCE}"').order_by("workflow__title", "-number"):
        for name, steps in references(version.content).items():
            found[name] += [SecretUse(version, step) for step in steps]
    return {name: tuple(users) for name, users in sorted(found.items())}


def secret_findings(content: VersionContent) -> tuple[Finding, ...]:
    """Warnings: a secret written out in a configuration, and one that is named but not set yet."""
    there = set(names()) if references(content) else set()
    found = []
    for step in content.agents:
        agent = registry().agents.get(step.use)
        for place, value in secret_values(step.config, agent.config_schema) if agent else ():
            pointer = f"{at('/agents', step.name)}/config{place}"
            if not _is_reference(value):
                if isinstance(value, str) and value:
                    said = "A secret is written out here for all to read. Set it under a name and write {secret: NAME}."
                    found.append(Finding(WARNING, pointer, "", said))
            elif value[REFERENCE] not in there:
                said = f"There is no secret named “{value[REFERENCE]}” yet. The step fails until somebody sets it."
                found.append(Finding(WARNING, pointer, "", said))
    return tuple(found)


def seal_anew(*, user: User | None = None) -> int:
    """Seal every secret with the first key, so that former keys can be taken away. How many there are.

    Raises Unresolved, with nothing changed, when one cannot be opened.
    """
    with transaction.atomic():
        rows = list(Secret.objects.select_for_update().order_by("name"))
        for row in rows:
            Secret.objects.filter(pk=row.pk).update(sealed=_seal(row.name, _open(row.name, row.sealed)))
        record("secrets.sealed_anew", user=user, about={"count": len(rows)})
    return len(rows)


def _seal(name: str, value: str) -> str:
    """The name is sealed in, so that nobody who can write to the database puts one secret in another's place."""
    return keys().encrypt(json.dumps([name, value]).encode()).decode()


def _open(name: str, sealed: str) -> str:
    try:
        sealed_name, value = json.loads(keys().decrypt(sealed.encode()))
    except ImproperlyConfigured as error:
        raise Unresolved(str(error)) from None
    except (InvalidToken, ValueError):
        told = (
            "It was sealed with a key that is no longer in CONDUCTOR_SECRETS_KEY. Bring the key back, or set it anew."
        )
        raise Unresolved(f"The secret “{name}” cannot be opened. {told}") from None
    if sealed_name != name:
        raise Unresolved(f"The secret “{name}” holds what was sealed as “{sealed_name}”. Set it anew.")
    return str(value)


def _is_reference(value: object) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and isinstance(value.get(REFERENCE), str)


def _configs(content: VersionContent | Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    if isinstance(content, VersionContent):
        return [(step.name, step.config) for step in content.agents]
    return [(step, spec.get("config") or {}) for step, spec in (content.get("agents") or {}).items()]


def _named(value: object) -> Iterable[str]:
    """Names in everything that looks like a reference: whether the agent is installed or not, it may be one."""
    front = [value]
    while front:
        one = front.pop()
        if isinstance(one, Mapping):
            if _is_reference(one):
                yield one[REFERENCE]
            front += one.values()
        elif isinstance(one, list | tuple):
            front += one
