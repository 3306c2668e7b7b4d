"""Handles a server that becomes unreachable during an export and returns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
)

from engines.protocols import Clock

NO_ANSWER = (
    EndpointConnectionError,
    ConnectionClosedError,
    ConnectTimeoutError,
    ReadTimeoutError,
    HTTPClientError,
)
"""Errors without an answer of the server."""
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0


class Outage:
    """Limits how long an export waits for a server that does not answer: to `patience_s` seconds
    from the first failed request. All threads of the export share it."""

    def __init__(
        self,
        patience_s: float,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._patience_s = patience_s
        self._clock = clock
        self._sleep = sleep
        self._since: float | None = None
        self._lock = threading.Lock()

    def over(self) -> None:
        """Note that the server answered."""
        with self._lock:
            self._since = None

    def wait(self, tries: int) -> bool:
        """Block before the next attempt; `tries`: attempts so far. Returns False at once if the
        server has not answered for `patience_s`."""
        with self._lock:
            if self._since is None:
                self._since = self._clock()
            left_s = self._since + self._patience_s - self._clock()
        if left_s <= 0:
            return False
        self._sleep(min(FIRST_PAUSE_S * 2 ** min(tries, 10), LONGEST_PAUSE_S, left_s))
        return True
