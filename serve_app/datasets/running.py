"""Which datasets are being made now: a declaration that is sent twice at once is made once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engines.errors import Conflict


class RunningDatasets:
    """Of this ingress replica, each with its space. Not for threads: all callers live on one event
    loop."""

    def __init__(self) -> None:
        self._running: set[tuple[str | None, str]] = set()

    @contextmanager
    def hold(self, space: str | None, name: str) -> Iterator[None]:
        """The dataset is being made within the block; `Conflict` where it is already."""
        if (space, name) in self._running:
            raise Conflict(f"The dataset {name} is being made already")
        self._running.add((space, name))
        try:
            yield
        finally:
            self._running.discard((space, name))
