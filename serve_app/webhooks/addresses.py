"""Which addresses are servers of the internet, and how names become addresses."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Addresses of a name, all of them; `OSError` where there are none."""

_V4_REFUSED = tuple(map(ip_network, ("192.88.99.0/24", "192.0.0.0/24", "192.31.196.0/24")))
_V6_UNICAST = ip_network("2000::/3")
"""All that was ever given out: whatever lies outside is local, mapped, multicast or unknown."""
_V6_REFUSED = tuple(
    map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48"))
)
"""Inside of it: protocols (Teredo), documentation, 6to4 (an IPv4 address in disguise), AS112."""


def is_public(address: str) -> bool:
    """Whether it is one server on the internet: not loopback, private, link-local, shared (CGNAT),
    multicast, reserved, and no IPv6 address that stands for an IPv4 one. False for what is none."""
    try:
        ip = ip_address(address)
    except ValueError:  # with a zone ("fe80::1%eth0"), too
        return False
    if isinstance(ip, IPv4Address):
        refused = any(ip in network for network in _V4_REFUSED)
        return ip.is_global and not (ip.is_multicast or ip.is_reserved or refused)
    return _is_public_v6(ip)


def _is_public_v6(ip: IPv6Address) -> bool:
    refused = any(ip in network for network in _V6_REFUSED)
    plain = ip.ipv4_mapped is None and ip.scope_id is None
    return plain and ip in _V6_UNICAST and ip.is_global and not refused


async def resolved(host: str, port: int) -> Sequence[str]:
    """As the system resolves it."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
