"""Limits how many characters of an image's texts are searched, and the CPU time for it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from engines.protocols import Clock

_WINDOW, _OVERLAP = 16_384, 2_048
"""Length of a piece, and the part that the next piece repeats, in characters. Personal data that is
longer than the repeated part and lies across the end of a piece may be found only in part, or not
at all."""


class TextBudget:
    """Splits texts into pieces until a limit of characters or CPU time is reached. `spent` is True
    if a part of a text was left out."""

    def __init__(
        self, max_characters: int, max_cpu_s: float, clock: Clock = time.thread_time
    ) -> None:
        """`clock` returns the CPU time of this thread in seconds."""
        self._left = max_characters
        self._clock = clock
        self._until = clock() + max_cpu_s
        self._seen: set[str] = set()
        self.spent = False

    def pieces(self, text: str) -> Iterator[str]:
        """Yield the text in pieces that overlap; what is repeated does not count as characters. A
        text that was given before yields nothing."""
        if text in self._seen:
            return
        self._seen.add(text)
        for start in range(0, max(1, len(text)), _WINDOW - _OVERLAP):
            if self._left <= 0 or self._clock() > self._until:
                self.spent = True
                return
            repeated = _OVERLAP if start else 0
            piece = text[start : start + min(_WINDOW, repeated + self._left)]
            self.spent |= len(piece) < min(_WINDOW, len(text) - start)
            self._left -= len(piece) - repeated
            yield piece
            if start + _WINDOW >= len(text):
                return
