"""A real server that a test plays, and both clients over real connections to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import pytest

import inferloop_synthdata as sdk
from tests.sdk.conftest import KEY, Waits
from tests.sdk.transport.wire_server import WireServer


@dataclass
class Dialer:
    """Calls a method of the one client or the other over a real connection."""

    kind: str
    waits: Waits = field(default_factory=Waits)

    def call(
        self, server: WireServer, method: str, *args: Any, timeout_s: float = 10.0, **kwargs: Any
    ) -> Any:
        options: dict[str, Any] = {"timeout_s": timeout_s, "random": lambda: 0.5}
        if self.kind == "sync":
            with sdk.SyntheticImageClient(
                KEY, server.base_url, sleep=self.waits.sleep, **options
            ) as client:
                return attrgetter(method)(client)(*args, **kwargs)

        async def call() -> Any:
            async with sdk.AsyncSyntheticImageClient(
                KEY, server.base_url, sleep=self.waits.sleep_async, **options
            ) as client:
                return await attrgetter(method)(client)(*args, **kwargs)

        return asyncio.run(call())


@pytest.fixture(params=["sync", "async"])
def dialer(request: pytest.FixtureRequest) -> Dialer:
    return Dialer(request.param)


@pytest.fixture
def server() -> Iterator[WireServer]:
    with WireServer() as server:
        yield server
