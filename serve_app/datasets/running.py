"""The datasets that are being made now, so that two requests do not make the same one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engines.errors import Conflict


class RunningDatasets:
    """The datasets that this ingress replica is making. For one event loop; not thread-safe."""

    def __init__(self) -> None:
        self._running: set[tuple[str | None, str]] = set()

    def check(self, space: str | None, name: str) -> None:
        """Raise `Conflict` if a request is making the dataset."""
        if (space, name) in self._running:
            raise Conflict(f"The dataset {name} is being made already")

    @contextmanager
    def hold(self, space: str | None, name: str) -> Iterator[None]:
        """Mark the dataset as being made during the block. Raises `Conflict` if another
        request is making it."""
        self.check(space, name)
        self._running.add((space, name))
        try:
            yield
        finally:
            self._running.discard((space, name))
