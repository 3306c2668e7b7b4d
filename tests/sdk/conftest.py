"""A fake service as httpx transport, a real WebSocket server, and a clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import httpx
import pytest

from inferloop_synthdata import AsyncSyntheticImageClient, SyntheticImageClient
from tests.certificates import no_certificates as no_certificates
from tests.sdk.streams.socket_server import SocketServer

KEY = "secret-key-of-tests"

Handler = Callable[[httpx.Request], httpx.Response]


@dataclass
class Waits:
    """A clock that moves only by sleeping."""

    slept_s: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.slept_s.append(seconds)


@dataclass
class Caller:
    """Calls a method of the blocking or the async client by its name, and returns the result."""

    kind: str
    waits: Waits = field(default_factory=Waits)
    max_retries: int = 3
    base_url: str = "http://service.test"

    def call(self, handler: Handler, method: str, /, *args: Any, **kwargs: Any) -> Any:
        transport = httpx.MockTransport(handler)
        if self.kind == "sync":
            with SyntheticImageClient(
                api_key=KEY,
                base_url=self.base_url,
                max_retries=self.max_retries,
                transport=transport,
                sleep=self.waits.sleep,
                random=lambda: 0.5,
            ) as client:
                return attrgetter(method)(client)(*args, **kwargs)
        return asyncio.run(self._call_async(transport, method, *args, **kwargs))

    def walk(self, handler: Handler, method: str, /, *args: Any, **kwargs: Any) -> list[Any]:
        """All items of an iterator of the client."""
        transport = httpx.MockTransport(handler)
        if self.kind == "sync":
            with SyntheticImageClient(api_key=KEY, transport=transport) as client:
                return list(attrgetter(method)(client)(*args, **kwargs))

        async def walk() -> list[Any]:
            async with AsyncSyntheticImageClient(api_key=KEY, transport=transport) as client:
                return [each async for each in attrgetter(method)(client)(*args, **kwargs)]

        return asyncio.run(walk())

    async def _call_async(
        self, transport: httpx.MockTransport, method: str, /, *args: Any, **kwargs: Any
    ) -> Any:
        async with AsyncSyntheticImageClient(
            api_key=KEY,
            base_url=self.base_url,
            max_retries=self.max_retries,
            transport=transport,
            sleep=self.waits.sleep_async,
            random=lambda: 0.5,
        ) as client:
            return await attrgetter(method)(client)(*args, **kwargs)


@pytest.fixture(params=["sync", "async"])
def caller(request: pytest.FixtureRequest) -> Caller:
    """Every test with this fixture runs with both clients."""
    return Caller(kind=request.param)


@pytest.fixture
def socket_server() -> Iterator[SocketServer]:
    with SocketServer() as server:
        yield server
