"""API keys: made once, shown once, kept as a hash; found again by that hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from orchestration.models import ApiKey, Client, Workflow
from orchestration.models.selects import Select
from orchestration.services.refusal import Refused

SCOPES: Final = ("cases:write", "cases:read", "workflows:read", "rules:evaluate")


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


def find_key(text: str) -> ApiKey | None:
    """The live key with this text, its client loaded; its use is noted once a minute."""
    key = _live_key.first(hashed=hashed(text))
    if key and (key.last_used_at is None or timezone.now() - key.last_used_at > timedelta(minutes=1)):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=Now())
    return key


def revoke(*, key_id: int) -> ApiKey:
    """End a key's life at once; one that is revoked already keeps its moment."""
    ApiKey.objects.filter(pk=key_id, revoked_at=None).update(revoked_at=Now())
    return ApiKey.objects.get(pk=key_id)


def hashed(text: str) -> str:
    """SHA-256: the text is 256 random bits, so a slow hash would protect nothing more."""
    return hashlib.sha256(text.encode()).hexdigest()


_LIVE = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=Now())) & Q(client__active=True)
_live_key = Select(lambda hashed: ApiKey.objects.select_related("client").filter(_LIVE, hashed=hashed).order_by())
