"""Cuts connections whose clients do not read what they are sent."""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle

from deployments.settings import EdgeSettings


class WatchedProtocol(asyncio.Protocol):
    """Base of a protocol whose connection has a `ReaderWatch`, made when the connection is."""

    _reader: ReaderWatch

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the watch."""
        self._reader.end()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client reads too slowly: watch how long."""
        super().pause_writing()
        self._reader.begin()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._reader.end()
        super().resume_writing()


class ReaderWatch:
    """Watches the buffer of one connection: what the client's side has not taken yet.

    It goes on while the connection closes, because a close waits until the buffer is empty.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        settings: EdgeSettings,
    ) -> None:
        """From now on the transport calls `pause_writing` of its protocol for the first byte
        that waits, and `resume_writing` when none does."""
        transport.set_write_buffer_limits(high=0)
        self._transport = transport
        self._loop = loop
        self._settings = settings
        self._timer: TimerHandle | None = None

    def begin(self) -> None:
        """Something waits: look again in `stall_s` seconds."""
        left_bytes = self._transport.get_write_buffer_size()
        self.end()
        self._timer = self._loop.call_later(self._settings.stall_s, self._look, left_bytes)

    def end(self) -> None:
        """Nothing waits any more, or the connection has ended."""
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
