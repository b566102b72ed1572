"""The keys that seal and open secrets: from a setting of their own, else made from SECRET_KEY."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Final

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_PURPOSE: Final = b"conductor: secrets of agents"


def keys() -> MultiFernet:
    """The first key seals, all of them open. Keys made from SECRET_KEY and its fallbacks come last."""
    own = tuple(key.strip() for key in settings.CONDUCTOR["secrets_key"].split(",") if key.strip())
    return _keys(own, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def new_key() -> str:
    """A key for CONDUCTOR_SECRETS_KEY."""
    return Fernet.generate_key().decode()


@lru_cache(maxsize=4)
def _keys(own: tuple[str, ...], others: tuple[str, ...]) -> MultiFernet:
    try:
        given = [Fernet(key) for key in own]
    except ValueError:
        raise ImproperlyConfigured(
            "CONDUCTOR_SECRETS_KEY holds something that is no key. Make one with `manage.py secrets key`; "
            "several are separated by commas."
        ) from None
    return MultiFernet([*given, *(Fernet(_made_from(text)) for text in others)])


def _made_from(text: str) -> bytes:
    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(text.encode())
    return base64.urlsafe_b64encode(made)
