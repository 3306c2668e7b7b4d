"""Wrong keys from one address are answered more and more seldom."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict

from engines.protocols import Clock

_IPV6_NETWORK_BITS = 64
"""One host usually has a whole /64 to itself, so that is what counts as an address."""


class WrongKeyThrottle:
    """Counts wrong keys per address by the generic cell rate algorithm (ITU-T I.371): one number
    an address, `per_minute` at once, then one more every `60 / per_minute` seconds.

    Right keys are never asked here, so a neighbor behind the same address does not notice.
    Memory is bounded: past `max_addresses`, the address that has been quiet longest is forgotten.
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
        """Count one wrong key; seconds until the next is heard, 0.0 while within the limit. What
        is refused is not counted, so the wait does not grow by knocking."""
        now, group = self._clock(), _group(address)
        free_at = max(self._free_at.pop(group, now), now) + self._interval_s
        wait_s = free_at - now - self._window_s
        # Half an interval of slack: sums of floats must not refuse the last one allowed.
        allowed = wait_s <= self._interval_s / 2
        self._free_at[group] = free_at if allowed else free_at - self._interval_s
        if len(self._free_at) > self._max_addresses:
            self._free_at.popitem(last=False)
        return 0.0 if allowed else wait_s

    def __len__(self) -> int:
        """Addresses remembered."""
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
