"""Closes connections whose clients do not read their answers."""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle

from deployments.settings import EdgeSettings


class WatchedProtocol(asyncio.Protocol):
    """Base class of protocols whose connection is watched by a `ReaderWatch`. Subclasses create it
    in `connection_made`."""

    _reader: ReaderWatch

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the watch."""
        self._reader.end()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Called when the client reads too slowly: start the watch."""
        super().pause_writing()
        self._reader.begin()

    def resume_writing(self) -> None:
        """Called when the client reads again: stop the watch."""
        self._reader.end()
        super().resume_writing()


class ReaderWatch:
    """Watches the write buffer of one connection, and cuts the connection if the client stops
    reading.

    It continues while the connection closes, because closing waits until the buffer is empty.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        settings: EdgeSettings,
    ) -> None:
        """Configure the transport to call the protocol's `pause_writing` as soon as a byte waits in
        the buffer, and `resume_writing` when the buffer is empty."""
        transport.set_write_buffer_limits(high=0)
        self._transport = transport
        self._loop = loop
        self._settings = settings
        self._timer: TimerHandle | None = None

    def begin(self) -> None:
        """Bytes wait in the buffer: check in `stall_s` seconds how many are left."""
        left_bytes = self._transport.get_write_buffer_size()
        self.end()
        self._timer = self._loop.call_later(self._settings.stall_s, self._look, left_bytes)

    def end(self) -> None:
        """The buffer is empty, or the connection has ended: stop the checks."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, left_before_bytes: int) -> None:
        taken_bytes = left_before_bytes - self._transport.get_write_buffer_size()
        if taken_bytes < self._settings.min_taken_bytes:
            self.end()
            self._transport.abort()
        else:
            self.begin()
