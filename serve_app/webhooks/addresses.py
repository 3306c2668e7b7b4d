"""Decides which IP addresses are on the public internet, and resolves names to addresses."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Takes a host name and a port, and returns all IP addresses of the name as text. Raises `OSError`
if the name has no address."""

_V4_REFUSED = tuple(map(ip_network, ("192.88.99.0/24", "192.0.0.0/24", "192.31.196.0/24")))
"""Special-purpose networks: 6to4 relays, IETF protocol assignments, AS112."""
_V6_UNICAST = ip_network("2000::/3")
"""Global unicast (RFC 4291): every public IPv6 server is in it. The addresses outside it are
local, mapped, multicast or not assigned."""
_V6_REFUSED = tuple(
    map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48"))
)
"""Special-purpose networks in `_V6_UNICAST`: IETF protocol assignments (with Teredo),
documentation, 6to4 (these addresses contain an IPv4 address), AS112."""


def is_public(address: str) -> bool:
    """Whether `address` belongs to a single server on the public internet.

    False for loopback, private, link-local, shared (CGNAT), multicast and reserved addresses, for
    IPv6 addresses that stand for an IPv4 address, and for text that is not an IP address.
    """
    try:
        ip = ip_address(address)
    except ValueError:
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
    """All IP addresses of a host, without repetitions, in the order of the operating system.

    Raises `OSError` if the name cannot be resolved, and `UnicodeError` if it is not a valid name.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
