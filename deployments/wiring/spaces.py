"""Passes the space from the ingress to a replica, and keeps objects per space in a replica."""

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
    """One object per space, built when the space is first used. Thread-safe.

    With more than `most` objects, the one that was not used for the longest time is dropped, and
    built again when needed.
    """

    def __init__(self, build: Callable[[str | None], Built], most: int = MOST_SPACES) -> None:
        self._build = build
        self._most = most
        self._built: OrderedDict[str | None, Built] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, space: str | None) -> Built:
        """The object of a space.

        Blocks if it has to be built, and raises what building it raises.
        """
        with self._lock:
            if space not in self._built:
                self._built[space] = self._build(space)
            self._built.move_to_end(space)
            if len(self._built) > self._most:
                self._built.popitem(last=False)
            return self._built[space]

    async def of(self, space: str | None) -> Built:
        """As `get`, without blocking the event loop."""
        return await asyncio.to_thread(self.get, space)


class SpaceHandle:
    """A Serve handle that adds the space to every call, so that no caller can forget it.

    A deployment whose methods take no space refuses the call.
    """

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
