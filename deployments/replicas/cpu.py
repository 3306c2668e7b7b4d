"""Several CPU deployments in one process, for a small machine: a process of Ray Serve takes 2 s of
processor time to start, and 100 MiB."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any

CALLS_AT_ONCE = 16
"""Most simultaneous calls of each part, as for a separate deployment, so that a busy part does not
delay the others."""


class CpuReplica:
    """Builds several parts and passes each call to the part that it names."""

    def __init__(self, parts: Mapping[str, Callable[[], Any]]) -> None:
        """`parts` maps the name of each part's deployment to a function that creates the part.

        Blocks until all parts are created.
        """
        self._parts = {name: make() for name, make in parts.items()}
        self._turns = {name: asyncio.Semaphore(CALLS_AT_ONCE) for name in parts}

    async def call(self, part: str, method: str, /, *args: Any, **kwargs: Any) -> Any:
        """What the part's method returns or raises. Cancellation is passed on to the part."""
        async with self._turns[part]:
            return await getattr(self._parts[part], method)(*args, **kwargs)

    async def stream(
        self, part: str, method: str, /, *args: Any, **kwargs: Any
    ) -> AsyncGenerator[Any, None]:
        """The events of the part's method. Closing the stream closes that of the part."""
        async with (
            self._turns[part],
            aclosing(getattr(self._parts[part], method)(*args, **kwargs)) as events,
        ):
            async for event in events:
                yield event

    async def ready(self) -> bool:
        """True once constructed, since all parts are made by then."""
        return True


class PartHandle:
    """A handle of `CpuReplica` that is used like the handle of the part's own deployment."""

    def __init__(self, handle: Any, part: str, through: str = "call") -> None:
        self._handle = handle
        self._part = part
        self._through = through

    def options(self, *, stream: bool) -> PartHandle:
        """As `DeploymentHandle.options`."""
        through = "stream" if stream else "call"
        return PartHandle(self._handle.options(stream=stream), self._part, through)

    @property
    def ready(self) -> Any:
        """The `ready` method of the replica, which does not count as a call of the part."""
        return self._handle.ready

    def __getattr__(self, method: str) -> PartMethod:
        return PartMethod(getattr(self._handle, self._through), self._part, method)


class PartMethod:
    """`handle.method`, to be called as `.remote(...)`."""

    def __init__(self, through: Any, part: str, method: str) -> None:
        self.remote = partial(through.remote, part, method)
