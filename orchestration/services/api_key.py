"""API keys: made once, shown once, kept as a hash; found again by that hash."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from orchestration.models import ApiKey, Client, Workflow
from orchestration.models.selects import Pair, Select
from orchestration.models.webhook import endpoints_of
from orchestration.services.refusal import Refused

SCOPES: Final = ("cases:write", "cases:read", "workflows:read", "rules:evaluate")
NAME_LENGTH: Final = 120
KEPT_FOR: Final = 1.0
"""Seconds for which a process that takes cases in goes by the key and the workflow it read; so long a key that is
revoked, a pause or a publication takes to reach every process."""
MOST_KEPT: Final = 1_000


def create_key(
    *,
    name: str,
    scopes: Collection[str],
    client: str = "",
    workflows: Collection[str] = (),
    expires_at: datetime | None = None,
    test: bool = False,
    secret: str | None = None,
) -> tuple[ApiKey, str]:
    """A new key of the client (made where it is new; `name` where none is given) and its text, seen only now.

    `secret` fixes the text, for the demo. Raises Refused on an unknown scope or workflow.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise Refused(f"{', '.join(unknown) or 'No scope'} given; scopes are {', '.join(SCOPES)}.")
    rows = list(Workflow.objects.filter(slug__in=workflows))
    if len(max(name, client, key=len)) > NAME_LENGTH:
        raise Refused(f"The name of a key or client has at most {NAME_LENGTH} characters.")
    if missing := sorted(set(workflows) - {row.slug for row in rows}):
        raise Refused(f"There is no workflow {', '.join(missing)}.")
    text = secret or f"ck_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        owner, _ = Client.objects.get_or_create(name=client or name, defaults={"test": test})
        key = ApiKey.objects.create(
            client=owner,
            name=name,
            hint=text[:8],
            hashed=hashed(text),
            scopes=sorted(set(scopes)),
            expires_at=expires_at,
        )
        key.workflows.set(rows)
    return key, text


def find_key(text: str, *, workflow: str = "") -> ApiKey | None:
    """The live key with this text, its client loaded; its use is noted once a minute.

    With it, as `key.named`, the workflow with this slug if there is one; `named.permitted` says whether the key is
    for it. Both are then at most `KEPT_FOR` old and shared by requests, so nobody changes them.
    """
    asked = (hashed(text), workflow)
    kept = _kept.get(asked)
    if kept is not None and kept.holds():
        return kept.key
    key: Any = _found(*asked)
    if key is not None and key.named is not None and key.named.published_version_id:  # what is not there yet may come
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[asked] = _Kept(key, time.monotonic())
    return cast(ApiKey | None, key)


def revoke(*, key_id: int) -> ApiKey:
    """End a key's life at once; one that is revoked already keeps its moment."""
    ApiKey.objects.filter(pk=key_id, revoked_at=None).update(revoked_at=Now())
    forget_all()
    return ApiKey.objects.get(pk=key_id)


def forget_all() -> None:
    """This process reads keys and workflows anew."""
    _kept.clear()


def hashed(text: str) -> str:
    """SHA-256: the text is 256 random bits, so a slow hash would protect nothing more."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Kept:
    key: ApiKey
    read_at: float  # monotonic

    def holds(self) -> bool:
        expires_at = self.key.expires_at
        return time.monotonic() - self.read_at < KEPT_FOR and (expires_at is None or expires_at > timezone.now())


_kept: dict[tuple[str, str], _Kept] = {}  # by the key's hash and the workflow's slug


def _found(key_hash: str, slug: str) -> ApiKey | None:
    key: Any
    if slug:
        key, named = _key_and_workflow(hashed=key_hash, slug=slug)
    else:
        key, named = _live_key.first(hashed=key_hash), None
    if key is None:
        return None
    key.named = named
    key.client.has_endpoints = key.told
    if key.last_used_at is None or timezone.now() - key.last_used_at > timedelta(minutes=1):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=Now())
    return cast(ApiKey, key)


_LIVE = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=Now())) & Q(client__active=True)


def permitted(workflow: str, **key: Any) -> Q:
    """Whether the key is for the workflow whose id is in this field: it is limited to none, or to this one too."""
    limits = ApiKey.workflows.through.objects.filter(**{f"apikey__{name}": value for name, value in key.items()})
    return Q(~Exists(limits)) | Q(Exists(limits.filter(workflow_id=OuterRef(workflow))))


_live_key = Select(
    lambda hashed: (
        ApiKey.objects.select_related("client")
        .annotate(told=endpoints_of("client_id"))
        .filter(_LIVE, hashed=hashed)
        .order_by()
    )
)

_key_and_workflow = Pair(
    _live_key,
    Select(
        lambda hashed, slug: (
            Workflow.objects.filter(slug=slug).annotate(permitted=permitted("pk", hashed=hashed)).order_by()
        )
    ),
)
