"""Several CPU deployments in one process: calls reach the part that they name, and only that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any

import pytest

from deployments.adapters.calling import TWICE
from deployments.adapters.remote import HandleAdapter, remote, streamed
from deployments.replicas.cpu import CALLS_AT_ONCE, CpuReplica, PartHandle
from deployments.wiring.spaces import SpaceHandle
from engines.errors import NotFound


class Shop:
    """A part."""

    def __init__(self, prices: dict[str, int]) -> None:
        self.prices = prices
        self.spaces: list[str | None] = []
        self.opened = 0
        self.closed = 0
        self.full = asyncio.Event()

    async def price(self, of: str, space: str | None = None) -> int:
        self.spaces.append(space)
        if of not in self.prices:
            raise NotFound("price", of)
        return self.prices[of]

    async def visits(self, count: int, space: str | None = None) -> AsyncGenerator[int, None]:
        self.opened += 1
        try:
            for number in range(count):
                yield number
        finally:
            self.closed += 1

    async def wait(self, event: asyncio.Event) -> None:
        self.opened += 1
        if self.opened == CALLS_AT_ONCE:
            self.full.set()
        await event.wait()


class Contract:
    async def price(self, of: str) -> int:
        raise NotImplementedError

    def visits(self, count: int) -> AsyncGenerator[int, None]:
        raise NotImplementedError


class HandleShop(HandleAdapter):
    price = remote(Contract.price, policy=TWICE)
    visits = streamed(Contract.visits)


class LocalResponse:
    """A `DeploymentResponse` of a replica in this process."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def __await__(self) -> Any:
        return self._answer.__await__()

    def __aiter__(self) -> Any:
        return self._answer.__aiter__()

    def cancel(self) -> None:
        self._answer.close()


class LocalMethod:
    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method

    def remote(self, *args: Any, **kwargs: Any) -> LocalResponse:
        return LocalResponse(self._method(*args, **kwargs))


class LocalHandle:
    """A `DeploymentHandle` of a replica in this process."""

    def __init__(self, replica: CpuReplica) -> None:
        self._replica = replica

    def options(self, **_: Any) -> LocalHandle:
        return self

    def __getattr__(self, method: str) -> LocalMethod:
        return LocalMethod(getattr(self._replica, method))


@pytest.fixture
def shops() -> dict[str, Shop]:
    return {"bread": Shop({"loaf": 3}), "books": Shop({"atlas": 40})}


@pytest.fixture
def handle(shops: dict[str, Shop]) -> LocalHandle:
    return LocalHandle(CpuReplica({name: partial(shops.get, name) for name in shops}))


def adapter(handle: LocalHandle, part: str) -> HandleShop:
    return HandleShop(SpaceHandle(PartHandle(handle, part), "acme"))


async def test_a_call_reaches_its_part_with_its_space(
    handle: LocalHandle, shops: dict[str, Shop]
) -> None:
    assert await adapter(handle, "bread").price("loaf") == 3
    assert await adapter(handle, "books").price(of="atlas") == 40
    assert [shop.spaces for shop in shops.values()] == [["acme"], ["acme"]]


async def test_what_a_part_raises_arrives(handle: LocalHandle) -> None:
    with pytest.raises(NotFound):
        await adapter(handle, "bread").price("atlas")


async def test_a_stream_is_the_parts_and_is_closed_with_it(
    handle: LocalHandle, shops: dict[str, Shop]
) -> None:
    found = [number async for number in adapter(handle, "bread").visits(3)]
    assert found == [0, 1, 2]
    replica_stream = handle.stream.remote("bread", "visits", 3)._answer
    assert await anext(replica_stream) == 0
    await replica_stream.aclose()
    assert (shops["bread"].opened, shops["bread"].closed) == (2, 2)


async def test_a_part_with_much_to_do_delays_no_other(
    handle: LocalHandle, shops: dict[str, Shop]
) -> None:
    release = asyncio.Event()
    bread = PartHandle(handle, "bread")
    tasks = [
        asyncio.ensure_future(bread.wait.remote(release)._answer) for _ in range(CALLS_AT_ONCE + 5)
    ]
    await shops["bread"].full.wait()
    assert await adapter(handle, "books").price("atlas") == 40
    assert await bread.ready.remote()
    assert shops["bread"].opened == CALLS_AT_ONCE
    release.set()
    await asyncio.gather(*tasks)
    assert shops["bread"].opened == CALLS_AT_ONCE + 5
