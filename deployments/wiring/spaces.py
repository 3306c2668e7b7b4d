"""Spaces on the way from the ingress to a replica, and what a replica keeps for each."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

Built = TypeVar("Built")

MOST_SPACES = 256


class PerSpace(Generic[Built]):
    """One `Built` for each space, made when the space is first asked for. Past `most` of them,
    the one that has not been asked for longest is forgotten, and made again when it is.

    Safe to share between threads.
    """

    def __init__(self, build: Callable[[str | None], Built], most: int = MOST_SPACES) -> None:
        self._build = build
        self._most = most
        self._built: OrderedDict[str | None, Built] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, space: str | None) -> Built:
        """Blocks where it has to be made; raises what making it raises."""
        with self._lock:
            if space not in self._built:
                self._built[space] = self._build(space)
            self._built.move_to_end(space)
            if len(self._built) > self._most:
                self._built.popitem(last=False)
            return self._built[space]

    async def of(self, space: str | None) -> Built:
        """The same, without blocking the event loop."""
        return await asyncio.to_thread(self.get, space)


class SpaceHandle:
    """A Serve handle whose every call carries the space, so that no caller can forget it; a
    deployment that does not take one refuses the call."""

    def __init__(self, handle: Any, space: str | None) -> None:
        self._handle = handle
        self._space = space

    def options(self, **options: Any) -> SpaceHandle:
        """As `DeploymentHandle.options`, with the same space."""
        return SpaceHandle(self._handle.options(**options), self._space)

    def __getattr__(self, method: str) -> SpaceMethod:
        return SpaceMethod(getattr(self._handle, method), self._space)


class SpaceMethod:
    """`handle.method`, to be called as `.remote(...)`."""

    def __init__(self, method: Any, space: str | None) -> None:
        self.remote = partial(method.remote, space=space)
