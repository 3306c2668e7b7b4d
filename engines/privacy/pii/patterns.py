"""Finds personal data by validated patterns. Names and addresses are found only next to certain
words or in certain forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from engines.privacy.model import PiiMatch
from engines.privacy.pii.ocr import lettered, narrowed, unhidden
from engines.privacy.pii.spans import Span, without_overlaps

Candidates: TypeAlias = Callable[[str, Sequence[str]], Iterator[Span]]


class PatternPii:
    """Searches text as OCR reads it. Has no state, so threads may share it."""

    knows_names = False

    def __init__(self, phone_regions: Sequence[str]) -> None:
        # Imported here, because compiling its patterns takes most of a second.
        from engines.privacy.pii.finding import candidates

        self._regions = tuple(phone_regions)
        self._candidates: Candidates = candidates

    def find(self, text: str) -> list[PiiMatch]:
        """Personal data in `text`, by position. Of two that overlap, only the more reliable one."""
        spans = without_overlaps(self._spans(text))
        return [
            PiiMatch(
                span.type,
                span.start,
                span.end,
                text[span.start : span.end],
                "patterns",
                span.confidence,
            )
            for span in spans
        ]

    def _spans(self, text: str) -> Iterator[Span]:
        """What is found in the text without hidden characters, if it has some, and then in the text
        as it is, in which hidden characters separate words; and with misread letters of words."""
        if not text.isascii():
            seen, places = unhidden(text)
            if len(seen) < len(text):
                for span in self._candidates(narrowed(seen), self._regions):
                    end = places[span.end - 1] + 1
                    yield span._replace(start=places[span.start], end=end)
        shown = narrowed(text)
        yield from self._candidates(shown, self._regions)
        for start, part in lettered(shown):
            for span in self._candidates(part, self._regions):
                yield span._replace(start=start + span.start, end=start + span.end)
