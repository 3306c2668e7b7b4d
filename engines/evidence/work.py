"""Long work with progress that can be stopped."""

from __future__ import annotations

from collections.abc import Callable

from engines.types import ExportProgress

OnProgress = Callable[[ExportProgress], None]
"""Hears how many images are done; what it raises stops the work."""


def unheard(progress: ExportProgress) -> None:
    """Ignores progress."""


class Work:
    """Counts what is done and reports it. Reporting may raise, which stops the work."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress
        self._done = 0
        self.total = 0

    def stop(self) -> None:
        self._on_progress(ExportProgress(self._done, max(self.total, self._done)))

    def advance(self) -> None:
        self._done += 1
        self.stop()
