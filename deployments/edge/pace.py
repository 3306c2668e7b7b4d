"""Slows down clients that send more over a WebSocket than the application can take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import Message, Receive

from engines.protocols import Clock

Sleep = Callable[[float], Awaitable[None]]

BURST_S = 5.0
"""A client that was silent for so long may send what it could have sent, at once."""
MOST_WAIT_S = 5.0
"""For one message, however large: the end of a connection is noticed no later than this."""
BYTES_OF_ONE = 16_384
"""A message counts once, and once more for each so many bytes."""


class PacedReceive:
    """`receive` of one WebSocket, which waits as soon as the client is ahead of its rate.

    Between its HTTP server and the application, Ray Serve keeps messages in queues without a bound.
    While this waits, uvicorn does not read from the connection, and the client has to wait, too.
    """

    def __init__(self, receive: Receive, per_s: float, clock: Clock, sleep: Sleep) -> None:
        """`per_s`: messages a second."""
        self._receive = receive
        self._per_s = per_s
        self._clock = clock
        self._sleep = sleep
        self._paid_until = clock() - BURST_S

    async def __call__(self) -> Message:
        """The next message, when it is its time."""
        ahead_s = self._paid_until - self._clock()
        if ahead_s > 0:
            await self._sleep(min(ahead_s, MOST_WAIT_S))
        message = await self._receive()
        size_bytes = len(message.get("text") or message.get("bytes") or b"")
        now = self._clock()
        begin = min(max(self._paid_until, now - BURST_S), now)
        self._paid_until = begin + (1 + size_bytes // BYTES_OF_ONE) / self._per_s
        return message
