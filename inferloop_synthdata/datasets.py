"""`client.datasets`: datasets from a declaration, for the blocking and the async client."""

from __future__ import annotations

from typing import Protocol, TypeVar

from inferloop_synthdata.operations import declared as operations
from inferloop_synthdata.operations.methods import awaiting, blocking
from inferloop_synthdata.operations.operation import Operation

T = TypeVar("T")


class Driver(Protocol):
    def run(self, operation: Operation[T]) -> T: ...


class AsyncDriver(Protocol):
    async def run(self, operation: Operation[T]) -> T: ...


class Datasets:
    """Of one blocking client."""

    def __init__(self, client: Driver) -> None:
        self._client = client

    def run(self, operation: Operation[T]) -> T:
        """As the client's own."""
        return self._client.run(operation)

    create = blocking(operations.create_dataset)
    preview = blocking(operations.preview_dataset)
    plan = blocking(operations.plan_dataset)


class AsyncDatasets:
    """Of one async client."""

    def __init__(self, client: AsyncDriver) -> None:
        self._client = client

    async def run(self, operation: Operation[T]) -> T:
        """As the client's own."""
        return await self._client.run(operation)

    create = awaiting(operations.create_dataset)
    preview = awaiting(operations.preview_dataset)
    plan = awaiting(operations.plan_dataset)
