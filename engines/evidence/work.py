"""Long work that reports its progress and can be stopped."""

from __future__ import annotations

from collections.abc import Callable

from engines.types import ExportProgress

OnProgress = Callable[[ExportProgress], None]
"""Called with the number of finished images. An error that it raises stops the work."""


def unheard(progress: ExportProgress) -> None:
    """Ignores progress."""


class Work:
    """Counts what is done and reports it. Reporting may raise, which stops the work."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress
        self._done = 0
        self.total = 0

    def stop(self) -> None:
        """Report the progress. Raises an error if the work shall stop."""
        self._on_progress(ExportProgress(self._done, max(self.total, self._done)))

    def advance(self) -> None:
        """Count one more finished image, and report the progress."""
        self._done += 1
        self.stop()
