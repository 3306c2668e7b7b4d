"""Slows down clients that send more over a WebSocket than the application can take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import Message, Receive

from engines.protocols import Clock

Sleep = Callable[[float], Awaitable[None]]

BURST_S = 5.0
"""After this many silent seconds a client may send all messages of that time at once."""
MOST_WAIT_S = 5.0
"""Longest wait for one message, seconds, so that the end of a connection is noticed in time."""
BYTES_OF_ONE = 16_384
"""A message counts as one more for each so many of its bytes."""


class PacedReceive:
    """`receive` of one WebSocket. It waits while the client is ahead of its rate.

    The queues of Ray Serve between the HTTP server and the application have no limit. While this
    waits, uvicorn does not read from the connection, so the client must wait too.
    """

    def __init__(self, receive: Receive, per_s: float, clock: Clock, sleep: Sleep) -> None:
        """`per_s`: messages per second."""
        self._receive = receive
        self._per_s = per_s
        self._clock = clock
        self._sleep = sleep
        self._paid_until = clock() - BURST_S

    async def __call__(self) -> Message:
        """The next message, after the wait that the rate requires."""
        ahead_s = self._paid_until - self._clock()
        if ahead_s > 0:
            await self._sleep(min(ahead_s, MOST_WAIT_S))
        message = await self._receive()
        size_bytes = len(message.get("text") or message.get("bytes") or b"")
        now = self._clock()
        begin = min(max(self._paid_until, now - BURST_S), now)
        self._paid_until = begin + (1 + size_bytes // BYTES_OF_ONE) / self._per_s
        return message
