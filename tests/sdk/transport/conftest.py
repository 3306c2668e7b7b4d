"""A real server whose answers the test defines, and both clients with real connections to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import pytest

import inferloop_synthdata as sdk
from tests.sdk.conftest import KEY, Waits
from tests.sdk.transport.wire_server import WireServer
from tests.waiting import PATIENCE_S


@dataclass
class Dialer:
    """Calls a method of the blocking or the async client over a real connection."""

    kind: str
    waits: Waits = field(default_factory=Waits)

    def call(self, server: WireServer, method: str, *args: Any, **kwargs: Any) -> Any:
        """The result of one call."""
        return self._call(server, lambda client: attrgetter(method)(client)(*args, **kwargs))

    def call_with_open_connection(self, server: WireServer, method: str, timeout_s: float) -> Any:
        """The result of the second of two calls on one connection. Only the second has the time
        limit, so that the limit applies to the answer and not to connecting."""
        of_client = attrgetter(method)
        return self._call(
            server,
            lambda client: of_client(client)(),
            lambda client: of_client(client.with_options(timeout_s=timeout_s))(),
        )

    def _call(self, server: WireServer, *steps: Callable[[Any], Any]) -> Any:
        """Run the steps in turn with one client. Returns the result of the last one."""
        options: dict[str, Any] = {"timeout_s": PATIENCE_S, "random": lambda: 0.5}
        if self.kind == "sync":
            with sdk.SyntheticImageClient(
                KEY, server.base_url, sleep=self.waits.sleep, **options
            ) as client:
                return [step(client) for step in steps][-1]

        async def call() -> Any:
            async with sdk.AsyncSyntheticImageClient(
                KEY, server.base_url, sleep=self.waits.sleep_async, **options
            ) as client:
                return [await step(client) for step in steps][-1]

        return asyncio.run(call())


@pytest.fixture(params=["sync", "async"])
def dialer(request: pytest.FixtureRequest) -> Dialer:
    return Dialer(request.param)


@pytest.fixture
def server() -> Iterator[WireServer]:
    with WireServer() as server:
        yield server
