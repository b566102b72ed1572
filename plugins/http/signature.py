"""The signature by which a service knows that a call is ours (standardwebhooks.com, symmetric, version 1)."""

from __future__ import annotations

import base64
import hashlib
import hmac


def signed(key: bytes, *, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a signed call."""
    content = b".".join((id.encode(), str(timestamp).encode(), body))
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {"webhook-id": id, "webhook-timestamp": str(timestamp), "webhook-signature": f"v1,{signature}"}
