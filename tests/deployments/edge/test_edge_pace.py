"""A client that floods a WebSocket is read from as fast as the application can take it."""

from __future__ import annotations

import pytest
from starlette.types import Message, Receive, Scope, Send

from deployments.edge.middleware import EdgeMiddleware
from deployments.edge.pace import BURST_S, MOST_WAIT_S, PacedReceive
from deployments.settings import EdgeSettings
from tests.serve_app.fakes import FakeClock

PER_S = 50.0


class Flood:
    """A client that always has another message of `size_bytes`."""

    def __init__(self, size_bytes: int = 10, pause_s: float = 0.0) -> None:
        self.clock = FakeClock(1000.0)
        self._message: Message = {"type": "websocket.receive", "text": "x" * size_bytes}
        self._pause_s = pause_s

    async def receive(self) -> Message:
        self.clock.advance(self._pause_s)
        return self._message

    async def sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)

    async def read(self, count: int) -> float:
        """Seconds that `count` messages take."""
        paced = PacedReceive(self.receive, PER_S, self.clock, self.sleep)

        begun = self.clock()
        for _ in range(count):
            assert await paced() is self._message
        return self.clock() - begun


async def test_what_a_usual_client_sends_at_once_does_not_wait() -> None:
    assert await Flood().read(int(BURST_S * PER_S)) == 0


async def test_a_flood_is_slowed_down_to_its_rate() -> None:
    assert await Flood().read(1000) == pytest.approx(1000 / PER_S - BURST_S, abs=2 / PER_S)


async def test_large_messages_count_by_their_size() -> None:
    taken_s = await Flood(size_bytes=160_000).read(100)
    assert taken_s == pytest.approx(10 * 100 / PER_S - BURST_S, abs=0.5)


async def test_no_message_holds_up_the_next_for_longer_than_an_end_may_go_unnoticed() -> None:
    assert await Flood(size_bytes=2**24).read(3) == pytest.approx(2 * MOST_WAIT_S)


async def test_a_client_below_the_rate_never_waits() -> None:
    assert await Flood(pause_s=1 / PER_S).read(1000) == pytest.approx(1000 / PER_S)


async def test_the_edge_paces_every_websocket() -> None:
    flood = Flood()

    async def reads(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(1000):
            await receive()

    async def ignored(message: Message) -> None:
        raise AssertionError(message)

    edge = EdgeMiddleware(
        reads, EdgeSettings(socket_messages_per_s=PER_S), flood.clock, flood.sleep
    )
    scope = {"type": "websocket", "path": "/", "headers": []}
    await edge(scope, flood.receive, ignored)
    assert flood.clock() > 1000.0 + BURST_S
