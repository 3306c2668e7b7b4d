"""Limits how fast one address can try wrong keys."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict

from engines.protocols import Clock

_IPV6_NETWORK_BITS = 64
"""One host usually has a whole /64 to itself, so that is what counts as an address."""


class WrongKeyThrottle:
    """Counts wrong keys per address with the generic cell rate algorithm (ITU-T I.371).

    One number is stored per address. It allows `per_minute` attempts at once, then one every `60 /
    per_minute` seconds. Correct keys are not counted, so that other users behind the same address
    are not affected. At most `max_addresses` are stored; above that, the address is dropped
    whose last attempt is the oldest.
    """

    def __init__(
        self, per_minute: int, max_addresses: int = 10_000, clock: Clock = time.monotonic
    ) -> None:
        self._interval_s = 60.0 / per_minute
        self._window_s = 60.0
        self._max_addresses = max_addresses
        self._clock = clock
        self._free_at: OrderedDict[str, float] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Count one wrong key. Returns the seconds until the next attempt is allowed, 0.0 below the
        limit.

        Refused attempts are not counted, so the wait does not grow with them.
        """
        now, group = self._clock(), _group(address)
        free_at = max(self._free_at.pop(group, now), now) + self._interval_s
        wait_s = free_at - now - self._window_s
        # Half an interval of tolerance, so that rounding never refuses the last allowed attempt.
        allowed = wait_s <= self._interval_s / 2
        self._free_at[group] = free_at if allowed else free_at - self._interval_s
        if len(self._free_at) > self._max_addresses:
            self._free_at.popitem(last=False)
        return 0.0 if allowed else wait_s

    def __len__(self) -> int:
        """Number of stored addresses."""
        return len(self._free_at)


def _group(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _IPV6_NETWORK_BITS), strict=False))
