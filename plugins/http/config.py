"""What an analyst sets up for a call: where it goes, the shared secret, and the form of the answer."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any, Final

import httpx2
import jsonschema_rs
from pydantic import Field, SecretStr, StringConstraints, field_validator

from orchestration.plugin_api import Model

_OURS: Final = re.compile(
    r"webhook-.*|host|content-.*|transfer-encoding|accept-encoding|connection|keep-alive|upgrade|te|trailer|expect|"
    r"proxy-.*"
)
_SHORTEST_KEY, _LONGEST_KEY = 24, 64

Address = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^https?://[^\s/@?#\\]+([/?][^\s@#\\]*)?$")]
HeaderName = Annotated[str, StringConstraints(max_length=100, pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
HeaderValue = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$")]


class Config(Model):
    url: Address = Field(title="Address of the service", description="Each run is posted here.")
    secret: SecretStr = Field(
        title="Shared secret",
        description="Signs each call (Standard Webhooks): whsec_ and 24 to 64 random bytes in base64.",
    )
    output_schema: dict[str, Any] = Field(
        title="Form of the answer (JSON Schema)", description="Its fields become facts for rules."
    )
    headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict,
        max_length=20,
        title="Further headers",
        description="Seen by everybody who sees the version, so no place for secrets.",
    )
    bearer: SecretStr = Field(
        default=SecretStr(""),
        max_length=2_000,
        title="Access token",
        description="Sent as “Authorization: Bearer …” where the service wants one besides the signature.",
    )
    timeout: float = Field(
        default=15.0, gt=0, le=600, title="Seconds to wait for an answer", description="Never past the step's timeout."
    )
    health_url: Address | None = Field(
        default=None, title="Address for health checks", description="Answers a GET with 2xx when the service can work."
    )
    allow_private_addresses: bool = Field(
        default=False,
        title="May be inside our own network",
        description="Without it, a service at a private or local address is never called.",
    )

    @field_validator("url", "health_url")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        try:
            port = httpx2.URL(url).port if url is not None else None
        except (httpx2.InvalidURL, ValueError) as error:
            raise ValueError(f"is no address: {error}") from None
        if port is not None and not 0 < port < 65_536:
            raise ValueError(f"is no address: there is no port {port}")
        return url

    @field_validator("secret")
    @classmethod
    def _is_a_key(cls, secret: SecretStr) -> SecretStr:
        key_of(secret)
        return secret

    @field_validator("headers")
    @classmethod
    def _leaves_ours_alone(cls, headers: dict[str, str]) -> dict[str, str]:
        for name in headers:
            if _OURS.fullmatch(name.lower()):
                raise ValueError(f"{name} is set by the call itself")
            if name.lower() == "authorization":
                raise ValueError("Authorization belongs into “bearer”, where it is kept secret")
        return headers

    @field_validator("bearer")
    @classmethod
    def _fits_a_header(cls, bearer: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[\x21-\x7e]*", bearer.get_secret_value()):
            raise ValueError("holds a character that no token has")
        return bearer

    @field_validator("output_schema")
    @classmethod
    def _is_usable(cls, schema: dict[str, Any]) -> dict[str, Any]:
        if schema.get("type") != "object":
            raise ValueError('needs the type "object", since facts have names')
        try:
            jsonschema_rs.Draft202012Validator(
                schema,
                validate_formats=True,
                pattern_options=jsonschema_rs.RegexOptions(),
                retriever=_not_followed,
            )
        except (ValueError, jsonschema_rs.ValidationError) as error:
            raise ValueError(f"is not JSON Schema: {str(error)[:200]}") from None
        return schema


def _not_followed(address: str) -> Any:
    raise ValueError(f"{address} is outside of the schema")


def key_of(secret: SecretStr) -> bytes:
    """The bytes of a secret as Standard Webhooks writes it."""
    text = secret.get_secret_value().removeprefix("whsec_")
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not _SHORTEST_KEY <= len(key) <= _LONGEST_KEY:
        raise ValueError(
            f"is no secret for signing. Make one: whsec_ and {_SHORTEST_KEY} to {_LONGEST_KEY} random bytes in base64"
        )
    return key
