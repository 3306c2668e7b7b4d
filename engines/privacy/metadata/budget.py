"""One budget of characters and of CPU time for all texts of one image."""

from __future__ import annotations

import time
from collections.abc import Iterator

from engines.protocols import Clock

_WINDOW, _OVERLAP = 4096, 256
"""Characters searched at once, and how many of them again: no finding is longer than these."""


class TextBudget:
    """Hands out texts piece by piece until it is spent; `spent` says that something was kept."""

    def __init__(
        self, max_characters: int, max_cpu_s: float, clock: Clock = time.thread_time
    ) -> None:
        """`clock`: CPU seconds of this thread."""
        self._left = max_characters
        self._clock = clock
        self._until = clock() + max_cpu_s
        self._seen: set[str] = set()
        self.spent = False

    def pieces(self, text: str) -> Iterator[str]:
        """The text, in pieces that overlap; a text that was handed out before is not repeated."""
        if text in self._seen:
            return
        self._seen.add(text)
        for start in range(0, max(1, len(text)), _WINDOW - _OVERLAP):
            if self._left <= 0 or self._clock() > self._until:
                self.spent = True
                return
            piece = text[start : start + min(_WINDOW, self._left)]
            self.spent |= len(piece) < min(_WINDOW, len(text) - start)
            self._left -= len(piece)
            yield piece
            if start + _WINDOW >= len(text):
                return
