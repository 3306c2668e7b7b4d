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
"""The server said nothing: it is away, or its answer was lost."""
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0


class Outage:
    """Shared by the threads of one export: together they wait `patience_s` for a server that is
    away, not each of them for each object."""

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
        """Pause before the next try, after so many; False, at once, if the server has been away
        for as long as anybody waits."""
        with self._lock:
            if self._since is None:
                self._since = self._clock()
            left_s = self._since + self._patience_s - self._clock()
        if left_s <= 0:
            return False
        self._sleep(min(FIRST_PAUSE_S * 2 ** min(tries, 10), LONGEST_PAUSE_S, left_s))
        return True
