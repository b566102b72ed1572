"""One HTTP call: to an address that was judged, without redirects, bounded in time and size."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import httpx2

from orchestration.plugin_api import AgentError

from .addresses import addresses

ANSWER_BYTES: Final = 1024 * 1024
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    headers: Mapping[str, str]
    body: bytes


def call(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    seconds: float,
    private: bool,
) -> Answered:
    """The answer. Raises AgentError: nobody there, not in time, too long, or an address that may not be called.

    1. Look the host up and judge every address it has.
    2. Connect to one of these addresses, not to the name: it cannot mean another machine by then.
       TLS still checks the certificate for the name.
    3. Read until the end, the limit, or the time is over.
    """
    until = time.monotonic() + seconds
    target = httpx2.URL(url)
    port = target.port or _PORTS[target.scheme]
    host = target.raw_host.decode("ascii")
    found = addresses(host.strip("[]"), port, private=private)
    sent = {**headers, "host": target.netloc.decode("ascii"), "accept-encoding": "identity"}
    with httpx2.Client(verify=_trusted(), trust_env=False, follow_redirects=False) as client:
        for last, address in ((number == len(found) - 1, one) for number, one in enumerate(found)):
            left = until - time.monotonic()
            if left <= 0:
                raise _late(seconds)
            request = client.build_request(
                method,
                target.copy_with(host=address),
                headers=sent,
                content=body or None,
                timeout=left,
                extensions={"sni_hostname": host.strip("[]")},
            )
            try:
                return _read(client.send(request, stream=True), until, seconds)
            except httpx2.ConnectError as error:
                if last:
                    raise _unreached(error) from None
            except httpx2.TimeoutException:
                raise _late(seconds) from None
            except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError) as error:
                raise _unreached(error) from None
    raise AgentError(f"The host {host} has no address. Look at url.")


def _read(response: httpx2.Response, until: float, seconds: float) -> Answered:
    parts, count = [], 0
    try:
        for part in response.iter_raw():
            count += len(part)
            if count > ANSWER_BYTES:
                raise AgentError(f"The service answered with more than {ANSWER_BYTES:,} bytes.", permanent=True)
            if time.monotonic() > until:
                raise _late(seconds)
            parts.append(part)
    finally:
        response.close()
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise AgentError("The service packed its answer, though it was asked not to.", permanent=True)
    return Answered(response.status_code, response.headers, b"".join(parts))


def _late(seconds: float) -> AgentError:
    return AgentError(f"The service gave no whole answer within {seconds:.3g} seconds.")


def _unreached(error: Exception) -> AgentError:
    told = " ".join(str(error).split())[:200]
    if "CERTIFICATE_VERIFY_FAILED" in told:
        return AgentError(f"The service's certificate is not trusted ({told}).", permanent=True)
    return AgentError(f"The service cannot be reached ({type(error).__name__}: {told}). Look at url.")


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities this machine trusts; reading them takes longer than a short call."""
    return httpx2.create_ssl_context(trust_env=False)
