"""Which machine a call goes to: its address is looked up once, judged, and then used, so that no name can change it."""

from __future__ import annotations

import ipaddress
import socket
from typing import Final

from orchestration.plugin_api import AgentError

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NAT64_LOCAL: Final = ipaddress.IPv6Network("64:ff9b:1::/48")


def addresses(host: str, port: int, *, private: bool) -> list[str]:
    """The addresses of a host, in the resolver's order. Raises AgentError when one may not be called.

    One forbidden address forbids the host: which one is used must not depend on the moment.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        told = getattr(error, "strerror", None) or type(error).__name__
        raise AgentError(f"The host {host} cannot be found ({told}). Look at url.") from None
    texts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in texts:
        if not private and not is_public(text):
            raise AgentError(
                f"{host} is at the private address {text}, which is not called. Set allow_private_addresses if the "
                "service is meant to be inside your own network.",
                permanent=True,
            )
    return texts


def is_public(text: str) -> bool:
    """Whether an address belongs to the public internet, also one that is wrapped in another."""
    try:
        address: _Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(
        one.is_global and not one.is_multicast and not getattr(one, "is_site_local", False)
        for one in (address, *_wrapped(address))
    )


def _wrapped(address: _Address) -> list[_Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return []
    if address in _NAT64_LOCAL:
        return [ipaddress.IPv4Address(0)]  # whatever a network of one's own makes of it
    inner: list[_Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or int(address) < 2**32:  # also the old way of writing an IPv4 address
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in inner if one is not None]
